"""X of a batch source: what the first pass has found, and how to read it again."""

import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.streams import BatchSource, in_chunk, parts_of_chunk, stacked
from skdnn.training.streams import StreamTable
from skdnn.training.tables import Table


def fingerprint(y: Any, weight: Any) -> int:
    """Return a number that tells targets and weights of a chunk from others."""
    number = 0
    for array in (y, weight):
        if array is None:
            continue
        values = np.asarray(array.toarray() if sparse.issparse(array) else array)
        if values.dtype.hasobject:
            values = np.frombuffer(repr(values.ravel().tolist()).encode(), np.uint8)
        number = zlib.crc32(values.tobytes(), number)
    return number


@dataclass(frozen=True)
class Sample:
    """Some rows from all over a stream, in memory."""

    X: Any
    numbers: np.ndarray  # of the rows, ascending

    def of(self, rows: np.ndarray | None) -> "Sample":
        """Return those that are among these rows."""
        if rows is None:
            return self
        is_meant = np.isin(self.numbers, rows)
        return Sample(self.X[np.flatnonzero(is_meant)], self.numbers[is_meant])


class StreamedInputs:
    """X of all chunks of a source, in place of a table.

    Parameters
    ----------
    source : BatchSource
        What is read.
    check : callable (X) -> X
        Checks X of a chunk, and converts it to an array or CSR matrix of numbers.
    sizes, fingerprints : list of int
        Of each chunk: its rows, and the fingerprint of its targets and weights.
    n_columns : int
        The columns of each chunk.
    dtype : dtype
        One that holds the numbers of all chunks.
    n_stored : int
        As of `Chunks`.
    largest : (float, int)
        The number farthest from zero, and its chunk; looked for where it could be too
        large for the network.
    sample : Sample
        Some of the rows.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of all chunks together.
    """

    def __init__(
        self,
        source: BatchSource,
        check: Callable,
        *,
        sizes: list[int],
        fingerprints: list[int],
        n_columns: int,
        dtype: np.dtype,
        n_stored: int,
        largest: tuple[float, int],
        sample: Sample,
    ):
        self._source, self._check = source, check
        self._fingerprints = fingerprints
        self.sizes = np.array(sizes, np.int64)
        self.shape = int(self.sizes.sum()), n_columns
        self.dtype, self.n_stored, self.largest = dtype, n_stored, largest
        self.sample = sample
        self.buffer_chunks = source.buffer_chunks
        self.can_be_reordered = source.can_be_reordered

    def read(self, order: np.ndarray) -> Generator[Any]:
        """Yield the checked X of the chunks of these numbers.

        Raises
        ------
        ValueError
            If there are other chunks than in the first pass: their targets, which are
            kept from there, would be those of other rows.
        """
        numbers = iter(order.tolist())
        n_read = 0
        for chunk in self._source.read(order):
            number = next(numbers, None)
            if number is None:
                raise ValueError(self._differs("has more chunks"))
            with in_chunk(number):
                X, y, weight = parts_of_chunk(chunk)
                del chunk
                is_same = fingerprint(y, weight) == self._fingerprints[number]
                if not is_same or _n_rows(X) != self.sizes[number]:
                    raise ValueError(self._differs("has other targets or weights"))
                X = self.checked(X)
            yield X
            n_read += 1
        if n_read < order.size:
            raise ValueError(self._differs(f"ended after {n_read} chunks"))

    def _differs(self, how: str) -> str:
        return (
            f"a later pass over the batch source {how}; the first had {self.sizes.size}"
            " chunks. Each pass must begin anew and yield the same chunks in the same "
            "order: fit shuffles. A function given to BatchSource must return a new "
            "iterator at each call."
        )

    def checked(self, X: Any) -> Any:
        """Return X of a chunk, checked; one without rows as an empty array."""
        if not _n_rows(X):
            return np.empty((0, self.shape[1]), self.dtype)
        X = self._check(X)
        if X.shape[1] != self.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, but in the first pass it had "
                f"{self.shape[1]}."
            )
        return X.tocsr() if sparse.issparse(X) else X

    def table(self, dtype, rows: np.ndarray | None) -> StreamTable:
        """Return all rows, or these, as training reads them."""
        sample = self.sample.of(rows)
        return StreamTable(self, dtype, Table(sample.X, dtype), rows)

    def held(self, rows: np.ndarray) -> Any:
        """Return these rows, in ascending order, in memory."""
        ends = np.concatenate([[0], np.cumsum(self.sizes)])
        cuts = np.searchsorted(rows, ends)
        parts = []
        for k, X in enumerate(self.read(np.arange(self.sizes.size))):
            parts.append(X[rows[cuts[k] : cuts[k + 1]] - ends[k]])
        return stacked(parts)

    def checksum(self) -> int:
        """Return a number that tells this stream from others."""
        return zlib.crc32(repr((self.shape, self._fingerprints)).encode())


def _n_rows(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)
