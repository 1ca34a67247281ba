r"""The inputs of the first layer: dense rows, or sparse rows that are never made dense.

The first layer needs two products of X,

.. math:: Z^{[1]} = X W^{[1]} + b^{[1]}, \qquad dW^{[1]} = X^T dZ^{[1]},

to which zero entries contribute nothing. Of sparse rows only the stored entries are
read; each involves one row of W or dW. Everything that the rest of the network needs
from X is in this file; each function accepts both kinds of rows.
"""

from typing import Any, NamedTuple

import numpy as np

from skdnn.network.compiled import inlined
from skdnn.network.dropout import (
    drop_inputs,
    hash_bits,
    keep_threshold,
    mask_halves,
    mask_key,
)
from skdnn.network.kernels import Kernel, kernel
from skdnn.network.layers import dense
from skdnn.network.memory import prefetch
from skdnn.network.program import (
    BOUNDS,
    COLUMNS,
    DATA,
    DROPPED,
    GRAD,
    THETA,
    Frame,
    X,
    operation,
)
from skdnn.network.views import matrix, vector

# How many rows ahead of the one that is copied are prefetched.
_ROWS_AHEAD = 16
# How many entries ahead of the current one a row of W is prefetched.
_ENTRIES_AHEAD = 8


class SparseRows(NamedTuple):
    """Some rows of a table in CSR format; duplicate entries are summed."""

    data: np.ndarray  # the entries, in the network's type
    columns: np.ndarray  # int32: the column of each
    bounds: np.ndarray  # int64: row r of the table is data[bounds[r]:bounds[r + 1]]
    rows: np.ndarray  # int64: which rows of the table these are
    n_columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns, as of a dense table."""
        return self.rows.size, self.n_columns


Inputs = np.ndarray | SparseRows


def rows_between(inputs: Inputs, start: int, stop: int) -> Inputs:
    """Return consecutive rows, without copying them."""
    if isinstance(inputs, SparseRows):
        return inputs._replace(rows=inputs.rows[start:stop])
    return inputs[start:stop]


def put_inputs(frame: Frame, place: int, inputs: Inputs) -> None:
    """Bind rows to a place of a program: dense rows, or the indices of sparse ones.

    The table of sparse rows has places of its own.
    """
    if isinstance(inputs, SparseRows):
        frame.put(DATA, inputs.data)
        frame.put(COLUMNS, inputs.columns, np.int32)
        frame.put(BOUNDS, inputs.bounds, np.int64)
        frame.put(place, inputs.rows, np.int64)
        frame.set(n_stored=inputs.data.size)
    else:
        frame.put(place, np.ascontiguousarray(inputs))


class FirstLayer(NamedTuple):
    """The operations of the first layer on X; `backward` writes dW."""

    forward: list[tuple]
    backward: list[tuple]

    @classmethod
    def of(
        cls, layer: np.record, is_sparse: bool, Z: int, dZ: int, keep_prob: float = 1.0
    ) -> "FirstLayer":
        """Return the operations for dense or sparse rows, with dropout or without."""
        drops = keep_prob < 1
        fields: dict[str, Any] = dense.fields(layer) | {"keep_prob": keep_prob}
        if is_sparse:
            forward, backward = _SPARSE[drops]
            return cls(
                [operation(forward, Z=Z, **fields)],
                [operation(backward, Z=dZ, **fields)],
            )
        dropped = [operation(drop_inputs, **fields)] if drops else []
        A = DROPPED if drops else X
        return cls(
            [*dropped, operation(dense.times, A=A, Z=Z, **fields)],
            [operation(dense.transposed_times, A=A, Z=dZ, **fields)],
        )


# -- gathering rows --------------------------------------------------------------------


@inlined
def pick_rows(table, rows, out):
    """Copy the rows with these indices to the start of `out`, in its type."""
    last = rows.size - 1
    for i in range(rows.size):
        row, soon = rows[i], rows[min(i + _ROWS_AHEAD, last)]
        prefetch(table, soon, 0)
        prefetch(table, soon, table.shape[1] - 1)
        for j in range(table.shape[1]):
            out[i, j] = table[row, j]


# -- the two products of sparse rows ---------------------------------------------------


def _sparse_products(drops: bool) -> tuple[Kernel, Kernel]:
    """Return the kernels of Z = X W and of dW = X^T dZ, with dropout or without.

    The dropout mask covers the stored entries only. Both kernels compute it, so that it
    takes no memory.
    """

    def sparse_times(op, now, at, T):
        W = matrix(at[THETA], op.weights_at, op.n_in, op.n_out, T)
        Z = matrix(at[op.Z], 0, now.rows, op.n_out, T)
        rows = vector(at[X], 0, now.rows, np.int64)
        data = vector(at[DATA], 0, now.n_stored, T)
        columns = vector(at[COLUMNS], 0, now.n_stored, np.int32)
        low, high = mask_halves(mask_key(now.seed, now.step, 0))
        threshold, kept = keep_threshold(op.keep_prob), T(1 / op.keep_prob)
        place = 0
        for i in range(now.rows):
            Z[i] = 0
            bounds = vector(at[BOUNDS], rows[i], 2, np.int64)
            for p in range(bounds[0], bounds[1]):
                ahead = min(p + _ENTRIES_AHEAD, now.n_stored - 1)
                prefetch(W, columns[ahead], 0)
                x, column = data[p], columns[p]
                if drops:
                    place += 1
                    if hash_bits(place - 1, low, high) >= threshold:
                        continue
                    x *= kept
                for j in range(op.n_out):
                    Z[i, j] += x * W[column, j]

    def sparse_transposed_times(op, now, at, T):
        dW = matrix(at[GRAD], op.weights_at, op.n_in, op.n_out, T)
        dZ = matrix(at[op.Z], 0, now.rows, op.n_out, T)
        rows = vector(at[X], 0, now.rows, np.int64)
        data = vector(at[DATA], 0, now.n_stored, T)
        columns = vector(at[COLUMNS], 0, now.n_stored, np.int32)
        low, high = mask_halves(mask_key(now.seed, now.step, 0))
        threshold, kept = keep_threshold(op.keep_prob), T(1 / op.keep_prob)
        dW[:] = 0
        place = 0
        for i in range(now.rows):
            bounds = vector(at[BOUNDS], rows[i], 2, np.int64)
            for p in range(bounds[0], bounds[1]):
                ahead = min(p + _ENTRIES_AHEAD, now.n_stored - 1)
                prefetch(dW, columns[ahead], 0)
                x, column = data[p], columns[p]
                if drops:
                    place += 1
                    if hash_bits(place - 1, low, high) >= threshold:
                        continue
                    x *= kept
                for j in range(op.n_out):
                    dW[column, j] += x * dZ[i, j]

    if drops:
        for product in (sparse_times, sparse_transposed_times):
            product.__qualname__ = product.__name__ = f"{product.__name__}_dropped"
    return kernel(sparse_times), kernel(sparse_transposed_times)


_SPARSE = {drops: _sparse_products(drops) for drops in (False, True)}
