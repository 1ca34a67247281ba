"""Gaussian noise: its scale, columns and rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import GaussianNoise
from tests.augmentation.blocks import augmented, table_block


def test_noise_is_normal_of_the_given_scale():
    block = table_block(n_rows=5_000, n_features=4, dtype=np.float64)
    noise = augmented(GaussianNoise(0.3), block)[0] - block[0]
    assert_allclose(noise.mean(axis=0), 0, atol=4 * 0.3 / np.sqrt(5_000))
    assert_allclose(noise.std(axis=0), 0.3, rtol=0.04)
    assert_allclose((noise**4).mean() / 0.3**4, 3, rtol=0.1)
    assert_allclose(np.corrcoef(noise.T), np.eye(4), atol=0.06)


@pytest.mark.parametrize("columns", [[3, 0], np.array([5]), ()])
def test_other_columns_stay(columns):
    block = table_block(n_features=6)
    X, _, _ = augmented(GaussianNoise(columns=columns), block)
    is_changed = (X != block[0]).any(axis=0)
    assert_array_equal(np.flatnonzero(is_changed), np.sort(columns))


def test_all_columns_in_any_order_are_all_columns():
    block = table_block(n_features=6)
    expected, _, _ = augmented(GaussianNoise(), block)
    X, _, _ = augmented(GaussianNoise(columns=range(6)), block)
    assert_array_equal(X, expected)


def test_share_of_rows():
    block = table_block(n_rows=5_000)
    X, _, _ = augmented(GaussianNoise(p=0.3), block)
    assert (X != block[0]).any(axis=1).mean() == pytest.approx(0.3, abs=0.026)


@pytest.mark.parametrize("still", [GaussianNoise(0), GaussianNoise(p=0)])
def test_no_noise(still):
    block = table_block()
    assert_array_equal(augmented(still, block)[0], block[0])


def test_a_scale_that_is_not_allowed():
    with pytest.raises(InvalidParameterError, match=r"'scale' parameter .*Got -1"):
        GaussianNoise(-1).check(5)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([0, 5], "columns contains 5, but the rows have 5 features"),
        ([-1], "columns contains -1"),
        ([0.5], r"columns=\[0.5\] is not allowed"),
        ([[0]], r"columns=\[\[0\]\] is not allowed"),
        (["a"], r"columns=\['a'\] is not allowed"),
        ([True, False], "is not allowed: it must be a list of column indices"),
        ([1, 1], "indices must be unique"),
    ],
)
def test_columns_that_do_not_fit(columns, message):
    with pytest.raises(ValueError, match=message):
        GaussianNoise(columns=columns).check(5)
