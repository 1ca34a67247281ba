"""Diagnostics of a fit: bias and variance, gradients, signals."""

from skdnn.diagnosis.bias_variance import BiasVarianceReport
from skdnn.diagnosis.cost_descent import CostDescentReport, check_cost_descends
from skdnn.diagnosis.decomposition import (
    BiasVarianceDecomposition,
    bias_variance_decomposition,
)
from skdnn.diagnosis.dev_size import dev_size_for
from skdnn.diagnosis.difference_orders import DifferenceOrders, difference_orders
from skdnn.diagnosis.gradient_checks import GradientChecks, check_gradients
from skdnn.diagnosis.signals import SignalReport, signal_propagation

__all__ = [
    "BiasVarianceDecomposition",
    "BiasVarianceReport",
    "CostDescentReport",
    "DifferenceOrders",
    "GradientChecks",
    "SignalReport",
    "bias_variance_decomposition",
    "check_cost_descends",
    "check_gradients",
    "dev_size_for",
    "difference_orders",
    "signal_propagation",
]
