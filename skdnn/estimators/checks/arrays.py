"""Explain in a sentence what is wrong with an array.

scikit-learn's checks and NumPy's conversions detect an invalid array, but their
messages do not say which one. The functions here inspect it again, and name the array,
the column, the row and the remedy.
"""

import reprlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Number
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.estimators.checks.values import is_missing, shortened
from skdnn.preprocessing.tables import kind_of_dtype

# The roles of an array.
TABLE, LABELS, NUMBERS, WEIGHTS = "table", "labels", "numbers", "weights"
MIXED_TABLE = "mixed table"  # may have categories and missing values
_MUST_BE = {
    TABLE: "a table of numbers of shape (n_samples, n_features)",
    MIXED_TABLE: "a table of shape (n_samples, n_features)",
    LABELS: "an array of labels, one for each row, or a label indicator",
    NUMBERS: "an array of numbers, one or several for each row",
    WEIGHTS: "a number, or an array of numbers with one for each row",
}
_CURE_OF_TEXT = {
    TABLE: "The network needs numbers: encode it, e.g. with OneHotEncoder or "
    "OrdinalEncoder in a ColumnTransformer, or leave it out.",
    NUMBERS: "A regressor predicts numbers; for classes use MLPRegularizedClassifier.",
    WEIGHTS: "Weights must be numbers >= 0.",
}
_CURE_OF_DATES = (
    "Convert them to meaningful numbers, such as the month or the number of days since "
    "some date."
)
_CURE_OF_MISSING = {
    TABLE: "Impute missing values, e.g. with SimpleImputer in a Pipeline, or leave "
    "these rows out.",
    LABELS: "Leave out the rows without a label.",
    NUMBERS: "Leave out the rows without a target.",
    WEIGHTS: "Every row needs a weight; 0 leaves a row out.",
}
_MAX_NAMES = 5
_OTHER_KINDS = tuple("cmMV")


@contextmanager
def explained(array: Any, name: str, role: str) -> Iterator[None]:
    """Explain the errors of a block that validates or converts an array.

    Parameters
    ----------
    array : object
        As the caller passed it.
    name : str
        The name of the argument.
    role : {TABLE, MIXED_TABLE, LABELS, NUMBERS, WEIGHTS}
        What the array is used for.
    """
    _refuse_misread(array, name, role)
    try:
        # Else NumPy would warn of sums of infinities and of overflow.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        if hasattr(array, "__array__") and not hasattr(array, "shape"):
            array = np.asarray(array)
        fault = _fault(array, name, role)
        if fault:
            raise kind(fault) from None
        text = str(error)
        raise kind(text if name in text.split() else f"{name}: {text}") from error


# -- before the conversion -------------------------------------------------------------


