"""Rows that are read repeatedly: in memory, or in a temporary file if they are many.

The file has no name, so it disappears when it is no longer open, however the fit ends.
It is read by blocks, with plain reads, so that blocks do not stay resident.
"""

import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.network.inputs import SparseRows
from skdnn.network.memory import empty_aligned
from skdnn.network.objective import Inputs
from skdnn.training.tables import MAX_STORED, Table

# Tables that take more memory go to a file.
MAX_HELD_BYTES = 2**27


class Collected:
    """A table that is assembled from consecutive parts.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the whole table.
    dtype : dtype
        The type of the whole table.
    is_sparse : bool
        Whether all parts with rows are sparse.
    """

    def __init__(self, shape: tuple[int, int], dtype, is_sparse: bool):
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._is_sparse = is_sparse
        self._n_rows = self._n_bytes = 0
        self._parts: list[Any] = []  # sparse ones
        self._dense = np.empty(0, self._dtype)
        self._stored: StoredRows | None = None
        if not is_sparse:
            self._n_bytes = shape[0] * shape[1] * self._dtype.itemsize
            self._store_if_large()
        if not is_sparse and self._stored is None:
            self._dense = np.empty(shape, self._dtype)

    def add(self, X: Any) -> None:
        """Append rows; they are copied."""
        if not X.shape[0]:
            return
        if self._is_sparse:
            X = sparse.csr_array(X, dtype=self._dtype, copy=True)
            self._n_bytes += X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
            self._store_if_large()
        elif sparse.issparse(X):
            X = X.toarray()
        if self._stored is not None:
            self._stored.add(X.astype(self._dtype, copy=False))
        elif self._is_sparse:
            self._parts.append(X)
        else:
            self._dense[self._n_rows : self._n_rows + X.shape[0]] = X
        self._n_rows += X.shape[0]

    def _store_if_large(self) -> None:
        if self._stored is None and self._n_bytes > MAX_HELD_BYTES:
            self._stored = StoredRows(self._shape, self._dtype, self._is_sparse)
            for part in self._parts:
                self._stored.add(part)
            self._parts = []

    def rows(self) -> Any:
        """Return all rows: an array, a CSR matrix or StoredRows."""
        if self._stored is not None:
            return self._stored
        if self._parts:
            return sparse.vstack(self._parts, format="csr")
        return self._dense


class StoredRows:
    """Rows in a file, dense or in CSR format, that are read by blocks.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns, once all have been added.
    dtype : dtype
        The type of the numbers.
    is_sparse : bool
        Whether added rows are sparse.

    Attributes
    ----------
    largest : numpy.float64
        The largest absolute value.
    """

    def __init__(self, shape: tuple[int, int], dtype, is_sparse: bool):
        self.shape, self.dtype, self.is_sparse = shape, np.dtype(dtype), is_sparse
        self.largest = np.float64(0)
        n_bytes = None if is_sparse else shape[0] * shape[1] * self.dtype.itemsize
        self._numbers = _File(n_bytes)
        self._columns = _File() if is_sparse else None
        self._ends = [np.zeros(1, np.int64)]  # of the entries of each row

    def add(self, X: Any) -> None:
        """Append rows.

        Raises
        ------
        OSError
            If the disk has no space for them.
        """
        numbers = X
        if self._columns is not None:
            numbers = X.data
            self._columns.append(np.asarray(X.indices, np.int32))
            self._ends.append(self._ends[-1][-1] + np.asarray(X.indptr[1:], np.int64))
        if numbers.size:
            largest = np.float64(max(numbers.max(), -numbers.min()))
            self.largest = max(self.largest, largest)
        self._numbers.append(numbers)

    @property
    def ends(self) -> np.ndarray:
        """Where the entries of each row begin, and where the last ones end."""
        if len(self._ends) > 1:
            self._ends = [np.concatenate(self._ends)]
        return self._ends[0]

    def read(self, start: int, stop: int) -> Any:
        """Return consecutive rows, an array or a CSR matrix."""
        if self._columns is None:
            block = empty_aligned((stop - start, self.shape[1]), self.dtype)
            self._numbers.read_into(block, start * self.shape[1])
            return block
        ends = self.ends[start : stop + 1]
        n_stored = int(ends[-1] - ends[0])
        numbers, columns = np.empty(n_stored, self.dtype), np.empty(n_stored, np.int32)
        self._numbers.read_into(numbers, int(ends[0]))
        self._columns.read_into(columns, int(ends[0]))
        shape = stop - start, self.shape[1]
        return sparse.csr_array((numbers, columns, ends - ends[0]), shape=shape)

    def mapped(self) -> Any:
        """Return all rows as an array or CSR matrix, memory-mapped from the file."""
        numbers = self._numbers.mapped(self.dtype)
        if self._columns is None:
            return numbers.reshape(self.shape)
        columns, ends = self._columns.mapped(np.dtype(np.int32)), self.ends
        if ends[-1] < 2**31:  # else SciPy widens the columns, too, and copies them
            ends = ends.astype(np.int32)
        return sparse.csr_array((numbers, columns, ends), shape=self.shape)


