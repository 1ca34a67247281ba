"""Regularised multilayer perceptrons with the scikit-learn interface."""

from skdnn._version import __version__ as __version__
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
from skdnn.diagnosis import (
    CostDescentReport,
    DifferenceOrders,
    GradientChecks,
    SignalReport,
    check_cost_descends,
    check_gradients,
    difference_orders,
    signal_propagation,
)
from skdnn.displays import (
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
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    to_onnx,
)
from skdnn.model_selection import TrainDevTestSplit, train_dev_test_split
from skdnn.network.gradient_check import GradientCheckReport
from skdnn.preprocessing import InputStandardizer

__all__ = [
    "AugmentationPipeline",
    "Augmenter",
    "CostContoursDisplay",
    "CostDescentDisplay",
    "CostDescentReport",
    "CutMix",
    "Cutout",
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
    "MLPRegularizedRegressor",
    "Mixup",
    "ParameterScoreDisplay",
    "RandomFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShift",
    "SignalPropagationDisplay",
    "SignalReport",
    "TrainDevTestSplit",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "check_cost_descends",
    "check_gradients",
    "difference_orders",
    "signal_propagation",
    "to_onnx",
    "train_dev_test_split",
]
