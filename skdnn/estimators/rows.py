"""Rows on their way from the caller to the network: validated, weighted, encoded."""

import sys
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import validate_data

from skdnn._sklearn import check_feature_names
from skdnn.estimators.checks.arrays import LABELS, NUMBERS, TABLE, explained
from skdnn.estimators.streamed import StreamedInputs
from skdnn.estimators.targets import Targets
from skdnn.estimators.targets.labels import check_labels_alike
from skdnn.estimators.targets.weights import row_weights
from skdnn.streams import BatchSource, refuse_lazy
from skdnn.training.stored import StoredRows, StoredTable
from skdnn.training.tables import Examples, Table

SPARSE_FORMATS = ["csr", "csc"]
# Tables of these types are read block by block without conversion; others are converted
# to the first of them.
_TYPES_READ = [
    np.dtype(code) for code in (np.float64, np.float32, np.float16, bool, *"bBhHiIlLqQ")
]


class Rows(NamedTuple):
    """Rows as the caller gave them, or some of them."""

    X: Any
    y: Any
    sample_weight: Any = None
    numbers: np.ndarray | None = None  # indices of the rows of X meant; None is all

    @property
    def n_rows(self) -> int:
        """The number of rows meant, once X is validated."""
        return self.X.shape[0] if self.numbers is None else len(self.numbers)

    def pick(self, numbers: np.ndarray) -> "Rows":
        """Return some of the rows, without copying X."""
        weight = self.sample_weight
        return Rows(
            self.X,
            self.y[numbers],
            None if weight is None else weight[numbers],
            numbers,
        )

    def held(self) -> "Rows":
        """Return the rows for repeated reading: those of a batch source are stored."""
        if not isinstance(self.X, StreamedInputs):
            return self
        return self._replace(X=self.X.held(self.numbers), numbers=None)

    def examples(self, targets: Targets, dtype, suffix: str = "") -> Examples:
        """Return validated rows with encoded targets and weights, ready for training.

        `suffix` is that of the caller's argument names, for errors: "" or "_val".
        """
        check_range(self.X, dtype, f"X{suffix}")
        Y = targets.encode(self.y, dtype, f"y{suffix}")
        weight = targets.weigh(Y, self.sample_weight)
        if weight is not None and not np.any(weight > 0):
            raise ValueError(
                f"sample_weight{suffix}{targets.weight_factor} must be positive for "
                "at least one row; all are zero."
            )
        if isinstance(self.X, StreamedInputs):
            return Examples(self.X.table(dtype, self.numbers), Y, weight)
        if isinstance(self.X, StoredRows):
            return Examples(StoredTable(self.X, dtype), Y, weight)
        table = Table(self.X, dtype, self.numbers).ready_if_small()
        return Examples(table, Y, weight)


def training_rows(
    estimator, rows: Rows, reset: bool, inputs: Callable | None = None
) -> Rows:
    """Validate the caller's training rows.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        The estimator to fit; if `reset`, a copy, which is changed.
    rows : Rows
        As the caller passed them.
    reset : bool
        Whether the number and names of the columns are set on the estimator. Otherwise
        they must be those of the previous fit.
    inputs : callable (estimator, X, reset) -> X, optional
        Validates X. By default X must be a table of numbers.
    """
    refuse_lazy(rows.X)
    _refuse_source(estimator, rows)
    X = (inputs or validated_inputs)(estimator, rows.X, reset)
    if rows.y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None."
        )
    y = checked_targets(estimator, rows.y, "y")
    check_lengths(X.shape[0], y, "X", "y")
    if y.ndim == 2 and y.shape[1] == 1 and not sparse.issparse(y):
        y = column_or_1d(y, warn=True)
    return Rows(X, y, row_weights(rows.sample_weight, X.shape[0], "sample_weight"))


def _refuse_source(estimator, rows: Rows) -> None:
    """Raise an error at a batch source with y, or where arrays are expected."""
    if not isinstance(rows.X, BatchSource):
        return
    if rows.y is not None:
        raise ValueError(
            "A batch source brings its own targets, in its chunks (X, y): call "
            "fit(source) without y."
        )
    raise TypeError(
        "X is a BatchSource, which only fit accepts, as fit(source); give this method "
        f"of {type(estimator).__name__} arrays, chunk by chunk."
    )


def dev_rows_of(estimator, rows: Rows, inputs: Callable | None = None) -> Rows | None:
    """Validate the caller's dev rows; None if there are none.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Has the number and names of the columns of the training rows.
    rows : Rows
        As the caller passed them.
    inputs : callable (estimator, X) -> X, optional
        Validates X_val. By default it must be a table of numbers.
    """
    X, y, weight, _ = rows
    if X is None and y is None and weight is None:
        return None
    if isinstance(X, BatchSource):
        raise ValueError(
            "A batch source X_val brings its own targets, in its chunks (X, y): call "
            "fit with X_val=source, without y_val."
        )
    if X is None or y is None:
        missing = [n for n, a in (("X_val", X), ("y_val", y)) if a is None]
        raise ValueError(
            "X_val and y_val must be given together (sample_weight_val only with "
            f"them); missing: {' and '.join(missing)}."
        )
    refuse_lazy(X)
    X = (inputs or dev_inputs)(estimator, X)
    y = checked_targets(estimator, y, "y_val")
    check_lengths(X.shape[0], y, "X_val", "y_val")
    if y.ndim == 2 and y.shape[1] == 1 and not sparse.issparse(y):
        y = y.ravel()
    return Rows(X, y, row_weights(weight, X.shape[0], "sample_weight_val"))


