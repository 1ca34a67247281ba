"""A table that is read chunk by chunk in each pass, and never loaded whole."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from skdnn.network.inputs import SparseRows, rows_between
from skdnn.network.memory import empty_aligned
from skdnn.network.objective import Inputs
from skdnn.training.tables import MAX_STORED, Table

_END = object()
# The most rows moved within a buffer at once; few, so that the copies stay small.
_MOVED_AT_ONCE = 1024


class Chunks(Protocol):
    """A source of rows: the same chunks in every pass.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of all chunks together.
    sizes : ndarray of int
        The number of rows of each chunk.
    n_stored : int
        The number of stored entries, if all chunks are sparse; else of all entries.
    can_be_reordered : bool
        Whether `read` accepts any order.
    buffer_chunks : int
        The number of chunks among which rows are shuffled.
    """

    shape: tuple[int, int]
    sizes: np.ndarray
    n_stored: int
    can_be_reordered: bool
    buffer_chunks: int

    def read(self, order: np.ndarray, rows: np.ndarray | None) -> Iterator[Any]:
        """Yield the rows of the chunks in `order`, dense or in CSR format.

        All rows, or only those in `rows`, which is in ascending order.
        """

    def checksum(self) -> int:
        """Return a checksum that identifies this stream."""


class StreamTable:
    """The rows of a stream of chunks, as a table that can be read in order only.

    Parameters
    ----------
    chunks : Chunks
        The source of the rows.
    dtype : dtype
        The type of the rows that are read.
    sample : Table
        A sample of the rows, in memory.
    rows : ndarray of int, optional
        The rows of the source that make up the table, in ascending order; by default
        all.
    """

    ready = None

    def __init__(self, chunks: Chunks, dtype, sample: Table, rows=None):
        self.dtype = np.dtype(dtype)
        self.sample = sample
        self._chunks, self._rows = chunks, rows
        ends = np.concatenate([[0], np.cumsum(chunks.sizes)])
        self._starts = ends if rows is None else np.searchsorted(rows, ends)
        self.n_rows, self.n_columns = int(self._starts[-1]), chunks.shape[1]
        n_entries = chunks.shape[0] * chunks.shape[1]
        self.is_sparse_enough = chunks.n_stored < MAX_STORED * n_entries
        self.can_be_reordered = chunks.can_be_reordered
        self.buffer_chunks = chunks.buffer_chunks
        self.chunk_rows = np.diff(self._starts)

    def chunks(self, order: np.ndarray) -> Iterator[tuple[int, Any]]:
        """Yield the chunks in `order`: where each begins in the table, and its rows.

        A thread reads and converts the next chunk while one is in use.
        """
        return read_ahead(self._converted(order))

    def _converted(self, order: np.ndarray) -> Generator[tuple[int, Any]]:
        chunks = self._chunks.read(order, self._rows)
        for k, X in zip(order, chunks, strict=True):
            # An iterator may reuse the memory of a chunk for the next one.
            X = X.astype(self.dtype, copy=not self.can_be_reordered)
            if sparse.issparse(X) and not self.is_sparse_enough:
                X = X.toarray()
            yield int(self._starts[k]), X

    def blocks(self, block_rows: int) -> Iterator[Inputs]:
        """Yield all rows in order, `block_rows` at a time."""
        buffer = RowBuffer(self, block_rows + int(self.chunk_rows.max()))
        for start, X in self.chunks(np.arange(self.chunk_rows.size)):
            buffer.add(start, X)
            is_last = start + X.shape[0] == self.n_rows
            del X
            whole = buffer.n_rows - (0 if is_last else buffer.n_rows % block_rows)
            for first in range(0, whole, block_rows):
                last = min(first + block_rows, whole)
                yield rows_between(buffer.inputs, first, last)
            buffer.drop_first(whole)

    def checksum(self, most_rows: int = 2) -> int:
        """Return a checksum that identifies this stream.

        It depends on the targets and weights of all chunks, and on X of `most_rows`
        rows of the sample.
        """
        return self.sample.checksum(most_rows) ^ self._chunks.checksum()


class RowBuffer:
    """A buffer for rows of a stream on their way to the network.

    Parameters
    ----------
    table : StreamTable
        The source of the rows.
    capacity : int
        The most rows that it holds.

    Attributes
    ----------
    n_rows : int
        The number of rows in it.
    """

    def __init__(self, table: StreamTable, capacity: int):
        self._positions = np.empty(capacity, np.int64)
        self._is_sparse = table.is_sparse_enough
        self._shape, self._dtype = (0, table.n_columns), table.dtype
        self._X: Any = None
        if not self._is_sparse:
            self._X = empty_aligned((capacity, table.n_columns), table.dtype)
        self.clear()

    def clear(self) -> None:
        """Remove all rows."""
        self.n_rows = 0
        if self._is_sparse:
            self._X = sparse.csr_array(self._shape, dtype=self._dtype)

    @property
    def positions(self) -> np.ndarray:
        """The index of each row in its table."""
        return self._positions[: self.n_rows]

    @property
    def inputs(self) -> Inputs:
        """The rows in the form that compiled code reads."""
        X = self._X
        if not self._is_sparse:
            return X[: self.n_rows]
        return SparseRows(
            np.require(X.data, self._dtype, ["C", "W"]),
            np.require(X.indices, np.int32, ["C", "W"]),
            np.require(X.indptr, np.int64, ["C", "W"]),
            np.arange(self.n_rows),
            self._shape[1],
        )

    def dense(self, rows: np.ndarray) -> np.ndarray:
        """Return dense copies of these rows."""
        return self._X[rows].toarray() if self._is_sparse else self._X[rows]

    def add(self, start: int, X) -> None:
        """Append rows, the first of which has the index `start` in the table."""
        before, self.n_rows = self.n_rows, self.n_rows + X.shape[0]
        self._positions[before : self.n_rows] = np.arange(start, start + X.shape[0])
        if self._is_sparse:
            self._X = sparse.vstack([self._X, sparse.csr_array(X)], format="csr")
        else:
            self._X[before : self.n_rows] = X

    def drop_first(self, n_rows: int) -> None:
        """Remove the first rows; the others stay in order."""
        left = self.n_rows - n_rows
        if self._is_sparse:
            self._X = self._X[n_rows:]
        else:
            self._X[:left] = self._X[n_rows : self.n_rows]
        self._positions[:left] = self._positions[n_rows : self.n_rows]
        self.n_rows = left

    def drop(self, rows: np.ndarray) -> None:
        """Remove these rows; the last ones move to their places."""
        left = self.n_rows - rows.size
        is_left = np.ones(self.n_rows, bool)
        is_left[rows] = False
        holes = np.flatnonzero(~is_left[:left])
        movers = left + np.flatnonzero(is_left[left:])
        self._positions[holes] = self._positions[movers]
        if self._is_sparse:
            kept = np.arange(left)
            kept[holes] = movers
            self._X = self._X[kept]
        else:
            for first in range(0, holes.size, _MOVED_AT_ONCE):
                some = slice(first, first + _MOVED_AT_ONCE)
                self._X[holes[some]] = self._X[movers[some]]
        self.n_rows = left


def read_ahead(items: Generator[Any]) -> Generator[Any]:
    """Yield items; a thread makes the next one while one is in use."""
    with ThreadPoolExecutor(1, thread_name_prefix="skdnn-read-ahead") as thread:
        to_come = thread.submit(next, items, _END)
        while (item := to_come.result()) is not _END:
            to_come = thread.submit(next, items, _END)
            held = [item]
            del item
            yield held.pop()  # keeps no reference to a chunk that has been used
