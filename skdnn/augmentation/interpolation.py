r"""Bilinear interpolation of images.

.. math::

    x(u, v) = \sum_{i, j} \Lambda(u - i)\, \Lambda(v - j)\, x_{ij},
    \qquad \Lambda(t) = \max(0, 1 - |t|)
"""

import numpy as np

from skdnn.augmentation.base import Array
from skdnn.augmentation.images import pad


def sample(images: Array, rows: Array, columns: Array, fill: float | str) -> Array:
    """Return the images' values at any coordinates.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    rows, columns : ndarray of shape (n, height, width), of the images' type
        Where each new pixel comes from; pixel (i, j) of an image is at (i, j).
    fill : float or "nearest"
        Value of all pixels around the image.

    Returns
    -------
    ndarray of shape (n, height, width, channels)
    """
    padded = pad(images, 1, fill)
    n_images, height, width, channels = padded.shape
    # The margin is endless: positions farther out are moved to its outer edge.
    u = np.clip(rows + 1, 0, height - 1)
    v = np.clip(columns + 1, 0, width - 1)
    top, left = u.astype(np.intp), v.astype(np.intp)
    down, right = u - top.astype(u.dtype), v - left.astype(v.dtype)
    image = np.arange(n_images)[:, np.newaxis, np.newaxis]
    # On the outer edge the neighbour beyond has weight 0, so that any pixel will do.
    pixel = (image * height + top) * width + left
    sampled = np.empty_like(images)
    for channel in range(channels):
        pixels = padded[..., channel].reshape(-1)
        above = _between(pixels, pixel, right)
        below = _between(pixels, pixel + width, right)
        below -= above
        below *= down
        np.add(above, below, out=sampled[..., channel])
    return sampled


def _between(pixels: Array, pixel: np.ndarray, right: Array) -> Array:
    """Interpolate between pixels and their right neighbours."""
    here = pixels.take(pixel, mode="clip")
    there = pixels.take(pixel + 1, mode="clip")
    there -= here
    there *= right
    here += there
    return here


def resample(images: Array, rows: Array, columns: Array) -> Array:
    """Return the images' values on a grid of rows and columns, one grid per image.

    Interpolation along one axis is then a product with a matrix of the Λ above, which
    is many times as fast as picking four neighbours for each pixel. Outside the image,
    the nearest pixel counts.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels)
    rows : ndarray of shape (n, height)
        Where the rows of the new images come from.
    columns : ndarray of shape (n, width)
        Where their columns come from.

    Returns
    -------
    ndarray of shape (n, height, width, channels)
    """
    n_images, height, width, channels = images.shape
    R, C = _hats(rows, height), _hats(columns, width)
    lines = R @ images.reshape(n_images, height, width * channels)
    lines = lines.reshape(n_images, height, width, channels).swapaxes(2, 3)
    lines = lines.reshape(n_images, height * channels, width) @ C.swapaxes(1, 2)
    return lines.reshape(n_images, height, channels, width).swapaxes(2, 3)


def _hats(positions: Array, n_pixels: int) -> Array:
    """Return the matrices that interpolate at these positions, one per image."""
    positions = np.clip(positions, 0, n_pixels - 1)[..., np.newaxis]
    distance = np.abs(positions - np.arange(n_pixels, dtype=positions.dtype))
    return np.maximum(0, 1 - distance)
