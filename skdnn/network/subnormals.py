"""Take subnormal numbers for zero, while a program runs.

Numbers below 1.2e-38 in float32 have no leading one, and processors take some hundred
cycles for each operation with them. Weights come there that a penalty shrinks step by
step, and derivatives of units that saturate; training then takes many times as long.
What is lost is below all rounding.

Whether they are flushed to zero is a flag of the thread, not of the program: what it
was is put back.
"""

from llvmlite import ir
from numba import types
from numba.core.cgutils import alloca_once_value, get_or_insert_function, voidptr_t
from numba.extending import intrinsic, overload

from skdnn.network.compiled import COMPILE_OPTIONS

# Of the control word: results that are flushed, operands that are taken for zero
# (Intel, "Software Developer's Manual", volume 1, section 10.2.3; Arm, "Architecture
# Reference Manual", FPCR.FZ).
_X86 = 0x8040
_ARM = 1 << 24


def flush_subnormals():
    """Begin to take them for zero; return the control word of before."""
    return 0


def put_back(word):
    """Have the control word of before."""


@overload(flush_subnormals, jit_options=COMPILE_OPTIONS)
def _compiled_flush():
    return lambda: _flush()


@overload(put_back, jit_options=COMPILE_OPTIONS)
def _compiled_put_back(word):
    return lambda word: _put_back(word)


@intrinsic
def _flush(context):
    def generate(context, builder, signature, arguments):
        word = _read(builder)
        flag = _flag(builder)
        _write(builder, builder.or_(word, word.type(flag)))
        return builder.zext(word, ir.IntType(64)) if flag == _X86 else word

    return types.int64(), generate


@intrinsic
def _put_back(context, word):
    def generate(context, builder, signature, arguments):
        (word,) = arguments
        is_short = _flag(builder) == _X86
        _write(builder, builder.trunc(word, ir.IntType(32)) if is_short else word)
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _flag(builder) -> int:
    """Return the flag of the processor that code is generated for; 0 if not known."""
    processor = builder.module.triple.split("-")[0]
    if processor in ("x86_64", "i386", "i686"):
        return _X86
    return _ARM if processor in ("aarch64", "arm64") else 0


def _read(builder):
    flag = _flag(builder)
    if flag == _X86:
        place = alloca_once_value(builder, ir.IntType(32)(0))
        _x86(builder, "llvm.x86.sse.stmxcsr", place)
        return builder.load(place)
    if flag == _ARM:
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.asm(kind, "mrs $0, fpcr", "=r", [], True)
    return ir.IntType(64)(0)


def _write(builder, word) -> None:
    flag = _flag(builder)
    if flag == _X86:
        place = alloca_once_value(builder, ir.IntType(32)(0))
        builder.store(word, place)
        _x86(builder, "llvm.x86.sse.ldmxcsr", place)
    elif flag == _ARM:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
        builder.asm(kind, "msr fpcr, $0", "r", [word], True)


def _x86(builder, name: str, place) -> None:
    kind = ir.FunctionType(ir.VoidType(), [voidptr_t])
    function = get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, voidptr_t)])
