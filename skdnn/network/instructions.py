"""Machine instructions that are written by hand, for `views.py` and `memory.py`.

They use Numba's low-level interface; this page is read when code that needs them is
compiled.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.cgutils import get_item_pointer, get_or_insert_function, voidptr_t
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


@intrinsic
def view(context, array, start, shape):
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


@intrinsic
def fetch(context, table, row, column):
    """Ask for table[row, column]."""

    def generate(context, builder, signature, arguments):
        array = make_array(table)(context, builder, arguments[0])
        address = get_item_pointer(context, builder, table, array, arguments[1:])
        integer = ir.IntType(32)
        arguments_type = [voidptr_t, integer, integer, integer]
        llvm_prefetch = get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), arguments_type),
            "llvm.prefetch.p0",
        )
        read, keep, data = integer(0), integer(3), integer(1)
        address = builder.bitcast(address, voidptr_t)
        builder.call(llvm_prefetch, [address, read, keep, data])
        return context.get_dummy_value()

    return types.void(table, types.intp, types.intp), generate
