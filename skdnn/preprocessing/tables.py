"""Checking that X is a table of numbers, with errors that name the column."""

from collections import Counter
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from skdnn.streams import refuse_lazy

# Only ratios of weights matter. Within these bounds, sums neither overflow nor vanish.
MIN_WEIGHT, MAX_WEIGHT = 1e-30, 1e30


def checked_table(X: Any) -> Any:
    """Return X if it is a table of numbers, with pandas.NA in objects replaced by NaN.

    Wrong shapes and infinite values are left to scikit-learn's validation, which
    supports pandas.NA only in columns of pandas' own data types.

    Raises
    ------
    TypeError
        If X is not a table, is lazy, or holds objects.
    ValueError
        If column names are not unique, or columns hold dates, complex numbers or text.
    """
    refuse_lazy(X)
    refuse_no_table(X, "table of numbers")
    if is_frame(X):
        return _checked_frame(X)
    values = X
    if not sparse.issparse(X):
        values = _as_array(X, "X must be a table, but its rows have different lengths.")
    if values.dtype.kind in "mM":
        raise ValueError(f"X holds dates or times ({values.dtype}). {_CURE_FOR_DATES}")
    if values.dtype.kind == "c":
        raise ValueError(_COMPLEX)
    if values.dtype.kind == "O" and values.ndim == 2 and _has_na(values.ravel()):
        X = values = np.stack([_with_nan(each) for each in values.T], axis=1)
    if values.dtype.kind in "OSU" and values.ndim == 2:
        for j in range(values.shape[1]):
            _check_values(values[:, j], j)
    return X


def refuse_no_table(X: Any, wanted: str, name: str = "X") -> None:
    """Raise TypeError for objects without rows: None, strings, numbers, dicts, …."""
    no_table = X is None or isinstance(X, (str, bytes, type, Mapping, Set))
    if no_table or np.isscalar(X):
        raise TypeError(
            f"{name} must be a {wanted}: an array, a data frame or a sparse matrix of "
            f"shape (n_samples, n_features). Got {X!r}."
        )


def is_frame(X: Any) -> bool:
    """Whether X is a data frame, such as those of pandas and polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def refuse_repeated_names(names: list[Any], name: str = "X") -> None:
    """Raise ValueError if column names are not unique."""
    twice = [each for each, n in Counter(names).items() if n > 1]
    if twice:
        raise ValueError(
            f"{name} has several columns named {_listed(twice)}: column names must be "
            "unique."
        )


def refuse_dates(columns: list[Any], name: str = "X") -> None:
    """Raise ValueError if any columns of dates or times are listed."""
    if columns:
        which = "column" if len(columns) == 1 else "columns"
        raise ValueError(
            f"{name} has dates or times in {which} {_listed(columns)}. "
            f"{_CURE_FOR_DATES}"
        )


def refuse_overflow(column, what):
    """Raise ValueError for a column whose values are too large to compute with."""
    raise ValueError(
        f"X has values in column {column} that are too large: their {what} overflows. "
        "Divide the column by a constant first."
    )


def checked_weights(sample_weight: Any, n_samples: int) -> np.ndarray | None:
    """Return the weights as a float64 array, or None.

    Raises
    ------
    ValueError
        If the weights are not numbers, not one per row, negative, all zero, or so large
        or small that sums would overflow or vanish.
    """
    if sample_weight is None:
        return None
    if sparse.issparse(sample_weight):
        raise ValueError("sample_weight must be dense, got a sparse matrix.")
    given = _as_array(
        sample_weight, "sample_weight must be an array of one number per row of X."
    )
    if given.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight per row of X. "
            f"Got shape {given.shape} instead."
        )
    if given.dtype.kind not in "biufO" or _error_of(given) is not None:
        raise ValueError(
            f"sample_weight must hold numbers, one per row of X; its first element is "
            f"{given[0]!r}."
        )
    sample_weight = check_array(
        given, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if sample_weight.min() < 0:
        raise ValueError(
            "sample_weight must not be negative. "
            f"Got {sample_weight.min()} as its smallest value."
        )
    largest = sample_weight.max()
    if largest == 0:
        raise ValueError(ALL_ZERO)
    if not MIN_WEIGHT <= largest <= MAX_WEIGHT:
        raise ValueError(
            f"The largest sample_weight must lie between {MIN_WEIGHT:g} and "
            f"{MAX_WEIGHT:g}, got {largest:g}. Divide all weights by it: only their "
            "ratios matter."
        )
    return sample_weight


ALL_ZERO = (
    "sample_weight must not be all zero: at least one row needs a weight above 0."
)
_CURE_FOR_DATES = (
    "Convert them to numbers first, such as days since a date or the hour of the day, "
    "or drop them."
)
# scikit-learn's words, which its common checks look for, then ours.
_COMPLEX = (
    "Complex data not supported: X holds complex numbers. Pass their real and "
    "imaginary parts, or their moduli and arguments, as separate columns."
)


def _checked_frame(X: Any) -> Any:
    names, dtypes = list(X.columns), list(X.dtypes)
    refuse_repeated_names(names)
    kinds = [kind_of_dtype(dtype) for dtype in dtypes]
    refuse_dates([n for n, kind in zip(names, kinds, strict=True) if kind in "mM"])
    if "c" in kinds:
        raise ValueError(_COMPLEX)
    for name, kind in zip(names, kinds, strict=True):
        if kind == "O":
            values = np.asarray(X[name])
            if _has_na(values):
                values = _with_nan(values)
                X = X.copy(deep=False)
                X[name] = values
            _check_values(values, name)
    return X


def _has_na(values: np.ndarray) -> bool:
    """Whether objects contain pandas.NA, which NumPy cannot convert to a number."""
    return any(kind.__name__ == "NAType" for kind in set(map(type, values)))


def _with_nan(values: np.ndarray) -> np.ndarray:
    return np.where([is_missing(each) for each in values], np.nan, values)


def is_missing(value: Any) -> bool:
    """Whether a Python object is a missing value: None, NaN or pandas.NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    return isinstance(value, float) and value != value


def kind_of_dtype(dtype: Any) -> str:
    """Return NumPy's kind code for a data type of pandas or polars."""
    if not hasattr(dtype, "is_temporal"):
        return str(getattr(dtype, "kind", "f"))
    if dtype.is_temporal():
        return "M"
    return "f" if dtype.is_numeric() else "O"


def _as_array(values: Any, message: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ValueError(message) from None


def _check_values(values: np.ndarray, column: Any) -> None:
    """Raise an error for text and other objects that names the column and the value."""
    if _error_of(values) is None:
        return
    value, error = next(
        (v, e) for v in values if (e := _error_of(np.array([v], dtype=object)))
    )
    raise type(error)(
        f"X must hold numbers, but column {column!r} holds {value!r} ({error}). Encode "
        "categories first (OneHotEncoder, OrdinalEncoder), or drop the column."
    )


def _error_of(values: np.ndarray) -> TypeError | ValueError | None:
    """Return the error raised by converting values to numbers, or None."""
    try:
        values.astype(np.float64)
    except TypeError as error:
        return TypeError(str(error))
    except ValueError as error:
        return ValueError(str(error))
    return None


def _listed(names: list[Any]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
