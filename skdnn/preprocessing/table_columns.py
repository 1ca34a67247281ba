"""Which columns of a caller's table are numbers, and which are categories."""

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
    "'from_dtype', None, or an array of column names, of positions, or of bools, one "
    "for each column"
)
_TEXT_TYPES = (str, bytes)
# Timestamps and NaT of pandas derive from these.
_DATE_TYPES = (date, time, timedelta, np.datetime64, np.timedelta64)
_CATEGORIES_OF_POLARS = ("String", "Utf8", "Categorical", "Enum")


class TableColumns(NamedTuple):
    """Which columns are what: names or positions, as ColumnTransformer takes them.

    They are names where the table is a frame whose names are all strings.
    """

    numeric: list
    categorical: list


class _Column(NamedTuple):
    """A column as its data type, or its values, show it."""

    name: Any  # as messages call it
    kind: str  # "number", "text", "category", "date" or "mixture"
    example: str = ""


def columns_of(
    X: Any,
    categorical_features: ArrayLike | str | None = "from_dtype",
    name: str = "X",
) -> TableColumns:
    """Tell numeric columns from categorical ones.

    Parameters
    ----------
    X : {array-like, data frame, sparse matrix} of shape (n_samples, n_features)
        The caller's table, before any conversion. Only data types are looked at, and
        the values of columns of Python objects.

    categorical_features : "from_dtype", None or array-like, default="from_dtype"
        "from_dtype" takes for categories: in a frame, columns of the types category,
        Categorical, Enum and text, and those of Python objects that hold text; in an
        array, columns of objects that hold text, and of an array of text those that
        are not all numbers. Booleans are numbers. None means no column, an array
        those with these names, at these positions or where this mask is True.

    name : str, default="X"
        What messages call the table.

    Returns
    -------
    TableColumns
        Each column once, in the order of the table.

    Raises
    ------
    TypeError
        If `X` is no table.
    ValueError
        If `categorical_features` is none of these or names no column; if a column
        holds dates, or text beside other values; if one holds text and is not
        among the categories; if columns share a name, or `X` is sparse and has
        categories.
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
                f"Column {each.name!r} of {name} holds text beside other values "
                f"({each.example}): make them all text, with astype(str), or all "
                "numbers."
            )
    is_category = _chosen(columns, categorical_features, X, name)
    for each, chosen in zip(columns, is_category, strict=True):
        if each.kind == "text" and not chosen:
            raise ValueError(
                f"Column {each.name!r} of {name} holds text ({each.example}), but "
                f"categorical_features={shortened(categorical_features)} leaves it "
                "out. Add it, pass 'from_dtype', or drop the column."
            )
    labels = list(range(len(columns)))
    if is_frame(X) and all(isinstance(each, str) for each in X.columns):
        labels = list(X.columns)
    return TableColumns(
        [label for label, yes in zip(labels, is_category, strict=True) if not yes],
        [label for label, yes in zip(labels, is_category, strict=True) if yes],
    )


# -- what was asked for ----------------------------------------------------------------


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
            f"{name} is sparse, and categories need a dense table: encode them first, "
            f"or pass categorical_features=None. Got {shortened(chosen)}."
        )
    if chosen and all(isinstance(each, bool | np.bool_) for each in chosen):
        if len(chosen) != len(columns):
            raise ValueError(
                f"categorical_features has {len(chosen)} bools, but {name} has "
                f"{len(columns)} columns: give one for each."
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
            f"categorical_features has {what} of no column of {name}: "
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


# -- what is there ---------------------------------------------------------------------


def _columns_of_frame(X) -> list[_Column]:
    columns = []
    for name, dtype in zip(X.columns, list(X.dtypes), strict=True):
        kind = kind_of_dtype(dtype)
        polars_name = getattr(dtype, "__name__", type(dtype).__name__)
        if hasattr(dtype, "categories") and hasattr(dtype, "ordered"):  # of pandas
            column = _column_of_values(name, dtype.categories)
            if column.kind != "mixture":
                column = _Column(name, "category")
        elif hasattr(dtype, "is_temporal") and kind == "O":  # of polars
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
        # As objects: numbers beside text would become text.
        X = np.asarray(X, dtype=object)
    X = np.asarray(X)
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead: {name} must have shape "
            f"(n_samples, n_features), got {X.shape}. Reshape your data, with "
            "reshape(-1, 1) if it is one column and reshape(1, -1) if it is one row."
        )
    if X.dtype.kind in "mM":
        return [_Column(j, "date") for j in range(X.shape[1])]
    if X.dtype.kind in "US":
        # Numbers beside text have become text.
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
    """Return what a column of Python objects holds; what else it holds is a number.

    Objects that are no numbers are refused where numbers are standardised.
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
