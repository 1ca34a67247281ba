"""Data augmentation: random changes of training rows, images or tables."""

from skdnn.augmentation.base import Augmenter
from skdnn.augmentation.cutout import Cutout
from skdnn.augmentation.mixing import CutMix, Mixup
from skdnn.augmentation.moves import RandomFlip, RandomShift
from skdnn.augmentation.noise import GaussianNoise
from skdnn.augmentation.pipeline import AugmentationPipeline
from skdnn.augmentation.warps import (
    ElasticDistortion,
    RandomResizedCrop,
    RandomRotation,
)

__all__ = [
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
]
