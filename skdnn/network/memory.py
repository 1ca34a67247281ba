"""Arrays that are aligned to cache lines, and prefetching.

A vector instruction that reads 64 bytes across two cache lines costs as much as two.
NumPy starts large arrays 16 bytes after the start of a line, so that every such
instruction does; a pass bound by memory takes twice as long.

Loading a number that is not in the cache takes as long as hundreds of instructions,
unless it has been prefetched.
"""

import math

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, overload

_CACHE_LINE = 64


def empty_aligned(shape: int | tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an array like ``np.empty(shape, dtype)`` that starts on a cache line."""
    n_numbers = shape if isinstance(shape, int) else math.prod(shape)
    n_bytes = n_numbers * np.dtype(dtype).itemsize
    memory = np.empty(n_bytes + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def aligned_copy(array: np.ndarray, dtype: np.dtype | None = None) -> np.ndarray:
    """Return a C-contiguous copy, of this or another type, aligned to a cache line."""
    copy = empty_aligned(array.shape, array.dtype if dtype is None else dtype)
    copy[...] = array
    return copy


def is_aligned(array: np.ndarray) -> bool:
    """Whether an array starts on a cache line."""
    return array.ctypes.data % _CACHE_LINE == 0


class _AsIfWriteable:
    """Exposes the memory of an array as writeable, and keeps it alive."""

    def __init__(self, array: np.ndarray):
        self._array = array
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        self.__array_interface__ = interface


def as_writeable(array: np.ndarray) -> np.ndarray:
    """View an array that may be read-only as writeable; it must still only be read.

    To Numba a read-only array has another type, for which it would compile again, as
    for a model loaded with ``mmap_mode="r"`` or passed to joblib's workers.
    """
    return array if array.flags.writeable else np.asarray(_AsIfWriteable(array))


def prefetch(table, row, column):
    """Have the processor fetch table[row, column] in the background."""


@overload(prefetch, jit_options=COMPILE_OPTIONS)
def _compiled_prefetch(table, row, column):
    from skdnn.network.instructions import fetch

    return lambda table, row, column: fetch(table, row, column)
