"""Training that is stopped, saved and resumed has the state of one uninterrupted fit.

The state includes patience and the best parameters. After convergence a warm-started
fit begins a new training run.
"""

import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows, parameters
from tests.estimators.overfitting import dev_cost, overfitting_net, rows_with_dev

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["sgd", "adam", "adamw"]


def _assert_same_training(one, other):
    assert_array_equal(parameters(one), parameters(other))
    for name in (
        "loss_curve_",
        "validation_loss_curve_",
        "validation_scores_",
        "best_iteration_",
        "best_validation_score_",
        "best_loss_",
        "converged_",
        "t_",
    ):
        assert getattr(one, name) == getattr(other, name), name
    assert_array_equal(one._state.theta, other._state.theta)
    assert one._state.rng.bit_generator.state == other._state.rng.bit_generator.state
    for moment in ("m", "v"):
        assert_array_equal(
            getattr(one.optimizer_state_, moment),
            getattr(other.optimizer_state_, moment),
        )


def _in_parts(net, n_parts, X, y, **dev):
    """Fit repeatedly, each time after pickling."""
    for _ in range(n_parts):
        net = pickle.loads(pickle.dumps(net)).fit(X, y, **dev)
    return net


# -- stopped by max_iter ---------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
@pytest.mark.parametrize("own_dev_set", [False, True])
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_early_stopping_in_parts_equals_one_fit(solver, own_dev_set, scoring):
    """Five parts of nine epochs: the best is early, patience spans several parts."""
    X, y, dev = rows_with_dev()
    dev = dev if own_dev_set else {}
    options = {
        "solver": solver,
        "scoring": scoring,
        "keep_prob": 0.9,
        "n_iter_no_change": 20,
        "validation_fraction": 0.3,
    }
    whole = overfitting_net(max_iter=45, **options).fit(X, y, **dev)
    parts = overfitting_net(max_iter=9, warm_start=True, **options)
    parts = _in_parts(parts, -(-whole.n_iter_ // 9), X, y, **dev)
    if scoring == "loss":
        assert whole.best_iteration_ < len(whole.loss_curve_) - 9
    _assert_same_training(parts, whole)


@pytest.mark.parametrize("solver", STOCHASTIC)
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_patience_on_the_training_cost_in_parts_equals_one_fit(solver, learning_rate):
    X, y = make_rows()
    options = {
        "hidden_layer_sizes": (4,),
        "solver": solver,
        "learning_rate": learning_rate,
        "batch_size": 20,
        "tol": 0.02,
        "n_iter_no_change": 3,
        "random_state": 0,
    }
    whole = MLPRegularizedClassifier(max_iter=100, **options).fit(X, y)
    assert whole.converged_ and whole.n_iter_ > 3
    parts = MLPRegularizedClassifier(max_iter=1, warm_start=True, **options)
    parts = _in_parts(parts, whole.n_iter_ - 1, X, y)
    assert not parts.converged_
    _assert_same_training(_in_parts(parts, 1, X, y), whole)


def test_early_stopping_of_a_regressor_in_parts_equals_one_fit():
    X, _ = make_rows()
    y = X[:, 0] + np.random.default_rng(0).normal(size=60)
    options = {
        "hidden_layer_sizes": (20,),
        "early_stopping": True,
        "learning_rate_init": 0.05,
        "n_iter_no_change": 20,
        "random_state": 0,
    }
    whole = MLPRegularizedRegressor(max_iter=30, **options).fit(X, y)
    parts = MLPRegularizedRegressor(max_iter=10, warm_start=True, **options)
    assert whole.best_iteration_ < 20
    _assert_same_training(_in_parts(parts, 3, X, y), whole)


def test_lbfgs_keeps_the_best_across_parts():
    X, y, dev = rows_with_dev()
    net = overfitting_net(solver="lbfgs", max_iter=4, warm_start=True)
    net = _in_parts(net.set_params(n_iter_no_change=12), 3, X, y, **dev)
    curve = net.validation_loss_curve_
    assert len(curve) > net.n_iter_
    assert net.best_iteration_ == 1 + np.argmin(curve) <= len(curve) - net.n_iter_
    assert_allclose(dev_cost(net, dev), min(curve), rtol=1e-9)


# -- converged -------------------------------------------------------------------------


def _converged(**options):
    X, y, dev = rows_with_dev()
    net = overfitting_net(warm_start=True, n_iter_no_change=5, **options)
    net.fit(X, y, **dev)
    assert net.converged_
    return net, X, y, dev


def test_a_fit_after_convergence_has_fresh_patience_and_keeps_the_best():
    net, X, y, dev = _converged()
    best, at, first = parameters(net), net.best_iteration_, net.n_iter_
    net.fit(X, y, **dev)
    assert net.n_iter_ == 5 and net.converged_
    assert len(net.loss_curve_) == first + 5
    assert net.best_iteration_ == at
    assert_array_equal(parameters(net), best)


def test_a_fit_after_convergence_forgets_the_training_cost():
    """Settings may have changed, so the old cost is not comparable."""
    X, y = make_rows()
    net = MLPRegularizedClassifier((4,), warm_start=True, max_iter=500, random_state=0)
    net.set_params(learning_rate_init=0.05, batch_size=20).fit(X, y)
    assert net.converged_
    net.set_params(alpha=30.0, n_iter_no_change=15).fit(X, y)
    assert net.n_iter_ > 16
    assert net.best_iteration_ == len(net.loss_curve_)


@pytest.mark.parametrize("learning_rate", ["adaptive", "invscaling"])
def test_the_learning_rate_restarts_after_convergence(learning_rate, capsys):
    X, y = make_rows()
    net = MLPRegularizedClassifier(
        (4,),
        solver="sgd",
        learning_rate=learning_rate,
        learning_rate_init=0.1,
        tol=1e9,
        n_iter_no_change=3,
        max_iter=100,
        warm_start=True,
        verbose=2,
        random_state=0,
    )
    rates = []
    for _ in range(2):
        net.fit(X, y)
        printed = capsys.readouterr().out
        rates.append(re.findall(r"learning rate ([\d.e+-]+)", printed))
    assert net.converged_
    assert rates[0] == rates[1] and rates[0][0] == "1.0e-01"
    assert len(set(rates[0])) > 2


def test_the_adaptive_rate_resumes_after_max_iter():
    X, y = make_rows()
    net = MLPRegularizedClassifier(
        (4,), solver="sgd", learning_rate="adaptive", tol=1e9, n_iter_no_change=3
    ).set_params(max_iter=5, warm_start=True, learning_rate_init=0.1, random_state=0)
    factors = [net.fit(X, y)._state.rate_factor for _ in range(3)]
    assert_allclose(factors, [1 / 5, 1 / 5**3, 1 / 5**4])
    assert not net.converged_


# -- another criterion -----------------------------------------------------------------


def test_the_best_is_scored_again_on_another_dev_set():
    X, y, dev = rows_with_dev()
    net = overfitting_net(warm_start=True, max_iter=3).fit(X, y, **dev)
    easy = {"X_val": X, "y_val": y}  # on which training keeps improving
    net.fit(X, y, **easy)
    assert net.best_iteration_ == 6
    hard = {"X_val": X, "y_val": (y + 1) % 3}
    before = parameters(net)
    net.fit(X, y, **hard)
    assert_array_equal(parameters(net), before)
    assert net.best_iteration_ == 6
    assert net.best_validation_score_ == pytest.approx(net.score(X, (y + 1) % 3))


def test_the_best_is_scored_again_with_another_scoring():
    X, y, dev = rows_with_dev()
    net = overfitting_net(warm_start=True, max_iter=3).fit(X, y, **dev)
    net.set_params(scoring="neg_log_loss").fit(X, y, **dev)
    at = net.best_iteration_ - 1
    assert -net.best_validation_score_ == pytest.approx(net.validation_loss_curve_[at])


@pytest.mark.parametrize(
    "change", [{"alpha": 50.0}, {"keep_prob": 0.5}, {"label_smoothing": 0.3}]
)
def test_patience_restarts_for_another_cost(change):
    """A higher cost would never improve on the old one."""
    X, y = make_rows()
    net = MLPRegularizedClassifier((8,), warm_start=True, random_state=0, tol=0.0)
    net.set_params(n_iter_no_change=5, max_iter=30, learning_rate_init=0.01).fit(X, y)
    assert not net.converged_
    before = net.loss_
    net.set_params(**change, max_iter=6).fit(X, y)
    assert net.loss_curve_[30] > before + 0.01
    assert net.n_iter_ == 6


def test_patience_restarts_for_other_rows():
    X, y = make_rows()
    net = MLPRegularizedClassifier((8,), warm_start=True, random_state=0, tol=0.0)
    net.set_params(n_iter_no_change=5, max_iter=30, learning_rate_init=0.01).fit(X, y)
    other = np.random.default_rng(0).permutation(y)
    net.set_params(max_iter=6).fit(X, other)
    assert net.loss_curve_[30] > net.loss_curve_[29] + 0.1
    assert net.n_iter_ == 6


def test_switching_early_stopping_off_keeps_the_last_parameters():
    net, X, y, _ = _converged()
    net.set_params(early_stopping=False, max_iter=2).fit(X, y)
    assert_array_equal(parameters(net), net._state.to_predict)
    assert net.best_validation_score_ is None
    assert net.best_iteration_ == len(net.loss_curve_)


# -- partial_fit -----------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_partial_fit_stops_early_as_fit_does(solver):
    X, y, dev = rows_with_dev()
    options = {"solver": solver, "n_iter_no_change": 6}
    whole = overfitting_net(**options).fit(X, y, **dev)
    parts = overfitting_net(**options)
    for _ in range(whole.max_iter):
        parts.partial_fit(X, y, classes=[0, 1, 2], **dev)
        if parts.converged_:
            break
    assert len(parts.loss_curve_) == whole.n_iter_ < whole.max_iter
    _assert_same_training(parts, whole)


def test_partial_fit_after_convergence_continues_and_keeps_the_best():
    X, y, dev = rows_with_dev()
    net = overfitting_net(n_iter_no_change=4).fit(X, y, **dev)
    best, last, n_epochs = parameters(net), net._state.theta, len(net.loss_curve_)
    for k in range(1, 4):
        net.partial_fit(X, y, **dev)
        assert net.converged_
        assert len(net.validation_loss_curve_) == n_epochs + k
    assert_array_equal(parameters(net), best)
    assert not np.array_equal(net._state.theta, last)


def test_an_improvement_after_convergence_counts():
    X, y, dev = rows_with_dev()
    net = overfitting_net(n_iter_no_change=4).fit(X, y, **dev)
    net.partial_fit(X, y, X_val=X, y_val=y)
    assert not net.converged_
    assert net.best_iteration_ == len(net.loss_curve_)


def test_partial_fit_of_the_same_rows_has_patience_without_a_dev_set():
    X, y = make_rows()
    net = MLPRegularizedClassifier((4,), tol=1e9, n_iter_no_change=3, random_state=0)
    converged = [net.partial_fit(X, y, classes=[0, 1, 2]).converged_ for _ in range(6)]
    assert converged == [False, False, False, True, True, True]
    stream = MLPRegularizedClassifier((4,), tol=1e9, n_iter_no_change=3)
    for k in range(6):
        rows = slice(10 * k, 10 * (k + 1))
        stream.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert not stream.converged_


def test_partial_fit_warns_about_early_stopping_without_a_dev_set():
    X, y = make_rows()
    net = overfitting_net()
    with pytest.warns(UserWarning, match="no effect in partial_fit") as caught:
        net.partial_fit(X, y, classes=[0, 1, 2])
    assert caught[0].filename == __file__
    assert_array_equal(parameters(net), net._state.to_predict)
