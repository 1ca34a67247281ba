"""Mixed rows: the cost of a mixed row is the mixed cost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax
from scipy.stats import beta, kstest
from sklearn.utils._param_validation import InvalidParameterError

from skdnn import Mixup
from tests.augmentation.blocks import augmented, table_block


def draws(n_rows, alpha, p, seed):
    """Return partner and partner's share, drawn as the augmenters do."""
    rng = np.random.default_rng(seed)
    partner, share = rng.permutation(n_rows), rng.beta(alpha, alpha, n_rows)
    return partner, share * (rng.random(n_rows) < p)


def test_mixup_is_a_loop_over_rows():
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
    """λ sᵢ ℓ(yᵢ) + (1 − λ) sⱼ ℓ(yⱼ), whatever is predicted."""
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


def test_p_zero_changes_nothing():
    block = table_block()
    for before, after in zip(block, augmented(Mixup(p=0), block), strict=True):
        assert_array_equal(after, before)


def test_parameters_that_are_not_allowed():
    with pytest.raises(InvalidParameterError, match=r"'alpha' parameter of Mixup .*0"):
        Mixup(0).check(5)
