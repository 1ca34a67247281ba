"""Epochs of mini-batches: their order, their blocks, and what yields them."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple, Protocol

import numpy as np

from skdnn.network.compiled import entry
from skdnn.network.objective import Block, Inputs

# The size of blocks that are not copied: long enough that calls are few, short enough
# that an interrupt takes effect soon.
UNCOPIED_BYTES = 2**24
ALL_ROWS = np.empty(0, np.int64)  # `rows` of a block that takes arrays as they are


class TrainingBlock(NamedTuple):
    """Some consecutive mini-batches of an epoch.

    Row i of the block is row ``rows[i]`` of the arrays, or row i if `rows` is empty.
    """

    X: Inputs
    Y: np.ndarray
    s: np.ndarray
    is_weighted: bool  # whether s may have values other than 1
    rows: np.ndarray  # int64
    bounds: np.ndarray  # batch k is the rows bounds[k]:bounds[k + 1] of the block


class Reader(Protocol):
    """The training rows as the loop reads them, wherever they are stored.

    Attributes
    ----------
    n_rows, n_columns, n_targets : int
        The rows of an epoch; the columns of X and of Y.
    n_batches, batch_rows : int
        The mini-batches of an epoch, and the most rows of one.
    copies : bool
        Whether blocks are copies, so that no rows need to be gathered from them.
    is_in_place : bool
        Whether all blocks are of the same arrays, which do not change: consecutive
        blocks, even of several epochs, can then be joined.
    is_sparse : bool
        Whether blocks have sparse X.
    rng : numpy.random.Generator
        Draws the order of an epoch.
    """

    n_rows: int
    n_columns: int
    n_targets: int
    n_batches: int
    batch_rows: int
    copies: bool
    is_in_place: bool
    is_sparse: bool
    rng: np.random.Generator

    def epoch(self, first: int = 0) -> Generator[TrainingBlock]:
        """Yield all rows once, block by block, from mini-batch `first` on.

        Random numbers are drawn as for the whole epoch.
        """

    def in_order(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows in order, `block_rows` at a time."""


class EndlessBlocks:
    """The blocks of consecutive epochs, cut after any number of batches.

    The position can be saved: the number of batches yielded in this epoch, and the
    state of the random generator at its beginning. To resume, the epoch is drawn again
    and its first batches are skipped.
    """

    def __init__(self, reader: Reader):
        self._reader = reader
        row_bytes = reader.n_columns * np.dtype(np.float32).itemsize
        self._most_rows = UNCOPIED_BYTES // max(1, row_bytes)
        self._blocks: Generator[TrainingBlock] | None = None  # of the current epoch
        self._rest: TrainingBlock | None = None  # of a block that was cut
        self._n_given = 0
        self._began: dict[str, Any] = {}

    def take(self, n_batches: int) -> Iterator[TrainingBlock]:
        """Yield blocks of the next batches; use each before requesting the next."""
        while n_batches > 0:
            block = self._some(n_batches)
            n_batches -= block.bounds.size - 1
            if self._reader.is_in_place:
                parts, n_rows = [block], block.bounds[-1] - block.bounds[0]
                while n_batches > 0 and n_rows < self._most_rows:
                    parts.append(self._some(n_batches))
                    n_batches -= parts[-1].bounds.size - 1
                    n_rows += parts[-1].bounds[-1] - parts[-1].bounds[0]
                block = joined(parts)
            yield block

    def _some(self, most: int) -> TrainingBlock:
        """Return the batches up to the end of a block, but at most `most`."""
        block = self._rest or self._next_block()
        n = min(most, block.bounds.size - 1)
        rest = block._replace(bounds=block.bounds[n:])
        self._rest = rest if rest.bounds.size > 1 else None
        self._n_given += n
        return block._replace(bounds=block.bounds[: n + 1])

    def _next_block(self) -> TrainingBlock:
        bits, block = self._reader.rng.bit_generator, None
        if self._blocks is not None:
            block = next(self._blocks, None)
        elif self._n_given:  # resumed: another object has yielded them
            bits.state = self._began
            self._blocks = self._reader.epoch(self._n_given)
            block = next(self._blocks)
        if block is None:
            self._n_given, self._began = 0, dict(bits.state)
            self._blocks = self._reader.epoch()
            block = next(self._blocks)
        return block

    def pack(self) -> dict[str, Any]:
        """Return the position."""
        if self._n_given == self._reader.n_batches:
            return {"n_given": 0, "began": {}}
        return {"n_given": self._n_given, "began": self._began}

    def resume_from(self, plain: dict[str, Any]) -> None:
        """Go to a packed position; the reader's generator must be as it was there."""
        self._blocks = self._rest = None
        self._n_given, self._began = plain["n_given"], plain["began"]


def joined(blocks: list[TrainingBlock]) -> TrainingBlock:
    """Join blocks of the same arrays into one."""
    if len(blocks) == 1:
        return blocks[0]
    rows = [block.rows[block.bounds[0] : block.bounds[-1]] for block in blocks]
    sizes = np.concatenate([np.diff(block.bounds) for block in blocks])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    return blocks[0]._replace(rows=np.concatenate(rows), bounds=bounds)


def from_batch(
    blocks: Generator[TrainingBlock], first: int
) -> Generator[TrainingBlock]:
    """Yield blocks without the batches before `first`."""
    with closing(blocks):
        for block in blocks:
            n = min(first, block.bounds.size - 1)
            first -= n
            if n < block.bounds.size - 1:
                yield block._replace(bounds=block.bounds[n:])


def batch_bounds(n_rows: int, batch_size: int) -> np.ndarray:
    """Return where each mini-batch of an epoch starts, and the end of the last.

    Batches have at most `batch_size` rows and differ by at most one row: a last batch
    of a few leftover rows would give a very noisy step.
    """
    n_batches = -(-n_rows // batch_size)
    return (np.arange(n_batches + 1) * n_rows) // n_batches


# (X, Y, s, rng) -> (X, Y, s): a modified block, with as many rows and the same types.
Augment = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], tuple]


def augmented(
    augment: Augment,
    before: tuple[np.ndarray, np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Apply an augmentation to copies of rows, targets and weights."""
    after = augment(*before, rng)
    if not (isinstance(after, tuple) and len(after) == len(before)):
        raise ValueError(
            "augmentation must return a tuple of three arrays, X, Y and s; it returned "
            f"{type(after).__name__}."
        )
    for name, array, old in zip("XYs", after, before, strict=True):
        if array.dtype != old.dtype or len(array) != len(old):
            raise ValueError(
                "augmentation must keep the number of rows and the types: it received "
                f"{name} of shape {old.shape} and type {old.dtype}, and returned shape "
                f"{array.shape} and type {array.dtype}."
            )
    return after


def random_order(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return the indices of all rows in random order.

    Durstenfeld's shuffle (Communications of the ACM 7, 1964, algorithm 235), as in
    ``rng.permutation``. All random numbers are drawn at once and none is rejected,
    which takes half the time; some orders are more likely than others, by at most
    n_rows / 2^53.
    """
    order = np.arange(n_rows)
    shuffle(order, rng.random(n_rows))
    return order


@entry
def shuffle(order, uniform):
    """Shuffle in place, by one uniform number in [0, 1) for each element."""
    for i in range(order.size - 1, 0, -1):
        j = int(uniform[i] * (i + 1))
        order[i], order[j] = order[j], order[i]
