"""The compiled mini-batch loop against the oracle's network and optimisers."""

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.training import epoch
from skdnn.training.averaging import OFF, Averaging, no_average
from skdnn.training.epoch import Variables
from skdnn.training.optimizers import OPTIMIZERS, OptimizerState, Regularization
from tests import oracle
from tests.problems import (
    DTYPES,
    dropout_factors,
    make_problem,
    rule_of,
    tolerance,
)
from tests.programs import train_block

INF = np.inf
NO_DROPOUT = (1.0, 1.0, 1.0)
PLAIN = Regularization(0.0, 0.0, INF, INF)


def train(
    problem,
    rule,
    extra,
    bounds,
    rates,
    keep_prob,
    *,
    rows=(),
    state=None,
    seed=4,
    averaging=OFF,
    average=None,
    n_averaged=0,
):
    """Train a copy of θ on the block of all rows; return θ, (cost, is finite)."""
    theta = problem.theta.copy()
    average = no_average(theta.dtype) if average is None else average
    state = state or OptimizerState.start(theta)
    variables = Variables(theta, state.m, state.v, average, state.t, n_averaged)
    block = problem.block(bounds, rows)
    arguments = problem.network, rule, extra, block, rates, keep_prob, variables
    cost, finite, _ = train_block(*arguments, seed=seed, averaging=averaging)
    return theta, (cost, finite)


def expected_training(problem, solver, extra, bounds, rates, keep_prob, seed, t):
    """Do the same with the oracle, one mini-batch after the other."""
    theta, cost = problem.theta.astype(np.float64), 0.0
    optimizer = oracle.Optimizer(solver, theta.size, 0.9, nesterov=True)
    optimizer.t = t
    network = problem.sizes, problem.activations, problem.loss
    for k, lr in enumerate(rates):
        part = slice(bounds[k], bounds[k + 1])
        rows = bounds[k + 1] - bounds[k]
        factors = dropout_factors(problem, keep_prob, seed, t + k, rows)
        batch = problem.X[part], problem.Y[part], problem.s[part]
        value, grad = oracle.data_part(theta, *network, *batch, factors=factors)
        cost += value
        theta = optimizer.step(
            theta,
            grad / rows,
            lr,
            problem.n_weights,
            extra.l2,
            extra.l1,
            extra.max_grad_norm,
        )
        theta = oracle.cap_norms(theta, problem.sizes, extra.max_norm)
    return theta, cost


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keep_prob", [NO_DROPOUT, (0.9, 0.6, 0.7)], ids=str)
@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_a_block_against_the_oracle(solver, kind, keep_prob, dtype):
    problem = make_problem(kind, hidden=(6, 5), rows=13, weighted=True, dtype=dtype)
    extra = Regularization(0.05, 0.02, 2.0, 3.0)
    bounds, rates, t = [0, 5, 9, 13], [0.03, 0.02, 0.05], 7
    state = OptimizerState.start(problem.theta)
    state.t = t
    theta, (cost, finite) = train(
        problem, rule_of(solver), extra, bounds, rates, keep_prob, state=state
    )
    expected, expected_cost = expected_training(
        problem, solver, extra, bounds, rates, keep_prob, 4, t
    )
    assert finite
    assert_allclose(cost, expected_cost, **tolerance(dtype, 10))
    assert_allclose(theta, expected, **tolerance(dtype, 20))


def test_two_blocks_are_one():
    """Only the moments and the step number are passed from block to block."""
    problem = make_problem(rows=12)
    keep_prob, rates = (0.9, 0.6, 0.7), [0.1, 0.2, 0.3]
    rule = rule_of("adam")
    whole, _ = train(problem, rule, PLAIN, [0, 4, 8, 12], rates, keep_prob)
    state = OptimizerState.start(problem.theta)
    for first in range(3):
        part = make_problem(rows=12)
        rows = slice(4 * first, 4 * first + 4)
        part.X, part.Y, part.weights = part.X[rows], part.Y[rows], part.weights[rows]
        part.theta = problem.theta
        rate = rates[first : first + 1]
        problem.theta, _ = train(
            part, rule, PLAIN, [0, 4], rate, keep_prob, state=state
        )
        state.t += 1
    assert_array_equal(problem.theta, whole)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("buffer_rows", [3, 5, 12, 40])
