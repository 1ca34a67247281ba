"""Whole pixels change place: flips and shifts, cheap enough for any training."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.utils._param_validation import Interval

from skdnn.augmentation.base import PROBABILITY, Array, Block, are_chosen, chosen_rows
from skdnn.augmentation.images import (
    FILL,
    ImageAugmenter,
    ImageShape,
    as_images,
    pad,
    pieces,
    put_inside,
)

# Values of images that are shifted at once: padded, they stay in a core's cache.
_AT_ONCE = 2**15


class RandomFlip(ImageAugmenter):
    """Mirror images, left to right or upside down.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the image that a row holds, flattened in C order, channels last.
    horizontal : bool, default=True
        Swap left and right.
    vertical : bool, default=False
        Swap top and bottom.
    p : float, default=0.5
        Probability with which an image is mirrored, in [0, 1]; drawn for the two
        directions separately.

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
        """Mirror the images of a block.

        Parameters
        ----------
        X, Y, s : ndarray
            The block, see :meth:`Augmenter.augment`.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        X, Y, s : ndarray
            `X`, changed in place; `Y` and `s` as they are.
        """
        images = as_images(X, self.image_shape)
        if self.horizontal:
            rows = chosen_rows(rng, len(X), self.p)
            images[rows] = images[rows, :, ::-1]
        if self.vertical:
            rows = chosen_rows(rng, len(X), self.p)
            images[rows] = images[rows, ::-1]
        return X, Y, s


class RandomShift(ImageAugmenter):
    """Move images by a few whole pixels, up or down and to the left or right.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the image that a row holds, flattened in C order, channels last.
    max_shift : int, default=2
        Largest shift in pixels, at least 0 and less than height and width. Each shift
        is drawn uniformly from -max_shift, ..., max_shift, the vertical and the
        horizontal one separately.
    fill : float or "nearest", default=0.0
        Value of the pixels that move in from outside the image: a number, in the
        units of X, or the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability with which an image is moved, in [0, 1].

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
        """Check the parameters, and that some of each image stays in sight.

        Parameters
        ----------
        n_features : int
            Columns of the rows to come.

        Raises
        ------
        ValueError
            If a parameter is not allowed or does not fit.
        """
        super().check(n_features)
        shortest = min(self.image_shape[:2])
        if self.max_shift >= shortest:
            raise ValueError(
                f"max_shift={self.max_shift} moves an image of image_shape="
                f"{self.image_shape!r} out of sight: it must be less than {shortest}."
            )

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Move the images of a block.

        Parameters
        ----------
        X, Y, s : ndarray
            The block, see :meth:`Augmenter.augment`.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        X, Y, s : ndarray
            `X`, changed in place; `Y` and `s` as they are.
        """
        margin, n_rows = self.max_shift, len(X)
        down, right = rng.integers(-margin, margin, (2, n_rows), endpoint=True)
        is_moved = are_chosen(rng, n_rows, self.p)
        top, left = margin - down * is_moved, margin - right * is_moved
        images = as_images(X, self.image_shape)
        _, height, width, channels = images.shape
        # A moved image is a window of the padded one. The values of a line lie side by
        # side, so that each line is copied in one piece.
        padded = pad(images[: max(1, _AT_ONCE // X.shape[1])], margin, self.fill)
        lines = padded.reshape(*padded.shape[:2], -1)
        windows = sliding_window_view(lines, (height, width * channels), axis=(1, 2))
        image = np.arange(len(padded))
        for few in pieces(n_rows, X.shape[1], _AT_ONCE):
            n_few = few.stop - few.start
            put_inside(padded[:n_few], images[few], margin, self.fill)
            moved = windows[image[:n_few], top[few], left[few] * channels]
            X[few] = moved.reshape(n_few, -1)
        return X, Y, s
