"""Images as rows of pixels: the common base of the image augmenters."""

import math
from numbers import Integral, Real
from typing import Any, ClassVar

from skdnn._sklearn import Interval, StrOptions
from skdnn.augmentation.base import MAX_VALUE, Array, Augmenter

ImageShape = tuple[int, int] | tuple[int, int, int]

IMAGE_SHAPE = [tuple, list]
FILL = [Interval(Real, -MAX_VALUE, MAX_VALUE, closed="both"), StrOptions({"nearest"})]


class ImageAugmenter(Augmenter):
    """Base class of the augmenters that have the parameter `image_shape`."""

    image_shape: ImageShape
    _parameter_constraints: ClassVar[dict[str, Any]] = {"image_shape": IMAGE_SHAPE}

    def check(self, n_features: int) -> None:
        """Check the parameters; see :meth:`Augmenter.check`."""
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
            f"image_shape={image_shape!r} is not allowed: it must be (height, width) "
            "or (height, width, channels), with integers >= 1."
        )
    n_values = math.prod(map(int, image_shape))
    if n_values != n_features:
        raise ValueError(
            f"image_shape={image_shape!r} has {n_values} values, but the rows have "
            f"{n_features} features: each row must be one flattened image."
        )


def as_images(X: Array, image_shape: ImageShape) -> Array:
    """View C-contiguous rows as images of shape (n_rows, height, width, channels)."""
    return X.reshape(len(X), *with_channels(image_shape))


def with_channels(image_shape: ImageShape) -> tuple[int, int, int]:
    """Return (height, width, channels)."""
    height, width, *channels = map(int, image_shape)
    return height, width, channels[0] if channels else 1
