"""scikit-learn lives here: validation, labels, weights, fitted attributes."""

from skdnn.estimators.checks.scales import DataScaleWarning
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.moving.onnx import to_onnx
from skdnn.estimators.moving.onnx_converters import register_onnx_converters
from skdnn.estimators.regressor import MLPRegularizedRegressor

__all__ = [
    "DataScaleWarning",
    "MLPRegularizedClassifier",
    "MLPRegularizedRegressor",
    "register_onnx_converters",
    "to_onnx",
]
