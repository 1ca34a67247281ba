"""Flips and shifts, against plain loops over images."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import RandomFlip, RandomShift
from tests.augmentation.blocks import SHAPES, augmented, image_block


def flipped(images, is_mirrored, axis):
    return np.array(
        [np.flip(x, axis) if m else x for x, m in zip(images, is_mirrored, strict=True)]
    )


def moved(image, down, right, outside):
    """Return the shifted image, pixel by pixel; `outside` gives new pixels."""
    height, width = image.shape[:2]
    result = np.empty_like(image)
    for i in range(height):
        for j in range(width):
            a, b = i - down, j - right
            is_inside = 0 <= a < height and 0 <= b < width
            result[i, j] = image[a, b] if is_inside else outside(image, a, b)
    return result


def nearest(image, a, b):
    height, width = image.shape[:2]
    return image[min(max(a, 0), height - 1), min(max(b, 0), width - 1)]


@pytest.mark.parametrize("image_shape", SHAPES)
@pytest.mark.parametrize(("horizontal", "vertical"), [(1, 0), (0, 1), (1, 1)])
def test_flip_equals_a_loop_over_images(image_shape, horizontal, vertical):
    block = image_block(image_shape)
    flip = RandomFlip(
        image_shape, horizontal=bool(horizontal), vertical=bool(vertical), p=0.3
    )
    X, _, _ = augmented(flip, block, seed=1)
    rng = np.random.default_rng(1)
    expected = block[0].reshape(-1, *image_shape)
    for axis in [1] * horizontal + [0] * vertical:
        expected = flipped(expected, rng.random(len(expected)) < 0.3, axis)
    assert_array_equal(X.reshape(expected.shape), expected)


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_flipping_twice_changes_nothing(direction):
    block = image_block((6, 5))
    flip = RandomFlip((6, 5), p=1.0, horizontal=False).set_params(**{direction: True})
    once = augmented(flip, block)
    assert (once[0] != block[0]).any(axis=1).all()
    assert_array_equal(augmented(flip, once)[0], block[0])


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5])
def test_share_of_flipped_rows(p):
    block = image_block((2, 3), n_rows=20_000)
    is_flipped = (augmented(RandomFlip((2, 3), p=p), block)[0] != block[0]).any(axis=1)
    assert is_flipped.mean() == pytest.approx(p, abs=0.015)  # 4 standard errors


@pytest.mark.parametrize("image_shape", SHAPES)
@pytest.mark.parametrize(
    ("fill", "outside"), [(-1.5, lambda *_: -1.5), ("nearest", nearest)]
)
def test_shift_equals_a_loop_over_pixels(image_shape, fill, outside):
    block = image_block(image_shape)
    shift = RandomShift(image_shape, max_shift=2, fill=fill, p=0.7)
    X, _, _ = augmented(shift, block, seed=1)
    rng = np.random.default_rng(1)
    down, right = rng.integers(-2, 3, (2, len(X)))
    is_moved = rng.random(len(X)) < 0.7
    images = block[0].reshape(-1, *image_shape)
    expected = [
        moved(x, d, r, outside) if m else x
        for x, d, r, m in zip(images, down, right, is_moved, strict=True)
    ]
    assert_array_equal(X.reshape(images.shape), expected)


def test_each_shift_is_as_likely_as_any_other():
    image = np.zeros((5, 5), np.float32)
    image[2, 2] = 1
    n_rows = 25_000
    rows = np.tile(image.reshape(1, -1), (n_rows, 1))
    X, _, _ = augmented(RandomShift((5, 5), max_shift=2), (rows, rows, rows[:, 0]))
    share = X.mean(axis=0)  # where the one bright pixel went
    assert share.sum() == pytest.approx(1)
    standard_error = np.sqrt(1 / 25 * (1 - 1 / 25) / n_rows)
    assert_allclose(share.reshape(5, 5), 1 / 25, atol=4 * standard_error)


@pytest.mark.parametrize(
    "still", [RandomShift((4, 6, 3), max_shift=0), RandomShift((4, 6, 3), p=0.0)]
)
def test_no_shift_is_the_same_image(still):
    block = image_block((4, 6, 3))
    assert_array_equal(augmented(still, block)[0], block[0])


@pytest.mark.parametrize(
    ("augmenter", "message"),
    [
        (RandomFlip((6, 5), p=1.5), r"'p' parameter of RandomFlip .*Got 1.5"),
        (RandomFlip((6, 5), vertical="yes"), "'vertical' parameter .*Got 'yes'"),
        (RandomShift((6, 5), max_shift=-1), "'max_shift' parameter .*Got -1"),
        (RandomShift((6, 5), max_shift=0.5), "'max_shift' parameter .*Got 0.5"),
        (RandomShift((6, 5), fill="wrap"), "'fill' parameter .*Got 'wrap'"),
        (RandomShift((6, 5), fill=np.nan), "'fill' parameter .*Got nan"),
        (RandomFlip(30), "'image_shape' parameter .*Got 30"),
    ],
)
def test_parameters_that_are_not_allowed(augmenter, message):
    with pytest.raises(InvalidParameterError, match=message):
        augmenter.check(30)


@pytest.mark.parametrize(
    ("augmenter", "message"),
    [
        (RandomShift((6, 5), max_shift=5), "max_shift=5 .* must be less than 5"),
        (RandomFlip((6, 6)), r"image_shape=\(6, 6\) has 36 values.* 30 features"),
        (RandomFlip((30,)), r"image_shape=\(30,\) is not allowed"),
        (RandomFlip((6, 5, 1, 1)), "is not allowed: it must be"),
        (RandomFlip((6.0, 5)), "integers >= 1"),
        (RandomFlip((-6, -5)), "integers >= 1"),
        (RandomFlip((30, True)), "integers >= 1"),
    ],
)
def test_shapes_that_do_not_fit(augmenter, message):
    with pytest.raises(ValueError, match=message):
        augmenter.check(30)
