"""Questions about a fit, asked of any estimator: bias, variance, signals."""

from skdnn.diagnosis.cost_descent import CostDescentReport, check_cost_descends
from skdnn.diagnosis.difference_orders import DifferenceOrders, difference_orders
from skdnn.diagnosis.gradient_checks import GradientChecks, check_gradients
from skdnn.diagnosis.signals import SignalReport, signal_propagation

__all__ = [
    "CostDescentReport",
    "DifferenceOrders",
    "GradientChecks",
    "SignalReport",
    "check_cost_descends",
    "check_gradients",
    "difference_orders",
    "signal_propagation",
]
