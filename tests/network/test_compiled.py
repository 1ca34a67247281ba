"""The compile options: said in one place, and never that numbers are finite."""

import pytest

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.exponential import exp
from skdnn.network.propagation import backpropagate, cost_and_gradient
from skdnn.training.epoch import train_block

KERNELS = [
    exp,
    backpropagate,
    cost_and_gradient,
    train_block,
    *(activation.function for activation in ACTIVATIONS.values()),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.py_func.__name__)
def test_the_compiler_may_not_assume_that_numbers_are_finite(kernel):
    """A diverging training must show its NaN."""
    options = kernel.targetoptions
    assert isinstance(options["fastmath"], set)
    assert not options["fastmath"] & {"nnan", "ninf", "fast"}
    assert options["error_model"] == "numpy"
    assert options["nogil"]


def test_the_range_reduction_is_not_reordered():
    assert "reassoc" not in exp.targetoptions["fastmath"]
