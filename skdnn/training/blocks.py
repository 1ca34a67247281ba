"""Epochs of mini-batches: in which order, in which blocks, and who yields them."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple, Protocol

import numpy as np

from skdnn.network.compiled import entry
from skdnn.network.objective import Block, Inputs

# Where nothing is copied, blocks are so long that calls are few, and so short that an
# interrupt is soon heard.
UNCOPIED_BYTES = 2**24
AS_THEY_STAND = np.empty(0, np.int64)  # the rows of a block that are all of its arrays


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


class Reader(Protocol):
    """What the loop is handed: rows to train on, from wherever they are.

    Attributes
    ----------
    n_rows, n_columns, n_targets : int
        The rows of an epoch; the columns of X and of Y.
    n_batches, batch_rows : int
        Mini-batches of an epoch, and the most rows that one has.
    copies : bool
        Whether blocks are copies, so that nothing is left to be gathered from them.
    is_in_place : bool
        Whether all blocks are of the same arrays, which stay as they are: blocks that
        follow each other, of several epochs even, can then be one.
    is_sparse : bool
        Whether blocks have sparse X.
    rng : numpy.random.Generator
        What an epoch is drawn from.
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
        """Yield all rows once, block by block, but those before this mini-batch.

        Random numbers are drawn as for the whole epoch.
        """

    def in_order(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows as they stand, so many at once."""


class EndlessBlocks:
    """The blocks of epoch after epoch, cut after any number of batches.

    Where it stands is two things, which can be saved: how many batches of its epoch it
    has given, and the generator of random numbers as it was where the epoch began. From
    these an epoch is drawn once more, and its first batches are passed over.
    """

    def __init__(self, reader: Reader):
        self._reader = reader
        row_bytes = reader.n_columns * np.dtype(np.float32).itemsize
        self._most_rows = UNCOPIED_BYTES // max(1, row_bytes)
        self._blocks: Generator[TrainingBlock] | None = None  # of the epoch under way
        self._rest: TrainingBlock | None = None  # of its block that was cut
        self._n_given = 0
        self._began: dict[str, Any] = {}

    def take(self, n_batches: int) -> Iterator[TrainingBlock]:
        """Yield the next batches: each block is used before the next is asked for."""
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
        """Return the batches up to the end of a block, but not more than these."""
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
        elif self._n_given:  # another has given them
            bits.state = self._began
            self._blocks = self._reader.epoch(self._n_given)
            block = next(self._blocks)
        if block is None:
            self._n_given, self._began = 0, dict(bits.state)
            self._blocks = self._reader.epoch()
            block = next(self._blocks)
        return block

    def pack(self) -> dict[str, Any]:
        """Return where it stands."""
        if self._n_given == self._reader.n_batches:
            return {"n_given": 0, "began": {}}
        return {"n_given": self._n_given, "began": self._began}

    def go_to(self, plain: dict[str, Any]) -> None:
        """Stand where another stood; its generator's state of then is the reader's."""
        self._blocks = self._rest = None
        self._n_given, self._began = plain["n_given"], plain["began"]


def joined(blocks: list[TrainingBlock]) -> TrainingBlock:
    """Return blocks of the same arrays as one."""
    if len(blocks) == 1:
        return blocks[0]
    rows = [block.rows[block.bounds[0] : block.bounds[-1]] for block in blocks]
    sizes = np.concatenate([np.diff(block.bounds) for block in blocks])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    return blocks[0]._replace(rows=np.concatenate(rows), bounds=bounds)


def from_batch(
    blocks: Generator[TrainingBlock], first: int
) -> Generator[TrainingBlock]:
    """Yield blocks without the batches before this one."""
    with closing(blocks):
        for block in blocks:
            n = min(first, block.bounds.size - 1)
            first -= n
            if n < block.bounds.size - 1:
                yield block._replace(bounds=block.bounds[n:])


def batch_bounds(n_rows: int, batch_size: int) -> np.ndarray:
    """Return where each mini-batch of an epoch starts, and the end.

    Batches have at most `batch_size` rows and differ by at most one row: a last batch
    of a few leftover rows would be a step in a random direction.
    """
    n_batches = -(-n_rows // batch_size)
    return (np.arange(n_batches + 1) * n_rows) // n_batches


# (X, Y, s, rng) -> (X, Y, s): an altered block, of the same rows and type.
Augment = Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], tuple]


def augmented(
    augment: Augment,
    before: tuple[np.ndarray, np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what an augmentation makes of copies of rows, targets and weights."""
    after = augment(*before, rng)
    if not (isinstance(after, tuple) and len(after) == len(before)):
        raise ValueError(
            "augmentation must return X, Y and s, a tuple of three arrays; it "
            f"returned {type(after).__name__}."
        )
    for name, array, old in zip("XYs", after, before, strict=True):
        if array.dtype != old.dtype or len(array) != len(old):
            raise ValueError(
                f"augmentation must keep rows and types: it was given {name} of "
                f"shape {old.shape} and type {old.dtype}, and returned shape "
                f"{array.shape} and type {array.dtype}."
            )
    return after


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
