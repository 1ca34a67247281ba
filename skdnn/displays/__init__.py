"""Plots in the style of scikit-learn's displays; matplotlib is imported on use."""

from skdnn.displays.bias_variance import BiasVarianceDisplay
from skdnn.displays.cost_contours import CostContoursDisplay
from skdnn.displays.cost_descent import CostDescentDisplay
from skdnn.displays.decision_regions import DecisionRegionsDisplay
from skdnn.displays.difference_orders import DifferenceOrderDisplay
from skdnn.displays.first_layer import FirstLayerDisplay
from skdnn.displays.gradient_checks import GradientCheckDisplay
from skdnn.displays.parameter_scores import ParameterScoreDisplay
from skdnn.displays.signals import SignalPropagationDisplay
from skdnn.displays.training_curve import TrainingCurveDisplay
from skdnn.displays.weights import WeightsDisplay

__all__ = [
    "BiasVarianceDisplay",
    "CostContoursDisplay",
    "CostDescentDisplay",
    "DecisionRegionsDisplay",
    "DifferenceOrderDisplay",
    "FirstLayerDisplay",
    "GradientCheckDisplay",
    "ParameterScoreDisplay",
    "SignalPropagationDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
