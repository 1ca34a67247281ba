"""Programs: what is done with a batch, as a table that one compiled loop walks through.

A program is built in Python, once for a network, and says in its rows which kernel does
what with which buffers. The loop calls one kernel after the other by its address
(network/kernels.py). So the order of a step, what dropout or a penalty adds to it, and
whether rows are sparse are said in plain Python, while a step never leaves compiled
code.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from skdnn.network.compiled import entry, inlined
from skdnn.network.kernels import NOW, OPERATION, Kernel, addresses, call
from skdnn.network.subnormals import flush_subnormals, put_back

# Places of the buffers in the table of their addresses.
(
    THETA,
    GRAD,
    M,
    V,
    AVERAGE,
    X,  # the rows of the batch; of a sparse table, their numbers
    Y,
    S,
    DROPPED,  # X after dropout
    LOGITS,
    D_A,  # dZ W^T of one hidden layer
    W_T,  # a small W, transposed
    LOSS,  # what the loss writes down
    DATA,  # the sparse table: entries, columns, and where rows begin
    COLUMNS,
    BOUNDS,
    ORDER,  # which rows of a block are next
    BLOCK_X,  # a block, whose rows are gathered
    BLOCK_Y,
    BLOCK_S,
    GATHERED_X,
    GATHERED_Y,
    GATHERED_S,
    HIDDEN,  # from here on: A[1], g'(Z[1]), A[2], …
) = range(24)

_NAMES = OPERATION.names or ()
_KNOWN = set(_NAMES)


def operation(kernel: Kernel, **fields: float) -> tuple:
    """Return a row of a program; fields that are not named are 0."""
    fields["kernel"] = kernel.code
    if not fields.keys() <= _KNOWN:
        raise TypeError(f"An operation has no {sorted(fields.keys() - _KNOWN)}.")
    return tuple(fields.get(name, 0) for name in _NAMES)


class Program:
    """A sequence of operations.

    Attributes
    ----------
    table : ndarray of OPERATION
    """

    def __init__(self, operations: Iterable[tuple]):
        self.table = np.array(list(operations), OPERATION)
        self._codes = np.unique(self.table["kernel"])
        self._kernels: dict[np.dtype, np.ndarray] = {}

    def kernels(self, dtype: np.dtype) -> np.ndarray:
        """Return the addresses of kernels, compiled for this type if need be."""
        table = self._kernels.get(dtype)
        if table is None:
            table = self._kernels[dtype] = addresses(self._codes, dtype)
        return table


class Frame:
    """What a program works on: the addresses of arrays, and facts of a batch.

    Parameters
    ----------
    dtype : dtype
        Of the numbers.
    n_hidden : int
        How many hidden layers have buffers of their own.

    Attributes
    ----------
    at : ndarray of int64
        An address for each place.
    now : ndarray of NOW, shape (1,)
    """

    def __init__(self, dtype: np.dtype, n_hidden: int = 0):
        self.dtype = np.dtype(dtype)
        self.at = np.zeros(HIDDEN + 2 * n_hidden, np.int64)
        self.now = np.zeros(1, NOW)
        self._held: dict[int, np.ndarray] = {}  # or their memory might be freed

    def put(self, place: int, array: np.ndarray, dtype: Any = None) -> None:
        """Have a program find an array of this type, by default the frame's.

        Raises
        ------
        ValueError
            If it is of another type, or its numbers do not stand one after the other:
            compiled code would not find out.
        """
        wanted = self.dtype if dtype is None else dtype
        flags = array.flags
        if array.dtype != wanted or not (flags.c_contiguous and flags.aligned):
            raise ValueError(
                f"A program wants an aligned C-contiguous array of {np.dtype(wanted)} "
                f"there, not one of {array.dtype} with strides {array.strides}."
            )
        self._held[place] = array
        self.at[place] = array.__array_interface__["data"][0]

    def put_parts(self, array: np.ndarray, starts: dict[int, int]) -> None:
        """Have a program find parts of an array, which start at these numbers."""
        first = min(starts)
        self.put(first, array)
        address = int(self.at[first])
        for place, start in starts.items():
            self.at[place] = address + start * self.dtype.itemsize

    def set(self, **facts: float) -> None:
        """Say what a program is to know of the batch."""
        now: Any = self.now[0]
        for name, fact in facts.items():
            now[name] = fact

    def run(self, program: Program) -> None:
        """Do what a program says."""
        _run(program.table, program.kernels(self.dtype), self.at, self.now)

    def __reduce__(self):
        """Refuse."""
        raise TypeError("A frame holds addresses of this process: it is not pickled.")


@inlined
def perform(operations, first, last, kernels, at, now):
    """Call the kernels of these operations."""
    for i in range(first, last):
        call(kernels[operations[i].kernel], operations[i], now, at)


@entry
def _run(operations, kernels, at, now):
    word = flush_subnormals()
    perform(operations, 0, operations.size, kernels, at, now[0])
    put_back(word)
