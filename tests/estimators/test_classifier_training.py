"""Training options: weights, learning-rate schedules, norm bounds, smoothing."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skdnn import MLPRegularizedClassifier
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


def test_balanced_labels_count_weights_as_rows():
    """Also for multilabel targets; dev rows get the class weights of training rows."""
    X, y = make_rows("multilabel")
    y[:, 0] |= np.arange(60) % 5 > 0
    weight = np.arange(60) % 3
    repeated = np.repeat(np.arange(60), weight)
    net = _net(class_weight="balanced", solver="lbfgs", hidden_layer_sizes=())
    dev = {"X_val": X[:9], "y_val": y[:9]}
    weighted = clone(net).fit(X, y, weight, **dev)
    rows = clone(net).fit(X[repeated], y[repeated], **dev)
    assert_allclose(parameters(weighted), parameters(rows), atol=1e-4)
    costs = weighted.validation_loss_curve_[-1], rows.validation_loss_curve_[-1]
    assert_allclose(*costs, rtol=1e-4)


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
    """Regression: that of MLPClassifier decays with the number of rows seen."""
    X, y = make_rows(n_rows=n_rows)
    _net(learning_rate="invscaling", learning_rate_init=0.1, verbose=2).fit(X, y)
    expected = 0.1 / np.sqrt(np.arange(1, 6))
    assert_allclose(_rates(capsys.readouterr().out), expected, rtol=0.05)


def test_cosine_ends_near_zero(capsys):
    X, y = make_rows(n_rows=160)
    _net(learning_rate="cosine", learning_rate_init=1.0, max_iter=10, verbose=2).fit(
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
        verbose=2,
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
    # The output layer is not bounded.
    assert np.linalg.norm(bound.coefs_[-1], axis=0).max() > 0.7


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
    """Memorised rows reach the smoothed target and no more."""
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
