"""Images as rows of pixels: what all image augmenters have in common."""

import math
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from skdnn._sklearn import Interval, StrOptions
from skdnn.augmentation.base import MOST, Array, Augmenter

ImageShape = tuple[int, int] | tuple[int, int, int]

IMAGE_SHAPE = [tuple, list]
FILL = [Interval(Real, -MOST, MOST, closed="both"), StrOptions({"nearest"})]


class ImageAugmenter(Augmenter):
    """An augmenter with the parameter `image_shape`."""

    image_shape: ImageShape
    _parameter_constraints: ClassVar[dict[str, Any]] = {"image_shape": IMAGE_SHAPE}

    def check(self, n_features: int) -> None:
        """Check the parameters, and that an image has as many values as a row."""
        super().check(n_features)
        check_image_shape(self.image_shape, n_features)


def check_image_shape(image_shape: Any, n_features: int) -> None:
    """Raise ValueError unless an image of this shape has `n_features` values."""
    are_sizes = all(
        not isinstance(size, bool) and isinstance(size, Integral) and int(size) > 0
        for size in image_shape
    )
    if len(image_shape) not in (2, 3) or not are_sizes:
        raise ValueError(
            f"image_shape={image_shape!r} is not allowed: give (height, width) or "
            "(height, width, channels), each a whole number of at least 1."
        )
    n_values = math.prod(map(int, image_shape))
    if n_values != n_features:
        raise ValueError(
            f"image_shape={image_shape!r} makes {n_values} values, but the rows have "
            f"{n_features} features. A row must be one image."
        )


def as_images(X: Array, image_shape: ImageShape) -> Array:
    """View rows as images of shape (n_rows, height, width, channels)."""
    height, width = image_shape[:2]
    return X.reshape(len(X), height, width, -1)


def pieces(n_images: int, n_values: int, at_once: int) -> Iterator[slice]:
    """Yield slices of a few images, with `at_once` values of `n_values` per image.

    Arrays of a few images stay in a core's cache, and their memory is reused; large
    ones get fresh memory from the system, cleared each time.
    """
    step = max(1, at_once // n_values)
    for start in range(0, n_images, step):
        yield slice(start, min(start + step, n_images))


def pad(images: Array, margin: int, fill: float | str) -> Array:
    """Put a margin around each image: of one value, or of the nearest pixels."""
    n_images, height, width, channels = images.shape
    shape = n_images, height + 2 * margin, width + 2 * margin, channels
    padded = np.full(shape, 0 if fill == "nearest" else fill, images.dtype)
    inner = slice(margin, margin + height), slice(margin, margin + width)
    padded[:, *inner] = images
    if fill == "nearest":
        before, after = slice(margin), slice(margin + width, None)
        padded[:, inner[0], before] = images[:, :, :1]
        padded[:, inner[0], after] = images[:, :, -1:]
        before, after = slice(margin), slice(margin + height, None)
        padded[:, before] = padded[:, margin, np.newaxis]
        padded[:, after] = padded[:, margin + height - 1, np.newaxis]
    return padded
