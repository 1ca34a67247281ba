"""The numeric and the categorical columns of a table."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from reprlib import repr as shortened
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from skdnn.preprocessing.tables import (
    is_frame,
    is_missing,
    kind_of_dtype,
    refuse_dates,
    refuse_no_table,
    refuse_repeated_names,
)

_ALLOWED = (
    "'from_dtype', None, an array of column names, an array of positions, or a boolean "
    "mask with one value for each column"
)
_TEXT_TYPES = (str, bytes)
# The Timestamp and NaT of pandas are subclasses of these.
_DATE_TYPES = (date, time, timedelta, np.datetime64, np.timedelta64)
_CATEGORIES_OF_POLARS = ("String", "Utf8", "Categorical", "Enum")


class TableColumns(NamedTuple):
    """The numeric and the categorical columns, as ColumnTransformer accepts them.

    They are names if the table is a data frame whose names are all strings, else
    positions.
    """

    numeric: list
    categorical: list


class _Column(NamedTuple):
    """The kind of a column, found from its data type or its values."""

    name: Any  # for messages
    kind: str  # "number", "text", "category", "date" or "mixture"
    example: str = ""


def columns_of(
    X: Any,
    categorical_features: ArrayLike | str | None = "from_dtype",
    name: str = "X",
) -> TableColumns:
    """Find the numeric and the categorical columns of a table.

    Parameters
    ----------
    X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
        The caller's table, before any conversion. Only the data types are inspected,
        and the values of columns of Python objects or text.

    categorical_features : "from_dtype", None or array-like, default="from_dtype"
        "from_dtype" selects, in a data frame, the columns of the types category,
        Categorical, Enum and text, and columns of Python objects that hold text; in an
        array of objects, the columns that hold text; in an array of text, the columns
        that are not all numbers. Booleans are numeric. None selects no column; an
        array-like lists names or positions, or is a boolean mask.

    name : str, default="X"
        The name of the table in messages.

    Returns
    -------
    TableColumns
        Each column once, in the order of the table.

    Raises
    ------
    TypeError
        If `X` is not a table.
    ValueError
        If `categorical_features` is invalid or lists an unknown column; if a column
        holds dates, both text and other values, or text without being categorical; if
        column names are not unique; or if `X` is sparse and columns are categorical.
    """
    refuse_no_table(X, "table", name)
    if sparse.issparse(X):
        columns = [_Column(j, "number") for j in range(X.shape[-1])]
    elif is_frame(X):
        refuse_repeated_names(list(X.columns), name)
        columns = _columns_of_frame(X)
    else:
        columns = _columns_of_array(X, name)
    refuse_dates([each.name for each in columns if each.kind == "date"], name)
    for each in columns:
        if each.kind == "mixture":
            raise ValueError(
                f"Column {each.name!r} of {name} holds both text and other values "
                f"({each.example}): convert them all to text, with astype(str), or all "
                "to numbers."
            )
    is_category = _chosen(columns, categorical_features, X, name)
    for each, chosen in zip(columns, is_category, strict=True):
        if each.kind == "text" and not chosen:
            raise ValueError(
                f"Column {each.name!r} of {name} holds text ({each.example}), but "
                f"categorical_features={shortened(categorical_features)} does not "
                "include it. Add it, pass 'from_dtype', or drop the column."
            )
    labels = list(range(len(columns)))
    if is_frame(X) and all(isinstance(each, str) for each in X.columns):
        labels = list(X.columns)
    return TableColumns(
        [label for label, yes in zip(labels, is_category, strict=True) if not yes],
        [label for label, yes in zip(labels, is_category, strict=True) if yes],
    )


# -- categorical_features --------------------------------------------------------------


def _chosen(columns, categorical_features: Any, X, name) -> list[bool]:
    """Return for each column whether it is a category."""
    if categorical_features is None:
        return [False] * len(columns)
    if isinstance(categorical_features, str):
        if categorical_features != "from_dtype":
            _refuse(categorical_features)
        return [each.kind in ("text", "category") for each in columns]
    if not isinstance(categorical_features, Iterable):
        _refuse(categorical_features)
    chosen = list(categorical_features)
    if chosen and sparse.issparse(X):
        raise ValueError(
            f"categorical_features={shortened(chosen)} cannot be used with sparse "
            f"{name}, since categories need a dense table: encode them first, or pass "
            "categorical_features=None."
        )
    if chosen and all(isinstance(each, bool | np.bool_) for each in chosen):
        if len(chosen) != len(columns):
            raise ValueError(
                f"categorical_features is a mask of length {len(chosen)}, but {name} "
                f"has {len(columns)} columns: pass one bool for each column."
            )
        return [bool(each) for each in chosen]
    if all(isinstance(each, str) for each in chosen):
        # An array has no names: its columns are not called 0, 1, ….
        known = list(X.columns) if is_frame(X) else []
        what = "names"
    elif all(_is_position(each) for each in chosen):
        known, what = list(range(len(columns))), "positions"
    else:
        _refuse(categorical_features)
    unknown = [each for each in chosen if each not in known]
    if unknown:
        has = f"has the columns {shortened(known)}" if known else "has no column names"
        raise ValueError(
            f"categorical_features has {what} that are not columns of {name}: "
            f"{shortened(unknown)}. {name} {has}."
        )
    return [each in chosen for each in known] or [False] * len(columns)


def _is_position(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _refuse(categorical_features) -> NoReturn:
    raise ValueError(
        f"categorical_features must be {_ALLOWED}. "
        f"Got {shortened(categorical_features)}."
    )


# -- kinds of columns ------------------------------------------------------------------


def _columns_of_frame(X) -> list[_Column]:
    columns = []
    for name, dtype in zip(X.columns, list(X.dtypes), strict=True):
        kind = kind_of_dtype(dtype)
        polars_name = getattr(dtype, "__name__", type(dtype).__name__)
        if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):  # pandas
            column = _column_of_values(name, dtype.categories)
            if column.kind != "mixture":
                column = _Column(name, "category")
        elif hasattr(dtype, "is_temporal") and kind == "O":  # polars
            is_category = polars_name in _CATEGORIES_OF_POLARS
            column = _Column(name, "text" if is_category else "number", polars_name)
        elif kind in "OSU":
            column = _column_of_values(name, np.asarray(X[name]))
        else:
            column = _Column(name, "date" if kind in "mM" else "number")
        columns.append(column)
    return columns


def _columns_of_array(X, name) -> list[_Column]:
    if not hasattr(X, "dtype"):
        # As objects, because numbers next to text would become text.
        X = np.asarray(X, dtype=object)
    X = np.asarray(X)
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead: {name} must have shape "
            f"(n_samples, n_features), got {X.shape}. Reshape your data with "
            "reshape(-1, 1) if it is one column, or reshape(1, -1) if it is one row."
        )
    if X.dtype.kind in "mM":
        return [_Column(j, "date") for j in range(X.shape[1])]
    if X.dtype.kind in "US":
        # Numbers next to text have become text.
        return [_column_of_text(j, X[:, j]) for j in range(X.shape[1])]
    if X.dtype.kind == "O":
        return [_column_of_values(j, X[:, j]) for j in range(X.shape[1])]
    return [_Column(j, "number") for j in range(X.shape[1])]


def _column_of_text(name, values) -> _Column:
    try:
        values.astype(np.float64)
    except ValueError:
        return _Column(name, "text", repr(str(values[0])))
    return _Column(name, "number")


def _column_of_values(name, values) -> _Column:
    """Return the kind of a column of Python objects: text, dates or numbers.

    Objects of other types count as numbers here; standardising refuses them later.
    """
    kinds = set(map(type, values))
    texts = [kind for kind in kinds if issubclass(kind, _TEXT_TYPES)]
    if not texts:
        is_date = any(issubclass(kind, _DATE_TYPES) for kind in kinds)
        return _Column(name, "date" if is_date else "number")
    text = next(value for value in values if isinstance(value, _TEXT_TYPES))
    if kinds != set(texts):
        for value in values:
            if not isinstance(value, _TEXT_TYPES) and not is_missing(value):
                return _Column(name, "mixture", f"{text!r} and {shortened(value)}")
    return _Column(name, "text", shortened(text))
