"""Programs: the operations on a batch, as a table that one compiled loop runs.

A program is built in Python, once per network; each of its rows names a kernel and its
buffers. The loop calls the kernels in turn by their addresses (network/kernels.py). So
the order of a step, what dropout or a penalty adds to it, and whether rows are sparse
are decided in plain Python, while a step never leaves compiled code.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from skdnn.network.compiled import entry, inlined
from skdnn.network.kernels import NOW, OPERATION, Kernel, addresses, call
from skdnn.network.subnormals import flush_subnormals, restore_control_word

# Places of the buffers in the address table.
(
    THETA,
    GRAD,
    M,
    V,
    AVERAGE,
    X,  # the rows of the batch; of a sparse table, their indices
    Y,
    S,
    DROPPED,  # X after dropout
    LOGITS,
    D_A,  # dZ W^T of one hidden layer
    W_T,  # a small W, transposed
    LOSS,  # the scratch buffer of the loss
    DATA,  # the sparse table: entries, columns, and where rows begin
    COLUMNS,
    BOUNDS,
    ORDER,  # the indices of a block's rows, in order
    BLOCK_X,  # a block from which rows are gathered
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
        raise TypeError(f"Unknown operation fields: {sorted(fields.keys() - _KNOWN)}.")
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
        """Return the addresses of the kernels, compiled for this type if needed."""
        table = self._kernels.get(dtype)
        if table is None:
            table = self._kernels[dtype] = addresses(self._codes, dtype)
        return table


class Frame:
    """The data of a program: the addresses of arrays, and facts about a batch.

    Parameters
    ----------
    dtype : dtype
        The type of the numbers.
    n_hidden : int
        The number of hidden layers with buffers of their own.

    Attributes
    ----------
    at : ndarray of int64
        The address for each place.
    now : ndarray of NOW, shape (1,)
        The facts about the batch.
    """

    def __init__(self, dtype: np.dtype, n_hidden: int = 0):
        self.dtype = np.dtype(dtype)
        self.at = np.zeros(HIDDEN + 2 * n_hidden, np.int64)
        self.now = np.zeros(1, NOW)
        self._held: dict[int, np.ndarray] = {}  # keeps their memory alive

    def put(self, place: int, array: np.ndarray, dtype: Any = None) -> None:
        """Bind an array of this type, by default the frame's, to a place.

        Raises
        ------
        ValueError
            If the array is of another type, not contiguous or not aligned, which
            compiled code does not check.
        """
        wanted = self.dtype if dtype is None else dtype
        flags = array.flags
        if array.dtype != wanted or not (flags.c_contiguous and flags.aligned):
            raise ValueError(
                f"array must be aligned, C-contiguous and of {np.dtype(wanted)}, got "
                f"one of {array.dtype} with strides {array.strides}."
            )
        self._held[place] = array
        self.at[place] = array.__array_interface__["data"][0]

    def put_parts(self, array: np.ndarray, starts: dict[int, int]) -> None:
        """Bind parts of an array to places, each from its start on."""
        first = min(starts)
        self.put(first, array)
        address = int(self.at[first])
        for place, start in starts.items():
            self.at[place] = address + start * self.dtype.itemsize

    def set(self, **facts: float) -> None:
        """Set facts about the batch."""
        now: Any = self.now[0]
        for name, fact in facts.items():
            now[name] = fact

    def run(self, program: Program) -> None:
        """Run a program."""
        _run(program.table, program.kernels(self.dtype), self.at, self.now)

    def __reduce__(self):
        """Refuse to be pickled."""
        raise TypeError(
            "A Frame cannot be pickled: it holds addresses of this process."
        )


@inlined
def perform(operations, first, last, kernels, at, now):
    """Call the kernels of these operations."""
    for i in range(first, last):
        call(kernels[operations[i].kernel], operations[i], now, at)


@entry
def _run(operations, kernels, at, now):
    word = flush_subnormals()
    perform(operations, 0, operations.size, kernels, at, now[0])
    restore_control_word(word)