def test_rows_gathered_from_all_over_the_table(buffer_rows, weighted, monkeypatch):
    """The same steps as on a table in that order, with a buffer for a few rows."""
    problem = make_problem("multiclass", rows=12, weighted=weighted)
    order = np.random.default_rng(0).permutation(12)
    bounds, rates, rule = [0, 3, 6, 8, 12], [0.1, 0.2, 0.3, 0.4], rule_of("adam")
    row_bytes = 8 * (problem.X.shape[1] + 2)
    monkeypatch.setattr(epoch, "_GATHERED_BYTES", buffer_rows * row_bytes)
    theta, (cost, _) = train(
        problem, rule, PLAIN, bounds, rates, NO_DROPOUT, rows=order
    )
    problem.X, problem.Y = problem.X[order], problem.Y[order]
    problem.weights = problem.weights[order]
    expected, (expected_cost, _) = train(
        problem, rule, PLAIN, bounds, rates, NO_DROPOUT
    )
    assert_allclose(cost, expected_cost, rtol=1e-13)
    assert_allclose(theta, expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_stops_at_a_cost_that_is_not_finite(poison, dtype):
    problem = make_problem(rows=12, activation="relu", dtype=dtype)
    before = make_problem(rows=12, activation="relu", dtype=dtype)
    problem.X[5] = poison
    rule, rates = rule_of("sgd"), [0.1, 0.1, 0.1]
    theta, (cost, finite) = train(
        problem, rule, PLAIN, [0, 4, 8, 12], rates, NO_DROPOUT
    )
    expected, (first_cost, _) = train(
        before, rule, PLAIN, [0, 4], rates[:1], NO_DROPOUT
    )
    assert not finite
    assert cost == first_cost
    assert_array_equal(theta, expected)


@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_the_same_seed_gives_the_same_bits(solver):
    problem = make_problem(rows=12, hidden=(8, 6), dtype=np.float32)

    def run(seed):
        rule, bounds, rates = rule_of(solver), [0, 4, 8, 12], [0.1] * 3
        keep_prob = (0.9, 0.6, 0.7)
        return train(problem, rule, PLAIN, bounds, rates, keep_prob, seed=seed)[0]

    assert run(3).tobytes() == run(3).tobytes()
    assert (run(3) != run(4)).any()


@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_a_batch_of_zero_weights_does_not_move_theta(solver):
    problem = make_problem(rows=12)
    problem.weights = np.repeat([1.0, 0.0], [8, 4])
    short = make_problem(rows=12)
    rule, rates = rule_of(solver), [0.1, 0.1]
    theta, (cost, finite) = train(problem, rule, PLAIN, [8, 12], [0.1], NO_DROPOUT)
    assert finite
    assert cost == 0
    assert_array_equal(theta, short.theta)
    theta, (_, finite) = train(problem, rule, PLAIN, [0, 8, 12], rates, NO_DROPOUT)
    assert finite
    assert np.isfinite(theta).all()


def test_the_block_is_only_read():
    problem = make_problem(rows=12, weighted=True)
    before = problem.X.copy(), problem.Y.copy()
    train(problem, rule_of("adam"), PLAIN, [0, 6, 12], [0.1] * 2, (0.5, 0.5, 0.5))
    assert_array_equal(problem.X, before[0])
    assert_array_equal(problem.Y, before[1])


def allocations(n_steps, gathered):
    """Return how often compiled code allocates memory during n_steps steps."""
    problem = make_problem(rows=2 * n_steps, hidden=(6, 5), dtype=np.float32)
    bounds, rates = 2 * np.arange(n_steps + 1), [0.01] * n_steps
    rows = np.arange(2 * n_steps)[::-1] if gathered else ()
    extra = Regularization(0.05, 0.02, 2.0, 3.0)
    before = rtsys.get_allocation_stats()
    keep_prob = (0.9, 0.6, 0.7)
    train(problem, rule_of("adam"), extra, bounds, rates, keep_prob, rows=rows)
    return rtsys.get_allocation_stats().alloc - before.alloc


@pytest.mark.parametrize("gathered", [False, True])
def test_a_step_allocates_nothing(gathered):
    counted = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()
    try:
        allocations(2, gathered)
        few, many = allocations(2, gathered), allocations(300, gathered)
    finally:
        if not counted:
            _nrt_python.memsys_disable_stats()
    assert many == few


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("decay", [0.0, 0.6, 0.99])
def test_the_average_against_its_formula(decay, dtype):
    """Σ d^(t-i) θ_i / Σ d^(t-i), and steps before its start do not count."""
    problem = make_problem(rows=12, dtype=dtype)
    rule, rates = rule_of("adam"), [0.1, 0.2, 0.3]
    bounds = [0, 4, 8, 12]
    average, averaging = problem.theta.copy(), Averaging(True, decay)
    state, thetas = OptimizerState.start(problem.theta), []
    state.t = 7
    for n_averaged in (0, 3):
        start = state.copy()
        for stop in (1, 2, 3):  # θ after each step
            part = bounds[: stop + 1], rates[:stop], NO_DROPOUT
            theta, _ = train(problem, rule, PLAIN, *part, state=start.copy())
            thetas.append(theta)
        problem.theta, _ = train(
            problem,
            rule,
            PLAIN,
            bounds,
            rates,
            NO_DROPOUT,
            state=state,
            averaging=averaging,
            average=average,
            n_averaged=n_averaged,
        )
        state.t += 3
        assert_array_equal(problem.theta, thetas[-1])
        weights = decay ** np.arange(len(thetas))[::-1].astype(float)
        expected = np.average(thetas, axis=0, weights=weights)
        assert_allclose(average, expected, **tolerance(dtype))
