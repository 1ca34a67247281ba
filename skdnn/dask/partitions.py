"""Operations on one partition of X, on the worker that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from skdnn.estimators.checks.arrays import TABLE, explained
from skdnn.estimators.rows import SPARSE_FORMATS, types_read
from skdnn.network.inputs import SparseRows
from skdnn.network.memory import aligned_copy
from skdnn.network.objective import Inputs


class PartitionInfo(NamedTuple):
    """Properties of a partition of X."""

    n_rows: int
    n_columns: int
    dtype: np.dtype
    is_sparse: bool
    n_stored: int
    largest: float  # the largest absolute value, where it may overflow float32


class Part(NamedTuple):
    """The training rows of a partition, in the layout that compiled code reads."""

    X: Inputs
    Y: np.ndarray
    s: np.ndarray  # weights that average to 1 over the rows of all parts

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.Y.shape[0]


@contextmanager
def in_partition(number: int) -> Iterator[None]:
    """Add the number of the partition to errors about arrays."""
    try:
        yield
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Partition {number} of X (the first is 0): {error}") from error


def checked(X: Any, number: int) -> Any:
    """Validate a partition: an array or CSR matrix of finite numbers."""
    with in_partition(number):
        if getattr(X, "shape", (1,))[0] == 0:
            return np.empty((0, X.shape[1]))
        with explained(X, "X", TABLE):
            X = check_array(
                X, accept_sparse=SPARSE_FORMATS, dtype=types_read(X), input_name="X"
            )
    return X.tocsr() if sparse.issparse(X) else X


def info_of(X: Any) -> PartitionInfo:
    """Return the properties of a validated partition."""
    values, largest = X.data if sparse.issparse(X) else X, 0.0
    if X.dtype.kind == "f" and X.dtype.itemsize > 4 and values.size:
        largest = float(max(values.max(), -values.min()))
    is_sparse = sparse.issparse(X)
    n_stored = X.nnz if is_sparse else X.size
    n_rows, n_columns = X.shape
    return PartitionInfo(n_rows, n_columns, X.dtype, is_sparse, n_stored, largest)


def first_row(X: Any) -> Any:
    """Return the first row of an unvalidated partition, with its column names."""
    return X.iloc[:1] if hasattr(X, "iloc") else X[:1]


def picked(X: Any, rows: np.ndarray) -> Any:
    """Return these rows of a validated partition."""
    return X[rows]


def part_of(
    X: Any,
    rows: np.ndarray | None,
    Y: np.ndarray,
    s: np.ndarray,
    keeps_sparse: bool,
) -> Part:
    """Return the training rows of a validated partition: all, or these."""
    if rows is not None:
        X = X[rows]
    if not sparse.issparse(X):
        return Part(np.require(X, Y.dtype, ["C", "A"]), Y, s)
    if not keeps_sparse:
        return Part(np.require(X.toarray(), Y.dtype, ["C", "A"]), Y, s)
    inputs = SparseRows(
        np.require(X.data, Y.dtype, ["C"]),
        np.require(X.indices, np.int32, ["C"]),
        np.require(X.indptr, np.int64, ["C"]),
        np.arange(X.shape[0]),
        X.shape[1],
    )
    return Part(inputs, Y, s)


def as_compiled(value: Any) -> Any:
    """Return arrays, alone or in named tuples, with the alignment for compiled code.

    Arrays received over the network may be unaligned.
    """
    if isinstance(value, np.ndarray):
        return value if value.flags.aligned else aligned_copy(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(as_compiled, value))
    return value
