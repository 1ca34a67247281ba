"""Flush subnormal numbers to zero while a program runs.

Numbers below 1.2e-38 in float32 have no leading one, and Intel processors take some
hundred cycles for each operation on them. Weights that a penalty shrinks in every step
and derivatives of saturated units become that small; training then takes many times as
long. What is lost is below all rounding.

Flushing is a flag of the thread, so its previous value is restored.
"""

from skdnn.network.compiled import COMPILE_OPTIONS, overload


def flush_subnormals():
    """Start flushing; return the previous control word."""
    return 0


def restore_control_word(word):
    """Restore the previous control word."""


@overload(flush_subnormals, jit_options=COMPILE_OPTIONS)
def _compiled_flush():
    from skdnn.network.instructions import set_flush_flag

    return lambda: set_flush_flag()


@overload(restore_control_word, jit_options=COMPILE_OPTIONS)
def _compiled_put_back(word):
    from skdnn.network.instructions import write_control_word

    return lambda word: write_control_word(word)
