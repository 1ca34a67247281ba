"""Estimators that choose their regularisation by cross-validation."""

from skdnn.cross_validated.classifier import MLPRegularizedClassifierCV
from skdnn.cross_validated.onnx import register_onnx_converters
from skdnn.cross_validated.regressor import MLPRegularizedRegressorCV

__all__ = [
    "MLPRegularizedClassifierCV",
    "MLPRegularizedRegressorCV",
    "register_onnx_converters",
]
