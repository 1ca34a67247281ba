"""Random boxes in images."""

from typing import NamedTuple

import numpy as np

from skdnn.augmentation.images import ImageShape


class Boxes(NamedTuple):
    """One box per image: lines top:bottom and columns left:right, as int64 arrays."""

    top: np.ndarray
    bottom: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @property
    def n_pixels(self) -> np.ndarray:
        """The number of pixels of each box."""
        return (self.bottom - self.top) * (self.right - self.left)


def random_boxes(
    rng: np.random.Generator,
    heights: np.ndarray,
    widths: np.ndarray,
    image_shape: ImageShape,
) -> Boxes:
    """Draw a box in each image, with a uniform centre and clipped at the border.

    Parameters
    ----------
    rng : numpy.random.Generator
        The generator.
    heights, widths : ndarray of int, shape (n_rows,)
        Sizes of the boxes in pixels, before clipping.
    image_shape : (height, width) or (height, width, channels)
        Shape of the images.

    Returns
    -------
    Boxes
        The clipped boxes.
    """
    height, width = image_shape[:2]
    lines = _random_intervals(rng, heights, height)
    return Boxes(*lines, *_random_intervals(rng, widths, width))


def _random_intervals(
    rng: np.random.Generator, lengths: np.ndarray, n_pixels: int
) -> tuple[np.ndarray, np.ndarray]:
    first = rng.integers(0, n_pixels, lengths.size) - lengths // 2
    return np.maximum(first, 0), np.clip(first + lengths, 0, n_pixels)
