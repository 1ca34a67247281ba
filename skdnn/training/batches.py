"""Where rows come from: blocks of dense, sparse or memory-mapped tables.

An epoch is a sequence of blocks. A block is where rows are picked, copied, converted to
the network's type and made dense; the caller's table is never copied whole. Compiled
code sees blocks only: C-contiguous, writeable, of the network's type.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse

# A block of training rows stays in a core's second-level cache between being gathered
# and being trained on.
_BLOCK_BYTES = 2**20


class Table:
    """Rows of a dense or sparse table, read in blocks of one type.

    Parameters
    ----------
    X : ndarray or sparse matrix or array, shape (n_rows, n_columns)
        Any dtype and memory order; memory maps stay on disk.
    dtype : dtype
        The type of the blocks.
    rows : ndarray of int, optional
        Be the table of these rows of X only, in this order.
    """

    def __init__(self, X, dtype, rows: np.ndarray | None = None):
        self.dtype = np.dtype(dtype)
        self._sparse = sparse.issparse(X)
        self._X = X.tocsr() if self._sparse else np.asarray(X)
        self._rows = rows
        self.n_rows = X.shape[0] if rows is None else len(rows)
        self.n_columns = X.shape[1]
        as_needed = not self._sparse and self._X.dtype == self.dtype
        self._is_typed_c = as_needed and self._X.flags.c_contiguous
        self._is_ready = self._is_typed_c and self._X.flags.behaved and rows is None

    def gather(self, rows: np.ndarray, out: np.ndarray) -> np.ndarray:
        """Copy the rows of these numbers to the head of `out` and return that."""
        block = out[: rows.size]
        if self._rows is not None:
            rows = self._rows[rows]
        if self._is_typed_c:
            # mode="raise", the default, would buffer the output
            np.take(self._X, rows, axis=0, out=block, mode="clip")
        elif self._sparse:
            block[...] = self._X[rows].toarray()
        else:
            block[...] = self._X[rows]
        return block

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return consecutive rows: a view where they are as needed, else a copy."""
        if self._is_ready:
            return self._X[start:stop]
        part = self._X[
            slice(start, stop) if self._rows is None else self._rows[start:stop]
        ]
        return np.array(
            part.toarray() if self._sparse else part, dtype=self.dtype, order="C"
        )

    def blocks(self, block_rows: int) -> Iterator[np.ndarray]:
        """Yield all rows in order."""
        for start in range(0, self.n_rows, block_rows):
            yield self.read(start, min(start + block_rows, self.n_rows))


class Examples:
    """A table with its targets and weights.

    Parameters
    ----------
    table : Table
        The inputs.
    Y : ndarray of shape (n_rows, n_targets)
        Targets, in the table's type.
    sample_weight : ndarray of shape (n_rows,) or None
        Weights sᵢ ≥ 0, not all zero; None counts each row once.

    Attributes
    ----------
    s : ndarray of shape (n_rows,)
        The weights scaled to an average of 1.
    total_weight : float
        S = Σ sᵢ.
    """

    def __init__(self, table: Table, Y: np.ndarray, sample_weight=None):
        self.table = table
        self.Y = Y
        self.n_rows = table.n_rows
        if sample_weight is None:
            self.s = np.ones(self.n_rows, table.dtype)
            self.total_weight = float(self.n_rows)
        else:
            self.total_weight = float(np.sum(sample_weight, dtype=np.float64))
            mean = self.total_weight / self.n_rows
            self.s = np.asarray(sample_weight / mean, dtype=table.dtype)

    def blocks(self, block_rows: int) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield (X, Y, s) of all rows in order."""
        for start in range(0, self.n_rows, block_rows):
            stop = min(start + block_rows, self.n_rows)
            yield self.table.read(start, stop), self.Y[start:stop], self.s[start:stop]


class TrainingBlock(NamedTuple):
    """Some consecutive mini-batches of an epoch."""

    first_batch: int
    bounds: np.ndarray  # batch k of the block is its rows bounds[k]:bounds[k + 1]
    X: np.ndarray
    Y: np.ndarray
    s: np.ndarray


def batch_bounds(n_rows: int, batch_size: int) -> np.ndarray:
    """Return where each mini-batch of an epoch starts, and the end.

    Batches have at most `batch_size` rows and differ by at most one row: a last batch
    of a few leftover rows would be a step in a random direction.
    """
    n_batches = -(-n_rows // batch_size)
    return (np.arange(n_batches + 1) * n_rows) // n_batches


class BatchReader:
    """Reads one epoch of mini-batches after the other, in reused buffers."""

    def __init__(self, examples: Examples, batch_size: int):
        self._examples = examples
        self.bounds = batch_bounds(examples.n_rows, batch_size)
        self.n_batches = self.bounds.size - 1
        self.batch_rows = int(np.diff(self.bounds).max())
        row_bytes = examples.table.n_columns * examples.table.dtype.itemsize
        per_block = _BLOCK_BYTES // max(1, row_bytes * self.batch_rows)
        self._batches_per_block = int(min(max(1, per_block), self.n_batches))
        most_rows = self._batches_per_block * self.batch_rows
        table, n_targets = examples.table, examples.Y.shape[1]
        self._X = np.empty((most_rows, table.n_columns), table.dtype)
        self._Y = np.empty((most_rows, n_targets), table.dtype)
        self._s = np.empty(most_rows, table.dtype)

    def epoch(self, order: np.ndarray | None) -> Iterator[TrainingBlock]:
        """Yield the blocks of one epoch, rows in the given order or as they stand."""
        for first in range(0, self.n_batches, self._batches_per_block):
            last = min(first + self._batches_per_block, self.n_batches)
            bounds = self.bounds[first : last + 1]
            block = self._read(int(bounds[0]), int(bounds[-1]), order)
            yield TrainingBlock(first, bounds - bounds[0], *block)

    def _read(self, start, stop, order):
        table, Y, s = self._examples.table, self._examples.Y, self._examples.s
        if order is None:
            return table.read(start, stop), Y[start:stop], s[start:stop]
        rows, size = order[start:stop], stop - start
        return (
            table.gather(rows, self._X),
            np.take(Y, rows, axis=0, out=self._Y[:size], mode="clip"),
            np.take(s, rows, out=self._s[:size], mode="clip"),
        )
