"""L2, L1 and their mix: value, gradient, proximal step, capped norms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.penalties import ElasticNet, cap_column_norms, soft_threshold
from skdnn.network.segments import GROUP
from tests import oracle
from tests.problems import DTYPES

MIXES = [0.0, 0.3, 1.0]
finite = st.floats(-1e6, 1e6)


def as_theta(W):
    """Return W as θ, with one group whose entries are all penalised."""
    groups = np.array([(0, W.size, 1, 1, 1)], GROUP)
    return W.ravel(), groups


def draw(shape=(4, 3), dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("l1_ratio", MIXES)
def test_coefficients_follow_the_formula(l1_ratio):
    """λ/2S [(1-ρ) ‖W‖² + ρ ‖W‖₁] for λ = 3, S = 12."""
    W = draw()
    squares, sizes = np.sum(W**2), np.sum(np.abs(W))
    expected = 3 / (2 * 12) * ((1 - l1_ratio) * squares + l1_ratio * sizes)
    penalty = ElasticNet.of(3.0, l1_ratio, 12.0)
    assert_allclose(penalty.value(*as_theta(W)), expected, rtol=1e-14)


def test_no_penalty_is_zero():
    assert ElasticNet.of(0.0, 0.5, 10.0) == ElasticNet(0.0, 0.0)
    assert ElasticNet(0.0, 0.0).value(*as_theta(draw())) == 0


@pytest.mark.parametrize("l1_ratio", MIXES)
def test_gradient_against_differences(l1_ratio):
    penalty, W, h = ElasticNet.of(2.0, l1_ratio, 5.0), draw(), 1e-4
    numeric = np.empty_like(W)
    for place in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[place] = h
        rise = penalty.value(*as_theta(W + step)) - penalty.value(*as_theta(W - step))
        numeric[place] = rise / (2 * h)
    grad = np.full(W.size, 0.5)
    theta, groups = as_theta(W)
    penalty.add_gradient(theta, grad, groups)
    assert_allclose(grad - 0.5, numeric.ravel(), rtol=1e-8, atol=1e-10)


def test_l1_gradient_is_zero_at_zero():
    grad = np.zeros(3)
    theta, groups = as_theta(np.array([0.0, 1.0, -1.0]))
    ElasticNet(0.0, 2.0).add_gradient(theta, grad, groups)
    assert_array_equal(grad, [0, 2, -2])


def test_value_is_summed_in_float64():
    """A float32 sum of squares would overflow to inf here."""
    W = np.full(10, 1e25, np.float32)
    assert_allclose(ElasticNet(2.0, 0.0).value(*as_theta(W)), 1e51, rtol=1e-6)
    assert_allclose(ElasticNet(0.0, 2.0).value(*as_theta(W)), 2e26, rtol=1e-6)


@settings(deadline=None)  # the first example compiles
@given(finite, st.floats(0, 1e6))
def test_soft_threshold_against_the_oracle(w, threshold):
    found = soft_threshold(w, threshold)
    assert_allclose(found, oracle.soft_threshold(w, threshold), rtol=1e-15, atol=1e-9)
    if abs(w) <= threshold:
        assert found == 0


@settings(deadline=None)
@given(finite)
def test_soft_threshold_of_zero_changes_nothing(w):
    assert soft_threshold(w, 0.0) == w


@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_soft_threshold_keeps_nan(threshold):
    assert np.isnan(soft_threshold(np.nan, threshold))
    assert soft_threshold(np.inf, threshold) == np.inf


@pytest.mark.parametrize("dtype", DTYPES)
def test_capped_columns_keep_their_direction(dtype):
    W = draw((6, 5), dtype) * np.array([0.01, 0.1, 1, 10, 100], dtype)
    capped = W.copy()
    cap_column_norms(capped, 1.5)
    norms = np.linalg.norm(W.astype(float), axis=0)
    expected = W * np.minimum(1, 1.5 / norms)
    assert_allclose(capped, expected, rtol=3e-7)
    within = norms <= 1.5
    assert 0 < within.sum() < 5
    assert_array_equal(capped[:, within], W[:, within])


@pytest.mark.parametrize("max_norm", [0.5, 2.0])
def test_a_norm_just_within_the_bound_is_left_alone(max_norm):
    W = draw((6, 5))
    W *= 0.999 * max_norm / np.linalg.norm(W, axis=0)
    capped = W.copy()
    cap_column_norms(capped, max_norm)
    assert_array_equal(capped, W)
    cap_column_norms(capped, max_norm * 0.998)
    assert (np.abs(capped) < np.abs(W)).all()


def test_capping_a_column_of_zeros_or_of_huge_numbers():
    W = np.zeros((3, 2), np.float32)
    W[:, 1] = 1e30
    cap_column_norms(W, 2.0)
    assert_array_equal(W[:, 0], 0)
    assert_allclose(np.linalg.norm(W[:, 1]), 2, rtol=1e-6)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_the_value_of_diverged_weights_is_infinite(l1_ratio):
    penalty = ElasticNet.of(1.0, l1_ratio, 1.0)
    assert penalty.value(*as_theta(np.full(3, 1e308))) == np.inf
