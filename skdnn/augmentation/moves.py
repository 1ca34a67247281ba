"""Flips, and shifts by whole pixels, which need no interpolation."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from skdnn._sklearn import Interval
from skdnn.augmentation.base import PROBABILITY, Array, Block, are_chosen, chosen_rows
from skdnn.augmentation.images import (
    FILL,
    ImageAugmenter,
    ImageShape,
    as_images,
    with_channels,
)
from skdnn.augmentation.interpolation import pad_image, padded_image
from skdnn.network.compiled import entry
from skdnn.network.views import flat, part


class RandomFlip(ImageAugmenter):
    """Flip images horizontally or vertically at random.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the images, which are the rows flattened in C order, channels last.
    horizontal : bool, default=True
        Whether to swap left and right.
    vertical : bool, default=False
        Whether to swap top and bottom.
    p : float, default=0.5
        Probability, in [0, 1], that an image is flipped, independently for each of the
        two directions.

    See Also
    --------
    RandomShift : Shift images by whole pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import RandomFlip
    >>> X = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    >>> flip = RandomFlip((2, 3), p=1.0)
    >>> flip.augment(X, None, None, np.random.default_rng(0))[0].reshape(2, 3)
    array([[3., 2., 1.],
           [6., 5., 4.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ImageAugmenter._parameter_constraints,
        "horizontal": ["boolean"],
        "vertical": ["boolean"],
        "p": PROBABILITY,
    }

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        horizontal: bool = True,
        vertical: bool = False,
        p: float = 0.5,
    ) -> None:
        self.image_shape = image_shape
        self.horizontal = horizontal
        self.vertical = vertical
        self.p = p

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Flip images; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        images = as_images(X, self.image_shape)
        if self.horizontal:
            rows = chosen_rows(rng, len(X), self.p)
            images[rows] = images[rows, :, ::-1]
        if self.vertical:
            rows = chosen_rows(rng, len(X), self.p)
            images[rows] = images[rows, ::-1]
        return X, Y, s


class RandomShift(ImageAugmenter):
    """Shift images by a random number of whole pixels, vertically and horizontally.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the images, which are the rows flattened in C order, channels last.
    max_shift : int, default=2
        Maximum shift in pixels, at least 0 and less than height and width. The vertical
        and the horizontal shift are drawn independently and uniformly from the integers
        -max_shift, …, max_shift.
    fill : float or "nearest", default=0.0
        Value of pixels from outside the image: a number in the units of X, or "nearest"
        for the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability, in [0, 1], that an image is shifted.

    See Also
    --------
    RandomFlip : Flip images.
    RandomResizedCrop : Zoom into a random part of an image.
    RandomRotation : Rotate images.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import RandomShift
    >>> X = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    >>> shift = RandomShift((2, 3), max_shift=1)
    >>> shift.augment(X, None, None, np.random.default_rng(3))[0].reshape(2, 3)
    array([[0., 0., 0.],
           [2., 3., 0.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ImageAugmenter._parameter_constraints,
        "max_shift": [Interval(Integral, 0, None, closed="left")],
        "fill": FILL,
        "p": PROBABILITY,
    }

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        max_shift: int = 2,
        fill: float | str = 0.0,
        p: float = 1.0,
    ) -> None:
        self.image_shape = image_shape
        self.max_shift = max_shift
        self.fill = fill
        self.p = p

    def check(self, n_features: int) -> None:
        """Check the parameters; see :meth:`Augmenter.check`."""
        super().check(n_features)
        shortest = min(self.image_shape[:2])
        if self.max_shift >= shortest:
            raise ValueError(
                f"max_shift={self.max_shift} can shift an image of image_shape="
                f"{self.image_shape!r} out of the frame: it must be less than "
                f"{shortest}."
            )

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Shift images; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        margin, n_rows = self.max_shift, len(X)
        down, right = rng.integers(-margin, margin, (2, n_rows), endpoint=True)
        is_moved = are_chosen(rng, n_rows, self.p)
        height, width, channels = with_channels(self.image_shape)
        is_nearest = self.fill == "nearest"
        padded = padded_image(height, width, channels, margin, self.fill, X.dtype)
        move(
            X.reshape(n_rows, height, width * channels),
            margin - down * is_moved,
            (margin - right * is_moved) * channels,
            padded,
            margin,
            channels,
            is_nearest,
        )
        return X, Y, s


@entry
def move(images, top, left, padded, margin, channels, is_nearest):
    """Replace each image by a part of its padded copy, in place; compiled.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width * channels)
        The images.
    top, left : ndarray of int, shape (n_images,)
        Where the part begins: the line of `padded`, and the position in it.
    padded : ndarray
        Workspace: the result of `padded_image`, whose margin holds the fill value.
    margin : int
        Width of the margin in pixels.
    channels : int
        Number of channels.
    is_nearest : bool
        Whether to fill the margin with the nearest pixels.
    """
    n_images, height, length = images.shape
    wide = padded.shape[1]
    pixels, around = flat(images), flat(padded)
    for i in range(n_images):
        image = part(pixels, i * height * length, height, length)
        pad_image(image, padded, margin, channels, is_nearest)
        for y in range(height):
            line = part(pixels, (i * height + y) * length, 1, length)
            place = part(around, (top[i] + y) * wide + left[i], 1, length)
            for j in range(length):
                line[0, j] = place[0, j]