def dev_inputs(estimator, X):
    """Validate X_val: a table of numbers with the columns of X."""
    with explained(X, "X_val", TABLE):
        check_feature_names(estimator, X, reset=False)
        X = check_array(
            X,
            accept_sparse=SPARSE_FORMATS,
            dtype=types_read(X),
            input_name="X_val",
        )
    check_columns(estimator, X, "X_val")
    return X


def check_columns(estimator, X, name: str) -> None:
    """Raise an error if a table has another number of columns than X of the fit."""
    if X.shape[1] != estimator.n_features_in_:
        other = "X has" if name != "X" else "the first chunk has"
        raise ValueError(
            f"{name} has {X.shape[1]} features, but {other} {estimator.n_features_in_}."
        )


def rows_to_predict(estimator, X):
    """Validate the caller's X against the rows of `fit`."""
    X = validated_inputs(estimator, X, reset=False)
    check_range(X, estimator._model.theta.dtype, "X")
    return X


def targets_to_score(estimator, targets, y, sample_weight, n_rows: int) -> tuple:
    """Validate the caller's targets and weights for scoring predictions."""
    y = checked_targets(estimator, y, "y")
    check_lengths(n_rows, y, "X", "y")
    y = targets.comparable(y)
    return y, row_weights(sample_weight, n_rows, "sample_weight")


def types_read(X) -> list:
    """Return the types read without conversion; others are converted to the first.

    A polars frame is always converted, because scikit-learn does not know its types.
    """
    is_float32 = {str(dtype) for dtype in getattr(X, "dtypes", ())} == {"Float32"}
    return [np.dtype(np.float32)] if is_float32 else _TYPES_READ


def validated_inputs(estimator, X, reset: bool):
    """Validate X: a table of numbers."""
    with explained(X, "X", TABLE):
        return validate_data(
            estimator,
            X,
            accept_sparse=SPARSE_FORMATS,
            dtype=types_read(X),
            reset=reset,
        )


def checked_targets(estimator, y, name: str):
    """Validate targets: labels are kept as they are, numbers become numeric."""
    is_numeric = estimator._y_is_numeric
    with explained(y, name, NUMBERS if is_numeric else LABELS):
        y = check_array(
            y,
            accept_sparse="csr",
            ensure_2d=False,
            dtype=None,
            input_name=name,
        )
        if is_numeric and sparse.issparse(y):
            y = y.toarray()
        if is_numeric and y.dtype.kind in "OUS":
            y = y.astype(np.float64)
    if not is_numeric:
        check_labels_alike(y, name)
    return y


def check_lengths(n_rows: int, y, name: str, name_of_y: str) -> None:
    """Raise an error unless there is one target for each row."""
    if y.shape[0] != n_rows:
        raise ValueError(
            f"{name} and {name_of_y} have inconsistent numbers of samples: {name} has "
            f"{n_rows} rows, {name_of_y} has {y.shape[0]}."
        )


def check_range(X, dtype: np.dtype, name: str) -> None:
    """Raise an error at numbers that overflow the network's type."""
    if X.dtype.kind != "f" or X.dtype.itemsize <= dtype.itemsize:
        return
    if isinstance(X, StreamedInputs):
        largest, chunk = X.largest
        name = f"{name}, in chunk {chunk} of the batch source,"
    elif isinstance(X, StoredRows):
        largest = X.largest
    else:
        values = X.data if sparse.issparse(X) else X
        largest = max(values.max(), -values.min()) if values.size else 0.0
    if largest > np.finfo(dtype).max:
        raise ValueError(
            f"{name} contains {largest:.3g}, a value too large for {dtype}. "
            "Standardise the inputs or set dtype='float64'."
        )


def mapped(rows: Rows) -> Rows:
    """Return rows whose X can be passed to a caller's function.

    Rows in a file are memory-mapped; for those of a batch source X is the source.
    """
    if isinstance(rows.X, StreamedInputs):
        return rows._replace(X=rows.X.source)
    if not isinstance(rows.X, StoredRows):
        return rows
    X = rows.X.mapped()
    return rows._replace(X=X if rows.numbers is None else X[rows.numbers], numbers=None)


def as_counts(weight: np.ndarray | None) -> np.ndarray | None:
    """Return weights that count rows.

    A weight of 2 is a row given twice, and S = Σ sᵢ is the number of rows. Weights that
    are all below 1 are not counts but shares, such as those of boosting: they sum to 1,
    and a penalty divided by S = 1 would be as strong as for a single row. They are
    scaled to a mean of 1 over the rows of positive weight.
    """
    if weight is None or weight.max(initial=0.0) >= 1:
        return weight
    positive = np.count_nonzero(weight)
    total = float(weight.sum())
    return weight * (positive / total) if total > 0 else weight


def checked_total_weight(value) -> float | None:
    """Validate `total_weight` of partial_fit."""
    if value is None:
        return None
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and 0 < value <= sys.float_info.max):
        raise ValueError(f"total_weight must be a number > 0 or None, got {value!r}.")
    return float(value)


def check_total_weight(known: float | None, weight: float) -> None:
    """Raise an error if the training set weighs less than the rows of this call."""
    if known is not None and known < weight * (1 - 1e-6):
        raise ValueError(
            f"total_weight={known:.6g} is less than the weight of the rows of this "
            f"call, {weight:.6g}, which are a part of the training set. Give the "
            "number of rows of the whole training set or, with weights, their sum."
        )
