"""Arrays at an address, for compiled code.

A step of a small network makes dozens of them. Numba's slice and reshape check what
they are given and take 25 ns together; a view whose shape is known to fit is made in 1.
Plain Python makes the same views by ctypes.
"""

import ctypes

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array, populate_array

from skdnn.network.compiled import COMPILE_OPTIONS


def matrix(address, start, rows, columns, T):
    """View the numbers of type T from the `start`-th on as a matrix."""
    return _at(address, start, (rows, columns), T)


def vector(address, start, size, T):
    """View so many numbers of type T, from the `start`-th on."""
    return _at(address, start, (size,), T)


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
    return lambda address, start, rows, columns, T: _view(
        address, start, (rows, columns), T
    )


@overload(vector, jit_options=COMPILE_OPTIONS)
def _compiled_vector(address, start, size, T):
    return lambda address, start, size, T: _view(address, start, (size,), T)


@overload(flat, jit_options=COMPILE_OPTIONS)
def _compiled_flat(array):
    return lambda array: _flat_view(array)


@intrinsic
def _view(context, address, start, shape, T):
    """View what begins at the `start`-th number behind an address."""
    view_type = types.Array(T.instance_type, len(shape), "C")

    def generate(context, builder, signature, arguments):
        number = context.get_data_type(view_type.dtype)
        first = builder.inttoptr(arguments[0], number.as_pointer())
        data = builder.gep(first, [arguments[1]])
        sizes = cgutils.unpack_tuple(builder, arguments[2], len(shape))
        return _array(context, builder, view_type, data, sizes)

    shape_type = types.UniTuple(types.intp, len(shape))
    return view_type(types.int64, types.intp, shape_type, T), generate


@intrinsic
def _flat_view(context, array):
    view_type = array.copy(ndim=1, layout="C")

    def generate(context, builder, signature, arguments):
        source = make_array(array)(context, builder, arguments[0])
        sizes = [source.nitems]
        return _array(context, builder, view_type, source.data, sizes)

    return view_type(array), generate


def _array(context, builder, view_type, data, sizes):
    """Return an array that owns nothing, over memory that outlives it."""
    view = make_array(view_type)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(view_type.dtype))
    itemsize = context.get_constant(types.intp, item)
    strides, stride = [], itemsize
    for size in reversed(sizes):
        strides.insert(0, stride)
        stride = builder.mul(stride, size)
    populate_array(
        view, data=data, shape=sizes, strides=strides, itemsize=itemsize, meminfo=None
    )
    return view._getvalue()