class StoredTable:
    """Stored rows as blocks of one type, as `Table` is for rows in memory.

    Parameters
    ----------
    rows : StoredRows
        All of them.
    dtype : dtype
        The type of the blocks.
    """

    ready = None

    def __init__(self, rows: StoredRows, dtype):
        self.rows, self.dtype = rows, np.dtype(dtype)
        self.n_rows, self.n_columns = rows.shape
        most_stored = MAX_STORED * self.n_rows * self.n_columns
        self.is_sparse_enough = rows.is_sparse and int(rows.ends[-1]) < most_stored

    def blocks(self, block_rows: int) -> Iterator[Inputs]:
        """Yield all rows in order."""
        for start in range(0, self.n_rows, block_rows):
            X = self.rows.read(start, min(start + block_rows, self.n_rows))
            X = X.astype(self.dtype, copy=False)
            if self.is_sparse_enough:
                yield SparseRows(
                    X.data,
                    np.asarray(X.indices, np.int32),
                    np.asarray(X.indptr, np.int64),
                    np.arange(X.shape[0]),
                    self.n_columns,
                )
            else:
                yield X.toarray() if sparse.issparse(X) else X

    @property
    def sample(self) -> Table:
        """Rows that can be read in any order: all of them."""
        return Table(self.rows.mapped(), self.dtype)

    def checksum(self, most_rows: int = 2) -> int:
        """Return the checksum that the same rows have in memory."""
        return self.sample.checksum(most_rows)


class _File:
    """Numbers of one type, appended and then read from anywhere, by several threads."""

    def __init__(self, n_bytes: int | None = None):
        self._n_bytes = n_bytes  # its final size, if known
        self._file = tempfile.TemporaryFile(prefix="skdnn-", buffering=0)
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._size = 0

    def append(self, numbers: np.ndarray) -> None:
        view = _bytes_of(np.ascontiguousarray(numbers))
        while view:
            try:
                n_written = self._file.write(view)
            except OSError as error:
                raise OSError(self._no_room(len(view))) from error
            self._size += n_written
            view = view[n_written:]

    def _no_room(self, n_missing: int) -> str:
        folder = tempfile.gettempdir()
        n_bytes = self._n_bytes or self._size + n_missing
        least = "" if self._n_bytes else "at least "
        return (
            f"The held-out rows do not fit into the folder {folder!r}: they take "
            f"{least}{_megabytes(n_bytes)}, of which {_megabytes(self._size)} were "
            f"written, and {_megabytes(shutil.disk_usage(folder).free)} are free. Set "
            "the environment variable TMPDIR to a folder with more space, hold out "
            "fewer rows (a smaller validation_fraction), or pass X_val and y_val."
        )

    def read_into(self, out: np.ndarray, first: int) -> None:
        """Fill `out` with the numbers from number `first` on."""
        view = _bytes_of(out)
        with self._lock:
            self._file.seek(first * out.dtype.itemsize)
            while view:
                n_read = self._file.readinto(view)
                if not n_read:
                    raise OSError("The temporary file of held-out rows is truncated.")
                view = view[n_read:]

    def mapped(self, dtype: np.dtype) -> np.ndarray:
        if not self._size:
            return np.empty(0, dtype)
        n_numbers = self._size // dtype.itemsize
        return np.memmap(self._file, dtype, mode="r", shape=(n_numbers,))


def _bytes_of(numbers: np.ndarray) -> memoryview:
    return numbers.reshape(-1).view(np.uint8).data


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:.0f} MB"
