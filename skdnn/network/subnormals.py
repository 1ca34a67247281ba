"""Take subnormal numbers for zero, while a program runs.

Numbers below 1.2e-38 in float32 have no leading one, and processors take some hundred
cycles for each operation with them. Weights come there that a penalty shrinks step by
step, and derivatives of units that saturate; training then takes many times as long.
What is lost is below all rounding.

Whether they are flushed to zero is a flag of the thread, not of the program: what it
was is put back.
"""

from skdnn.network.compiled import COMPILE_OPTIONS, overload


def flush_subnormals():
    """Begin to take them for zero; return the control word of before."""
    return 0


def put_back(word):
    """Have the control word of before."""


@overload(flush_subnormals, jit_options=COMPILE_OPTIONS)
def _compiled_flush():
    from skdnn.network.instructions import set_flush_flag

    return lambda: set_flush_flag()


@overload(put_back, jit_options=COMPILE_OPTIONS)
def _compiled_put_back(word):
    from skdnn.network.instructions import write_control_word

    return lambda word: write_control_word(word)
