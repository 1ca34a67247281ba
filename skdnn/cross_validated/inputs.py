"""From the caller's table to the inputs of a network, fold by fold."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skdnn._sklearn import check_feature_names, safe_indexing
from skdnn.cross_validated.folds import MAX_HELD_OUT, Fold
from skdnn.cross_validated.streamed import StreamedTables
from skdnn.estimators.checks.arrays import (
    MIXED_TABLE,
    TABLE,
    explained,
    has_infinity,
)
from skdnn.estimators.rows import (
    SPARSE_FORMATS,
    Rows,
    check_columns,
    check_range,
    validated_inputs,
)
from skdnn.estimators.streamed import Sample, StreamedInputs
from skdnn.preprocessing.mixed_tables import TableColumns, preprocessor_for
from skdnn.preprocessing.tables import is_frame
from skdnn.streams import rows_of

_NUMBERS = [np.float64, np.float32]
# A preprocessor is fitted to at least this many rows of a batch source, or to all.
_MIN_FITTED = 2**12
# At most this many transformed rows are kept as a sample, for checks of the inputs.
_SHOWN_ROWS = 2**12


class Inputs(NamedTuple):
    """The preprocessed rows of a fold, and the preprocessor."""

    train: Rows
    held_out: Rows
    preprocessor: Any  # None with preprocess=False


def table(estimator, X, reset: bool):
    """Check X; return a data frame as it is, anything else as an array.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        With `reset`, a copy that may be changed.
    X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
        The caller's X.
    reset : bool
        Whether to set the estimator's columns. If False, they must be those of fit.
    """
    if not estimator.preprocess:
        return validated_inputs(estimator, X, reset)
    with explained(X, "X", MIXED_TABLE):
        if is_frame(X):
            _check_frame(X)
            return validate_data(estimator, X, reset=reset, skip_check_array=True)
        return validate_data(estimator, X, reset=reset, **_checks_of(X))


def dev_table(estimator, X, name: str = "X_val"):
    """Check X_val, or X of a further chunk, and return it as `table` does."""
    with explained(X, name, MIXED_TABLE if estimator.preprocess else TABLE):
        check_feature_names(estimator, X, reset=False)
        if estimator.preprocess and is_frame(X):
            _check_frame(X)
        else:
            checks = _checks_of(X)
            if not estimator.preprocess:
                checks |= {"dtype": _NUMBERS, "ensure_all_finite": True}
            X = check_array(X, input_name=name, **checks)
    check_columns(estimator, X, name)
    return X


def _check_frame(frame) -> None:
    """Raise clearer errors than a preprocessor would."""
    for n, what in zip(frame.shape, ("sample", "feature"), strict=True):
        if n == 0:
            raise ValueError(f"Found 0 {what}(s), but at least 1 is required.")
    if has_infinity(frame):
        raise ValueError("infinity")  # `explained` says where


def _checks_of(X) -> dict[str, Any]:
    return {
        "accept_sparse": SPARSE_FORMATS,
        "dtype": None if _holds_text(X) else _NUMBERS,
        "ensure_all_finite": "allow-nan",
    }


def _holds_text(X) -> bool:
    """Whether an array holds text, which can only be categorical."""
    if sparse.issparse(X):
        return False
    array = np.asarray(X)
    if array.dtype.kind in "US":
        return True
    return array.dtype.kind == "O" and any(isinstance(v, str) for v in array.flat)


def fit_preprocessor(
    columns: TableColumns, encoding: str, rows: Rows, targets
) -> tuple[Any, Rows]:
    """Fit the preprocessor of an encoding; return it and the transformed rows.

    For a batch source it is fitted to a sample, and chunks are transformed when they
    are read.
    """
    X, y = rows.X, rows.y
    if isinstance(X, StreamedTables):
        sample = X.sample_of(rows.numbers, _MIN_FITTED)
        numbers = sample.numbers
        if rows.numbers is not None:
            numbers = np.searchsorted(rows.numbers, numbers)
        X, y = sample.X, rows.y[numbers]
    preprocessor = preprocessor_for(
        columns,
        encoding,
        is_sparse=sparse.issparse(X),
        target_type="classes" if targets.are_classes else "continuous",
    )
    if isinstance(rows.X, StreamedTables):
        preprocessor.fit(X, y)
        return preprocessor, _transformed_stream(preprocessor, rows)
    return preprocessor, rows._replace(X=preprocessor.fit_transform(X, y))


def _transformed_stream(preprocessor, rows: Rows) -> Rows:
    """Return rows of a batch source that are transformed when they are read."""
    sample = rows.X.sample_of(rows.numbers, least=1)
    if sample.numbers.size > _SHOWN_ROWS:
        at = np.linspace(0, sample.numbers.size - 1, _SHOWN_ROWS).astype(np.int64)
        sample = Sample(rows_of(sample.X, at), sample.numbers[at])

    def make(X):
        return _in_range(transformed(preprocessor, X))

    shown = Sample(make(sample.X), sample.numbers)
    return rows._replace(X=rows.X.through(make, shown))


def _in_range(X):
    """Return X; raise an error if float32 cannot hold its values.

    A table is checked as a whole, a stream chunk by chunk.
    """
    check_range(X, np.dtype(np.float32), "X, as preprocessed,")
    return X


def inputs_of_fold(
    columns: TableColumns | None,
    encoding: str | None,
    rows: Rows,
    dev: Rows,
    targets,
    is_scored: bool,
) -> Inputs:
    """Fit a preprocessor to the training rows and transform both parts.

    The held-out rows of a batch source are read at each checkpoint, so they are kept in
    memory unless there are many. A scorer needs all of them at once.
    """
    preprocessor = None
    if encoding is not None and columns is not None:
        preprocessor, rows = fit_preprocessor(columns, encoding, rows, targets)
        if isinstance(dev.X, StreamedTables):
            dev = _transformed_stream(preprocessor, dev)
        else:
            dev = dev._replace(X=transformed(preprocessor, dev.X))
    if is_scored or dev.n_rows <= MAX_HELD_OUT:
        dev = dev.held()
    return Inputs(rows, dev, preprocessor)


def transformed(preprocessor, X):
    """Return a checked table as inputs; it may be of another kind than that of fit.

    Without a preprocessor, the table is returned as it is.
    """
    if preprocessor is None:
        return X
    if sparse.issparse(X) and getattr(preprocessor[0], "with_mean", True):
        X = X.toarray()  # as in fit: centred inputs are dense
    if is_frame(X) or not hasattr(preprocessor[0], "feature_names_in_"):
        return preprocessor.transform(X)
    if isinstance(preprocessor[0], ColumnTransformer):
        raise ValueError(
            "X must be a data frame with the columns of fit, because the categorical "
            f"columns are selected by name. Got a {type(X).__name__}."
        )
    with warnings.catch_warnings():  # the estimator has issued this warning already
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return preprocessor.transform(X)


def rows_of_fold(rows: Rows, fold: Fold, copies: bool) -> tuple[Rows, Rows]:
    """Return the training and the held-out rows of a fold.

    Parameters
    ----------
    rows : Rows
        All rows, validated.
    fold : Fold
        The row indices.
    copies : bool
        Whether to copy X, which transformers require, or to read it in place.
    """
    return part_of(rows, fold.train, copies), part_of(rows, fold.held_out, copies)


def part_of(rows: Rows, numbers: np.ndarray, copies: bool) -> Rows:
    """Return the rows with these indices; `rows` itself if these are all of them."""
    if len(numbers) == rows.n_rows and np.array_equal(numbers, np.arange(rows.n_rows)):
        return rows
    part = rows.pick(numbers)
    if not copies or isinstance(rows.X, StreamedInputs):
        return part
    return part._replace(X=safe_indexing(rows.X, numbers), numbers=None)
