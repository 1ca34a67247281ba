"""Interpolation, against SciPy's, image by image and channel by channel."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates

from skdnn.augmentation.interpolation import resample, sample

SHAPES = [(20, 6, 5, 1), (7, 4, 6, 3), (3, 1, 5, 2), (3, 5, 1, 1)]
# Around an image the value of `fill`, or its nearest pixel.
MODES = {-2.5: {"mode": "grid-constant", "cval": -2.5}, "nearest": {"mode": "nearest"}}


def by_scipy(images, rows, columns, **mode):
    result = np.empty(images.shape)
    for i, image in enumerate(images):
        for c in range(images.shape[-1]):
            at = (rows[i], columns[i])
            result[i, ..., c] = map_coordinates(image[..., c], at, order=1, **mode)
    return result


def draw(shape, margin, dtype=np.float64):
    """Return images, and a place for each pixel up to so far outside them."""
    rng = np.random.default_rng(0)
    n, height, width, _ = shape
    rows = rng.uniform(-margin, height - 1 + margin, (n, height, width))
    columns = rng.uniform(-margin, width - 1 + margin, (n, height, width))
    return tuple(a.astype(dtype) for a in (rng.random(shape), rows, columns))


@pytest.mark.parametrize("fill", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_samples_anywhere(shape, fill):
    images, rows, columns = draw(shape, margin=4)
    expected = by_scipy(images, rows, columns, **MODES[fill])
    assert_allclose(sample(images, rows, columns, fill), expected, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fill", MODES)
def test_samples_on_pixels_and_borders_exactly(fill, dtype):
    images, *_ = draw((1, 4, 5, 2), 0, dtype)
    i, j = (np.array(a, dtype) for a in np.meshgrid(range(4), range(5), indexing="ij"))
    assert_array_equal(sample(images, i[None], j[None], fill), images)
    outside = sample(images, i[None] - 4, j[None], fill)
    first_line = np.repeat(images[:, :1], 4, axis=1)
    assert_array_equal(outside, first_line if fill == "nearest" else fill)
    assert outside.dtype == dtype


@pytest.mark.parametrize("shape", SHAPES)
def test_resamples_lines_and_columns(shape):
    images, rows, columns = draw(shape, margin=2)
    rows, columns = rows[:, :, 0], columns[:, 0]
    at_rows = np.repeat(rows[:, :, None], shape[2], axis=2)
    at_columns = np.repeat(columns[:, None], shape[1], axis=1)
    expected = by_scipy(images, at_rows, at_columns, mode="nearest")
    assert_allclose(resample(images, rows, columns), expected, atol=1e-14)
