"""L-BFGS: LogisticRegression without hidden layers, a minimum of J with them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression

from skdnn.training.history import DevResult
from skdnn.training.lbfgs import minimize_lbfgs
from skdnn.training.stopping import Monitor
from tests import oracle
from tests.problems import make_problem

ALPHA = 2.0


def minimize(problem, *, tol=1e-9, monitor=None, max_iterations=5000, **options):
    return minimize_lbfgs(
        problem.theta,
        problem.objective(),
        monitor or Monitor(0.0, np.inf),
        tol=tol,
        max_iterations=max_iterations,
        max_evaluations=10**6,
        **options,
    )


def learnable(kind, *, rows=120, hidden=(), **options):
    """Return a problem whose classes depend on the inputs, with noise."""
    problem = make_problem(kind, hidden=hidden, rows=rows, n_inputs=5, **options)
    rng = np.random.default_rng(1)
    true = rng.normal(size=(5, problem.sizes[-1]))
    true[3:] = 0
    noisy = problem.X @ true + rng.logistic(size=(rows, problem.sizes[-1]))
    if kind == "multiclass":
        problem.Y = noisy.argmax(axis=1)[:, None].astype(problem.dtype)
    else:
        problem.Y = (noisy > 0).astype(problem.dtype)
    return problem


def logistic_regression(problem, **options):
    settings = {"tol": 1e-10, "max_iter": 100_000} | options
    model = LogisticRegression(**settings)
    return model.fit(problem.X, problem.Y[:, 0], problem.weights)


def assert_same_model(theta, problem, model, atol):
    W, b = oracle.unpack(theta, problem.sizes)
    assert_allclose(W[0].T, model.coef_, atol=atol)
    # softmax does not change when all biases move by the same amount
    shift = np.mean(b[0] - model.intercept_) if b[0].size > 1 else 0
    assert_allclose(b[0] - shift, model.intercept_, atol=atol)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_no_hidden_layer_with_l2_is_logistic_regression(kind, weighted):
    problem = learnable(kind, alpha=ALPHA, weighted=weighted)
    theta, outcome = minimize(problem)
    assert outcome.converged
    model = logistic_regression(problem, C=1 / ALPHA)
    assert_same_model(theta, problem, model, 1e-6)


def test_outputs_of_multilabel_are_logistic_regressions():
    problem = learnable("multilabel", alpha=ALPHA)
    W, b = oracle.unpack(minimize(problem)[0], problem.sizes)
    for k in range(3):
        model = LogisticRegression(C=1 / ALPHA, tol=1e-10, max_iter=1000)
        model.fit(problem.X, problem.Y[:, k])
        assert_allclose(W[0][:, k], model.coef_[0], atol=1e-6)
        assert_allclose(b[0][k], model.intercept_[0], atol=1e-6)


# λ/2 [(1 - ρ) ‖W‖² + ρ ‖W‖₁] as scikit-learn's (1 - r)/2C ‖W‖² + r/C ‖W‖₁
def sklearn_terms(l1_ratio, alpha):
    l2, l1 = alpha * (1 - l1_ratio), alpha * l1_ratio / 2
    return {"C": 1 / (l1 + l2), "l1_ratio": l1 / (l1 + l2), "solver": "saga"}


def test_pure_l1_is_c_of_two_by_alpha():
    terms = sklearn_terms(1.0, ALPHA)
    assert terms == {"C": 2 / ALPHA, "l1_ratio": 1.0, "solver": "saga"}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_no_hidden_layer_with_l1_is_logistic_regression(kind, l1_ratio, weighted):
    alpha = 12.0
    problem = learnable(kind, alpha=alpha, l1_ratio=l1_ratio, weighted=weighted)
    theta, outcome = minimize(problem)
    assert outcome.converged
    model = logistic_regression(problem, **sklearn_terms(l1_ratio, alpha))
    assert_same_model(theta, problem, model, 1e-5)
    weights = theta[: problem.n_weights].reshape(5, -1).T
    assert_array_equal(weights == 0, model.coef_ == 0)
    assert 0 < np.count_nonzero(weights == 0) < weights.size


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("hidden", [(), (6,), (5, 4)], ids=len)
def test_optimality_conditions(hidden, l1_ratio):
    """0 ∈ ∂J: g = -l1 sign(w), or |g| <= l1 where w = 0."""
    problem = learnable("multiclass", hidden=hidden, alpha=6.0, l1_ratio=l1_ratio)
    theta, outcome = minimize(problem)
    assert outcome.converged
    smooth = problem.objective().without_l1()
    gradient, l1 = smooth.value_and_gradient(theta)[1], problem.penalty.l1
    n = problem.n_weights
    w, g = theta[:n], gradient[:n]
    at_zero = w == 0
    assert_allclose(g[~at_zero], -l1 * np.sign(w[~at_zero]), atol=1e-6)
    assert (np.abs(g[at_zero]) <= l1 + 1e-8).all()
    assert_allclose(gradient[n:], 0, atol=1e-6)
    assert at_zero.any() == (l1_ratio > 0)


def test_history_and_the_given_theta():
    problem = learnable("multiclass", hidden=(5,), alpha=1.0)
    before, calls = problem.theta.copy(), []
    theta, outcome = minimize(problem, on_epoch=lambda *args: calls.append(args))
    assert_array_equal(problem.theta, before)
    records = [record for record, _ in calls]
    assert records == outcome.history
    assert [record.epoch for record in records] == list(range(1, len(calls) + 1))
    costs = np.array([record.cost for record in records])
    assert_array_equal(calls[-1][1], theta)
    assert (np.diff(costs) <= 0).all()
    assert_allclose(costs[-1], problem.objective().value(theta).total, rtol=1e-12)


def test_the_iterations_can_run_out():
    problem = learnable("multiclass", hidden=(5,), alpha=1.0)
    _, outcome = minimize(problem, max_iterations=3)
    assert len(outcome.history) == 3
    assert not outcome.converged


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_on_epoch_can_stop(l1_ratio):
    problem = learnable("multiclass", hidden=(5,), alpha=1.0, l1_ratio=l1_ratio)
    at_two, outcome = minimize(problem, on_epoch=lambda record, _: record.epoch == 2)
    assert len(outcome.history) == 2
    assert not outcome.converged
    limited, _ = minimize(problem, max_iterations=2)
    assert_allclose(at_two, limited, rtol=1e-12)


def test_the_dev_set_can_stop():
    """Best at iteration 3, patience of 2: ends at 5 with θ of iteration 3 kept."""
    problem = learnable("multiclass", hidden=(5,), alpha=1.0)
    costs, seen = iter([3, 2, 1, 2, 2, 2, 2]), []

    def evaluate(theta):
        seen.append(theta.copy())
        cost = next(costs)
        return DevResult(cost, -cost, cost)

    monitor = Monitor(0.0, 2, follows_dev=True)
    _, outcome = minimize(problem, monitor=monitor, evaluate=evaluate)
    assert outcome.converged
    assert [record.dev.cost for record in outcome.history] == [3, 2, 1, 2, 2]
    assert_array_equal(monitor.best_theta, seen[2])


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("interrupted", ["evaluate", "on_epoch"])
def test_an_interrupt_ends_with_the_last_iteration(interrupted, l1_ratio):
    problem = learnable("multiclass", hidden=(5,), alpha=1.0, l1_ratio=l1_ratio)
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return DevResult(1.0, -1.0, 1.0) if interrupted == "evaluate" else False

    theta, outcome = minimize(problem, **{interrupted: interrupt}, epochs_before=4)
    assert isinstance(outcome.interrupted_by, KeyboardInterrupt)
    n_whole = 2 if interrupted == "evaluate" else 3
    assert [record.epoch for record in outcome.history] == [5, 6, 7][:n_whole]
    limited, _ = minimize(problem, max_iterations=n_whole)
    assert_allclose(theta, limited, rtol=1e-12)


def test_an_interrupt_in_the_first_iteration_is_raised():
    def interrupt(theta):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(learnable("multiclass"), evaluate=interrupt)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_float32_goes_in_and_out(l1_ratio):
    options = {"alpha": 6.0, "l1_ratio": l1_ratio}
    exact, _ = minimize(learnable("multiclass", **options))
    theta, _ = minimize(learnable("multiclass", dtype=np.float32, **options), tol=1e-5)
    assert theta.dtype == np.float32
    n = 5 * 4
    assert_allclose(theta[:n], exact[:n], atol=3e-3)


def test_rows_that_make_the_cost_infinite_are_reported():
    problem = learnable("multiclass", hidden=(5,))
    problem.X[4, 2] = np.nan
    theta, outcome = minimize(problem)
    assert outcome.diverged_at == 1
    assert_array_equal(theta, problem.theta)
