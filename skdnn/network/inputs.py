r"""The rows that enter the first layer: dense, or sparse and never made dense.

The first layer needs two products of X,

.. math:: Z^{[1]} = X W^{[1]} + b^{[1]}, \qquad dW^{[1]} = X^T dZ^{[1]},

in which an entry of zero changes nothing. Of sparse rows only the stored entries are
read, each of which meets one row of W or of dW. All that the rest of the network asks
of X is in this file; each function takes either kind of rows.
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, inlined, overload
from skdnn.network.dropout import drop_inputs, hash_bits, keep_threshold, mask_halves
from skdnn.network.memory import prefetch
from skdnn.network.views import matrix

# How far ahead of the row that is copied the next ones are asked for.
_ROWS_AHEAD = 16
# How many entries ahead of the one at hand its row of W is asked for.
_ENTRIES_AHEAD = 8


class SparseRows(NamedTuple):
    """Some rows of a table in CSR format; entries of one place are added up."""

    data: np.ndarray  # the entries, in the network's type
    columns: np.ndarray  # int32: the column of each
    bounds: np.ndarray  # int64: row r of the table is data[bounds[r]:bounds[r + 1]]
    rows: np.ndarray  # int64: which rows of the table these are
    n_columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as those of a dense table."""
        return self.rows.size, self.n_columns


def _is_sparse(X) -> bool:
    """Say for values and for Numba's types whether they are sparse rows."""
    return SparseRows in (type(X), getattr(X, "instance_class", None))


# -- which rows ------------------------------------------------------------------------


def rows_between(X, start, stop):
    """Return consecutive rows of X, without copying them."""
    if _is_sparse(X):
        return _sparse_rows_between(X, start, stop)
    return X[start:stop]


@inlined
def _sparse_rows_between(X, start, stop):
    return SparseRows(X.data, X.columns, X.bounds, X.rows[start:stop], X.n_columns)


@overload(rows_between, jit_options=COMPILE_OPTIONS)
def _compiled_rows_between(X, start, stop):
    if _is_sparse(X):
        return lambda X, start, stop: _sparse_rows_between(X, start, stop)
    return lambda X, start, stop: X[start:stop]


@inlined
def pick_rows(table, rows, out):
    """Write the rows of these numbers to the head of `out`, in its type."""
    last = rows.size - 1
    for i in range(rows.size):
        row, soon = rows[i], rows[min(i + _ROWS_AHEAD, last)]
        prefetch(table, soon, 0)
        prefetch(table, soon, table.shape[1] - 1)
        for j in range(table.shape[1]):
            out[i, j] = table[row, j]


def pick_inputs(X, rows, buffer):
    """Return the rows of these numbers: dense ones copied to the buffer."""
    if _is_sparse(X):
        return _sparse_picked(X, rows)
    return _dense_picked(X, rows, buffer)


def _dense_picked(X, rows, buffer):
    pick_rows(X, rows, buffer)
    return buffer


@inlined
def _sparse_picked(X, rows):
    return SparseRows(X.data, X.columns, X.bounds, X.rows[rows], X.n_columns)


@overload(pick_inputs, jit_options=COMPILE_OPTIONS)
def _compiled_pick_inputs(X, rows, buffer):
    if _is_sparse(X):
        return lambda X, rows, buffer: _sparse_picked(X, rows)
    return _dense_picked


# -- dropout ---------------------------------------------------------------------------


def dropped(X, buffer, keep_prob, key):
    """Return X with dropped entries: dense ones in the buffer, sparse ones anew.

    The mask of sparse rows covers their stored entries only.
    """
    if _is_sparse(X):
        return _sparse_dropped(X, keep_prob, key)
    return _dense_dropped(X, buffer, keep_prob, key)


def _dense_dropped(X, buffer, keep_prob, key):
    A = matrix(buffer, 0, X.shape[0], X.shape[1])
    drop_inputs(X, A, keep_prob, key)
    return A


@inlined
def _sparse_dropped(X, keep_prob, key):
    low, high = mask_halves(key)
    threshold, kept = keep_threshold(keep_prob), X.data.dtype.type(1 / keep_prob)
    bounds = np.zeros(X.rows.size + 1, np.int64)
    for i in range(X.rows.size):
        row = X.rows[i]
        bounds[i + 1] = bounds[i] + X.bounds[row + 1] - X.bounds[row]
    data = np.empty(bounds[-1], X.data.dtype)
    columns = np.empty(bounds[-1], X.columns.dtype)
    last = 0
    for i in range(X.rows.size):
        row = X.rows[i]
        place, bounds[i] = bounds[i], last
        for p in range(X.bounds[row], X.bounds[row + 1]):
            if hash_bits(place, low, high) < threshold:
                data[last], columns[last] = X.data[p] * kept, X.columns[p]
                last += 1
            place += 1
    bounds[-1] = last
    return SparseRows(data, columns, bounds, np.arange(X.rows.size), X.n_columns)


@overload(dropped, jit_options=COMPILE_OPTIONS)
def _compiled_dropped(X, buffer, keep_prob, key):
    if _is_sparse(X):
        return lambda X, buffer, keep_prob, key: _sparse_dropped(X, keep_prob, key)
    return _dense_dropped


# -- the two products ------------------------------------------------------------------


def times(X, W, Z):
    """Write Z = X W."""
    if _is_sparse(X):
        _sparse_times(X, W, Z)
    else:
        np.dot(X, W, Z)


@inlined
def _sparse_times(X, W, Z):
    last = X.data.size - 1
    for i in range(X.rows.size):
        row = X.rows[i]
        Z[i] = 0
        for p in range(X.bounds[row], X.bounds[row + 1]):
            prefetch(W, X.columns[min(p + _ENTRIES_AHEAD, last)], 0)
            x, column = X.data[p], X.columns[p]
            for j in range(Z.shape[1]):
                Z[i, j] += x * W[column, j]


@overload(times, jit_options=COMPILE_OPTIONS)
def _compiled_times(X, W, Z):
    if _is_sparse(X):
        return lambda X, W, Z: _sparse_times(X, W, Z)
    return lambda X, W, Z: np.dot(X, W, Z)


def transposed_times(X, dZ, dW):
    """Write dW = X^T dZ."""
    if _is_sparse(X):
        _sparse_transposed_times(X, dZ, dW)
    else:
        np.dot(X.T, dZ, dW)


@inlined
def _sparse_transposed_times(X, dZ, dW):
    dW[:] = 0
    last = X.data.size - 1
    for i in range(X.rows.size):
        row = X.rows[i]
        for p in range(X.bounds[row], X.bounds[row + 1]):
            prefetch(dW, X.columns[min(p + _ENTRIES_AHEAD, last)], 0)
            x, column = X.data[p], X.columns[p]
            for j in range(dZ.shape[1]):
                dW[column, j] += x * dZ[i, j]


@overload(transposed_times, jit_options=COMPILE_OPTIONS)
def _compiled_transposed_times(X, dZ, dW):
    if _is_sparse(X):
        return lambda X, dZ, dW: _sparse_transposed_times(X, dZ, dW)
    return lambda X, dZ, dW: np.dot(X.T, dZ, dW)
