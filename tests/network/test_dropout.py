"""Inverted dropout: correct rate, new masks, one mask forward and backward."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.propagation import cost_and_gradient
from skdnn.training.averaging import no_average
from skdnn.training.epoch import Variables
from skdnn.training.optimizers import Regularization
from tests.problems import (
    DTYPES,
    dropout_factor,
    dropout_factors,
    make_problem,
    recipe,
    tolerance,
)
from tests.programs import drop, drop_inputs, train_block

KEEP = [0.05, 0.5, 0.8, 0.99]
SIGMAS = 5.0  # one draw in two million falls outside; the draws are fixed


def mask(shape, keep_prob=0.5, seed=1, step=0, layer=1):
    return dropout_factor(shape, keep_prob, seed, step, layer) > 0


def gradient(problem, keep_prob, seed=5, step=3, rows=None):
    """Return cost and gradient of one mini-batch with dropout.

    It is a training step with a rate of zero, which is compiled already.
    """
    theta = problem.theta.copy()
    moments = np.zeros_like(theta), np.zeros_like(theta), no_average(theta.dtype)
    cost, _, grad = train_block(
        problem.network,
        recipe(problem, "sgd").rule,
        Regularization(0.0, 0.0, np.inf, np.inf),
        problem.block([0, problem.n_rows]),
        np.zeros(1),
        keep_prob,
        Variables(theta, *moments, step, 0),
        seed=seed,
        batch_rows=rows,
    )
    assert_array_equal(theta, problem.theta)
    return cost / problem.n_rows, grad


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keep_prob", KEEP)
def test_rate_and_mean(keep_prob, dtype):
    n = 200_000
    factor = dropout_factor((n // 100, 100), keep_prob, 3, 0, 1, dtype)
    n_kept = np.count_nonzero(factor)
    spread = np.sqrt(n * keep_prob * (1 - keep_prob))
    assert abs(n_kept - n * keep_prob) < SIGMAS * spread
    assert_allclose(np.unique(factor), [0, 1 / keep_prob], rtol=1e-6)
    # E[mask / keep_prob] = 1: the same bound on the mean of n such numbers
    assert abs(factor.mean(dtype=float) - 1) < SIGMAS * spread / (n * keep_prob)


@pytest.mark.parametrize("keep_prob", [0.5, 0.8])
def test_rate_of_each_row_and_unit(keep_prob):
    kept = mask((1000, 900), keep_prob)
    for axis, n in [(0, 1000), (1, 900)]:
        spread = np.sqrt(keep_prob * (1 - keep_prob) / n)
        assert abs(kept.mean(axis=axis) - keep_prob).max() < SIGMAS * spread


@pytest.mark.parametrize("of", ["steps", "layers", "rows", "seeds"])
def test_masks_are_independent(of):
    """Correlations of pairs of masks of n places are about N(0, 1/n)."""
    n, many = 4096, 40
    if of == "rows":
        masks = mask((many, n))
    else:
        word = of.removesuffix("s")
        masks = np.stack([mask(n, **{word: k}) for k in range(many)])
    correlation = np.corrcoef(masks) - np.eye(many)
    assert abs(correlation).max() < SIGMAS / np.sqrt(n)
    # and they are not shifted copies of each other either
    shifted = np.corrcoef(masks[:, :-1], masks[:, 1:])[:many, many:]
    assert abs(shifted).max() < SIGMAS / np.sqrt(n)


def test_no_two_masks_are_equal():
    masks = [
        mask(64, step=step, layer=layer, seed=seed).tobytes()
        for seed in (0, 1)
        for step in (*range(200), 10**9)
        for layer in range(5)
    ]
    assert len(set(masks)) == len(masks)


def test_the_same_arguments_give_the_same_mask():
    assert_array_equal(mask((20, 30), seed=7, step=4), mask((20, 30), seed=7, step=4))


def test_seeds_of_all_64_bits_count():
    low, high = mask(256, seed=3), mask(256, seed=3 + 2**40)
    assert (low != high).any()


def test_keys_of_all_64_bits_count():
    masks = {mask(256, seed=seed).tobytes() for seed in (7, 8, 7 + 2**40, 7 + 2**63)}
    assert len(masks) == 4


@pytest.mark.parametrize("dtype", DTYPES)
def test_derivatives_are_dropped_with_the_activations(dtype):
    rng = np.random.default_rng(0)
    A, G = rng.uniform(1, 2, (2, 30, 40)).astype(dtype)
    dropped_A, dropped_G = A.copy(), G.copy()
    drop(dropped_A, dropped_G, 0.75, 1, 0, 1)
    factor = dropout_factor(A.shape, 0.75, 1, 0, 1, dtype)
    assert_array_equal(dropped_A, A * factor)
    assert_array_equal(dropped_G, G * factor)


@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_are_copied_before_they_are_dropped(dtype):
    X = np.random.default_rng(0).uniform(1, 2, (30, 40)).astype(dtype)
    before, A = X.copy(), np.full_like(X, np.nan)
    drop_inputs(X, A, 0.75, 1, 0)
    assert_array_equal(X, before)
    assert_array_equal(A, X * dropout_factor(X.shape, 0.75, 1, 0, 0, dtype))


def test_dropped_units_are_zero_even_where_the_input_is_nan():
    X = np.full((8, 8), np.nan)
    A = np.empty_like(X)
    drop_inputs(X, A, 0.5, 1, 0)
    assert_array_equal(np.isnan(A), mask((8, 8), layer=0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_keep_prob_of_one_is_no_dropout_bit_for_bit(dtype):
    problem = make_problem(dtype=dtype, weighted=True)
    expected = np.empty_like(problem.theta)
    cost = cost_and_gradient(
        problem.network,
        problem.theta,
        problem.X,
        problem.Y,
        problem.s,
        1 / problem.n_rows,
        problem.workspace(),
        expected,
    )
    for seed in (0, 9):
        found_cost, found = gradient(problem, (1.0, 1.0, 1.0), seed=seed)
        assert found_cost == cost * problem.n_rows / problem.n_rows
        assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(
    "keep_prob",
    [(1, 0.5, 0.8), (0.7, 1, 1), (0.9, 0.6, 0.7), (1, 1, 0.5)],
    ids=str,
)
def test_gradient_with_frozen_masks_against_the_oracle(keep_prob, activation, dtype):
    problem = make_problem(
        activation=activation, hidden=(8, 6), dtype=dtype, weighted=True
    )
    factors = dropout_factors(problem, keep_prob, seed=5, step=3)
    assert any((factor == 0).any() for factor in factors)
    expected_cost, expected = problem.expected_data_part(factors)
    cost, found = gradient(problem, keep_prob)
    assert_allclose(cost, expected_cost, **tolerance(dtype))
    assert_allclose(found, expected, **tolerance(dtype))


def test_gradient_with_dropout_in_a_larger_workspace():
    problem = make_problem(hidden=(8, 6))
    keep_prob = (0.9, 0.6, 0.7)
    exact = gradient(problem, keep_prob)
    larger = gradient(problem, keep_prob, rows=50)
    assert exact[0] == larger[0]
    assert_array_equal(exact[1], larger[1])


def test_another_step_drops_other_units():
    problem = make_problem(hidden=(8, 6))
    costs = {gradient(problem, (1, 0.5, 0.5), step=step)[0] for step in range(20)}
    assert len(costs) == 20
