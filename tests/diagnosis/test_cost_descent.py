"""J falls at each step of gradient descent, up to a critical learning rate."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor, check_cost_descends
from skdnn.diagnosis.cost_descent import LEARNING_RATES, descend
from skdnn.network.objective import Objective
from tests.estimators.datasets import KINDS, make_rows
from tests.problems import make_problem


def net(**options):
    options = {"hidden_layer_sizes": (6,), "activation": "tanh"} | options
    return MLPRegularizedClassifier(random_state=0, **options)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_right_gradient_passes(kind, activation, l1_ratio):
    X, y = make_rows(kind)
    estimator = net(activation=activation, l1_ratio=l1_ratio, alpha=5.0)
    report = check_cost_descends(estimator, X, y)
    assert report.passed and report.verdict == "descends"
    assert_array_equal(report.learning_rates, LEARNING_RATES)
    assert report.costs.shape == (len(LEARNING_RATES), 21)
    assert np.ptp(report.costs[:, 0]) == 0
    assert report.costs[0, 0] == estimator.gradient_check(X, y, at="init").cost
    falls = np.all(np.diff(report.costs) < 0, axis=1)
    assert_array_equal(falls, [step is None for step in report.first_rises])
    assert report.largest_descending_rate >= 0.1


@pytest.mark.parametrize("alpha", [0.0, 20.0])
def test_a_quadratic_falls_up_to_two_over_the_largest_eigenvalue(alpha):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)) * [1, 2, 0.5, 3]
    y = X @ rng.normal(size=4) + rng.normal(size=50)
    ones = np.column_stack([X, np.ones(50)])
    # J = 1/2m Σ (ŷ - y)² + λ/2m ‖W‖²
    hessian = (ones.T @ ones + alpha * np.diag([1, 1, 1, 1, 0])) / 50
    bound = 2 / np.linalg.eigvalsh(hessian)[-1]
    report = check_cost_descends(
        MLPRegularizedRegressor(hidden_layer_sizes=(), alpha=alpha, random_state=0),
        X,
        y,
        learning_rates=bound * np.array([1.001, 0.5, 0.999, 1.5]),
        n_steps=3000,
    )
    assert_allclose(report.learning_rates / bound, [0.5, 0.999, 1.001, 1.5])
    assert report.first_rises[:2] == (None, None)
    assert report.first_rising_rate / bound == pytest.approx(1.001)
    assert report.first_rise_step == report.first_rises[2] > report.first_rises[3]
    assert report.largest_descending_rate / bound == pytest.approx(0.999)
    rise = np.diff(report.costs[2])
    assert np.all(rise[: report.first_rise_step - 1] <= 0)
    assert rise[report.first_rise_step - 1] > 0


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_descent_is_the_textbooks(l1_ratio):
    """The gradient of data and L2, then the proximal step of L1, in plain NumPy."""
    problem = make_problem(alpha=5.0, l1_ratio=l1_ratio, weighted=True)
    objective, theta = problem.objective(), problem.theta
    costs = descend(objective, theta, 0.1, 3)
    n_weights, total = problem.n_weights, problem.weights.sum()
    for J in costs:
        assert pytest.approx(problem_at(problem, theta).expected_objective()[0]) == J
        gradient = problem_at(problem, theta).expected_data_part()[1]
        theta = theta - 0.1 * gradient
        W = theta[:n_weights]
        W -= 0.1 * 5.0 * (1 - l1_ratio) / total * (W + 0.1 * gradient[:n_weights])
        reach = 0.1 * 5.0 * l1_ratio / (2 * total)
        W[:] = np.sign(W) * np.maximum(np.abs(W) - reach, 0)


def problem_at(problem, theta):
    return replace(problem, theta=theta)


def test_l1_zeros_are_reached_and_kept():
    """A strong enough penalty makes all weights zero; a subgradient would oscillate."""
    X, y = make_rows("binary", n_rows=40)
    estimator = net(hidden_layer_sizes=(), alpha=1e3, l1_ratio=1.0)
    report = check_cost_descends(estimator, X, y, learning_rates=[0.1], n_steps=200)
    assert report.passed
    share = y.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert report.costs[0, -1] == pytest.approx(entropy, rel=1e-3)
    assert "proximal step" in str(report)


# Negative controls: mistakes in ∇J that make J rise, or stand still, at every rate


def planted(mistake):
    right = Objective.value_and_gradient

    def wrong(self, theta):
        cost, gradient = right(self, theta)
        return cost, mistake(gradient)

    return wrong


def wrong_sign_of_weights(gradient):
    n_weights = 4 * 6 + 6 * 3
    return np.concatenate([-gradient[:n_weights], gradient[n_weights:]])


@pytest.mark.parametrize(
    ("mistake", "verdict"),
    [
        (lambda gradient: -gradient, "rises"),
        (wrong_sign_of_weights, "rises"),
        (lambda gradient: 0 * gradient, "constant"),
    ],
)
def test_a_wrong_gradient_fails(monkeypatch, mistake, verdict):
    X, y = make_rows()
    assert check_cost_descends(net(), X, y).passed
    monkeypatch.setattr(Objective, "value_and_gradient", planted(mistake))
    report = check_cost_descends(net(), X, y)
    assert not report.passed and report.verdict == verdict
    if verdict == "rises":
        assert report.first_rising_rate == LEARNING_RATES[0]
        assert report.largest_descending_rate is None
        assert "RISES" in str(report)
    else:
        assert "DOES NOT CHANGE" in str(report)
        assert "never rises at learning rates up to 10." in str(report)


def test_a_minimum_stands_still():
    X = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    estimator = net(hidden_layer_sizes=(), init="zeros")
    report = check_cost_descends(estimator, X, [0, 1, 0, 1])
    assert report.verdict == "constant"
    assert report.costs == pytest.approx(np.log(2))


def test_a_cost_that_overflows_is_a_rise():
    X, y = make_rows(n_rows=30)
    regressor = MLPRegularizedRegressor(hidden_layer_sizes=(5,), random_state=0)
    report = check_cost_descends(regressor, X, y, learning_rates=[1e-3, 1e6])
    assert report.first_rises == (None, 1)
    assert np.isinf(report.costs[1, -1]) and np.isfinite(report.costs[0]).all()
    assert report.passed


def test_dropout_is_off_and_settings_outside_J_are_named():
    X, y = make_rows()
    plain = check_cost_descends(net(), X, y)
    dropping = net(keep_prob=0.5, input_keep_prob=0.9, max_norm=1.0, max_grad_norm=2.0)
    report = check_cost_descends(dropping, X, y)
    assert_array_equal(report.costs, plain.costs)
    assert "keep_prob=0.5" in report.notes[0] and "Dropout is off" in str(report)
    assert "max_norm=1.0, max_grad_norm=2.0" in report.notes[1]
    assert plain.notes == ()


@pytest.mark.parametrize(
    ("solver", "words"),
    [
        ("sgd", "The estimator has learning_rate_init=0.02; momentum"),
        (
            "adam",
            "The estimator's learning_rate_init=0.02 is not comparable: adam rescales",
        ),
        ("adamw", "adamw rescales"),
        ("lbfgs", "lbfgs has no learning rate"),
    ],
)
def test_the_estimators_own_rate(solver, words):
    X, y = make_rows()
    report = check_cost_descends(net(solver=solver, learning_rate_init=0.02), X, y)
    assert words in str(report)
    assert (report.solver, report.learning_rate_init) == (solver, 0.02)


def test_prints_as_a_table_and_turns_into_a_dict():
    X, y = make_rows()
    report = check_cost_descends(net(), X, y, learning_rates=[0.1, 100], n_steps=4)
    lines = str(report).splitlines()
    assert lines[0].startswith("Cost descent: J falls at every step")
    assert lines[2] == "J first rises at learning rate 100, in step 1."
    assert lines[-2].split()[0] == "0.1" and lines[-2].endswith("none")
    assert lines[-1].split()[0] == "100" and lines[-1].endswith("step 1")
    found = json.loads(json.dumps(report.to_dict()))
    assert found["first_rising_rate"] == 100 and found["first_rises"] == [None, 1]
    assert_array_equal(found["costs"], report.costs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learning_rates": []}, "learning_rates must hold at least one"),
        ({"learning_rates": "a"}, "learning_rates must hold"),
        (
            {"learning_rates": [0.1, 0]},
            "learning_rates must hold .* each finite and > 0",
        ),
        ({"learning_rates": [np.nan]}, "learning_rates must hold"),
        ({"n_steps": 0}, "n_steps must be an int >= 1, got 0"),
        ({"n_steps": 2.5}, "n_steps must be an int >= 1, got 2.5"),
    ],
)
def test_bad_arguments_are_refused(options, words):
    X, y = make_rows()
    with pytest.raises(ValueError, match=words):
        check_cost_descends(net(), X, y, **options)
