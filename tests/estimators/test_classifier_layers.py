"""Activations, dropout masks and initial weights by layer; random_state, verbose."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn import MLPRegularizedClassifier
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import BIAS_INITIALIZERS, INITIALIZERS
from tests.estimators.datasets import make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = ["sgd", "adam", "adamw", "lbfgs"]


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (8,),
        "batch_size": 16,
        "max_iter": 5,
        "dtype": "float64",
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- one value per layer ---------------------------------------------------------------


def test_activation_per_layer():
    X, y = make_rows()
    options = {"hidden_layer_sizes": (6, 5), "max_iter": 20}
    both = _net(activation=["tanh", "relu"], **options).fit(X, y)
    one_name = _net(activation="tanh", **options).fit(X, y)
    same = _net(activation=("tanh", "tanh"), **options).fit(X, y)
    assert_array_equal(parameters(one_name), parameters(same))
    A = np.tanh(X @ both.coefs_[0] + both.intercepts_[0])
    A = np.maximum(A @ both.coefs_[1] + both.intercepts_[1], 0)
    Z = A @ both.coefs_[2] + both.intercepts_[2]
    assert_allclose(both.decision_function(X), Z, atol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_activation_learns(activation, solver):
    X, y = make_rows("binary", n_rows=100)
    net = _net(
        activation=activation, solver=solver, max_iter=200, learning_rate_init=0.01
    ).fit(X, y)
    majority = max(np.mean(y), 1 - np.mean(y))
    assert net.score(X, y) > majority + 0.1


def test_keep_prob_per_layer():
    X, y = make_rows()
    options = {"hidden_layer_sizes": (6, 5)}
    one = _net(keep_prob=0.7, **options).fit(X, y)
    each = _net(keep_prob=np.array([0.7, 0.7]), **options).fit(X, y)
    other = _net(keep_prob=(0.7, 1.0), **options).fit(X, y)
    assert_array_equal(parameters(one), parameters(each))
    assert not np.allclose(parameters(one), parameters(other))


def test_dropout_is_off_in_predictions():
    X, y = make_rows()
    net = _net(keep_prob=0.5, input_keep_prob=0.5).fit(X, y)
    assert_array_equal(net.predict_proba(X), net.predict_proba(X))
    A = np.maximum(X @ net.coefs_[0] + net.intercepts_[0], 0)
    Z = A @ net.coefs_[1] + net.intercepts_[1]
    assert_allclose(net.decision_function(X), Z, atol=1e-10)


# -- initial weights -------------------------------------------------------------------


def _initial_weights(**params):
    X, y = make_rows(n_columns=50)
    net = _net(
        hidden_layer_sizes=(40, 30),
        solver="sgd",
        learning_rate_init=1e-12,
        max_iter=1,
        **params,
    )
    return net.fit(X, y).coefs_


@pytest.mark.parametrize("init", INITIALIZERS)
def test_init_by_name(init):
    variances = {
        "he": lambda n, k: 2 / n,
        "xavier": lambda n, k: 1 / n,
        "lecun": lambda n, k: 1 / n,
        "glorot": lambda n, k: 2 / (n + k),
        "normal": lambda n, k: 1e-4,
        "zeros": lambda n, k: 0.0,
    }
    for W in _initial_weights(init=init)[:2]:
        assert_allclose(W.var(), variances[init](*W.shape), rtol=0.2, atol=1e-15)


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2), ("tanh", 1), (["relu", "tanh"], [2, 1])]
)
def test_init_auto_follows_the_activation(activation, gain):
    W1, W2, _ = _initial_weights(init="auto", activation=activation)
    got = [W1.var() * 50, W2.var() * 40]
    assert_allclose(got, np.broadcast_to(gain, 2), rtol=0.15)


def test_init_by_a_callable():
    shapes = []

    def init(rng, n_in, n_out):
        shapes.append((n_in, n_out))
        return rng.uniform(1, 2, size=(n_in, n_out))

    coefs = _initial_weights(init=init)
    assert shapes == [(50, 40), (40, 30), (30, 3)]
    assert all(W.min() >= 1 - 1e-6 and W.max() <= 2 for W in coefs)


def test_bias_init_by_name_and_by_a_callable():
    X, y = make_rows()
    at_once = {"solver": "sgd", "learning_rate_init": 1e-12, "max_iter": 1}
    drawn, at_zero, ones = (
        _net(bias_init=bias_init, **at_once).fit(X, y)
        for bias_init in ("auto", "zeros", lambda rng, n_in, n_out: np.ones(n_out))
    )
    for net in (at_zero, ones):
        for W, expected in zip(net.coefs_, drawn.coefs_, strict=True):
            assert_allclose(W, expected, atol=1e-9)
    assert_allclose(at_zero.intercepts_[0], 0, atol=1e-9)
    assert_allclose(ones.intercepts_[0], 1, atol=1e-9)
    sizes = abs(drawn.intercepts_[0]) / np.sqrt(np.mean(drawn.coefs_[0] ** 2, axis=0))
    assert 0.5 < sizes.max() <= 1 + 1e-9
    for net in (drawn, at_zero, ones):
        assert_allclose(net.intercepts_[-1], 0, atol=1e-9)


@pytest.mark.parametrize("bias_init", ["auto", *BIAS_INITIALIZERS, "callable"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_gradients_are_correct_for_every_bias_init(bias_init, solver):
    if bias_init == "callable":

        def bias_init(rng, n_in, n_out):
            return rng.normal(size=n_out)

    X, y = make_rows()
    net = _net(bias_init=bias_init, solver=solver, activation=("relu", "tanh"))
    net.set_params(hidden_layer_sizes=(6, 5))
    report = net.gradient_check(X, y, at="init")
    assert report.passed and report.kinks == ()


# -- reproducibility, progress ---------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_random_state(solver, early_stopping):
    X, y = make_rows()
    keep_prob = 1.0 if solver == "lbfgs" else 0.8
    options = {
        "solver": solver,
        "early_stopping": early_stopping,
        "keep_prob": keep_prob,
    }
    one, same, other = (
        _net(**options, random_state=seed).fit(X, y) for seed in (3, 3, 4)
    )
    assert_array_equal(parameters(one), parameters(same))
    assert one.loss_curve_ == same.loss_curve_
    assert not np.allclose(parameters(one), parameters(other))
    rng = np.random.RandomState(3)
    first, second = (_net(**options, random_state=rng).fit(X, y) for _ in range(2))
    assert_array_equal(parameters(first), parameters(one))
    assert not np.allclose(parameters(first), parameters(second))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("with_dev", [False, True])
def test_verbose_prints_one_aligned_line_per_epoch(solver, with_dev, capsys):
    X, y = make_rows()
    dev = {"X_val": X, "y_val": y} if with_dev else {}
    net = _net(solver=solver, verbose=2, max_iter=12).fit(X, y, **dev)
    lines = capsys.readouterr().out.splitlines()
    lines = [line for line in lines if line.startswith("Epoch")]
    assert len(lines) == net.n_iter_
    assert len({len(line) for line in lines}) == 1
    for k, line in enumerate(lines):
        assert line.startswith(f"Epoch {k + 1:4d}")
        assert f"{net.loss_curve_[k]:.6f}" in line
        assert ("dev cost" in line) == with_dev
        if with_dev:
            assert f"{net.validation_loss_curve_[k]:.6f}" in line
    _net(solver=solver, max_iter=2).fit(X, y)
    assert capsys.readouterr().out == ""
