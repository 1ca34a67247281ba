"""The scikit-learn interface: validation, labels, weights, fitted attributes."""

from skdnn.estimators.checkpoint import Checkpoint
from skdnn.estimators.checks.scales import DataScaleWarning
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.regressor import MLPRegularizedRegressor

__all__ = [
    "Checkpoint",
    "DataScaleWarning",
    "MLPRegularizedClassifier",
    "MLPRegularizedRegressor",
]
