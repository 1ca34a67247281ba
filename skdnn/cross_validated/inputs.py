"""From the caller's table to the inputs of a network, fold by fold."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skdnn._sklearn import check_feature_names, safe_indexing
from skdnn.cross_validated.folds import MOST_HELD_OUT, Fold
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
# A preprocessor is fitted to so many rows of a batch source, if there are as many.
_LEAST_FITTED = 2**12
# What it makes of so many of them is kept, to show what inputs are like.
_SHOWN_ROWS = 2**12


class Inputs(NamedTuple):
    """The rows of a fold as a network reads them, and what has made them so."""

    train: Rows
    held_out: Rows
    preprocessor: Any  # None where rows are read as they come


def table(estimator, X, reset: bool):
    """Return the caller's X, checked: a frame as it is, else an array.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        If `reset`, a copy that may be changed.
    X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
        As the caller gave it.
    reset : bool
        Whether the columns become the estimator's; if not, they must be as in fit.
    """
    if not estimator.preprocess:
        return validated_inputs(estimator, X, reset)
    with explained(X, "X", MIXED_TABLE):
        if is_frame(X):
            _check_frame(X)
            return validate_data(estimator, X, reset=reset, skip_check_array=True)
        return validate_data(estimator, X, reset=reset, **_checks_of(X))


def dev_table(estimator, X, name: str = "X_val"):
    """Return the caller's X_val, or X of another chunk, checked likewise."""
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
    """Refuse what a preprocessor would not tell as clearly."""
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
    """Whether an array has columns of text, which can only be categories."""
    if sparse.issparse(X):
        return False
    array = np.asarray(X)
    if array.dtype.kind in "US":
        return True
    return array.dtype.kind == "O" and any(isinstance(v, str) for v in array.flat)


def fit_preprocessor(
    columns: TableColumns, encoding: str, rows: Rows, targets
) -> tuple[Any, Rows]:
    """Return the transformer of one encoding, fitted to rows, and these transformed.

    Of a batch source it is fitted to a sample, and each chunk is transformed as it is
    read.
    """
    X, y = rows.X, rows.y
    if isinstance(X, StreamedTables):
        sample = X.sample_of(rows.numbers, _LEAST_FITTED)
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
    """Return rows of a batch source that are transformed as they are read."""
    sample = rows.X.sample_of(rows.numbers, least=1)
    if sample.numbers.size > _SHOWN_ROWS:
        at = np.linspace(0, sample.numbers.size - 1, _SHOWN_ROWS).astype(np.int64)
        sample = Sample(rows_of(sample.X, at), sample.numbers[at])

    def make(X):
        return _in_range(transformed(preprocessor, X))

    shown = Sample(make(sample.X), sample.numbers)
    return rows._replace(X=rows.X.through(make, shown))


def _in_range(X):
    """Return inputs, of which what float32 cannot hold is refused.

    Inputs of a table are looked at as a whole; a stream has no whole.
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
    """Return training and held-out rows, transformed by what the former show.

    Held-out rows of a batch source are looked at again and again: they are held, unless
    they are many. A scorer wants all of them at once.
    """
    preprocessor = None
    if encoding is not None and columns is not None:
        preprocessor, rows = fit_preprocessor(columns, encoding, rows, targets)
        if isinstance(dev.X, StreamedTables):
            dev = _transformed_stream(preprocessor, dev)
        else:
            dev = dev._replace(X=transformed(preprocessor, dev.X))
    if is_scored or dev.n_rows <= MOST_HELD_OUT:
        dev = dev.held()
    return Inputs(rows, dev, preprocessor)


def transformed(preprocessor, X):
    """Return a checked table, which need not be of the kind of fit, as inputs.

    `preprocessor` is None where rows are inputs as they come.
    """
    if preprocessor is None:
        return X
    if sparse.issparse(X) and getattr(preprocessor[0], "with_mean", True):
        X = X.toarray()  # as in fit: what is centred is not sparse
    if is_frame(X) or not hasattr(preprocessor[0], "feature_names_in_"):
        return preprocessor.transform(X)
    if isinstance(preprocessor[0], ColumnTransformer):
        raise ValueError(
            "X must be a data frame with the columns of fit: its categories are found "
            f"by the names of their columns. Got a {type(X).__name__}."
        )
    with warnings.catch_warnings():  # the caller has been told already
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return preprocessor.transform(X)


def rows_of_fold(rows: Rows, fold: Fold, copies: bool) -> tuple[Rows, Rows]:
    """Return the training and the held-out rows.

    Parameters
    ----------
    rows : Rows
        All rows, validated.
    fold : Fold
        Their numbers.
    copies : bool
        Whether X is copied, as transformers need it, or read in place.
    """
    return part_of(rows, fold.train, copies), part_of(rows, fold.held_out, copies)


def part_of(rows: Rows, numbers: np.ndarray, copies: bool) -> Rows:
    """Return the rows of these numbers; all are returned as they are."""
    if len(numbers) == rows.n_rows and np.array_equal(numbers, np.arange(rows.n_rows)):
        return rows
    part = rows.pick(numbers)
    if not copies or isinstance(rows.X, StreamedInputs):
        return part
    return part._replace(X=safe_indexing(rows.X, numbers), numbers=None)
