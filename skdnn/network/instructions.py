"""Numba intrinsics: machine instructions that are written by hand.

`views.py`, `memory.py`, `kernels.py` and `subnormals.py` use them; this module is
imported when code that needs them is compiled.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.cgutils import get_item_pointer, get_or_insert_function, voidptr_t
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

# -- views -----------------------------------------------------------------------------


@intrinsic
def view(context, address, start, shape, T):
    """Return a view that begins `start` numbers after an address."""
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
def view_of(context, array, start, shape):
    """Return a view that begins at number `start` of an array, and keep that alive."""
    view_type = array.copy(ndim=len(shape), layout="C")

    def generate(context, builder, signature, arguments):
        source = make_array(array)(context, builder, arguments[0])
        data = builder.gep(source.data, [arguments[1]])
        sizes = cgutils.unpack_tuple(builder, arguments[2], len(shape))
        owner = source.meminfo, source.parent
        view = _array(context, builder, view_type, data, sizes, *owner)
        if context.enable_nrt:
            context.nrt.incref(builder, view_type, view)
        return view

    shape_type = types.UniTuple(types.intp, len(shape))
    return view_type(array, types.intp, shape_type), generate


def _array(context, builder, view_type, data, sizes, meminfo=None, parent=None):
    """Return an array over memory that another array owns, or that outlives it."""
    view = make_array(view_type)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(view_type.dtype))
    itemsize = context.get_constant(types.intp, item)
    strides: list = []
    stride = itemsize
    for size in reversed(sizes):
        strides.insert(0, stride)
        stride = builder.mul(stride, size)
    populate_array(
        view,
        data=data,
        shape=sizes,
        strides=strides,
        itemsize=itemsize,
        meminfo=meminfo,
        parent=parent,
    )
    return view._getvalue()


# -- kernels ---------------------------------------------------------------------------

ADDRESSES = types.CPointer(types.int64)  # of the buffers, as kernels take them


@intrinsic
def call_address(context, kernel, op, now, at):
    """Call the kernel at an address."""
    # Any number class will do: they do not exist at run time.
    takes = op, now, ADDRESSES, types.NumberClass(types.float64)

    def generate(context, builder, signature, arguments):
        convention = context.call_conv
        function = convention.get_function_type(types.none, takes).as_pointer()
        pointer = builder.inttoptr(arguments[0], function)
        places = make_array(at)(context, builder, arguments[3]).data
        values = [arguments[1], arguments[2], places, context.get_dummy_value()]
        status, _ = convention.call_function(
            builder, pointer, types.none, takes, values
        )
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.void(types.int64, op, now, at), generate


# -- the cache -------------------------------------------------------------------------


@intrinsic
def fetch(context, table, row, column):
    """Prefetch table[row, column]."""

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


# -- subnormal numbers -----------------------------------------------------------------

# Flags of the control word: subnormal results are flushed to zero, subnormal operands
# treated as zero (Intel, "Software Developer's Manual", volume 1, section 10.2.3; Arm,
# "Architecture Reference Manual", FPCR.FZ).
_X86_FLAGS = 0x8040
_ARM_FLAG = 1 << 24

_SHORT, _LONG = ir.IntType(32), ir.IntType(64)


@intrinsic
def set_flush_flag(context):
    """Flush subnormal numbers to zero; return the previous control word."""

    def generate(context, builder, signature, arguments):
        family = _family(builder)
        if family == "x86":
            place = cgutils.alloca_once_value(builder, _SHORT(0))
            _x86(builder, "llvm.x86.sse.stmxcsr", place)
            word = builder.load(place)
            _load_x86(builder, builder.or_(word, _SHORT(_X86_FLAGS)))
            return builder.zext(word, _LONG)
        if family == "arm":
            kind = ir.FunctionType(_LONG, [])
            word = builder.asm(kind, "mrs $0, fpcr", "=r", [], True)
            _load_arm(builder, builder.or_(word, _LONG(_ARM_FLAG)))
            return word
        return _LONG(0)

    return types.int64(), generate


@intrinsic
def write_control_word(context, word):
    """Restore a previous control word."""

    def generate(context, builder, signature, arguments):
        family = _family(builder)
        if family == "x86":
            _load_x86(builder, builder.trunc(arguments[0], _SHORT))
        elif family == "arm":
            _load_arm(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _family(builder) -> str:
    """Return the processor family that code is generated for, or "" if unknown."""
    processor = builder.module.triple.split("-")[0]
    families = {"x86_64": "x86", "i686": "x86", "aarch64": "arm", "arm64": "arm"}
    return families.get(processor, "")


def _load_x86(builder, word) -> None:
    place = cgutils.alloca_once_value(builder, _SHORT(0))
    builder.store(word, place)
    _x86(builder, "llvm.x86.sse.ldmxcsr", place)


def _x86(builder, name: str, place) -> None:
    kind = ir.FunctionType(ir.VoidType(), [voidptr_t])
    function = get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, voidptr_t)])


def _load_arm(builder, word) -> None:
    kind = ir.FunctionType(ir.VoidType(), [_LONG])
    builder.asm(kind, "msr fpcr, $0", "r", [word], True)
