"""X of a batch source: the results of the first pass, and reading it again."""

import zlib
from collections.abc import Callable, Generator
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.streams import BatchSource, in_chunk, parts_of_chunk, rows_of
from skdnn.training.stored import Collected
from skdnn.training.streams import StreamTable
from skdnn.training.tables import Table


def fingerprint(y: Any, weight: Any) -> int:
    """Return a checksum of the targets and weights of a chunk."""
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
    """A sample of the rows of a stream, in memory."""

    X: Any
    numbers: np.ndarray  # indices of the rows, ascending

    def of(self, rows: np.ndarray | None) -> "Sample":
        """Return the part of the sample that is among these rows."""
        if rows is None:
            return self
        is_meant = np.isin(self.numbers, rows)
        X = rows_of(self.X, np.flatnonzero(is_meant))
        return Sample(X, self.numbers[is_meant])


class StreamedInputs:
    """X of all chunks of a source, with the interface of a table.

    Parameters
    ----------
    source : BatchSource
        The source to read.
    check : callable (X) -> X
        Validates and converts X of a chunk.
    sizes, fingerprints : list of int
        Number of rows, and checksum of targets and weights, of each chunk.
    n_columns : int
        Number of columns.
    dtype : dtype
        Type that holds the numbers of all chunks.
    n_stored : int
        As of `Chunks`.
    is_sparse : bool
        Whether all chunks are sparse matrices.
    largest : (float, int)
        Largest absolute value and its chunk; only tracked for types that may overflow
        that of the network.
    sample : Sample
        Some of the rows.

    Attributes
    ----------
    shape : tuple of int
        Number of rows and columns of all chunks together.
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
        is_sparse: bool,
        largest: tuple[float, int],
        sample: Sample,
    ):
        self.source, self._check = source, check
        self._fingerprints = fingerprints
        self._n_given, self._make = n_columns, _as_it_is
        self.sizes = np.array(sizes, np.int64)
        self._ends = np.concatenate([[0], np.cumsum(self.sizes)])
        self.shape = int(self._ends[-1]), n_columns
        self.dtype, self.n_stored, self.largest = dtype, n_stored, largest
        self.is_sparse, self.sample = is_sparse, sample
        self.buffer_chunks = source.buffer_chunks
        self.can_be_reordered = source.can_be_reordered

    def read(self, order: np.ndarray, rows: np.ndarray | None = None) -> Generator[Any]:
        """Yield the validated X of the chunks with these indices, in this order.

        Yields all rows of the chunks, or those among `rows`, which must be ascending.
        Several threads may read at once.

        Raises
        ------
        ValueError
            If chunks differ from those of the first pass, whose targets would then
            belong to other rows.
        """
        numbers = iter(order.tolist())
        n_read = 0
        for chunk in self.source.read(order):
            number = next(numbers, None)
            if number is None:
                raise ValueError(self._differs("has more chunks"))
            with in_chunk(number):
                X, y, weight = parts_of_chunk(chunk)
                del chunk
                is_same = fingerprint(y, weight) == self._fingerprints[number]
                if not is_same or _n_rows(X) != self.sizes[number]:
                    raise ValueError(self._differs("has other targets or weights"))
                X = self._prepared(X, self._meant(number, rows))
            yield X
            n_read += 1
        if n_read < order.size:
            raise ValueError(self._differs(f"ended after {n_read} chunks"))

    def _meant(self, number: int, rows: np.ndarray | None) -> np.ndarray | None:
        """Return the rows of a chunk that are among `rows`; None if all are."""
        if rows is None:
            return None
        end = self._ends[number : number + 2]
        start, stop = np.searchsorted(rows, end)
        meant = rows[start:stop] - end[0]
        return None if np.array_equal(meant, np.arange(end[1] - end[0])) else meant

    def _differs(self, how: str) -> str:
        return (
            f"a later pass over the batch source {how}; the first had {self.sizes.size}"
            " chunks. Each pass must start at the beginning and yield the same chunks "
            "in the same order: fit does the shuffling. A function passed to "
            "BatchSource must return a new iterator at each call."
        )

    def _prepared(self, X: Any, rows: np.ndarray | None) -> Any:
        """Return these rows of a chunk, validated and converted."""
        if _n_rows(X):
            X = self._check(X)
            if X.shape[1] != self._n_given:
                raise ValueError(
                    f"X has {X.shape[1]} features, but in the first pass it had "
                    f"{self._n_given}."
                )
            X = X.tocsr() if sparse.issparse(X) else X
            X = X if rows is None else rows_of(X, rows)
        if _n_rows(X):
            return self._make(X)
        return np.empty((0, self.shape[1]), self.dtype)

    def through(self, make: Callable, sample: Sample) -> "StreamedInputs":
        """Return the same rows, transformed chunk by chunk.

        Parameters
        ----------
        make : callable (X) -> X
            Maps validated rows to as many rows of numbers. It is called by several
            threads.
        sample : Sample
            Its result for some of the rows.
        """
        X, made = sample.X, copy(self)
        made._make, made.sample = make, sample
        made.shape = self.shape[0], X.shape[1]
        made.dtype, made.is_sparse = X.dtype, sparse.issparse(X)
        made.n_stored = made.shape[0] * made.shape[1]
        if made.is_sparse:
            made.n_stored = int(made.shape[0] * X.nnz / X.shape[0])
        return made

    def table(self, dtype, rows: np.ndarray | None) -> StreamTable:
        """Return all rows, or these, as a table for training."""
        sample = self.sample.of(rows)
        return StreamTable(self, dtype, Table(sample.X, dtype), rows)

    def held(self, rows: np.ndarray | None) -> Any:
        """Return these rows, in ascending order, in memory or, if many, in a file."""
        n_rows = self.shape[0] if rows is None else len(rows)
        collected = Collected((n_rows, self.shape[1]), self.dtype, self.is_sparse)
        for X in self.read(np.arange(self.sizes.size), rows):
            collected.add(X)
        return collected.rows()

    def checksum(self) -> int:
        """Return a checksum of the stream."""
        return zlib.crc32(repr((self.shape, self._fingerprints)).encode())


def _as_it_is(X: Any) -> Any:
    return X


def _n_rows(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)
