"""A dense table, block by block: no copy of the whole, in memory or on disk.

A block is read along the table's layout, rows of a table that is stored row by row and
columns of one that is stored column by column. So a memory map is read from its start
to its end.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from skdnn.preprocessing.tables import checked_table

# Rows are read so many values at a time: they stay in the processor's cache.
ROWS_AT_ONCE = 2**18
# And columns so many: a column is whole where it is no longer than this.
COLUMNS_AT_ONCE = 2**22


class Columns(NamedTuple):
    """Some columns of a table, and the rows to read at a time."""

    numbers: np.ndarray
    rows: list[slice]
    in_order: bool  # whether NumPy adds up the rows one after the other
    are_picked: bool  # or neighbours

    def of(self, X: np.ndarray, rows: slice) -> np.ndarray:
        """Return these rows: a view, or a copy of columns that are picked."""
        if self.are_picked:
            return X[rows, self.numbers]
        return X[rows, self.numbers[0] : self.numbers[-1] + 1]


def is_array_of_numbers(X: Any) -> bool:
    """Whether X is an array that can be read by blocks as it is."""
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf"


def type_read(X: np.ndarray) -> type:
    """Return the type that a block is read in: float32 stays, others are float64."""
    return np.float32 if X.dtype == np.float32 else np.float64


def is_stored_by_rows(X: np.ndarray) -> bool:
    """Whether a row's values are nearer to each other than a column's."""
    return X.shape[1] > 1 and abs(X.strides[0]) >= abs(X.strides[1])


def blocks_of(X: np.ndarray, columns: np.ndarray | None = None) -> Iterator[Columns]:
    """Yield the blocks of a table, or of these columns of it, along its layout."""
    m, n = X.shape
    by_rows, are_picked = is_stored_by_rows(X), columns is not None
    if columns is None:
        columns = np.arange(n)
    elif m * len(columns) <= COLUMNS_AT_ONCE:
        by_rows = False  # picked columns are a copy, stored column by column
    step = max(1, ROWS_AT_ONCE // n if by_rows else COLUMNS_AT_ONCE)
    rows = [slice(start, start + step) for start in range(0, m, step)]
    few = max(1, len(columns) if by_rows else COLUMNS_AT_ONCE // m)
    for start in range(0, len(columns), few):
        yield Columns(columns[start : start + few], rows, by_rows, are_picked)


def validated_by_blocks(
    estimator: Any, X: Any, y: Any = "no_validation", *, allow_nan: bool, **options: Any
) -> Any:
    """Return what scikit-learn's validate_data does, but arrays of numbers as they are.

    It would turn a memory map of integers into an array of float64, and look for
    infinite values in copies where there is NaN.
    """
    X = checked_table(X)
    as_it_is = is_array_of_numbers(X) and X.size > 0
    # inf - inf, in scikit-learn's check for infinite values.
    with np.errstate(invalid="ignore"):
        checked = validate_data(
            estimator,
            X,
            y,
            accept_sparse=("csr", "csc"),
            dtype=None if as_it_is else [np.float64, np.float32],
            ensure_all_finite=(not as_it_is and ("allow-nan" if allow_nan else True)),
            **options,
        )
    if as_it_is and X.dtype.kind == "f":
        _check_finite(X, allow_nan, estimator)
    return checked


def _check_finite(X: np.ndarray, allow_nan: bool, estimator: Any) -> None:
    """Raise scikit-learn's error for infinite values, and NaN unless it is allowed."""
    # inf - inf, and what is too large for float64.
    with np.errstate(invalid="ignore", over="ignore"):
        for part in blocks_of(X):
            for rows in part.rows:
                assert_all_finite(
                    part.of(X, rows).astype(type_read(X), copy=False),
                    allow_nan=allow_nan,
                    estimator_name=type(estimator).__name__,
                    input_name="X",
                )


def columns_in_memory(X: Any) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the number of each column, and a copy of it; few are read at a time."""
    m, n = X.shape
    if sparse.issparse(X):
        columns = X.tocsc()
        yield from ((j, columns[:, [j]].toarray().ravel()) for j in range(n))
        return
    few = max(1, COLUMNS_AT_ONCE // m)
    for k in range(0, n, few):
        read: np.ndarray = np.array(X[:, k : k + few].T, dtype=type_read(X), order="C")
        yield from enumerate(read, k)
