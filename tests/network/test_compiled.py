"""Compile options: set in one place, and never assuming finite numbers."""

import gc

import pytest
from numba import njit

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.compiled import entry, inlined
from skdnn.network.exponential import exp
from skdnn.network.kernels import KERNELS
from skdnn.network.program import perform

COMPILED = [
    exp,
    perform,
    *KERNELS,
    *(activation.function for activation in ACTIVATIONS.values()),
]


@pytest.mark.parametrize("kernel", COMPILED, ids=lambda k: k.py_func.__name__)
def test_the_compiler_may_not_assume_that_numbers_are_finite(kernel):
    """Diverging training must show its NaN."""
    options = kernel.targetoptions
    assert isinstance(options["fastmath"], set)
    assert not options["fastmath"] & {"nnan", "ninf", "fast"}
    assert options["error_model"] == "numpy"
    assert options["nogil"]


def test_the_range_reduction_is_not_reordered():
    assert "reassoc" not in exp.targetoptions["fastmath"]


def test_an_inlined_function_is_not_compiled_alone():
    """A call from Python compiles a separate version."""

    @inlined
    def twice(x):
        return 2 * x

    caller = njit(lambda x: twice(x) + 1)
    assert caller(3) == 7
    (compiled,) = twice._linked.overloads.values()
    assert compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name) == 0
    assert twice(3) == 6


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_restored(enabled):
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        assert entry(lambda x: x + 1)(1) == 2
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
