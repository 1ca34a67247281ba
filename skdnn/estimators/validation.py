"""The caller's arrays, checked: rows to train on, dev rows, rows to predict."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import validate_data

from skdnn._sklearn import check_feature_names
from skdnn.estimators import settings
from skdnn.estimators.checks.arrays import LABELS, NUMBERS, TABLE, explained
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets.labels import check_labels_alike
from skdnn.estimators.targets.weights import row_weights

_SPARSE_FORMATS = ["csr", "csc"]


def training_rows(estimator, rows: Rows, reset: bool) -> Rows:
    """Return rows with targets, checked.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        The one that they are for.
    rows : Rows
        As the caller gave them.
    reset : bool
        Whether these rows say how many columns there are and how they are called; if
        not, they must be as in the fit before.
    """
    X = _inputs(estimator, rows.X, reset)
    if rows.y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None."
        )
    y = _targets(estimator, rows.y, "y")
    _check_lengths(X.shape[0], y, "X", "y")
    if y.ndim == 2 and y.shape[1] == 1 and not sparse.issparse(y):
        y = column_or_1d(y, warn=True)
    return Rows(X, y, row_weights(rows.sample_weight, X.shape[0], "sample_weight"))


def dev_rows(estimator, rows: Rows, dtype: np.dtype) -> Rows | None:
    """Return the caller's dev rows, checked against the training rows, or None."""
    X, y, weight, _ = rows
    if X is None and y is None and weight is None:
        return None
    if X is None or y is None:
        missing = [n for n, a in (("X_val", X), ("y_val", y)) if a is None]
        raise ValueError(
            "X_val and y_val must be given together (sample_weight_val only with "
            f"them); missing: {' and '.join(missing)}."
        )
    with explained(X, "X_val", TABLE):
        check_feature_names(estimator, X, reset=False)
        X = check_array(
            X,
            accept_sparse=_SPARSE_FORMATS,
            dtype=_types_read(X),
            input_name="X_val",
        )
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X_val has {X.shape[1]} features, but X has {estimator.n_features_in_}."
        )
    settings.check_range(X, dtype, "X_val")
    y = _targets(estimator, y, "y_val")
    _check_lengths(X.shape[0], y, "X_val", "y_val")
    if y.ndim == 2 and y.shape[1] == 1 and not sparse.issparse(y):
        y = y.ravel()
    return Rows(X, y, row_weights(weight, X.shape[0], "sample_weight_val"))


def rows_to_predict(estimator, X):
    """Return the caller's X, checked against the rows of fit."""
    X = _inputs(estimator, X, reset=False)
    settings.check_range(X, estimator._theta.dtype, "X")
    return X


def targets_to_score(estimator, y, sample_weight, n_rows: int) -> tuple:
    """Return the caller's targets and weights, to hold predictions of X against."""
    y = _targets(estimator, y, "y")
    _check_lengths(n_rows, y, "X", "y")
    y = estimator._targets.comparable(y)
    return y, row_weights(sample_weight, n_rows, "sample_weight")


def _types_read(X) -> list:
    """Return the types that are read as they are, the one to convert others to first.

    scikit-learn does not know the types of a polars frame, and converts all of them.
    """
    is_float32 = {str(dtype) for dtype in getattr(X, "dtypes", ())} == {"Float32"}
    return [np.dtype(np.float32)] if is_float32 else settings.INPUT_TYPES


def _inputs(estimator, X, reset: bool):
    with explained(X, "X", TABLE):
        return validate_data(
            estimator,
            X,
            accept_sparse=_SPARSE_FORMATS,
            dtype=_types_read(X),
            reset=reset,
        )


def _targets(estimator, y, name: str):
    """Return labels as they are, numbers as some type of number."""
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


def _check_lengths(n_rows: int, y, name: str, name_of_y: str) -> None:
    if y.shape[0] != n_rows:
        raise ValueError(
            f"{name} and {name_of_y} have inconsistent numbers of samples: {name} has "
            f"{n_rows} rows, {name_of_y} has {y.shape[0]}."
        )
