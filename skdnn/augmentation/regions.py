"""Random parts of rows: boxes in images."""

import numpy as np
import numpy.typing as npt

from skdnn.augmentation.images import ImageShape

Mask = npt.NDArray[np.bool]


def random_boxes(
    rng: np.random.Generator,
    heights: np.ndarray,
    widths: np.ndarray,
    image_shape: ImageShape,
) -> Mask:
    """Draw a box in each image: its centre anywhere, clipped at the border.

    Parameters
    ----------
    rng : numpy.random.Generator
    heights, widths : ndarray of int, shape (n_rows,)
        Sizes of the boxes in pixels.
    image_shape : (height, width) or (height, width, channels)

    Returns
    -------
    ndarray of bool, shape (n_rows, height, width)
        True inside the box.
    """
    height, width = image_shape[:2]
    is_line = _random_intervals(rng, heights, height)
    is_column = _random_intervals(rng, widths, width)
    return is_line[:, :, np.newaxis] & is_column[:, np.newaxis, :]


def _random_intervals(
    rng: np.random.Generator, lengths: np.ndarray, n_pixels: int
) -> Mask:
    first = rng.integers(0, n_pixels, lengths.size) - lengths // 2
    pixel = np.arange(n_pixels)
    after = (first + lengths)[:, np.newaxis]
    return (pixel >= first[:, np.newaxis]) & (pixel < after)
