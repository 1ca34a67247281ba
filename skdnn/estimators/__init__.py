"""scikit-learn lives here: validation, labels, weights, fitted attributes."""

from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.exporting import to_onnx
from skdnn.estimators.regressor import MLPRegularizedRegressor

__all__ = ["MLPRegularizedClassifier", "MLPRegularizedRegressor", "to_onnx"]
