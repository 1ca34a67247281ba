"""Bulk random numbers: their distribution and independence."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chisquare, kstest

from skdnn.augmentation.draws import below, key_of_row, new_key, normal


def normals(key, n_rows, n_columns):
    """Return a block of normally distributed numbers."""
    block = np.full((n_rows, n_columns), np.nan, np.float32)
    for i in range(n_rows):
        normal(block[i], *map(np.uint32, key_of_row(key, i)))
    return block


@pytest.fixture(scope="module")
def block():
    return normals(new_key(np.random.default_rng(0)), 400, 2501).astype(np.float64)


def test_normal_numbers_are_normally_distributed(block):
    assert kstest(block.ravel(), "norm").pvalue > 0.01
    assert np.isfinite(block).all()
    for power, expected, error in [(1, 0, 1), (2, 1, 2), (4, 3, 96), (6, 15, 10170)]:
        mean = np.mean(block**power)
        assert mean == pytest.approx(expected, abs=4 * np.sqrt(error / block.size))
    # 57 of a million lie beyond 4, on average.
    assert 57 - 31 < np.sum(np.abs(block) > 4) * 1e6 / block.size * 0.9 < 57 + 31


def test_pairs_and_neighbours_are_independent(block):
    """So are their squares, although both numbers of a pair share a radius."""
    half = 1251
    for a in (block, block**2 - 1):
        n = 4 / np.sqrt(a[:, 1:].size) * a.var()
        assert np.mean(a[:, : half - 1] * a[:, half:]) == pytest.approx(0, abs=2 * n)
        assert np.mean(a[:, 1:] * a[:, :-1]) == pytest.approx(0, abs=n)
        assert np.mean(a[1:] * a[:-1]) == pytest.approx(0, abs=n)


def test_rows_and_blocks_differ():
    rng = np.random.default_rng(0)
    first, second = (normals(new_key(rng), 20, 1000) for _ in range(2))
    correlation = np.corrcoef(np.concatenate([first, second]))
    assert_allclose(correlation, np.eye(40), atol=5 / np.sqrt(1000))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 64])
def test_any_number_of_columns_is_filled_reproducibly(n):
    block = normals(np.uint64(5), 1, n)
    assert np.isfinite(block).all()
    assert_array_equal(block, normals(np.uint64(5), 1, n))


def test_integers_are_uniform():
    low, high = map(np.uint32, key_of_row(np.uint64(1), 3))
    drawn = np.array([below(7, place, low, high) for place in range(20_000)])
    assert chisquare(np.bincount(drawn, minlength=7)).pvalue > 0.01
    assert drawn.max() == 6
    assert [below(1, place, low, high) for place in range(5)] == [0] * 5
