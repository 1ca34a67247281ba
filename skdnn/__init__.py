"""Regularised multilayer perceptrons with the scikit-learn interface."""

from skdnn.estimators import MLPRegularizedClassifier
from skdnn.model_selection import TrainDevTestSplit, train_dev_test_split
from skdnn.network.gradient_check import GradientCheckReport
from skdnn.preprocessing import InputStandardizer

__version__ = "0.1.0"

__all__ = [
    "GradientCheckReport",
    "InputStandardizer",
    "MLPRegularizedClassifier",
    "TrainDevTestSplit",
    "train_dev_test_split",
]
