"""J and its gradient: the same for blocks of any size, and parts that add up."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.objective import rows_per_block
from skdnn.network.propagation import cost_and_gradient
from tests import oracle
from tests.pairwise import every_pair
from tests.problems import DTYPES, KINDS, make_problem, network_of, tolerance

PENALTIES = {"none": (0.0, 0.0), "l2": (0.8, 0.0), "l1": (0.8, 1.0), "mix": (0.8, 0.4)}


@every_pair(
    kind=sorted(KINDS), mix=sorted(PENALTIES), weighted=[False, True], dtype=DTYPES
)
def test_against_the_oracle(kind, mix, weighted, dtype):
    alpha, l1_ratio = PENALTIES[mix]
    problem = make_problem(
        kind, alpha=alpha, l1_ratio=l1_ratio, weighted=weighted, dtype=dtype
    )
    expected, expected_gradient = problem.expected_objective()
    cost, gradient = problem.objective().value_and_gradient(problem.theta)
    assert_allclose(cost.total, expected, **tolerance(dtype))
    assert_allclose(gradient, expected_gradient, **tolerance(dtype))
    assert gradient.dtype == np.float64


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", [(), (4,), (5, 4)], ids=len)
def test_value_is_the_gradients_value(hidden, dtype):
    problem = make_problem(hidden=hidden, alpha=0.5, l1_ratio=0.5, dtype=dtype)
    objective = problem.objective()
    value = objective.value(problem.theta)
    cost, _ = objective.value_and_gradient(problem.theta)
    assert_allclose(value, cost, **tolerance(dtype))
    assert value.total == value.data + value.penalty
    assert value.penalty > 0


@pytest.mark.parametrize("block_rows", [1, 5, 7, 12])
def test_blocks_of_any_size_give_the_same_objective(block_rows):
    problem = make_problem(weighted=True, alpha=0.5, l1_ratio=0.5)
    whole, parts = problem.objective(), problem.objective(block_rows)
    cost, gradient = whole.value_and_gradient(problem.theta)
    assert_allclose(parts.value(problem.theta), cost, rtol=1e-13)
    cost_in_parts, gradient_in_parts = parts.value_and_gradient(problem.theta)
    assert_allclose(cost_in_parts, cost, rtol=1e-13)
    assert_allclose(gradient_in_parts, gradient, rtol=1e-10, atol=1e-14)


def test_integer_weights_are_repeated_rows():
    """Also for the penalty: S, not m, divides it."""
    problem = make_problem(alpha=0.7, l1_ratio=0.3)
    problem.weights = np.arange(12) % 4.0
    repeated = make_problem(alpha=0.7, l1_ratio=0.3)
    times = problem.weights.astype(int)
    repeated.X = np.repeat(problem.X, times, axis=0)
    repeated.Y = np.repeat(problem.Y, times, axis=0)
    repeated.weights = np.ones(times.sum())
    cost, gradient = problem.objective().value_and_gradient(problem.theta)
    expected = repeated.objective().value_and_gradient(problem.theta)
    assert_allclose(cost, expected[0], rtol=1e-13)
    assert_allclose(gradient, expected[1], rtol=1e-10, atol=1e-14)


def test_scaling_weights_and_alpha_alike_changes_nothing():
    problem = make_problem(alpha=0.7, weighted=True)
    before = problem.objective().value(problem.theta)
    problem.weights, problem.alpha = 8 * problem.weights, 8 * problem.alpha
    assert_allclose(problem.objective().value(problem.theta), before, rtol=1e-13)


def test_mean_of_mini_batch_gradients_is_the_full_gradient():
    problem = make_problem(rows=12, weighted=True)
    batches = np.random.default_rng(0).permutation(12).reshape(3, 4)
    gradients = np.zeros((3, problem.theta.size))
    for rows, gradient in zip(batches, gradients, strict=True):
        X, Y, s = problem.X[rows], problem.Y[rows], problem.s[rows]
        network, work = problem.network, problem.workspace(4)
        cost_and_gradient(network, problem.theta, X, Y, s, 1 / 4, work, gradient)
    full = problem.objective().value_and_gradient(problem.theta)[1]
    assert_allclose(gradients.mean(axis=0), full, rtol=1e-10, atol=1e-14)


def test_without_l1_is_the_smooth_part():
    problem = make_problem(alpha=0.7, l1_ratio=0.4)
    objective = problem.objective()
    smooth = objective.without_l1()
    weights = problem.theta[: problem.n_weights]
    strength = 0.7 / (2 * problem.n_rows)
    l1 = strength * 0.4 * np.abs(weights).sum()
    l2 = strength * 0.6 * np.sum(weights**2)
    cost, gradient = smooth.value_and_gradient(problem.theta)
    assert_allclose(cost.penalty, l2, rtol=1e-13)
    before, before_gradient = objective.value_and_gradient(problem.theta)
    assert_allclose(before.total - cost.total, l1, rtol=1e-12)
    expected = np.zeros_like(gradient)
    expected[: weights.size] = strength * 0.4 * np.sign(weights)
    assert_allclose(before_gradient - gradient, expected, atol=1e-14)


@pytest.mark.parametrize("block_rows", [5, 12])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_active_units(activation, block_rows):
    """The units above zero, in layers with a kink, block by block."""
    problem = make_problem(activation=activation, hidden=(5, 4))
    found = problem.objective(block_rows).active_units(problem.theta)
    if not ACTIVATIONS[activation].has_kink:
        assert found.size == 0
        return
    W, b = oracle.unpack(problem.theta, problem.sizes)
    Z = oracle.forward(W, b, problem.activations, problem.X)[1]
    expected = [
        Z_l[start : start + block_rows].ravel() > 0
        for start in range(0, 12, block_rows)
        for Z_l in Z[:-1]
    ]
    assert_array_equal(found, np.concatenate(expected))
    assert 0 < found.sum() < found.size


def test_an_objective_in_float32_takes_theta_of_float64():
    problem = make_problem(dtype=np.float32)
    theta = problem.theta.astype(np.float64)
    expected = problem.objective().value_and_gradient(problem.theta)
    found = problem.objective().value_and_gradient(theta)
    assert found[0] == expected[0]
    assert_array_equal(found[1], expected[1])
    assert theta.dtype == np.float64


def test_rows_per_block_bounds_the_buffers():
    for sizes in [(3, 2), (784, 256, 10), (10**6, 10)]:
        rows = rows_per_block(network_of(sizes))
        assert rows == 32 or rows * sum(sizes) <= 2**19
