"""The caller's arrays, checked: rows to train on, dev rows, rows to predict."""

from contextlib import contextmanager

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import validate_data

from skdnn.estimators import settings
from skdnn.estimators.rows import Rows
from skdnn.estimators.sklearn_private import check_feature_names, check_sample_weight

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
    X, y = validate_data(
        estimator,
        rows.X,
        rows.y,
        accept_sparse=_SPARSE_FORMATS,
        multi_output=True,
        y_numeric=estimator._y_is_numeric,
        dtype=settings.INPUT_TYPES,
        reset=reset,
    )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return Rows(X, y, _weights(rows.sample_weight, X, "sample_weight"))


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
    with _naming("X_val"):
        check_feature_names(estimator, X, reset=False)
        X = check_array(
            X,
            accept_sparse=_SPARSE_FORMATS,
            dtype=settings.INPUT_TYPES,
            input_name="X_val",
        )
    if X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X_val has {X.shape[1]} features, but X has {estimator.n_features_in_}."
        )
    settings.check_range(X, dtype, "X_val")
    y = y if sparse.issparse(y) else np.asarray(y)
    with _naming("y_val"):
        check_consistent_length(X, y)
    return Rows(X, y, _weights(weight, X, "sample_weight_val"))


def rows_to_predict(estimator, X):
    """Return the caller's X, checked against the rows of fit."""
    X = validate_data(
        estimator,
        X,
        accept_sparse=_SPARSE_FORMATS,
        dtype=settings.INPUT_TYPES,
        reset=False,
    )
    settings.check_range(X, estimator._theta.dtype, "X")
    return X


def _weights(weight, X, name: str) -> np.ndarray | None:
    if weight is None:
        return None
    with _naming(name):
        return check_sample_weight(
            weight, X, dtype=np.float64, ensure_non_negative=True
        )


@contextmanager
def _naming(array: str):
    """Have the errors of scikit-learn's checks name one of several arrays."""
    try:
        yield
    except ValueError as error:
        if array in str(error):
            raise
        raise ValueError(f"{array}: {error}") from error
