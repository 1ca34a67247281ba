"""Dev cost and dev scores, and early stopping by them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss, make_scorer

from tests.estimators.datasets import parameters
from tests.estimators.overfitting import dev_cost, overfitting_net, rows_with_dev

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("names", [np.arange(3), np.array(["p", "q", "r"])])
def test_scoring_by_name(solver, dtype, names):
    X, y, dev = rows_with_dev()
    y, dev["y_val"] = names[y], names[dev["y_val"]]
    net = overfitting_net(scoring="neg_log_loss", solver=solver, dtype=dtype).fit(
        X, y, **dev
    )
    loss = overfitting_net(solver=solver, dtype=dtype).fit(X, y, **dev)
    assert_allclose(-np.array(net.validation_scores_), net.validation_loss_curve_, 1e-5)
    assert net.best_iteration_ == loss.best_iteration_
    assert_array_equal(parameters(net), parameters(loss))
    accuracy = overfitting_net(scoring="accuracy", solver=solver, dtype=dtype).fit(
        X, y, **dev
    )
    scores = np.array(accuracy.validation_scores_)
    later = len(scores) - 1 - np.argmax(scores[::-1])
    assert accuracy.best_iteration_ == 1 + later
    assert accuracy.score(dev["X_val"], dev["y_val"]) == pytest.approx(scores.max())


@pytest.mark.parametrize("from_fraction", [False, True])
def test_scoring_by_a_callable(from_fraction):
    X, y, dev = rows_with_dev()
    seen = []

    def scorer(estimator, X, y):
        seen.append((estimator.predict_proba(X).shape, y.shape))
        return -float(len(seen) > 3)

    net = overfitting_net(scoring=scorer, n_iter_no_change=2)
    net.fit(X, y, **({} if from_fraction else dev))
    n_dev = 6 if from_fraction else 40
    assert set(seen) == {((n_dev, 3), (n_dev,))}
    assert net.validation_scores_ == [0, 0, 0, -1, -1][: len(seen)]
    assert (net.best_iteration_, net.n_iter_) == (3, 3)


def test_scorer_gets_the_weights_of_the_dev_set():
    X, y, dev = rows_with_dev()
    weight = np.linspace(0, 2, 40)
    scorer = make_scorer(
        log_loss, response_method="predict_proba", greater_is_better=False
    )
    net = overfitting_net(scoring=scorer).fit(X, y, **dev, sample_weight_val=weight)
    costs = -np.array(net.validation_scores_)
    assert_allclose(costs, net.validation_loss_curve_, rtol=1e-5)


def test_dev_set_without_early_stopping_is_only_watched():
    X, y, dev = rows_with_dev()
    options = {"early_stopping": False, "keep_prob": 0.8, "max_iter": 20}
    watched = overfitting_net(**options).fit(X, y, **dev)
    alone = overfitting_net(**options).fit(X, y)
    assert_array_equal(parameters(watched), parameters(alone))
    assert watched.loss_curve_ == alone.loss_curve_
    assert watched.best_iteration_ == watched.n_iter_ == 20
    assert watched.best_loss_ == min(watched.loss_curve_)
    assert watched.best_validation_score_ is None
    assert_allclose(dev_cost(watched, dev), watched.validation_loss_curve_[-1], 1e-5)


@pytest.mark.parametrize("name", ["alpha", "keep_prob", "label_smoothing"])
def test_dev_cost_is_without_regularisers(name):
    """At θ it equals log_loss of the network without regularisation."""
    X, y, dev = rows_with_dev()
    value = {"alpha": 50.0, "keep_prob": 0.5, "label_smoothing": 0.3}[name]
    net = overfitting_net(**{name: value}).fit(X, y, **dev)
    assert_allclose(dev_cost(net, dev), min(net.validation_loss_curve_), rtol=1e-5)


def test_dev_cost_has_the_class_weights():
    X, y, dev = rows_with_dev()
    class_weight = {0: 5.0, 1: 0.1, 2: 1.0}
    net = overfitting_net(class_weight=class_weight).fit(X, y, **dev)
    p = net.predict_proba(dev["X_val"])
    weight = [class_weight[c] for c in dev["y_val"]]
    expected = log_loss(dev["y_val"], p, sample_weight=weight)
    assert_allclose(min(net.validation_loss_curve_), expected, rtol=1e-5)