def _refuse_misread(array, name, role):
    """Raise an error at what NumPy would silently convert to wrong numbers."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise ValueError(
            f"{name} is a masked array with {int(np.ma.count_masked(array))} masked "
            f"entries, and masks are not supported. {_CURE_OF_MISSING[role]}"
        )
    if role == WEIGHTS and sparse.issparse(array):
        raise TypeError(f"{name} is sparse; pass {name}.toarray().ravel().")
    found: dict[str, list[str]] = {}
    for column, kind in _other_kinds(array):
        found.setdefault(kind, []).append(column)
    if "c" in found:
        raise ValueError(
            f"{name} has complex numbers{_within(found['c'])}. Complex data not "
            "supported: use .real, .imag or the absolute value."
        )
    if "V" in found:
        raise ValueError(f"{name} is a structured array. It must be {_MUST_BE[role]}.")
    dates = [*found.get("M", ()), *found.get("m", ())]
    if dates and role != LABELS:
        raise ValueError(f"{name} has dates or times{_within(dates)}. {_CURE_OF_DATES}")


def _other_kinds(array) -> Iterator[tuple[str, str]]:
    """Yield the columns of unsupported types, each with NumPy's letter for its type.

    The letters are c (complex), m and M (times and dates) and V (structured).
    """
    if _is_frame(array):
        other = {d for d in set(array.dtypes) if _kind(d) in _OTHER_KINDS}
        if not other:
            return
        for column, dtype in zip(array.columns, array.dtypes, strict=True):
            if dtype in other:
                yield f"{column!r}", _kind(dtype)
    elif hasattr(array, "dtype") and _kind(array.dtype) in _OTHER_KINDS:
        yield "", _kind(array.dtype)


def _kind(dtype) -> str:
    is_temporal = getattr(dtype, "is_temporal", None)  # polars
    if is_temporal is not None:
        return "M" if is_temporal() else ""
    return getattr(dtype, "kind", "")


def _within(columns: list[str]) -> str:
    columns = [column for column in columns if column]
    if not columns:
        return ""
    shown = shortened(columns[:_MAX_NAMES], len(columns))
    return f" in column{'s' if len(columns) > 1 else ''} {shown}"


# -- after a failed conversion ---------------------------------------------------------


def _fault(array, name, role) -> str | None:
    if array is None or isinstance(array, type) or not _has_rows(array):
        return f"{name} must be {_MUST_BE[role]}, got {_described(array)}."
    return (
        _uneven_rows(array, name)
        or _repeated_names(array, name)
        or _wrong_dimensions(array, name, role)
        or (None if role in (LABELS, MIXED_TABLE) else _no_number(array, name, role))
        or _not_finite(array, name, role)
    )


def _has_rows(array) -> bool:
    shape = getattr(array, "shape", None)
    if shape is not None:
        return len(shape) > 0
    return isinstance(array, Sequence) and not isinstance(array, str | bytes)


def _described(value) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, str | bytes | Number):
        return reprlib.repr(value)
    return f"a {type(value).__name__}"


def _uneven_rows(array, name) -> str | None:
    if hasattr(array, "shape"):
        return None
    lengths = [_length(row) for row in array]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            return (
                f"The rows of {name} have different lengths: {lengths[0]} in row 0, "
                f"{length} in row {i}."
            )
    try:
        np.shape(array)
    except ValueError:
        return f"The rows of {name} are nested unevenly and do not form an array."
    return None


def _length(row) -> str:
    if isinstance(row, str | bytes) or not hasattr(row, "__len__"):
        return "a single value"
    return f"{len(row)} value{'' if len(row) == 1 else 's'}"


def _repeated_names(array, name) -> str | None:
    if not _is_frame(array):
        return None
    repeated = {c: n for c, n in Counter(array.columns).items() if n > 1}
    if not repeated:
        return None
    times = ", ".join(f"{c!r} {n} times" for c, n in repeated.items())
    return f"{name} has duplicate column names: {times}. Rename these columns."


def _wrong_dimensions(array, name, role) -> str | None:
    shape = array.shape if hasattr(array, "shape") else np.shape(array)
    if role in (TABLE, MIXED_TABLE) and len(shape) == 1:
        return (
            f"Expected 2D array: {name} must be {_MUST_BE[role]}, got shape {shape}. "
            f"Reshape your data with {name}.reshape(-1, 1) if it is one column, "
            f"{name}.reshape(1, -1) if it is one row; a Series has to_frame()."
        )
    if len(shape) > 2:
        cure = f": flatten each row with {name}.reshape(len({name}), -1)"
        return (
            f"{name} must be {_MUST_BE[role]}, got {len(shape)} dimensions, shape "
            f"{tuple(shape)}{cure if 'table' in role else ''}."
        )
    return None


def _no_number(array, name, role) -> str | None:
    """Return which columns have values that are not numbers."""
    texts: list[str] = []
    others: list[str] = []
    example: Any = None
    for column, values in _columns(array):
        value = _first_without_number(values)
        if value is None:
            continue
        is_text = isinstance(value, str | bytes)
        (texts if is_text else others).append(column)
        if example is None or (is_text and len(texts) == 1):
            example = str(value) if isinstance(value, str) else value
    such_as = f", such as {reprlib.repr(example)}"
    if texts:
        where = _within(texts)
        return f"{name} has text{where}{such_as}. {_CURE_OF_TEXT[role]}"
    if not others:
        return None
    if hasattr(example, "year") or hasattr(example, "total_seconds"):
        return f"{name} has dates or times{_within(others)}{such_as}. {_CURE_OF_DATES}"
    if isinstance(example, int):
        return f"{name} has numbers too large for float64{_within(others)}{such_as}."
    return (
        f"{name} has a {type(example).__name__}{_within(others)}{such_as}; each "
        "argument must be a number, or a string that represents a number."
    )


def _first_without_number(values) -> Any:
    """Return the first value that is not missing and not a number, or None."""
    values = np.asarray(values)
    if values.dtype.kind in "biuf":
        return None
    for value in values.ravel():
        if is_missing(value):
            continue
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return value
    return None


def _not_finite(array, name, role) -> str | None:
    for what, is_so in (("NaN", _missing), ("infinity", _infinite)):
        if what == "NaN" and role == MIXED_TABLE:
            continue
        for column, values in _columns(array):
            rows = np.flatnonzero(is_so(values))
            if rows.size:
                where = _within([column])
                cure = _CURE_OF_MISSING[role] if what == "NaN" else ""
                return (
                    f"{name} contains {what}{where}, first in row {rows[0]}. {cure}"
                ).rstrip()
    return None


def has_infinity(frame) -> bool:
    """Return whether a float column of a data frame contains infinity."""
    floats = (v for _, v in _columns(frame) if kind_of_dtype(v.dtype) == "f")
    return any(_infinite(values).any() for values in floats)


def _missing(values) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "O":
        return np.array([is_missing(v) for v in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def _infinite(values) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # a longdouble may overflow float64
            return np.isinf(values.astype(np.float64))
    if values.dtype.kind == "O":
        return np.array([isinstance(v, float) and np.isinf(v) for v in values])
    return np.zeros(len(values), dtype=bool)


def _columns(array) -> Iterator[tuple[str, Any]]:
    """Yield each column's name, as shown in messages, and its values.

    Without column names the name is the position; it is "" for a 1-d array. Of a sparse
    array, only the columns that are not finite are yielded.
    """
    if _is_frame(array):
        for j, column in enumerate(array.columns):
            by_number = getattr(array, "iloc", array)  # pandas, or polars
            yield f"{column!r}", by_number[:, j]
    elif sparse.issparse(array) and array.ndim == 2:
        entries = sparse.coo_array(array)
        bad = entries.coords[-1][~np.isfinite(entries.data)]
        by_column = sparse.csc_array(array)
        for j in np.unique(bad):
            yield str(j), by_column[:, [j]].toarray().ravel()
    else:
        values = array.toarray() if sparse.issparse(array) else np.asarray(array)
        if values.ndim == 1:
            yield "", values
        else:
            for j in range(values.shape[1]):
                yield str(j), values[:, j]


def _is_frame(array) -> bool:
    return hasattr(array, "columns") and hasattr(array, "dtypes")
