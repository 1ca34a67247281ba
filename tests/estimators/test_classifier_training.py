"""How training is told to go: weights, schedules, bounds, first weights, reports."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn import MLPRegularizedClassifier
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import INITIALIZERS
from skdnn.training.schedules import SCHEDULES
from tests.estimators.datasets import KINDS, make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["sgd", "adam", "adamw"]
SOLVERS = [*STOCHASTIC, "lbfgs"]


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (8,),
        "batch_size": 16,
        "max_iter": 5,
        "dtype": "float64",
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- weights ---------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
def test_class_weight_times_sample_weight(solver):
    X, y = make_rows()
    weight = np.random.default_rng(0).uniform(0.5, 2, 60)
    class_weight = {0: 3.0, 1: 1.0, 2: 0.2}
    by_class = _net(solver=solver, class_weight=class_weight).fit(X, y, weight)
    by_hand = _net(solver=solver).fit(X, y, weight * np.array([3.0, 1.0, 0.2])[y])
    assert_allclose(parameters(by_class), parameters(by_hand), atol=1e-12)
    names = np.array(["a", "b", "c"])
    named = _net(
        solver=solver, class_weight=dict(zip(names, [3.0, 1.0, 0.2], strict=True))
    )
    assert_array_equal(parameters(named.fit(X, names[y], weight)), parameters(by_class))


def test_balanced_counts_weights_as_rows():
    X, y = make_rows("binary")
    weight = np.random.default_rng(0).uniform(0.5, 2, 60)
    balanced = _net(class_weight="balanced").fit(X, y, weight)
    total = np.bincount(y, weights=weight)
    by_hand = _net().fit(X, y, weight * (total.sum() / (2 * total))[y])
    assert_allclose(parameters(balanced), parameters(by_hand), atol=1e-10)


@pytest.mark.parametrize("class_weight", ["balanced", [{0: 1, 1: 4}] * 3])
def test_class_weights_of_labels(class_weight):
    X, Y = make_rows("multilabel")
    weighted = _net(class_weight=class_weight).fit(X, Y)
    assert not np.allclose(parameters(weighted), parameters(_net().fit(X, Y)))
    assert np.all(np.isfinite(parameters(weighted)))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("how", ["sample_weight", "class_weight", "balanced"])
def test_class_without_weight(solver, early_stopping, how):
    X, y = make_rows()
    weight = np.where(y == 1, 0.0, 1.0) if how != "class_weight" else None
    class_weight = {"class_weight": {0: 1, 1: 0, 2: 1}, "balanced": "balanced"}.get(how)
    net = _net(
        solver=solver,
        class_weight=class_weight,
        early_stopping=early_stopping,
        learning_rate_init=0.02,
        max_iter=100,
    ).fit(X, y, weight)
    assert np.all(np.isfinite(parameters(net)))
    assert np.all(np.isfinite(net.loss_curve_))
    assert np.mean(net.predict(X) == 1) < np.mean(y == 1) / 2


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_mini_batch_without_weight(solver):
    """Regression: MLPClassifier divides by the batch's weight, which is zero."""
    X, y = make_rows()
    weight = np.repeat([0.0, 1.0, 0.0, 1.0], 15)
    net = _net(solver=solver, batch_size=15, shuffle=False).fit(X, y, weight)
    assert np.all(np.isfinite(parameters(net)))
    single = _net(solver=solver, batch_size=1).fit(X, y, weight)
    assert np.all(np.isfinite(parameters(single)))


# -- schedules -------------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("nesterov", [False, True])
def test_every_schedule_trains(solver, schedule, nesterov):
    X, y = make_rows()
    net = _net(
        solver=solver,
        learning_rate=schedule,
        learning_rate_init=0.05,
        nesterovs_momentum=nesterov,
        max_iter=40,
    ).fit(X, y)
    assert net.loss_curve_[-1] < 0.9 * net.loss_curve_[0]


def _rates(printed):
    return [float(r) for r in re.findall(r"learning rate ([\d.e+-]+)", printed)]


@pytest.mark.parametrize("n_rows", [60, 600])
def test_invscaling_decays_by_epoch_and_not_by_row(n_rows, capsys):
    """Regression: MLPClassifier's decays by the rows seen."""
    X, y = make_rows(n_rows=n_rows)
    _net(learning_rate="invscaling", learning_rate_init=0.1, verbose=True).fit(X, y)
    expected = 0.1 / np.sqrt(np.arange(1, 6))
    assert_allclose(_rates(capsys.readouterr().out), expected, rtol=0.05)


