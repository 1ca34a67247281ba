"""Cutout: how much is set to the fill value, and where."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chisquare
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import Cutout
from tests.augmentation.blocks import SHAPES, augmented, image_block, table_block


@pytest.mark.parametrize("size", [1, 3, 30])
def test_each_row_has_size_columns_cut(size):
    block = table_block()
    X, _, _ = augmented(Cutout(size, fill=-1.0), block)
    is_cut = X == -1
    assert_array_equal(is_cut.sum(axis=1), size)
    assert_array_equal(X[~is_cut], block[0][~is_cut])


def test_each_column_is_as_likely_as_any_other():
    block = table_block(n_rows=10_000, n_features=6)
    X, _, _ = augmented(Cutout(2, fill=-1.0), block)
    assert_allclose((X == -1).mean(axis=0), 2 / 6, atol=4 * 0.0047)


def test_each_set_of_columns_is_as_likely_as_any_other():
    block = table_block(n_rows=20_000, n_features=5)
    X, _, _ = augmented(Cutout(3, fill=-1.0), block)
    sets, counts = np.unique(X == -1, axis=0, return_counts=True)
    assert len(sets) == 10
    assert chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("image_shape", SHAPES)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_square_equals_a_loop_over_images(image_shape, size):
    block = image_block(image_shape)
    cutout = Cutout(size, image_shape=image_shape, fill=-1.0, p=0.7)
    X, _, _ = augmented(cutout, block, seed=1)
    rng = np.random.default_rng(1)
    is_cut = rng.random(len(X)) < 0.7
    middle_i = rng.integers(0, image_shape[0], len(X))
    middle_j = rng.integers(0, image_shape[1], len(X))
    expected = block[0].reshape(-1, *image_shape).copy()
    for row, i, j in zip(
        np.flatnonzero(is_cut), middle_i[is_cut], middle_j[is_cut], strict=True
    ):
        top, left = i - size // 2, j - size // 2
        for a in range(max(0, top), min(image_shape[0], top + size)):
            for b in range(max(0, left), min(image_shape[1], left + size)):
                expected[row, a, b] = -1
    assert_array_equal(X.reshape(expected.shape), expected)


@pytest.mark.parametrize("options", [{}, {"image_shape": (6, 5)}])
def test_share_of_rows(options):
    block = image_block((6, 5), n_rows=5_000)
    X, _, _ = augmented(Cutout(3, p=0.3, **options), block)
    assert (X != block[0]).any(axis=1).mean() == pytest.approx(0.3, abs=0.026)


def test_parameters_that_are_not_allowed():
    with pytest.raises(InvalidParameterError, match=r"'size' parameter .*Got 0"):
        Cutout(0).check(30)
    with pytest.raises(InvalidParameterError, match=r"'fill' .*Got 'nearest'"):
        Cutout(1, fill="nearest").check(30)


@pytest.mark.parametrize(
    ("cutout", "message"),
    [
        (Cutout(31), "size=31 is not allowed: it must be at most 30"),
        (Cutout(6, image_shape=(6, 5)), "at most 5, the shorter side"),
        (Cutout(2, image_shape=(6, 6)), r"image_shape=\(6, 6\) has 36 values"),
    ],
)
def test_sizes_that_do_not_fit(cutout, message):
    with pytest.raises(ValueError, match=message):
        cutout.check(30)
