"""Changed copies of training rows, made block by block: images and tables."""

from skdnn.augmentation.base import Augmenter
from skdnn.augmentation.mixing import Mixup
from skdnn.augmentation.moves import RandomFlip, RandomShift
from skdnn.augmentation.noise import GaussianNoise

__all__ = [
    "Augmenter",
    "GaussianNoise",
    "Mixup",
    "RandomFlip",
    "RandomShift",
]
