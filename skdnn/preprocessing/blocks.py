"""Reading a dense table block by block, without a copy of the whole table.

Blocks follow the memory layout: blocks of rows in row-major order, blocks of columns in
column-major order. A memory-mapped file is therefore read from start to end.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from skdnn.preprocessing.tables import checked_table

# Number of values in a block of rows, which stays in the processor's cache.
ROWS_AT_ONCE = 2**18
# Number of values in a block of columns. Longer columns are split.
COLUMNS_AT_ONCE = 2**22


class Columns(NamedTuple):
    """Some columns of a table, and the slices of rows to read at a time."""

    numbers: np.ndarray  # column indices
    rows: list[slice]
    in_order: bool  # whether NumPy sums the rows one after the other
    are_picked: bool  # whether the columns may not be adjacent

    def of(self, X: np.ndarray, rows: slice) -> np.ndarray:
        """Return these rows: a view, or a copy of columns that are not adjacent."""
        if self.are_picked:
            return X[rows, self.numbers]
        return X[rows, self.numbers[0] : self.numbers[-1] + 1]


def is_array_of_numbers(X: Any) -> bool:
    """Whether X is a 2-D array of real numbers, which can be read in blocks."""
    return isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf"


def type_read(X: np.ndarray) -> type:
    """Return the type of the blocks: float32 for float32, else float64."""
    return np.float32 if X.dtype == np.float32 else np.float64


def is_stored_by_rows(X: np.ndarray) -> bool:
    """Whether the array is closer to row-major than to column-major order."""
    return X.shape[1] > 1 and abs(X.strides[0]) >= abs(X.strides[1])


def blocks_of(X: np.ndarray, columns: np.ndarray | None = None) -> Iterator[Columns]:
    """Yield the blocks of a table, or of some columns, along its memory layout."""
    m, n = X.shape
    by_rows, are_picked = is_stored_by_rows(X), columns is not None
    if columns is None:
        columns = np.arange(n)
    elif m * len(columns) <= COLUMNS_AT_ONCE:
        by_rows = False  # indexing with an array copies to column-major order
    step = max(1, ROWS_AT_ONCE // n if by_rows else COLUMNS_AT_ONCE)
    rows = [slice(start, start + step) for start in range(0, m, step)]
    few = max(1, len(columns) if by_rows else COLUMNS_AT_ONCE // m)
    for start in range(0, len(columns), few):
        yield Columns(columns[start : start + few], rows, by_rows, are_picked)


def validated_by_blocks(
    estimator: Any, X: Any, y: Any = "no_validation", *, allow_nan: bool, **options: Any
) -> Any:
    """Validate X as scikit-learn's validate_data does, but without copying arrays.

    validate_data would convert a memory-mapped file of integers to float64 in memory,
    and would copy data with NaN to find infinite values.
    """
    X = checked_table(X)
    as_it_is = is_array_of_numbers(X) and X.size > 0
    # scikit-learn's check for infinite values computes inf - inf.
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
    """Raise scikit-learn's error for infinite values and, unless allowed, for NaN."""
    # For inf - inf, and for values that overflow float64.
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
    """Yield the index of each column and a copy of it, reading a few at a time."""
    m, n = X.shape
    if sparse.issparse(X):
        columns = X.tocsc()
        yield from ((j, columns[:, [j]].toarray().ravel()) for j in range(n))
        return
    few = max(1, COLUMNS_AT_ONCE // m)
    for k in range(0, n, few):
        read: np.ndarray = np.array(X[:, k : k + few].T, dtype=type_read(X), order="C")
        yield from enumerate(read, k)
