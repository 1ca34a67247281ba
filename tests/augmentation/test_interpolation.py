"""Interpolation, against SciPy's, image by image and channel by channel."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates

from skdnn.augmentation.interpolation import (
    locate_pixels,
    pad_image,
    padded_image,
    resample,
    sample,
    small_dots,
)

SHAPES = [(20, 6, 5, 1), (7, 4, 6, 3), (3, 1, 5, 2), (3, 5, 1, 1)]
# Outside an image: the value of `fill`, or the nearest pixel.
MODES = {-2.5: {"mode": "grid-constant", "cval": -2.5}, "nearest": {"mode": "nearest"}}


def by_scipy(images, rows, columns, **mode):
    result = np.empty(images.shape)
    for i, image in enumerate(images):
        for c in range(images.shape[-1]):
            at = (rows[i], columns[i])
            result[i, ..., c] = map_coordinates(image[..., c], at, order=1, **mode)
    return result


def draw(shape, margin, dtype=np.float64):
    """Return images and coordinates for each pixel, up to `margin` outside them."""
    rng = np.random.default_rng(0)
    n, height, width, _ = shape
    rows = rng.uniform(-margin, height - 1 + margin, (n, height, width))
    columns = rng.uniform(-margin, width - 1 + margin, (n, height, width))
    return tuple(a.astype(dtype) for a in (rng.random(shape), rows, columns))


def sampled(images, rows, columns, fill):
    """Return the images sampled at coordinates by the compiled code."""
    _, height, width, channels = images.shape
    result = np.empty_like(images)
    at = np.empty(height * width, np.uint32)
    for i, image in enumerate(images):
        padded = padded_image(height, width, channels, 1, fill, image.dtype)
        flat = image.reshape(height, -1)
        pad_image(flat, padded, 1, channels, fill == "nearest")
        u, v = rows[i].ravel(), columns[i].ravel()
        locate_pixels(u, v, height, width, at)
        line, out = padded.shape[1], result[i].reshape(-1)
        sample(padded.reshape(-1), line, channels, at, u, v, out)
    return result


@pytest.mark.parametrize("fill", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_samples_anywhere(shape, fill):
    images, rows, columns = draw(shape, margin=4)
    expected = by_scipy(images, rows, columns, **MODES[fill])
    assert_allclose(sampled(images, rows, columns, fill), expected, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fill", MODES)
def test_samples_on_pixels_and_borders_exactly(fill, dtype):
    images, *_ = draw((1, 4, 5, 2), 0, dtype)
    i, j = (np.array(a, dtype) for a in np.meshgrid(range(4), range(5), indexing="ij"))
    assert_array_equal(sampled(images, i[None].copy(), j[None].copy(), fill), images)
    outside = sampled(images, i[None] - 4, j[None].copy(), fill)
    first_line = np.repeat(images[:, :1], 4, axis=1)
    assert_array_equal(outside, first_line if fill == "nearest" else fill)
    assert outside.dtype == dtype


@pytest.mark.parametrize("shape", SHAPES)
def test_resamples_even_grids(shape):
    images, *_ = draw(shape, margin=2)
    n, height, width, _ = shape
    rng = np.random.default_rng(1)
    first, step = rng.uniform(-2, 1, (n, 2)), rng.uniform(0.3, 1.5, (n, 2))
    lines = first[:, :1] + step[:, :1] * np.arange(height)
    columns = first[:, 1:] + step[:, 1:] * np.arange(width)
    at_rows = np.repeat(lines[:, :, None], width, axis=2)
    at_columns = np.repeat(columns[:, None], height, axis=1)
    expected = by_scipy(images, at_rows, at_columns, mode="nearest")
    X = images.reshape(n, -1).copy()
    resample(X, np.arange(1, n), first[1:], step[1:], shape[1:])
    assert_allclose(X[1:].reshape(n - 1, *shape[1:]), expected[1:], atol=1e-14)
    assert_array_equal(X[0], images[0].reshape(-1))


def test_products_of_many_lines_equal_numpys():
    rng = np.random.default_rng(0)
    A, B = (rng.random(size, np.float32) for size in ((1000, 70), (70, 50)))
    out = np.full((1000, 50), np.nan, np.float32)
    small_dots(A, B, out)  # 74 lines at a time
    assert_allclose(out, A.astype(float) @ B, rtol=1e-5)