def test_cosine_ends_near_zero(capsys):
    X, y = make_rows(n_rows=160)
    _net(learning_rate="cosine", learning_rate_init=1.0, max_iter=10, verbose=True).fit(
        X, y
    )
    rates = _rates(capsys.readouterr().out)
    assert np.all(np.diff(rates) < 0)
    assert rates[-1] < 1e-3


def test_adaptive_divides_by_five_at_each_stall(capsys):
    X, y = make_rows()
    net = _net(
        learning_rate="adaptive",
        learning_rate_init=0.1,
        tol=1e9,
        n_iter_no_change=2,
        max_iter=100,
        verbose=True,
    ).fit(X, y)
    rates = _rates(capsys.readouterr().out)
    assert_allclose(rates[:7], [0.1, 0.1, 0.1, 0.02, 0.02, 0.004, 0.004], rtol=0.05)
    assert rates[-1] < 1e-6 * 5 and net.n_iter_ < 100


# -- bounds ----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_max_norm_bounds_the_weights_into_hidden_units(solver):
    X, y = make_rows()
    options = {"solver": solver, "learning_rate_init": 0.05, "max_iter": 60}
    free = _net(hidden_layer_sizes=(8, 6), alpha=0.0, **options).fit(X, y)
    bound = _net(hidden_layer_sizes=(8, 6), alpha=0.0, max_norm=0.7, **options)
    bound.fit(X, y)
    for W, W_free in zip(bound.coefs_[:-1], free.coefs_[:-1], strict=True):
        assert np.linalg.norm(W, axis=0).max() <= 0.7 * (1 + 1e-6)
        assert np.linalg.norm(W_free, axis=0).max() > 0.7
    assert np.linalg.norm(bound.coefs_[-1], axis=0).max() > 0.7  # the output is free


def test_max_grad_norm_bounds_a_step_of_gradient_descent():
    X, y = make_rows()
    plain = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.5}
    whole = {"batch_size": 60, "max_iter": 1, "alpha": 30.0}
    start = parameters(
        _net(init="glorot", **{**plain, "learning_rate_init": 1e-12}, **whole).fit(X, y)
    )
    free, bound, loose = (
        parameters(_net(init="glorot", max_grad_norm=m, **plain, **whole).fit(X, y))
        for m in (None, 0.1, 100.0)
    )
    assert np.linalg.norm(free - start) > 0.5 * 0.1
    assert_allclose(np.linalg.norm(bound - start), 0.5 * 0.1, rtol=1e-6)
    cosine = (free - start) @ (bound - start)
    cosine /= np.linalg.norm(free - start) * np.linalg.norm(bound - start)
    assert_allclose(cosine, 1, rtol=1e-9)
    assert_array_equal(loose, free)


@pytest.mark.parametrize("kind", KINDS)
def test_label_smoothing_bounds_the_probabilities(kind):
    """Rows learned by heart reach the smoothed target and no more."""
    X, y = make_rows(kind, n_rows=20, n_columns=30)
    smooth, hard = (
        _net(
            hidden_layer_sizes=(),
            solver="lbfgs",
            alpha=0.0,
            label_smoothing=e,
            tol=1e-8,
        ).set_params(max_iter=500)
        for e in (0.2, 0.0)
    )
    p = smooth.fit(X, y).predict_proba(X)
    n_choices = 3 if kind == "multiclass" else 2
    top = 1 - 0.2 + 0.2 / n_choices
    assert_allclose(p.max(axis=1) if kind != "multilabel" else p.max(), top, rtol=1e-3)
    assert hard.fit(X, y).predict_proba(X).max() > 0.999


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


# -- first weights ---------------------------------------------------------------------


def _first_weights(**params):
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
    for W in _first_weights(init=init)[:2]:
        assert_allclose(W.var(), variances[init](*W.shape), rtol=0.2, atol=1e-15)


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2), ("tanh", 1), (["relu", "tanh"], [2, 1])]
)
def test_init_auto_follows_the_activation(activation, gain):
    W1, W2, _ = _first_weights(init="auto", activation=activation)
    got = [W1.var() * 50, W2.var() * 40]
    assert_allclose(got, np.broadcast_to(gain, 2), rtol=0.15)


def test_init_by_a_callable():
    shapes = []

    def init(rng, n_in, n_out):
        shapes.append((n_in, n_out))
        return rng.uniform(1, 2, size=(n_in, n_out))

    coefs = _first_weights(init=init)
    assert shapes == [(50, 40), (40, 30), (30, 3)]
    assert all(W.min() >= 1 - 1e-6 and W.max() <= 2 for W in coefs)


# -- repeating, reporting --------------------------------------------------------------


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
    net = _net(solver=solver, verbose=True, max_iter=12).fit(X, y, **dev)
    lines = capsys.readouterr().out.splitlines()
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
