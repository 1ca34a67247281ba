"""Mixed rows: the cost of a mixed row is the mixed cost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from scipy.stats import beta, kstest
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import CutMix, Mixup
from tests.augmentation.blocks import SHAPES, augmented, image_block, table_block


def draws(n_rows, alpha, p, seed):
    """Return partners and their shares, drawn as in the augmenters."""
    rng = np.random.default_rng(seed)
    partner, share = rng.permutation(n_rows), rng.beta(alpha, alpha, n_rows)
    return partner, share * (rng.random(n_rows) < p)


def test_mixup_equals_a_loop_over_rows():
    block = X, Y, s = table_block(dtype=np.float64)
    got = augmented(Mixup(0.7, p=0.8), block, seed=1)
    for i, (j, share) in enumerate(zip(*draws(len(X), 0.7, 0.8, 1), strict=True)):
        lam = 1 - share
        weight = lam * s[i] + (1 - lam) * s[j]
        total = lam * s[i] * Y[i] + (1 - lam) * s[j] * Y[j]
        assert_allclose(got[0][i], lam * X[i] + (1 - lam) * X[j])
        assert_allclose(got[1][i], total / weight if weight else Y[i], atol=1e-15)
        assert_allclose(got[2][i], weight)


def test_cost_of_a_mixed_row_is_the_mixed_cost():
    """λ sᵢ ℓ(yᵢ) + (1 − λ) sⱼ ℓ(yⱼ), for any prediction."""
    block = X, Y, s = table_block(n_rows=200, dtype=np.float64)
    log_p = log_softmax(np.random.default_rng(2).normal(size=Y.shape), axis=1)
    partner, share = draws(len(X), 0.7, 1.0, 1)
    _, mixed_Y, mixed_s = augmented(Mixup(0.7), block, seed=1)
    own = s * -(Y * log_p).sum(axis=1)
    partners = s[partner] * -(Y[partner] * log_p).sum(axis=1)
    cost = mixed_s * -(mixed_Y * log_p).sum(axis=1)
    assert_allclose(cost, (1 - share) * own + share * partners, atol=1e-14)


def test_targets_stay_shares_and_weights_stay_ones():
    X, Y, _ = table_block()
    _, mixed_Y, s = augmented(Mixup(1.0), (X, Y, np.ones(len(X), X.dtype)))
    assert_array_equal(s, 1)
    assert_allclose(mixed_Y.sum(axis=1), 1, rtol=1e-6)
    assert mixed_Y.min() >= 0
    assert ((mixed_Y > 0.01) & (mixed_Y < 0.99)).any(axis=1).mean() > 0.3


def test_rows_without_weight_on_both_sides_keep_their_target():
    X, Y, _ = table_block()
    _, mixed_Y, s = augmented(Mixup(1.0), (X, Y, np.zeros(len(X), X.dtype)))
    assert_array_equal(mixed_Y, Y)
    assert_array_equal(s, 0)


def test_shares_are_beta_distributed():
    n_rows, alpha = 4_000, 0.4
    X = np.arange(n_rows, dtype=np.float64)[:, None]
    Y, s = np.eye(2)[np.arange(n_rows) % 2], np.ones(n_rows)
    partner, _ = draws(n_rows, alpha, 1.0, 0)
    mixed = augmented(Mixup(alpha), (X, Y, s))[0][:, 0]
    has_other = partner != np.arange(n_rows)
    share = ((mixed - X[:, 0]) / np.where(has_other, partner - X[:, 0], 1))[has_other]
    assert kstest(share, beta(alpha, alpha).cdf).pvalue > 0.01


@pytest.mark.parametrize("cls", [Mixup, CutMix])
def test_p_zero_changes_nothing(cls):
    block = table_block()
    for before, after in zip(block, augmented(cls(p=0), block), strict=True):
        assert_array_equal(after, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cutmix_of_columns_takes_columns_of_the_partner(dtype):
    block = X, _, _ = table_block(n_features=1000, dtype=dtype)
    got = augmented(CutMix(0.7, p=0.8), block, seed=1)
    for i, (j, share) in enumerate(zip(*draws(len(X), 0.7, 0.8, 1), strict=True)):
        is_partners = got[0][i] != X[i]
        assert_array_equal(got[0][i], np.where(is_partners, X[j], X[i]))
        taken = is_partners.mean() if j != i else share
        assert abs(taken - share) <= 4 * np.sqrt(share * (1 - share) / 1000)
        if j != i:
            assert_mixed(got, block, i, j, 1 - taken)


def test_cutmix_takes_columns_independently():
    """All columns are equally likely, and so are all pairs, as independence implies."""
    n_rows = 20_000
    X = np.arange(float(n_rows))[:, None] + np.zeros((1, 6))
    Y, s = np.zeros((n_rows, 1)), np.ones(n_rows)
    is_taken = augmented(CutMix(1.0), (X, Y, s))[0] != X
    assert_allclose(is_taken.mean(axis=0), 1 / 2, atol=4 / np.sqrt(4 * n_rows))
    both = is_taken.T.astype(float) @ is_taken / n_rows
    # The share is uniform: E λ² = 1/3.
    assert_allclose(both[~np.eye(6, dtype=bool)], 1 / 3, atol=4 * 0.0034)


@pytest.mark.parametrize("image_shape", SHAPES)
def test_cutmix_of_images_equals_a_loop_over_images(image_shape):
    block = X, _, _ = image_block(image_shape)
    cutmix = CutMix(image_shape=image_shape, p=0.8)
    got = augmented(cutmix, block, seed=1)
    rng = np.random.default_rng(1)
    partner, share = rng.permutation(len(X)), rng.beta(1, 1, len(X))
    share *= rng.random(len(X)) < 0.8
    height, width = image_shape[:2]
    middle_i = rng.integers(0, height, len(X))
    middle_j = rng.integers(0, width, len(X))
    images = X.reshape(-1, *image_shape)
    for i, j in enumerate(partner):
        box_height = round(height * np.sqrt(share[i]))
        box_width = round(width * np.sqrt(share[i]))
        top, left = middle_i[i] - box_height // 2, middle_j[i] - box_width // 2
        lines = slice(max(0, top), max(0, top + box_height))
        columns = slice(max(0, left), max(0, left + box_width))
        expected = images[i].copy()
        expected[lines, columns] = images[j, lines, columns]
        n_taken = images[j, lines, columns].size
        assert_array_equal(got[0][i], expected.reshape(-1))
        assert_mixed(got, block, i, j, 1 - n_taken / X.shape[1])


def assert_mixed(got, block, i, j, lam):
    """Assert that row i has the target and weight for its own share lam."""
    _, Y, s = block
    weight = lam * s[i] + (1 - lam) * s[j]
    total = lam * s[i] * Y[i] + (1 - lam) * s[j] * Y[j]
    expected = total / weight if weight else Y[i]
    assert_allclose(got[1][i], expected, atol=1e-6)
    assert_allclose(got[2][i], weight, atol=1e-6)


def test_cutmix_takes_the_share_that_was_drawn():
    """With alpha=1 the share is uniform, except that borders clip rectangles."""
    X = np.arange(2_000.0)[:, None] + np.zeros((1, 400))
    Y, s = np.eye(2)[np.arange(2_000) % 2], np.ones(2_000)
    mixed, _, _ = augmented(CutMix(), (X, Y, s))
    assert kstest((mixed != X).mean(axis=1), "uniform").statistic < 0.04
    mixed, _, _ = augmented(CutMix(image_shape=(20, 20)), (X, Y, s))
    share = (mixed != X).mean(axis=1)
    # On average over its middle, a box of side d keeps d - d²/4 within a side of 1.
    d = np.sqrt(np.linspace(0, 1, 1001))
    assert share.mean() == pytest.approx(np.mean((d - d**2 / 4) ** 2), abs=0.02)


def test_parameters_that_are_not_allowed():
    with pytest.raises(InvalidParameterError, match=r"'alpha' .* CutMix .*-1"):
        CutMix(-1).check(5)
    with pytest.raises(ValueError, match=r"image_shape=\(2, 2\) has 4 values"):
        CutMix(image_shape=(2, 2)).check(5)
    with pytest.raises(InvalidParameterError, match=r"'alpha' parameter of Mixup .*0"):
        Mixup(0).check(5)
