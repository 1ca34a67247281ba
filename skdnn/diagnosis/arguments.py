"""Validation of the estimators, rows, numbers and names that a caller passes."""

import reprlib
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse

# Python ints can be larger, and then cannot be converted to float.
LARGEST = float(np.finfo(np.float64).max)


def is_number(value: Any) -> bool:
    """Return whether a value is a real number; True and False are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Return whether a value has an integer type; True and False are not counts."""
    return is_number(value) and isinstance(value, Integral)


def short_name(parameter: str) -> str:
    """Return the last part of a nested parameter name: "alpha" of "net__alpha"."""
    return parameter.rpartition("__")[2]


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError unless the value is an int of at least `least`."""
    if not is_count(value) or value < least:
        raise ValueError(f"{name} must be an int >= {least}, got {value!r}.")


def check_flag(name: str, value: Any) -> None:
    """Raise TypeError unless the value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def check_is_instance(estimator: Any) -> None:
    """Raise TypeError unless this is an instance of a scikit-learn estimator."""
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator must be an instance, got the class {estimator.__name__}; did "
            f"you mean {estimator.__name__}()?"
        )
    if not hasattr(estimator, "fit") or not hasattr(estimator, "__sklearn_tags__"):
        raise TypeError(
            "estimator must be a scikit-learn compatible estimator, got "
            f"{reprlib.repr(estimator)}."
        )


def check_pair(x_name: str, X: Any, y_name: str, y: Any, hint: str = "") -> None:
    """Raise ValueError unless X and y have the same number of rows, at least one."""
    n_rows, n_targets = count_rows(x_name, X), count_rows(y_name, y)
    if n_rows != n_targets:
        raise ValueError(
            f"{x_name} has {n_rows} rows, but {y_name} has {n_targets}.{hint}"
        )
    if not n_rows:
        raise ValueError(f"{x_name} and {y_name} have no rows.")


def count_rows(name: str, rows: Any) -> int:
    """Return the number of rows of an array, a data frame or a list."""
    shape = getattr(rows, "shape", None)
    is_text = isinstance(rows, (str, bytes, type))
    if not is_text and isinstance(shape, tuple) and shape:
        return int(shape[0])
    if not is_text and shape is None and hasattr(rows, "__len__"):
        return len(rows)
    raise TypeError(
        f"{name} must be an array, a data frame, a sparse matrix or a list, got "
        f"{reprlib.repr(rows)}."
    )


def count_columns(rows: Any) -> int | None:
    """Return the number of columns; None if each row is a single value."""
    if not hasattr(rows, "shape"):
        rows = rows[0]
        return len(rows) if isinstance(rows, (list, tuple, np.ndarray)) else None
    return int(rows.shape[1]) if len(rows.shape) == 2 else None


def check_columns(name: str, X: Any, wanted: int | None, whose: str) -> None:
    """Raise ValueError unless X has the wanted number of columns.

    Parameters
    ----------
    name : str
        Name of X in the message.
    X : array-like
        Rows.
    wanted : int or None
        Required number of columns; None means that each row is a single value.
    whose : str
        What has that number, with its verb: "X_train has".
    """
    found = count_columns(X)
    if found != wanted:
        counts = [
            "no columns" if n is None else f"{n} columns" for n in (found, wanted)
        ]
        raise ValueError(
            f"{name} has {counts[0]}, but {whose} {counts[1]}. Were arrays swapped?"
        )


def check_like(name: str, X: Any, first_name: str, first: Any) -> None:
    """Raise ValueError unless X has the columns of `first`.

    Two data frames are compared by column name, since a ColumnTransformer drops
    unknown columns.
    """
    if not (_is_frame(X) and _is_frame(first)):
        check_columns(name, X, count_columns(first), f"{first_name} has")
        return
    given = set(X.columns)
    missing = [column for column in first.columns if column not in given]
    if missing:
        raise ValueError(f"{name} lacks columns that {first_name} has: {missing}.")


def check_as_fitted(name: str, X: Any, estimator: Any) -> None:
    """Raise ValueError unless X has as many columns as the estimator was fitted to."""
    n_fitted = getattr(estimator, "n_features_in_", None)
    if n_fitted is not None and not _is_frame(X):
        check_columns(name, X, n_fitted, "the estimator was fitted to")


def _is_frame(rows: Any) -> bool:
    return hasattr(rows, "columns")


def as_targets(y: Any) -> np.ndarray:
    """Return targets as an array; a single column becomes a vector."""
    y = np.asarray(y.toarray() if sparse.issparse(y) else y)
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def as_numbers(name: str, values: Any) -> np.ndarray:
    """Return values as a float64 array; raise ValueError unless all are finite."""
    array = as_targets(values)
    try:
        if array.dtype.kind in "cmM":
            raise TypeError("not real numbers")
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must hold real numbers, got the dtype {array.dtype}."
        ) from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    return numbers
