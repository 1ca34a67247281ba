"""Mini-batches of a stream: rows are shuffled in a buffer of several chunks."""

from collections.abc import Generator, Iterator

import numpy as np

from skdnn.network.objective import Block
from skdnn.training.blocks import (
    ALL_ROWS,
    UNCOPIED_BYTES,
    Augment,
    TrainingBlock,
    augmented,
    batch_bounds,
    from_batch,
    random_order,
)
from skdnn.training.streams import RowBuffer, StreamTable
from skdnn.training.tables import Examples


class StreamReader:
    """Reads a stream once per epoch.

    Mini-batches are the same as for a table: they span the borders of chunks, and
    differ by at most one row. To shuffle, chunks are added to a buffer of several
    chunks, in random order if possible; batches are drawn from all rows of the buffer,
    and the next chunk is added when there is room for it. At the end of an epoch the
    buffer is empty, so that training can resume from the state alone.

    Parameters
    ----------
    examples : Examples
        The training rows, in a StreamTable.
    batch_size, rng, shuffle, augment
        See TableReader.
    """

    copies = False
    is_in_place = False  # the rows of the buffer change

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        rng: np.random.Generator,
        shuffle: bool = True,
        augment: Augment | None = None,
    ):
        assert isinstance(examples.table, StreamTable)
        self._table: StreamTable = examples.table
        table, self._examples = self._table, examples
        self._augment, self.rng = augment, rng
        self.n_rows, self.n_columns = examples.n_rows, table.n_columns
        self.n_targets = examples.Y.shape[1]
        self.bounds = batch_bounds(examples.n_rows, batch_size)
        self.n_batches = self.bounds.size - 1
        self.batch_rows = int(np.diff(self.bounds).max())
        self.is_sparse = table.is_sparse_enough and augment is None
        self._shuffles = shuffle and self.n_batches > 1
        batch_bytes = table.n_columns * table.dtype.itemsize * self.batch_rows
        self._batches_per_block = max(1, UNCOPIED_BYTES // max(1, batch_bytes))
        # A buffer without room for another chunk holds at least one whole batch.
        most = int(table.chunk_rows.max())
        capacity = most + self.batch_rows
        if self._shuffles:
            capacity = max(capacity, table.buffer_chunks * most)
        self._capacity = min(capacity, self.n_rows)
        self._buffer = RowBuffer(table, self._capacity)

    def in_order(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows in order, `block_rows` at a time."""
        return self._examples.blocks(block_rows)

    def epoch(self, first: int = 0) -> Generator[TrainingBlock]:
        """Yield all rows once, block by block, from mini-batch `first` on.

        Earlier rows are read as well: they decide which rows are left in the buffer.
        """
        return from_batch(self._epoch(), first) if first else self._epoch()

    def _epoch(self) -> Generator[TrainingBlock]:
        table, buffer = self._table, self._buffer
        order = np.arange(table.chunk_rows.size)
        if self._shuffles and table.can_be_reordered:
            order = random_order(self.rng, order.size)
        sizes = table.chunk_rows[order]
        n_read, first = 0, 0
        buffer.clear()
        for k, (start, X) in enumerate(table.chunks(order)):
            buffer.add(start, X)
            n_read += X.shape[0]
            del X
            is_last = n_read == self.n_rows
            next_size = 0 if is_last else int(sizes[k + 1])
            last = self._until(first, next_size, is_last)
            yield from self._batches(first, last)
            first = last

    def _until(self, first: int, next_size: int, is_last: bool) -> int:
        """Return the batch up to which rows leave the buffer before the next chunk.

        Without shuffling, all whole batches leave. With shuffling, only as many leave
        as make room for the chunk, so that rows of many chunks mix.
        """
        if is_last:
            return self.n_batches
        there, left = self._buffer.n_rows, int(self.bounds[first])
        if not self._shuffles:
            return int(np.searchsorted(self.bounds, left + there, "right")) - 1
        too_many = max(0, there + next_size - self._capacity)
        return int(np.searchsorted(self.bounds, left + too_many, "left"))

    def _batches(self, first: int, last: int) -> Iterator[TrainingBlock]:
        """Yield batches from the buffer, and remove them."""
        if first == last:
            return
        buffer, examples, begin = self._buffer, self._examples, self.bounds[first]
        X, positions = buffer.inputs, buffer.positions
        Y, s = examples.Y[positions], examples.s[positions]
        n_rows = int(self.bounds[last] - begin)
        rows = np.arange(n_rows)
        if self._shuffles:
            rows = random_order(self.rng, buffer.n_rows)[:n_rows]
        for k in range(first, last, self._batches_per_block):
            bounds = self.bounds[k : min(k + self._batches_per_block, last) + 1] - begin
            some, within = rows[bounds[0] : bounds[-1]], bounds - bounds[0]
            if self._augment is not None:
                picked = buffer.dense(some), Y[some], s[some]
                block = augmented(self._augment, picked, self.rng)
                yield TrainingBlock(*block, True, ALL_ROWS, within)
            elif self._shuffles:
                yield TrainingBlock(X, Y, s, examples.is_weighted, some, within)
            else:
                stand = ALL_ROWS
                yield TrainingBlock(X, Y, s, examples.is_weighted, stand, bounds)
        del X
        if self._shuffles:
            buffer.drop(rows)
        else:
            buffer.drop_first(n_rows)
