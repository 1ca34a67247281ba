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
