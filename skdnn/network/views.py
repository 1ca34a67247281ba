"""Views of flat buffers, for compiled code.

A step of a small network makes dozens of views. Numba's slice and reshape check what
they are given and take 25 ns together; a view whose shape is known to fit is made in 1.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array, populate_array

from skdnn.network.compiled import COMPILE_OPTIONS


def matrix(buffer, start, rows, columns):
    """View part of a flat buffer as a matrix; the part must lie in the buffer."""
    return buffer[start : start + rows * columns].reshape(rows, columns)


def flat(array):
    """View a C-contiguous array as a vector."""
    return array.reshape(-1)


@overload(matrix, jit_options=COMPILE_OPTIONS)
def _compiled_matrix(buffer, start, rows, columns):
    return lambda buffer, start, rows, columns: _view(buffer, start, (rows, columns))


@overload(flat, jit_options=COMPILE_OPTIONS)
def _compiled_flat(array):
    return lambda array: _view(array, 0, (array.size,))


@intrinsic
def _view(context, array, start, shape):
    """View what begins at the `start`-th number of a C-contiguous array."""
    view_type = array.copy(ndim=len(shape), layout="C")
    shape_type = types.UniTuple(types.intp, len(shape))

    def generate(context, builder, signature, arguments):
        source = make_array(signature.args[0])(context, builder, arguments[0])
        view = make_array(view_type)(context, builder)
        sizes = cgutils.unpack_tuple(builder, arguments[2], len(shape))
        stride = source.itemsize
        strides: list = []
        for size in reversed(sizes):
            strides.insert(0, stride)
            stride = builder.mul(stride, size)
        populate_array(
            view,
            data=builder.gep(source.data, [arguments[1]]),
            shape=sizes,
            strides=strides,
            itemsize=source.itemsize,
            meminfo=source.meminfo,
            parent=source.parent,
        )
        if context.enable_nrt:
            context.nrt.incref(builder, view_type, view._getvalue())
        return view._getvalue()

    return view_type(array, types.intp, shape_type), generate
