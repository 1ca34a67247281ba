"""Views of memory at an address, for compiled code.

A step of a small network creates dozens of them. Numba's slice and reshape check their
arguments and take 25 ns together; a view whose shape is known to fit takes 1 ns. Plain
Python creates the same views with ctypes.
"""

import ctypes

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, overload


def matrix(address, start, rows, columns, T):
    """View numbers of type T, from the `start`-th on, as a matrix."""
    return _at(address, start, (rows, columns), T)


def vector(address, start, size, T):
    """View `size` numbers of type T, from the `start`-th on."""
    return _at(address, start, (size,), T)


def part(buffer, start, rows, columns):
    """View part of a flat array as a matrix; the part must lie in the array."""
    return buffer[start : start + rows * columns].reshape(rows, columns)


def flat(array):
    """View a C-contiguous array as a vector."""
    return array.reshape(-1)


def _at(address, start, shape, T):
    n_bytes = int(np.prod(shape)) * np.dtype(T).itemsize
    first = int(address) + int(start) * np.dtype(T).itemsize
    memory = (ctypes.c_char * n_bytes).from_address(first) if n_bytes else b""
    return np.ndarray(shape, T, memory)


@overload(matrix, jit_options=COMPILE_OPTIONS)
def _compiled_matrix(address, start, rows, columns, T):
    from skdnn.network.instructions import view

    return lambda address, start, rows, columns, T: view(
        address, start, (rows, columns), T
    )


@overload(vector, jit_options=COMPILE_OPTIONS)
def _compiled_vector(address, start, size, T):
    from skdnn.network.instructions import view

    return lambda address, start, size, T: view(address, start, (size,), T)


@overload(part, jit_options=COMPILE_OPTIONS)
def _compiled_part(buffer, start, rows, columns):
    from skdnn.network.instructions import view_of

    return lambda buffer, start, rows, columns: view_of(buffer, start, (rows, columns))


@overload(flat, jit_options=COMPILE_OPTIONS)
def _compiled_flat(array):
    from skdnn.network.instructions import view_of

    return lambda array: view_of(array, 0, (array.size,))
