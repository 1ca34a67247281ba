"""Resumed training: warm_start, partial_fit, pickles."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skdnn import MLPRegularizedClassifier
from skdnn.training import parts as state_parts
from tests.estimators.datasets import KINDS, make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["sgd", "adam", "adamw"]


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (8, 5),
        "batch_size": 16,
        "learning_rate_init": 0.01,
        "keep_prob": 0.8,
        "input_keep_prob": 0.9,
        "max_iter": 10,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }
    if params.get("solver") == "lbfgs":
        defaults.update(keep_prob=1.0, input_keep_prob=1.0)
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- warm_start ------------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_twice_five_epochs_equal_ten_bit_for_bit(solver, kind, dtype):
    X, y = make_rows(kind)
    whole = _net(solver=solver, dtype=dtype).fit(X, y)
    parts = _net(solver=solver, dtype=dtype, warm_start=True, max_iter=5)
    first = parameters(parts.fit(X, y))
    parts.fit(X, y)
    assert_array_equal(parameters(parts), parameters(whole))
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.t_ == whole.t_
    assert parts.optimizer_state_.t == whole.optimizer_state_.t
    assert not np.allclose(first, parameters(parts))


def test_warm_start_resumes_invscaling():
    X, y = make_rows()
    options = {"solver": "sgd", "learning_rate": "invscaling"}
    whole = _net(**options).fit(X, y)
    parts = _net(**options, warm_start=True, max_iter=5).fit(X, y).fit(X, y)
    assert_array_equal(parameters(parts), parameters(whole))


def test_without_warm_start_fit_starts_over():
    X, y = make_rows()
    net = _net()
    once, twice = parameters(net.fit(X, y)), parameters(net.fit(X, y))
    assert_array_equal(once, twice)
    assert net.t_ == 10 * 60 and len(net.loss_curve_) == 10


def test_warm_start_keeps_the_dev_set_of_early_stopping():
    """A new split would leak dev rows into training, which memorises them here."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 30)), rng.integers(2, size=60)
    net = _net(
        hidden_layer_sizes=(30,),
        alpha=0.0,
        keep_prob=1.0,
        input_keep_prob=1.0,
        early_stopping=True,
        validation_fraction=0.5,
        learning_rate_init=0.03,
        warm_start=True,
    )
    for _ in range(12):
        net.fit(X, y)
    assert net.loss_curve_[-1] < 0.05
    assert net.validation_loss_curve_[-1] > 1


def test_warm_start_continues_after_convergence():
    """Regression: MLPClassifier's patience counter is never reset."""
    X, y = make_rows()
    net = _net(n_iter_no_change=4, tol=10.0, max_iter=50, warm_start=True).fit(X, y)
    assert net.n_iter_ == 5
    net.fit(X, y)
    assert net.n_iter_ == 5


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_best_parameters_are_not_shared_with_training(solver):
    """Regression: the next fit of MLPClassifier overwrites coefs_ in place."""
    X, y = make_rows()
    net = _net(solver=solver, early_stopping=True, warm_start=True).fit(X, y)
    state = net.optimizer_state_.m
    best = parameters(net)
    handed_out = [*net.coefs_, *net.intercepts_]
    net.fit(X, y)
    assert_array_equal(np.concatenate([a.ravel() for a in handed_out]), best)
    assert not any(np.shares_memory(a, state) for a in net.coefs_)


def test_settings_may_change_between_fits():
    X, y = make_rows()
    net = _net(warm_start=True).fit(X, y)
    before = net.cost(X, y).data
    net.set_params(
        alpha=0.0, keep_prob=1.0, input_keep_prob=1.0, batch_size=60, max_iter=200
    )
    assert net.fit(X, y).cost(X, y).data < 0.9 * before


@pytest.mark.parametrize("other", ["sgd", "lbfgs", "adamw"])
def test_changing_the_solver_keeps_theta_and_not_the_moments(other):
    """As a velocity of sgd, Adam's first moment would be huge."""
    X, y = make_rows()
    options = {"keep_prob": 1.0, "input_keep_prob": 1.0}
    net = _net(warm_start=True, max_iter=100, **options).fit(X, y)
    before = net.cost(X, y).total
    net.set_params(solver=other, learning_rate_init=1e-9, max_iter=1).fit(X, y)
    assert net.cost(X, y).total <= before * (1 + 1e-5)


def test_lbfgs_resumes():
    X, y = make_rows()
    net = _net(solver="lbfgs", warm_start=True, max_iter=5).fit(X, y)
    costs = [net.cost(X, y).total]
    for _ in range(3):
        costs.append(net.fit(X, y).cost(X, y).total)
    assert np.all(np.diff(costs) < 0)


def test_cosine_restarts_with_each_warm_start():
    X, y = make_rows()
    net = _net(learning_rate="cosine", warm_start=True).fit(X, y)
    before = parameters(net)
    net.fit(X, y)  # with a rate that stayed at 0 nothing would change
    assert np.abs(parameters(net) - before).max() > 1e-3


@pytest.mark.parametrize("change", ["other classes", "other kind"])
def test_other_classes_are_refused(change):
    X, y = make_rows()
    net = _net(warm_start=True).fit(X, y)
    before = parameters(net)
    other = y + 1 if change == "other classes" else np.eye(3, dtype=int)[y]
    with pytest.raises(ValueError, match="warm_start can only be used where `y`"):
        net.fit(X, other)
    assert_array_equal(parameters(net), before)


