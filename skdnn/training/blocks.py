"""Epochs of mini-batches: in which order, in which blocks, and who yields them."""

from collections.abc import Callable, Generator, Iterator
from itertools import count
from typing import NamedTuple, Protocol

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
    is_sparse : bool
        Whether blocks have sparse X.
    """

    n_rows: int
    n_columns: int
    n_targets: int
    n_batches: int
    batch_rows: int
    copies: bool
    is_sparse: bool

    def epoch(self) -> Generator[TrainingBlock]:
        """Yield all rows once, block by block."""

    def in_order(self, block_rows: int) -> Iterator[Block]:
        """Yield (X, Y, s) of all rows as they stand, so many at once."""


class EndlessBlocks:
    """The blocks of epoch after epoch, cut after any number of batches."""

    def __init__(self, reader: Reader):
        self._blocks = (block for _ in count() for block in reader.epoch())
        self._rest: TrainingBlock | None = None

    def take(self, n_batches: int) -> Iterator[TrainingBlock]:
        """Yield the next batches: each block is used before the next is asked for."""
        while n_batches > 0:
            block = self._rest or next(self._blocks)
            n = min(n_batches, block.bounds.size - 1)
            yield block._replace(bounds=block.bounds[: n + 1])
            rest = block._replace(bounds=block.bounds[n:])
            self._rest = rest if rest.bounds.size > 1 else None
            n_batches -= n


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
