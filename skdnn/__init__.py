"""Regularised multilayer perceptrons with the scikit-learn interface.

Subpackages are imported on first access to one of their names, so that training does
not wait for plotting and diagnostics, nor the import of skdnn for Numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from skdnn._version import __version__ as __version__

if TYPE_CHECKING:  # for type checkers; at run time `__getattr__` does the same
    from skdnn.augmentation import (
        AugmentationPipeline,
        Augmenter,
        CutMix,
        Cutout,
        ElasticDistortion,
        GaussianNoise,
        Mixup,
        RandomFlip,
        RandomResizedCrop,
        RandomRotation,
        RandomShift,
    )
    from skdnn.cross_validated import (
        MLPRegularizedClassifierCV,
        MLPRegularizedRegressorCV,
        register_onnx_converters,
    )
    from skdnn.diagnosis import (
        BiasVarianceDecomposition,
        BiasVarianceReport,
        CostDescentReport,
        GradientChecks,
        SignalReport,
        bias_variance_decomposition,
        check_cost_descends,
        check_gradients,
        dev_size_for,
        signal_propagation,
    )
    from skdnn.diagnosis.difference_orders import DifferenceOrders, difference_orders
    from skdnn.displays import (
        BiasVarianceDisplay,
        CostContoursDisplay,
        CostDescentDisplay,
        DecisionRegionsDisplay,
        DifferenceOrderDisplay,
        FirstLayerDisplay,
        GradientCheckDisplay,
        ParameterScoreDisplay,
        SignalPropagationDisplay,
        TrainingCurveDisplay,
        WeightsDisplay,
    )
    from skdnn.estimators import (
        Checkpoint,
        DataScaleWarning,
        MLPRegularizedClassifier,
        MLPRegularizedRegressor,
    )
    from skdnn.estimators.conversion.onnx import to_onnx
    from skdnn.model_selection import TrainDevTestSplit, train_dev_test_split
    from skdnn.network.gradient_check import GradientCheckReport
    from skdnn.preprocessing import InputStandardizer, PiecewiseLinearEncoder
    from skdnn.streams import BatchSource

__all__ = [
    "AugmentationPipeline",
    "Augmenter",
    "BatchSource",
    "BiasVarianceDecomposition",
    "BiasVarianceDisplay",
    "BiasVarianceReport",
    "Checkpoint",
    "CostContoursDisplay",
    "CostDescentDisplay",
    "CostDescentReport",
    "CutMix",
    "Cutout",
    "DataScaleWarning",
    "DecisionRegionsDisplay",
    "DifferenceOrderDisplay",
    "DifferenceOrders",
    "ElasticDistortion",
    "FirstLayerDisplay",
    "GaussianNoise",
    "GradientCheckDisplay",
    "GradientCheckReport",
    "GradientChecks",
    "InputStandardizer",
    "MLPRegularizedClassifier",
    "MLPRegularizedClassifierCV",
    "MLPRegularizedRegressor",
    "MLPRegularizedRegressorCV",
    "Mixup",
    "ParameterScoreDisplay",
    "PiecewiseLinearEncoder",
    "RandomFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShift",
    "SignalPropagationDisplay",
    "SignalReport",
    "TrainDevTestSplit",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "bias_variance_decomposition",
    "check_cost_descends",
    "check_gradients",
    "dev_size_for",
    "difference_orders",
    "register_onnx_converters",
    "signal_propagation",
    "to_onnx",
    "train_dev_test_split",
]

_HOMES = {
    "skdnn.augmentation": (
        "AugmentationPipeline",
        "Augmenter",
        "CutMix",
        "Cutout",
        "ElasticDistortion",
        "GaussianNoise",
        "Mixup",
        "RandomFlip",
        "RandomResizedCrop",
        "RandomRotation",
        "RandomShift",
    ),
    "skdnn.cross_validated": (
        "MLPRegularizedClassifierCV",
        "MLPRegularizedRegressorCV",
        "register_onnx_converters",
    ),
    "skdnn.diagnosis": (
        "BiasVarianceDecomposition",
        "BiasVarianceReport",
        "CostDescentReport",
        "GradientChecks",
        "SignalReport",
        "bias_variance_decomposition",
        "check_cost_descends",
        "check_gradients",
        "dev_size_for",
        "signal_propagation",
    ),
    "skdnn.diagnosis.difference_orders": ("DifferenceOrders", "difference_orders"),
    "skdnn.displays": (
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
    ),
    "skdnn.estimators": (
        "Checkpoint",
        "DataScaleWarning",
        "MLPRegularizedClassifier",
        "MLPRegularizedRegressor",
    ),
    "skdnn.estimators.conversion.onnx": ("to_onnx",),
    "skdnn.model_selection": (
        "TrainDevTestSplit",
        "train_dev_test_split",
    ),
    "skdnn.network.gradient_check": ("GradientCheckReport",),
    "skdnn.preprocessing": (
        "InputStandardizer",
        "PiecewiseLinearEncoder",
    ),
    "skdnn.streams": ("BatchSource",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its subpackage on first access."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return all names, including those not imported yet."""
    return sorted({*globals(), *__all__})
