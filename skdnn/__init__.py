"""Regularised multilayer perceptrons with the scikit-learn interface."""

<<<<<<< HEAD
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
=======
from skdnn._version import __version__ as __version__
>>>>>>> 0a46da6 (Go on with patience and best parameters; keep what an interrupted fit has; stop early in partial_fit)
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
    "CutMix",
    "Cutout",
    "ElasticDistortion",
    "GaussianNoise",
    "GradientCheckReport",
    "InputStandardizer",
    "MLPRegularizedClassifier",
    "MLPRegularizedRegressor",
    "Mixup",
    "RandomFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomShift",
    "TrainDevTestSplit",
    "to_onnx",
    "train_dev_test_split",
]
