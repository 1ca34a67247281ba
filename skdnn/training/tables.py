"""Tables of rows, dense, sparse or memory-mapped, and their targets.

Compiled code reads a table directly if it is C-contiguous and of the network's type, or
sparse with few entries. A small table of another kind is converted once. Of a large
one, the rows of each block are picked, converted and made dense; it is never copied
whole.
"""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.network.compiled import entry
from skdnn.network.inputs import SparseRows, pick_rows, rows_between
from skdnn.network.memory import as_writeable, empty_aligned
from skdnn.network.objective import Block

# Tables up to this size are converted whole, once instead of in each epoch.
_SMALL_TABLE_BYTES = 2**24
# Compiled code picks rows from tables of these types, in native byte order.
_COMPILED_TYPES = (np.dtype(np.float32), np.dtype(np.float64))
# Rows of a sparse table with a larger share of stored entries are made dense: BLAS
# multiplies zeros faster than any loop can skip them.
MAX_STORED = 1 / 8


@entry
def gather(table, rows, out):
    """Copy the rows with these indices to the start of `out`, in its type.

    This is several times as fast as indexing and converting.
    """
    pick_rows(table, rows, out)


class Table:
    """Rows of a dense or sparse table, read in blocks of one type.

    Parameters
    ----------
    X : ndarray or sparse matrix or array, shape (n_rows, n_columns)
        Any dtype and memory order; memory maps stay on disk.
    dtype : dtype
        The type of the blocks.
    rows : ndarray of int, optional
        The rows of X that make up the table, in this order; by default all.

    Attributes
    ----------
    ready : ndarray of shape (n_rows, n_columns), SparseRows or None
        The table itself, if compiled code can read it directly.
    is_sparse_enough : bool
        Whether it is sparse with so few entries that it is never made dense.
    """

    def __init__(self, X, dtype, rows: np.ndarray | None = None):
        self.dtype = np.dtype(dtype)
        self._sparse = sparse.issparse(X)
        table: Any = X.tocsr() if self._sparse else np.asarray(X)
        self._X = table
        self._rows = rows
        self.n_rows = X.shape[0] if rows is None else len(rows)
        self.n_columns = X.shape[1]
        most_stored = MAX_STORED * X.shape[0] * X.shape[1]
        self.is_sparse_enough = self._sparse and table.nnz < most_stored
        self.ready = self._ready()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, with the rows of this table only."""
        X = self._X if self._rows is None else self._X[self._rows]
        return {"X": X, "dtype": self.dtype, "is_sparse_enough": self.is_sparse_enough}

    def __setstate__(self, plain: dict[str, Any]) -> None:
        """Restore a pickled state."""
        self.__init__(plain["X"], plain["dtype"])  # type: ignore[misc]
        if self.is_sparse_enough != plain["is_sparse_enough"]:  # due to the other rows
            self.is_sparse_enough = plain["is_sparse_enough"]
            self.ready = self._ready()

    def _ready(self) -> np.ndarray | SparseRows | None:
        X, rows = self._X, self._rows
        if self.is_sparse_enough:
            return SparseRows(
                np.require(X.data, self.dtype, ["C"]),
                np.require(X.indices, np.int32, ["C"]),
                np.require(X.indptr, np.int64, ["C"]),
                np.arange(self.n_rows) if rows is None else np.asarray(rows, np.int64),
                self.n_columns,
            )
        is_ready = (
            not self._sparse
            and rows is None
            and X.dtype == self.dtype
            and X.flags.c_contiguous
            and X.flags.aligned
        )
        return X if is_ready else None

    @property
    def sample(self) -> "Table":
        """Rows of the table that can be read in any order: all of them."""
        return self

    def ready_if_small(self) -> "Table":
        """Return a converted copy if it takes little memory, else this table."""
        n_bytes = self.n_rows * self.n_columns * self.dtype.itemsize
        if self.ready is not None or n_bytes > _SMALL_TABLE_BYTES:
            return self
        return Table(self.read(0, self.n_rows), self.dtype)

    def gather(self, rows: np.ndarray, out: np.ndarray) -> np.ndarray:
        """Copy the rows with these indices, made dense, to the start of `out`."""
        block = out[: rows.size]
        if self._rows is not None:
            rows = self._rows[rows]
        if self._sparse:
            self._make_dense(self._X[rows], block)
        elif self._X.dtype in _COMPILED_TYPES:
            gather(as_writeable(self._X), rows, block)  # one type for Numba
        else:
            block[...] = self._X[rows]
        return block

    def read(self, start: int, stop: int) -> np.ndarray | SparseRows:
        """Return consecutive rows: a view if the table is `ready`, else a copy."""
        if self.ready is not None:
            return rows_between(self.ready, start, stop)
        part = self._X[
            slice(start, stop) if self._rows is None else self._rows[start:stop]
        ]
        block = empty_aligned(part.shape, self.dtype)
        if self._sparse:
            self._make_dense(part, block)
        else:
            block[...] = part
        return block

    def _make_dense(self, part, block: np.ndarray) -> None:
        """Write sparse rows to a block; converting first avoids a second block."""
        part.astype(self.dtype, copy=False).toarray(out=block)

    def blocks(self, block_rows: int) -> Iterator[np.ndarray | SparseRows]:
        """Yield all rows in order."""
        for start in range(0, self.n_rows, block_rows):
            yield self.read(start, min(start + block_rows, self.n_rows))

    def checksum(self, most_rows: int = 2) -> int:
        """Return a checksum of the shape and of `most_rows` rows.

        These are evenly spaced, and include the first and the last row.
        """
        n_read = min(most_rows, max(self.n_rows, 2))
        rows = np.linspace(0, self.n_rows - 1, n_read).astype(np.int64)
        part = self._X[rows if self._rows is None else self._rows[rows]]
        number = zlib.crc32(repr((self.n_rows, self.n_columns)).encode())
        arrays = (part.indices, part.data) if self._sparse else (part,)
        for array in arrays:
            number = zlib.crc32(np.ascontiguousarray(array).data, number)
        return number


class Examples:
    """A table with its targets and weights.

    Parameters
    ----------
    table : Table or StreamTable
        The inputs.
    Y : ndarray of shape (n_rows, n_targets)
        Targets, in the table's type.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights sᵢ ≥ 0, not all zero; None gives each row the weight 1.

    Attributes
    ----------
    s : ndarray of shape (n_rows,)
        The weights scaled to an average of 1.
    is_weighted : bool
        Whether `sample_weight` was given.
    weight : float
        The sum of `sample_weight`, or the number of rows.
    total_weight : float
        The weight of the whole training set, S: that of these rows, unless a caller
        that knows of other parts of the training set sets it.
    """

    def __init__(self, table: Any, Y: np.ndarray, sample_weight=None):
        self.table = table
        self.Y = Y
        self.n_rows = table.n_rows
        self.is_weighted = sample_weight is not None
        if sample_weight is None:
            self.s = np.ones(self.n_rows, table.dtype)
            self.weight = float(self.n_rows)
        else:
            self.weight = float(np.sum(sample_weight, dtype=np.float64))
            mean = self.weight / self.n_rows
            self.s = np.asarray(sample_weight / mean, dtype=table.dtype)
        self.total_weight = self.weight

    def blocks(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows in order."""
        start = 0
        for X in self.table.blocks(block_rows):
            stop = start + X.shape[0]
            yield X, self.Y[start:stop], self.s[start:stop]
            start = stop

    def checksum(self) -> int | None:
        """Return a checksum that identifies these rows; None for a single row."""
        if self.n_rows == 1:
            return None
        number = zlib.crc32(repr(self.weight).encode(), self.table.checksum())
        return zlib.crc32(self.s.data, zlib.crc32(self.Y.data, number))
