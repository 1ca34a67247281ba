"""A random sample of the rows of a stream, drawn in one pass."""

from typing import Any

import numpy as np
from scipy import sparse

_SEED = 0  # the same rows in each pass over the same chunks


class RowSample:
    """A sample in which each row of all chunks is kept with the same probability.

    Each row gets a random number from [0, 1), and is kept if that is below a limit. The
    limit starts at 1, so that a short stream is kept whole; it is halved when too many
    rows would be kept.

    Parameters
    ----------
    most : int
        The most rows to keep. Of a longer stream, at least about half as many are kept.

    Attributes
    ----------
    numbers : ndarray of int
        The indices of the rows that are kept, in ascending order.
    n_seen : int
        The number of rows of all chunks so far.
    """

    def __init__(self, most: int):
        self._most, self._limit = most, 1.0
        self._rng = np.random.default_rng(_SEED)
        self._parts: list[tuple[Any, ...]] = []
        self._drawn = np.empty(0)
        self.numbers = np.empty(0, np.int64)
        self.n_seen = 0

    @property
    def is_whole(self) -> bool:
        """Whether all rows have been kept."""
        return self.n_seen == self.numbers.size

    def add(self, *arrays: Any) -> None:
        """Add a chunk: arrays, frames or sparse matrices of the same rows.

        Rows that are kept are copied, because chunks may be overwritten, or be large.
        """
        n_rows = arrays[0].shape[0]
        drawn = self._rng.random(n_rows)
        rows = np.flatnonzero(drawn < self._limit)
        self._parts.append(tuple(rows_of(array, rows) for array in arrays))
        self._drawn = np.concatenate([self._drawn, drawn[rows]])
        self.numbers = np.concatenate([self.numbers, self.n_seen + rows])
        self.n_seen += n_rows
        if self.numbers.size > self._most:
            self._lower_limit()

    def _lower_limit(self) -> None:
        while np.count_nonzero(self._drawn < self._limit) > self._most:
            self._limit /= 2
        kept = np.flatnonzero(self._drawn < self._limit)
        self._parts = [tuple(rows_of(array, kept) for array in self.arrays)]
        self._drawn, self.numbers = self._drawn[kept], self.numbers[kept]

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The kept rows of each array."""
        return tuple(stacked(list(parts)) for parts in zip(*self._parts, strict=True))


def rows_of(array: Any, rows: np.ndarray) -> Any:
    """Return copies of these rows of an array, a frame or a sparse matrix."""
    if hasattr(array, "iloc"):  # of pandas
        return array.iloc[rows]
    if sparse.issparse(array):
        array = array.tocsr()
    return array[rows]


def stacked(parts: list[Any]) -> Any:
    """Stack parts of a table vertically; sparse if all parts with rows are."""
    parts = [part for part in parts if part.shape[0]] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    if hasattr(parts[0], "columns"):
        import polars as pl

        return pl.concat(parts, how="vertical_relaxed")
    if all(map(sparse.issparse, parts)):
        return sparse.vstack(parts, format="csr")
    return np.concatenate(
        [part.toarray() if sparse.issparse(part) else part for part in parts]
    )
