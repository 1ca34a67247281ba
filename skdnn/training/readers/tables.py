"""Mini-batches of a table, read in place or in reused buffers."""

from collections.abc import Generator, Iterator

import numpy as np

from skdnn.network.memory import empty_aligned
from skdnn.network.objective import Block, Inputs
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
from skdnn.training.tables import Examples

# A block of picked rows stays in a core's L2 cache until it is trained on.
_PICKED_BYTES = 2**20


class TableReader:
    """Reads a table once per epoch, in place or in reused buffers.

    Parameters
    ----------
    examples : Examples
        The training rows.
    batch_size : int
        The most rows of a mini-batch.
    rng : numpy.random.Generator
        Draws the order of the rows; passed on to `augment`.
    shuffle : bool, default=True
        Whether to shuffle the rows in each epoch. A single batch of all rows is not
        shuffled.
    augment : callable (X, Y, s, rng) -> (X, Y, s), optional
        Modifies each block before it is trained on. It may write to its arguments,
        which are copies; Y may be returned with more columns.
    """

    def __init__(
        self,
        examples: Examples,
        batch_size: int,
        rng: np.random.Generator,
        shuffle: bool = True,
        augment: Augment | None = None,
    ):
        self._examples = examples
        self._augment, self.rng = augment, rng
        self.n_rows, self.n_columns = examples.n_rows, examples.table.n_columns
        self.n_targets = examples.Y.shape[1]
        self.bounds = batch_bounds(examples.n_rows, batch_size)
        self.n_batches = self.bounds.size - 1
        self.batch_rows = int(np.diff(self.bounds).max())
        table = examples.table
        self.copies = copies = augment is not None or table.ready is None
        self.is_sparse = table.is_sparse_enough and not copies
        self._shuffles = shuffle and self.n_batches > 1
        self.is_in_place = self._shuffles and not copies
        row_bytes = table.n_columns * table.dtype.itemsize
        per_block = _PICKED_BYTES if copies else UNCOPIED_BYTES
        per_block //= max(1, row_bytes * self.batch_rows)
        self._batches_per_block = int(min(max(1, per_block), self.n_batches))
        most_rows = self._batches_per_block * self.batch_rows if copies else 0
        self._X = empty_aligned((most_rows, table.n_columns), table.dtype)
        self._Y = empty_aligned((most_rows, examples.Y.shape[1]), table.dtype)
        self._s = empty_aligned(most_rows, table.dtype)

    def in_order(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows in order, `block_rows` at a time."""
        return self._examples.blocks(block_rows)

    def epoch(self, first: int = 0) -> Generator[TrainingBlock]:
        """Yield all rows once, block by block, from mini-batch `first` on."""
        if self._augment is None:
            return self._epoch(first)
        # Augmentation draws random numbers, so skipped blocks are augmented as well.
        return from_batch(self._epoch(0), first) if first else self._epoch(0)

    def _epoch(self, begin: int) -> Generator[TrainingBlock]:
        order = random_order(self.rng, self.n_rows) if self._shuffles else None
        for first in range(begin, self.n_batches, self._batches_per_block):
            last = min(first + self._batches_per_block, self.n_batches)
            bounds = self.bounds[first : last + 1]
            start, stop = int(bounds[0]), int(bounds[-1])
            if self._augment is not None:
                rows = np.arange(start, stop) if order is None else order[start:stop]
                X, Y, s = augmented(self._augment, self._pick(rows), self.rng)
                block = TrainingBlock(X, Y, s, True, ALL_ROWS, bounds - start)
            else:
                block = TrainingBlock(*self._read(start, stop, order), bounds - start)
            yield block

    def _read(
        self, start, stop, order
    ) -> tuple[Inputs, np.ndarray, np.ndarray, bool, np.ndarray]:
        """Return rows, or a table and their indices; copy only if necessary."""
        examples, table = self._examples, self._examples.table
        Y, s, is_weighted = examples.Y, examples.s, examples.is_weighted
        if order is None:
            block = table.read(start, stop), Y[start:stop], s[start:stop]
            return *block, is_weighted, ALL_ROWS
        rows = order[start:stop]
        if table.ready is not None:
            return table.ready, Y, s, is_weighted, rows
        return *self._pick(rows), is_weighted, ALL_ROWS

    def _pick(self, rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Copy rows, their targets and weights to the buffers."""
        examples = self._examples
        return (
            examples.table.gather(rows, self._X),
            np.take(examples.Y, rows, axis=0, out=self._Y[: rows.size], mode="clip"),
            np.take(examples.s, rows, out=self._s[: rows.size], mode="clip"),
        )
