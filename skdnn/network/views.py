"""Views of flat buffers, for compiled code.

A step of a small network makes dozens of views. Numba's slice and reshape check what
they are given and take 25 ns together; a view whose shape is known to fit is made in 1.
"""

from skdnn.network.compiled import COMPILE_OPTIONS, overload


def matrix(buffer, start, rows, columns):
    """View part of a flat buffer as a matrix; the part must lie in the buffer."""
    return buffer[start : start + rows * columns].reshape(rows, columns)


def flat(array):
    """View a C-contiguous array as a vector."""
    return array.reshape(-1)


@overload(matrix, jit_options=COMPILE_OPTIONS)
def _compiled_matrix(buffer, start, rows, columns):
    from skdnn.network.instructions import view

    return lambda buffer, start, rows, columns: view(buffer, start, (rows, columns))


@overload(flat, jit_options=COMPILE_OPTIONS)
def _compiled_flat(array):
    from skdnn.network.instructions import view

    return lambda array: view(array, 0, (array.size,))
