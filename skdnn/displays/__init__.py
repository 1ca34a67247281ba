"""Pictures, as scikit-learn's displays: matplotlib is imported when one is drawn."""

from skdnn.displays.cost_descent import CostDescentDisplay
from skdnn.displays.difference_orders import DifferenceOrderDisplay
from skdnn.displays.gradient_checks import GradientCheckDisplay
from skdnn.displays.signals import SignalPropagationDisplay

__all__ = [
    "CostDescentDisplay",
    "DifferenceOrderDisplay",
    "GradientCheckDisplay",
    "SignalPropagationDisplay",
]