# -- partial_fit -----------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "cosine"])
def test_partial_fit_of_all_rows_is_an_epoch_of_fit(solver, kind, learning_rate):
    X, y = make_rows(kind)
    options = {"solver": solver, "learning_rate": learning_rate}
    whole = _net(**options).fit(X, y)
    parts = _net(**options)
    classes = None if kind == "multilabel" else np.unique(y)
    for _ in range(10):
        parts.partial_fit(X, y, classes=classes)
    assert_allclose(parameters(parts), parameters(whole), atol=1e-7)
    assert_array_equal(parts.loss_curve_, whole.loss_curve_)
    assert parts.t_ == whole.t_


def test_partial_fit_with_weights():
    X, y = make_rows()
    weight = np.linspace(0, 2, 60)
    whole = _net(max_iter=1).fit(X, y, weight)
    part = _net().partial_fit(X, y, weight, classes=[0, 1, 2])
    assert_array_equal(parameters(part), parameters(whole))


def test_partial_fit_predicts_declared_classes_not_yet_seen():
    X, y = make_rows()
    names = np.array(["x", "y", "z"])
    net = _net(batch_size=4).partial_fit(X[y < 2], names[y[y < 2]], classes=names)
    assert_array_equal(net.classes_, names)
    assert net.predict_proba(X).shape == (60, 3)
    for _ in range(30):
        net.partial_fit(X, names[y])
    assert np.mean(net.predict(X) == names[y]) > 0.6


def test_partial_fit_of_few_rows():
    X, y = make_rows()
    net = _net(batch_size="auto")
    for k in range(20):
        net.partial_fit(X[k : k + 1], y[k : k + 1], classes=[0, 1, 2])
    assert net.t_ == 20
    assert np.all(np.isfinite(parameters(net)))


def test_partial_fit_copies_parameters_and_moments_once(monkeypatch):
    """For large networks each further copy would take a tenth of a step."""
    X, y = make_rows()
    net = _net(averaging=None).partial_fit(X, y, classes=[0, 1, 2])
    sizes, copied = [], state_parts.aligned_copy
    monkeypatch.setattr(
        state_parts,
        "aligned_copy",
        lambda array, *to: sizes.append(array.size) or copied(array, *to),
    )
    net.partial_fit(X, y)
    n_parameters = net._model.network.n_parameters
    assert [size for size in sizes if size] == 3 * [n_parameters]  # θ, m and v


def test_partial_fit_after_fit_resumes():
    X, y = make_rows()
    net = _net(max_iter=9).fit(X, y)
    net.partial_fit(X, y)
    assert_array_equal(parameters(net), parameters(_net(max_iter=10).fit(X, y)))


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_partial_fit_requires_classes_in_the_first_call(kind):
    X, y = make_rows(kind)
    net = _net()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        net.partial_fit(X, y)
    assert not hasattr(net, "classes_") and not hasattr(net, "n_features_in_")
    net.partial_fit(X, y, classes=np.unique(y)).partial_fit(X, y)
    with pytest.raises(ValueError, match="classes"):
        net.partial_fit(X, y, classes=[0, 1, 2, 3])
    before = parameters(net)
    with pytest.raises(ValueError, match="y has labels that are not among the classes"):
        net.partial_fit(X, y + 5)
    assert_array_equal(parameters(net), before)


def test_partial_fit_needs_no_classes_for_an_indicator():
    X, Y = make_rows("multilabel")
    net = _net().partial_fit(X, Y).partial_fit(X[:20], Y[:20])
    with pytest.raises(ValueError, match="y must be a label indicator with 3 columns"):
        net.partial_fit(X, Y[:, :2])
    assert net.predict(X).shape == (60, 3)


def test_lbfgs_has_no_partial_fit():
    net = _net(solver="lbfgs")
    assert not hasattr(net, "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as info:
        _ = net.partial_fit
    assert "lbfgs" in str(info.value.__cause__)
    net = clone(net).set_params(solver="adam")
    assert hasattr(net, "partial_fit")


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("learning_rate", ["invscaling", "adaptive", "cosine"])
def test_pickling_between_partial_fits_changes_nothing(solver, learning_rate):
    X, y = make_rows(n_rows=128)
    options = {"solver": solver, "learning_rate": learning_rate, "max_grad_norm": 1.0}
    through, stopped = _net(**options), _net(**options)
    for k in range(8):
        rows = slice(16 * k, 16 * (k + 1))
        for net in (through, stopped):
            net.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        if k in (0, 3):
            stopped = pickle.loads(pickle.dumps(stopped))
    assert_array_equal(parameters(through), parameters(stopped))
    assert through.loss_curve_ == stopped.loss_curve_
    for moment in ("m", "v"):
        assert_array_equal(
            getattr(through.optimizer_state_, moment),
            getattr(stopped.optimizer_state_, moment),
        )


def test_pickling_between_warm_starts_changes_nothing():
    X, y = make_rows()
    whole = _net(max_iter=10).fit(X, y)
    half = _net(max_iter=5, warm_start=True).fit(X, y)
    half = pickle.loads(pickle.dumps(half)).fit(X, y)
    assert_array_equal(parameters(half), parameters(whole))


def test_partial_fit_monitors_a_dev_set():
    X, y = make_rows()
    net = _net(solver="adam")
    for epoch in range(1, 4):
        net.partial_fit(X[:40], y[:40], classes=[0, 1, 2], X_val=X[40:], y_val=y[40:])
        assert len(net.validation_loss_curve_) == len(net.validation_scores_) == epoch
    assert net.validation_scores_[-1] == net.score(X[40:], y[40:])
    watched = net.validation_loss_curve_[-1]
    assert_allclose(watched, net.cost(X[40:], y[40:]).data, rtol=1e-5)
    unwatched = _net(solver="adam")
    for _ in range(3):
        unwatched.partial_fit(X[:40], y[:40], classes=[0, 1, 2])
    assert_array_equal(parameters(net), parameters(unwatched))
