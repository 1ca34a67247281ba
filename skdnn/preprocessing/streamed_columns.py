"""The numeric and the categorical columns of a table that is read in chunks."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from skdnn.preprocessing.table_columns import TableColumns, columns_of
from skdnn.preprocessing.tables import is_frame, is_missing

_NUMBERS, _CATEGORIES = "numbers", "categories"


class StreamedColumns:
    """Collects the kinds of the columns, which must be the same in all chunks.

    A chunk in which a column has only missing values does not determine its kind:
    readers of text files give such a column a numeric type, whatever it holds in other
    chunks.

    Parameters
    ----------
    categorical_features : "from_dtype", None or array-like
        As in `columns_of`.
    """

    def __init__(self, categorical_features: ArrayLike | str | None):
        self._asked_for = categorical_features
        self._kinds: dict[Any, str | None] = {}  # by name or position

    def add(self, X: Any) -> None:
        """Add a chunk.

        Raises
        ------
        ValueError
            If a column holds numbers here and categories in earlier chunks, or vice
            versa; or as in `columns_of`.
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
                    f"Column {label!r} of X holds {kind}, but in earlier chunks it "
                    f"holds {before}. Read all chunks with the same data types, or "
                    "list the categorical columns in categorical_features."
                )
            self._kinds[label] = before or kind

    @property
    def columns(self) -> TableColumns:
        """The columns by kind; a column without any value counts as numeric."""
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
