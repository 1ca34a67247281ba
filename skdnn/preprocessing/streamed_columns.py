"""Which columns of a table that comes in chunks are numbers, and which categories."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from skdnn.preprocessing.table_columns import TableColumns, columns_of
from skdnn.preprocessing.tables import is_frame, is_missing

_NUMBERS, _CATEGORIES = "numbers", "categories"


class StreamedColumns:
    """What the columns of all chunks are: the same in each of them.

    A chunk in which a column has missing values only says nothing about it: a reader
    of text files gives it the type of numbers, whatever it holds elsewhere.

    Parameters
    ----------
    categorical_features : "from_dtype", None or array-like
        As of `columns_of`.
    """

    def __init__(self, categorical_features: ArrayLike | str | None):
        self._asked_for = categorical_features
        self._kinds: dict[Any, str | None] = {}  # by name or position

    def add(self, X: Any) -> None:
        """Take in a chunk.

        Raises
        ------
        ValueError
            If a column holds numbers here and categories in chunks before, or the other
            way round; or as `columns_of` does.
        """
        found = columns_of(X, self._asked_for)
        kinds = dict.fromkeys(_labels(X, found))
        for label in found.categorical:
            kinds[label] = _CATEGORIES
        for label in found.numeric:
            kinds[label] = None if _is_empty(X, label) else _NUMBERS
        for label, kind in kinds.items():
            before = self._kinds.get(label)
            if kind and before and kind != before:
                raise ValueError(
                    f"Column {label!r} of X holds {kind}, but in the chunks before "
                    f"{before}. Read all chunks with the same types, or name the "
                    "columns of categories in categorical_features."
                )
            self._kinds[label] = before or kind

    @property
    def columns(self) -> TableColumns:
        """Which columns are what; one without a single value counts as numbers."""
        kinds = self._kinds.items()
        return TableColumns(
            [label for label, kind in kinds if kind != _CATEGORIES],
            [label for label, kind in kinds if kind == _CATEGORIES],
        )


def _labels(X, found: TableColumns) -> list:
    """Return the names or positions of the columns, in the order of the table."""
    if is_frame(X) and all(isinstance(name, str) for name in X.columns):
        return list(X.columns)
    return sorted([*found.numeric, *found.categorical])


def _is_empty(X, label) -> bool:
    """Whether all values of a column are missing."""
    if sparse.issparse(X):
        return False
    if is_frame(X):
        by_number = getattr(X, "iloc", X)
        position = label if isinstance(label, int) else list(X.columns).index(label)
        values = by_number[:, position]
    else:
        values = X[:, label]
    if not is_missing(_first(values)):
        return False
    values = np.asarray(values)
    if values.dtype.kind == "f":
        return bool(np.isnan(values).all())
    return all(map(is_missing, values.tolist()))


def _first(values) -> Any:
    first = values[0] if not hasattr(values, "iloc") else values.iloc[0]
    return first.item() if isinstance(first, np.floating) else first
