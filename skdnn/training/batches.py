"""Where rows come from: blocks of dense, sparse or memory-mapped tables.

An epoch is a sequence of blocks. Compiled code reads a table itself where it can: one
that is C-contiguous, writeable and of the network's type, or sparse with few entries. A
small table of another kind is converted once. Of a large one the rows of a block are
picked, converted and made dense; it is never copied whole.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skdnn.network.compiled import entry
from skdnn.network.inputs import SparseRows, pick_rows, rows_between
from skdnn.network.memory import empty_aligned
from skdnn.network.objective import Block, Inputs

# Tables up to this size are converted whole: it is done once instead of in each epoch.
_SMALL_TABLE_BYTES = 2**24
# Of tables of these types, and of native byte order, compiled code picks rows.
_COMPILED_TYPES = (np.dtype(np.float32), np.dtype(np.float64))
# A block of picked rows stays in a core's second-level cache until it is trained on.
_PICKED_BYTES = 2**20
# Where nothing is copied, blocks are so long that calls are few, and so short that an
# interrupt is soon heard.
_UNCOPIED_BYTES = 2**24
# A sparse table with a larger share of stored entries is trained on as a dense one, in
# which BLAS multiplies zeros faster than any loop can leave them out.
_THIN = 1 / 8


@entry
def gather(table, rows, out):
    """Write the rows of these numbers to the head of `out`, in its type.

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
        Be the table of these rows of X only, in this order.

    Attributes
    ----------
    ready : ndarray of shape (n_rows, n_columns), SparseRows or None
        The table itself, where compiled code can read it as it is.
    is_thin : bool
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
        self.is_thin = self._sparse and table.nnz < _THIN * X.shape[0] * X.shape[1]
        self.ready = self._ready()

    def _ready(self) -> np.ndarray | SparseRows | None:
        X, rows = self._X, self._rows
        if self.is_thin:
            return SparseRows(
                np.require(X.data, self.dtype, ["C", "W"]),
                np.require(X.indices, np.int32, ["C", "W"]),
                np.require(X.indptr, np.int64, ["C", "W"]),
                np.arange(self.n_rows) if rows is None else np.asarray(rows, np.int64),
                self.n_columns,
            )
        is_ready = (
            not self._sparse
            and rows is None
            and X.dtype == self.dtype
            and X.flags.c_contiguous
            and X.flags.behaved
        )
        return X if is_ready else None

    def ready_if_small(self) -> "Table":
        """Return a converted copy if it takes little memory, else this table."""
        n_bytes = self.n_rows * self.n_columns * self.dtype.itemsize
        if self.ready is not None or n_bytes > _SMALL_TABLE_BYTES:
            return self
        return Table(self.read(0, self.n_rows), self.dtype)

    def gather(self, rows: np.ndarray, out: np.ndarray) -> np.ndarray:
        """Copy the rows of these numbers, made dense, to the head of `out`."""
        block = out[: rows.size]
        if self._rows is not None:
            rows = self._rows[rows]
        if self._sparse:
            self._make_dense(self._X[rows], block)
        elif self._X.dtype in _COMPILED_TYPES:
            gather(self._X, rows, block)
        else:
            block[...] = self._X[rows]
        return block

    def read(self, start: int, stop: int) -> np.ndarray | SparseRows:
        """Return consecutive rows: a view where they are as needed, else a copy."""
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
        """Write sparse rows to a block; converted first, they need no second block."""
        part.astype(self.dtype, copy=False).toarray(out=block)

    def blocks(self, block_rows: int) -> Iterator[np.ndarray | SparseRows]:
        """Yield all rows in order."""
        for start in range(0, self.n_rows, block_rows):
            yield self.read(start, min(start + block_rows, self.n_rows))

    def checksum(self) -> int:
        """Return a number that changes with the shape, the first or the last row."""
        ends = np.array([0, self.n_rows - 1])
        part = self._X[ends if self._rows is None else self._rows[ends]]
        number = zlib.crc32(repr((self.n_rows, self.n_columns)).encode())
        arrays = (part.indices, part.data) if self._sparse else (part,)
        for array in arrays:
            number = zlib.crc32(np.ascontiguousarray(array).data, number)
        return number


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
    is_weighted : bool
        Whether they differ from row to row.
    weight : float
        Σ sᵢ.
    total_weight : float
        S, the weight of the whole training set. It is that of these rows, unless they
        are one part of several: then whoever knows of the others sets it.
    """

    def __init__(self, table: Table, Y: np.ndarray, sample_weight=None):
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
        for start in range(0, self.n_rows, block_rows):
            stop = min(start + block_rows, self.n_rows)
            yield self.table.read(start, stop), self.Y[start:stop], self.s[start:stop]

    def checksum(self) -> int | None:
        """Return a number that tells these rows from others; None of a single row."""
        if self.n_rows == 1:
            return None
        number = zlib.crc32(repr(self.weight).encode(), self.table.checksum())
        return zlib.crc32(self.s.data, zlib.crc32(self.Y.data, number))


def random_order(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return the numbers of all rows in random order.

    Durstenfeld's shuffle (Communications of the ACM 7, 1964, algorithm 235), as
    ``rng.permutation`` does it. All random numbers are drawn at once and none is thrown
    away, which takes half the time; some orders are likelier than others by
    n_rows / 2^53 at most.
    """
    order = np.arange(n_rows)
    shuffle(order, rng.random(n_rows))
    return order


