"""Crops, rotations and elastic distortions, against SciPy image by image."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import ElasticDistortion, RandomResizedCrop, RandomRotation
from skdnn.augmentation import warps
from tests.augmentation.blocks import SHAPES, augmented, image_block

each_shape = pytest.mark.parametrize("image_shape", SHAPES)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def each_channel(warp, image, *args, **options):
    """Return the image with a function of 2-D arrays applied to its channels."""
    if image.ndim == 2:
        return warp(image, *args, **options)
    return np.stack([warp(c, *args, **options) for c in np.moveaxis(image, -1, 0)], -1)


def expect(X, images, rows, warped, dtype):
    """Assert that only the chosen rows were warped."""
    expected = images.copy()
    for i, row in enumerate(rows):
        expected[row] = warped(i, images[row])
    tolerance = {np.float32: 2e-5, np.float64: 1e-12}[dtype]
    assert_allclose(X.reshape(images.shape), expected, atol=tolerance)


@each_shape
@each_dtype
@pytest.mark.parametrize(
    ("fill", "mode"),
    [(0.5, {"mode": "grid-constant", "cval": 0.5}), ("nearest", {"mode": "nearest"})],
)
def test_rotation_equals_scipys(image_shape, dtype, fill, mode):
    block = image_block(image_shape, dtype=dtype)
    rotation = RandomRotation(image_shape, max_angle=60, fill=fill, p=0.7)
    X, _, _ = augmented(rotation, block, seed=1)
    rng = np.random.default_rng(1)
    rows = np.flatnonzero(rng.random(len(X)) < 0.7)
    angles = rng.uniform(-60, 60, rows.size)

    def turned(i, image):
        # SciPy rotates in the opposite direction: its second axis points up.
        return each_channel(
            ndimage.rotate, image, -angles[i], reshape=False, order=1, **mode
        )

    expect(X, block[0].reshape(-1, *image_shape), rows, turned, dtype)


@each_shape
@each_dtype
def test_crop_is_interpolated_by_scipy(image_shape, dtype):
    block = image_block(image_shape, dtype=dtype)
    options = {"scale": (0.3, 0.9), "ratio": (0.5, 1.5), "p": 0.7}
    crop = RandomResizedCrop(image_shape, **options)
    X, _, _ = augmented(crop, block, seed=1)
    rng = np.random.default_rng(1)
    rows = np.flatnonzero(rng.random(len(X)) < 0.7)
    area = rng.uniform(0.3, 0.9, rows.size)
    ratio = np.exp(rng.uniform(np.log(0.5), np.log(1.5), rows.size))
    place = rng.random((2, rows.size))
    height, width = image_shape[:2]

    def zoomed(i, image):
        crop_height = min(height, height * np.sqrt(area[i] / ratio[i]))
        crop_width = min(width, width * np.sqrt(area[i] * ratio[i]))
        top = place[0, i] * (height - crop_height)
        left = place[1, i] * (width - crop_width)
        step = crop_height / height, crop_width / width
        # Pixel centres are half a pixel from the edge, before and after.
        first = top + 0.5 * step[0] - 0.5, left + 0.5 * step[1] - 0.5
        return each_channel(
            ndimage.affine_transform,
            image,
            np.diag(step),
            first,
            order=1,
            mode="nearest",
        )

    expect(X, block[0].reshape(-1, *image_shape), rows, zoomed, dtype)


@each_dtype
def test_elastic_distortion_is_interpolated_by_scipy(dtype):
    """Two channels hold the source coordinates of each pixel."""
    height, width = 9, 7
    block = image_block((height, width, 3), dtype=dtype)
    X = block[0]
    images = X.reshape(-1, height, width, 3)
    images[..., 0], images[..., 1] = np.mgrid[:height, :width]
    options = {"alpha": 6, "sigma": 1.3, "fill": "nearest", "p": 0.7}
    elastic = ElasticDistortion((height, width, 3), **options)
    distorted = augmented(elastic, block, seed=1)[0].reshape(images.shape)
    rows = np.flatnonzero(np.random.default_rng(1).random(len(X)) < 0.7)
    is_moved = np.any(distorted != images, axis=(1, 2, 3))
    assert_array_equal(np.flatnonzero(is_moved), rows)
    for image, new in zip(images, distorted, strict=True):
        at = new[..., 0], new[..., 1]
        expected = ndimage.map_coordinates(image[..., 2].astype(float), at, order=1)
        tolerance = {np.float32: 2e-5, np.float64: 1e-6}[dtype]
        assert_allclose(new[..., 2], expected, atol=tolerance)


@pytest.mark.parametrize(("n_pixels", "sigma"), [(28, 4.0), (9, 0.4), (3, 1000.0)])
def test_displacements_have_the_covariance_of_the_papers_filter(n_pixels, sigma):
    smooth = ndimage.gaussian_filter1d(np.eye(n_pixels), sigma, axis=0, mode="constant")
    expected = smooth @ smooth.T
    waves = warps._field_factor(n_pixels, sigma)
    assert_allclose(waves @ waves.T, expected, atol=2e-5 * expected.max())
    assert waves.shape[1] <= n_pixels


def test_the_elastic_displacements():
    """The formula of the docstring, measured on images that are linear ramps."""
    size, n_images = 64, 200
    ramps = np.stack(np.mgrid[:size, :size], axis=-1).astype(np.float64)
    rows = np.tile(ramps.reshape(-1), (n_images, 1))
    elastic = ElasticDistortion((size, size, 2), alpha=10, sigma=3)
    X, _, _ = augmented(elastic, (rows, rows, rows[:, 0]))
    moved = (X.reshape(n_images, size, size, 2) - ramps)[:, 16:-16, 16:-16]
    expected = 10 / np.sqrt(3) / (2 * np.sqrt(np.pi) * 3)
    down, right = moved[..., 0], moved[..., 1]
    for d in (down, right):
        assert d.std() == pytest.approx(expected, rel=0.02)
        assert d.mean() == pytest.approx(0, abs=0.05)
        # Correlation of pixels r apart whose noise one Gaussian has smoothed.
        for r in (1, 4):
            for a, b in ((d[:, r:], d[:, :-r]), (d[:, :, r:], d[:, :, :-r])):
                together = (a * b).mean() / expected**2
                assert together == pytest.approx(np.exp(-(r**2) / 36), abs=0.04)
    assert (down * right).mean() / expected**2 == pytest.approx(0, abs=0.03)
    assert np.unique(down[:, 0, 0]).size == n_images  # each image has its own


@pytest.mark.parametrize(
    "still",
    [
        RandomRotation((4, 6, 3), max_angle=0),
        RandomRotation((4, 6, 3), p=0),
        RandomResizedCrop((4, 6, 3), scale=(1, 1), ratio=(1, 1)),
        RandomResizedCrop((4, 6, 3), p=0),
        ElasticDistortion((4, 6, 3), alpha=0),
        ElasticDistortion((4, 6, 3), p=0),
    ],
    ids=repr,
)
@each_dtype
def test_identity_is_exact(still, dtype):
    block = image_block((4, 6, 3), dtype=dtype)
    assert_array_equal(augmented(still, block)[0], block[0])


def test_half_a_turn_is_both_flips(monkeypatch):
    block = image_block((6, 5), dtype=np.float64)
    monkeypatch.setattr(np, "deg2rad", lambda angle: np.full_like(angle, np.pi))
    X, _, _ = augmented(RandomRotation((6, 5)), block)
    assert_allclose(X.reshape(-1, 6, 5), block[0].reshape(-1, 6, 5)[:, ::-1, ::-1])


def test_crops_stay_inside_the_image():
    """No value leaves the range of the image."""
    block = image_block((6, 5))
    crop = RandomResizedCrop((6, 5), scale=(0.01, 1), ratio=(0.1, 10))
    X, _, _ = augmented(crop, block)
    assert (X.max(axis=1) <= block[0].max(axis=1) + 1e-6).all()
    assert (X.min(axis=1) >= block[0].min(axis=1) - 1e-6).all()


@pytest.mark.parametrize(
    ("augmenter", "message"),
    [
        (RandomRotation((6, 5), max_angle=181), "'max_angle' parameter .*Got 181"),
        (RandomRotation((6, 5), fill="zero"), "'fill' parameter .*Got 'zero'"),
        (ElasticDistortion((6, 5), sigma=0), "'sigma' parameter .*Got 0"),
        (ElasticDistortion((6, 5), alpha=-1), "'alpha' parameter .*Got -1"),
        (RandomResizedCrop((6, 5), scale=0.5), "'scale' parameter .*Got 0.5"),
    ],
)
def test_parameters_that_are_not_allowed(augmenter, message):
    with pytest.raises(InvalidParameterError, match=message):
        augmenter.check(30)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": (0.5, 1.2)}, r"scale=\(0.5, 1.2\) is not allowed.*max <= 1"),
        ({"scale": (0, 1)}, "0 < min"),
        ({"scale": (0.9, 0.5)}, "min <= max"),
        ({"scale": (0.9,)}, "scale=.* is not allowed"),
        ({"ratio": (1, "2")}, r"ratio=\(1, '2'\) is not allowed"),
        ({"ratio": (1, np.inf)}, r"ratio=\(1, inf\) is not allowed"),
        ({"ratio": (np.nan, 1)}, r"ratio=\(nan, 1\) is not allowed"),
    ],
)
def test_ranges_that_are_not_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        RandomResizedCrop((6, 5), **options).check(30)


@pytest.mark.parametrize("cls", [RandomRotation, ElasticDistortion, RandomResizedCrop])
def test_share_of_warped_rows(cls):
    block = image_block((3, 3), n_rows=5_000)
    X, _, _ = augmented(cls((3, 3), p=0.3), block)
    assert (X != block[0]).any(axis=1).mean() == pytest.approx(0.3, abs=0.026)