@entry
def shuffle(order, uniform):
    """Shuffle in place, led by one uniform number in [0, 1) for each element."""
    for i in range(order.size - 1, 0, -1):
        j = int(uniform[i] * (i + 1))
        order[i], order[j] = order[j], order[i]


class TrainingBlock(NamedTuple):
    """Some consecutive mini-batches of an epoch.

    Row i of the block is row ``rows[i]`` of the arrays, or row i if `rows` is empty.
    """

    X: Inputs
    Y: np.ndarray
    s: np.ndarray
    is_weighted: bool  # whether there is anything but ones in s
    rows: np.ndarray  # int64
    bounds: np.ndarray  # batch k is the rows bounds[k]:bounds[k + 1] of the block


_AS_THEY_STAND = np.empty(0, np.int64)


def batch_bounds(n_rows: int, batch_size: int) -> np.ndarray:
    """Return where each mini-batch of an epoch starts, and the end.

    Batches have at most `batch_size` rows and differ by at most one row: a last batch
    of a few leftover rows would be a step in a random direction.
    """
    n_batches = -(-n_rows // batch_size)
    return (np.arange(n_batches + 1) * n_rows) // n_batches


# (X, Y, s, rng) -> (X, Y, s): an altered block, of the same rows and type.
Augment = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], tuple]


class BatchReader:
    """Reads one epoch of mini-batches after the other, in reused buffers.

    Parameters
    ----------
    examples : Examples
        The training rows.
    batch_size : int
        The most rows of a mini-batch.
    augment : callable (X, Y, s, rng) -> (X, Y, s), optional
        Alters each block afresh before it is trained on. It may write to what it is
        given, which are copies; Y may come back with more columns.
    rng : numpy.random.Generator, optional
        What `augment` draws from; by default another in each run.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        augment: Augment | None = None,
        rng: np.random.Generator | None = None,
    ):
        self._examples = examples
        self._augment, self._rng = augment, rng or np.random.default_rng()
        self.bounds = batch_bounds(examples.n_rows, batch_size)
        self.n_batches = self.bounds.size - 1
        self.batch_rows = int(np.diff(self.bounds).max())
        table = examples.table
        self.copies = copies = augment is not None or table.ready is None
        self.is_sparse = table.is_thin and not copies
        row_bytes = table.n_columns * table.dtype.itemsize
        per_block = _PICKED_BYTES if copies else _UNCOPIED_BYTES
        per_block //= max(1, row_bytes * self.batch_rows)
        self._batches_per_block = int(min(max(1, per_block), self.n_batches))
        most_rows = self._batches_per_block * self.batch_rows if copies else 0
        self._X = empty_aligned((most_rows, table.n_columns), table.dtype)
        self._Y = empty_aligned((most_rows, examples.Y.shape[1]), table.dtype)
        self._s = empty_aligned(most_rows, table.dtype)

    def epoch(self, order: np.ndarray | None) -> Iterator[TrainingBlock]:
        """Yield the blocks of one epoch, rows in the given order or as they stand."""
        for first in range(0, self.n_batches, self._batches_per_block):
            last = min(first + self._batches_per_block, self.n_batches)
            bounds = self.bounds[first : last + 1]
            start, stop = int(bounds[0]), int(bounds[-1])
            if self._augment is not None:
                rows = np.arange(start, stop) if order is None else order[start:stop]
                X, Y, s = self._augmented(self._augment, rows)
                block = TrainingBlock(X, Y, s, True, _AS_THEY_STAND, bounds - start)
            else:
                block = TrainingBlock(*self._read(start, stop, order), bounds - start)
            yield block

    def _augmented(self, augment: Augment, rows):
        """Return altered copies of rows, their targets and weights."""
        before = self._pick(rows)
        after = augment(*before, self._rng)
        if not (isinstance(after, tuple) and len(after) == len(before)):
            raise ValueError(
                "augmentation must return X, Y and s, a tuple of three arrays; it "
                f"returned {type(after).__name__}."
            )
        X, Y, s = after
        for name, array, old in zip("XYs", (X, Y, s), before, strict=True):
            if array.dtype != old.dtype or len(array) != len(old):
                raise ValueError(
                    f"augmentation must keep rows and types: it was given {name} of "
                    f"shape {old.shape} and type {old.dtype}, and returned shape "
                    f"{array.shape} and type {array.dtype}."
                )
        return X, Y, s

    def _read(
        self, start, stop, order
    ) -> tuple[Inputs, np.ndarray, np.ndarray, bool, np.ndarray]:
        """Return rows as they are, or where to find them, copied only if they must."""
        examples, table = self._examples, self._examples.table
        Y, s, is_weighted = examples.Y, examples.s, examples.is_weighted
        if order is None:
            block = table.read(start, stop), Y[start:stop], s[start:stop]
            return *block, is_weighted, _AS_THEY_STAND
        rows = order[start:stop]
        if table.ready is not None:
            return table.ready, Y, s, is_weighted, rows
        return *self._pick(rows), is_weighted, _AS_THEY_STAND

    def _pick(self, rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Copy rows, their targets and weights to the buffers."""
        examples = self._examples
        return (
            examples.table.gather(rows, self._X),
            np.take(examples.Y, rows, axis=0, out=self._Y[: rows.size], mode="clip"),
            np.take(examples.s, rows, out=self._s[: rows.size], mode="clip"),
        )
