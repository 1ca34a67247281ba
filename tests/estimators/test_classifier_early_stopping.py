"""Early stopping: dev set, criterion, patience, and the parameters kept."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.estimators.datasets import KINDS, parameters
from tests.estimators.overfitting import dev_cost, overfitting_net, rows_with_dev

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOLVERS = ["sgd", "adam", "adamw", "lbfgs"]


def _labels_of_dev_set(X, y, **params):
    """Return the labels of the dev set that fit splits off."""
    seen = []

    def scorer(estimator, X, y):
        seen.append(y)
        return 0.0

    net = overfitting_net(scoring=scorer, max_iter=1, **params).fit(X, y)
    return net, seen[0]


# -- dev set ---------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_callers_dev_set(solver, kind):
    X, y, dev = rows_with_dev(kind)
    net = overfitting_net(solver=solver).fit(X, y, **dev)
    assert net.n_iter_ < 200
    assert net.validation_loss_curve_[-1] > min(net.validation_loss_curve_)
    assert_allclose(dev_cost(net, dev), min(net.validation_loss_curve_), rtol=1e-5)


def test_all_rows_are_trained_on_if_there_is_a_dev_set():
    X, y, dev = rows_with_dev()
    assert overfitting_net(max_iter=3).fit(X, y, **dev).t_ == 3 * 60
    assert overfitting_net(max_iter=3).fit(X, y).t_ == 3 * 54


@pytest.mark.parametrize("names", [np.arange(3), np.array(["p", "q", "r"])])
def test_fraction_is_stratified_in_three_classes(names):
    """Regression: MLPClassifier's is not stratified for more than two classes."""
    y = names[np.repeat([0, 1, 2], [80, 15, 5])]
    X = np.random.default_rng(0).normal(size=(100, 2))
    cuts = set()
    for seed in range(5):
        net, dev = _labels_of_dev_set(X, y, validation_fraction=0.2, random_state=seed)
        assert_array_equal(np.unique(dev, return_counts=True)[1], [16, 3, 1])
        assert net.t_ == 80
        cuts.add(net.loss_)
    assert len(cuts) == 5  # each seed gives another split


@pytest.mark.parametrize("n_classes", [2, 3])
def test_only_row_of_a_class_stays_in_training(n_classes):
    """Regression: MLPClassifier raises an unclear error for such a class."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.arange(40) % (n_classes - 1)
    y[7] = n_classes - 1
    for seed in range(10):
        net, dev = _labels_of_dev_set(X, y, validation_fraction=0.5, random_state=seed)
        assert_array_equal(net.classes_, np.arange(n_classes))
        assert_array_equal(np.unique(dev), np.arange(n_classes - 1))
        assert len(dev) == 20


def test_fraction_has_a_row_of_each_class_and_none_without_weight():
    y = np.arange(60) % 20
    X = np.random.default_rng(0).normal(size=(60, 2))
    _, dev = _labels_of_dev_set(X, y, validation_fraction=0.01)
    assert_array_equal(np.sort(dev), np.arange(20))
    weight, seen = np.where(np.arange(60) < 30, 0.0, 2.0), []

    def scorer(estimator, X, y, sample_weight):
        seen.extend(sample_weight)
        return 0.0

    y = np.arange(60) % 2
    net = overfitting_net(scoring=scorer, max_iter=1, validation_fraction=0.2)
    net.fit(X, y, sample_weight=weight)
    assert_array_equal(seen, np.full(6, 2.0))


def test_dev_rows_are_not_trained_on():
    """Rows without a signal can only be memorised."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 30)), rng.integers(2, size=60)
    net = overfitting_net(
        validation_fraction=0.5, early_stopping=True, n_iter_no_change=np.inf
    ).fit(X, y)
    assert net.loss_curve_[-1] < 0.05
    assert net.validation_loss_curve_[-1] > 1


def test_same_seed_same_dev_set_whatever_the_other_settings():
    X, y, _ = rows_with_dev()
    one, two = (
        overfitting_net(max_iter=1),
        overfitting_net(max_iter=1, keep_prob=0.5, solver="adamw"),
    )
    rest = {"init": "zeros", "learning_rate_init": 1e-9}  # only the split matters
    costs = [
        net.set_params(**rest).fit(X, y).validation_scores_[0] for net in (one, two)
    ]
    assert costs[0] == costs[1]


def test_weights_of_the_dev_set():
    X, y, dev = rows_with_dev()
    weight = np.random.default_rng(0).integers(0, 3, 40)
    repeated = {k: np.repeat(a, weight, axis=0) for k, a in dev.items()}
    net = overfitting_net().fit(X, y, **dev, sample_weight_val=weight)
    expected = overfitting_net().fit(X, y, **repeated)
    curves = net.validation_loss_curve_, expected.validation_loss_curve_
    assert_allclose(*curves, rtol=1e-5)
    assert_allclose(net.validation_scores_, expected.validation_scores_, rtol=1e-6)
    assert not np.allclose(
        net.validation_loss_curve_[0],
        overfitting_net().fit(X, y, **dev).validation_loss_curve_[0],
    )


# -- patience and the parameters kept --------------------------------------------------


@pytest.mark.parametrize(
    ("solver", "ended_by"),
    [
        ("sgd", "patience"),
        ("sgd", "max_iter"),
        ("sgd", "divergence"),
        ("lbfgs", "patience"),
        ("lbfgs", "max_iter"),
    ],
)
def test_best_parameters_are_kept_whatever_ends_training(solver, ended_by):
    X, y, dev = rows_with_dev()
    options = {
        "patience": {"n_iter_no_change": 8},
        "max_iter": {"n_iter_no_change": np.inf, "max_iter": 40},
        "divergence": {
            "n_iter_no_change": np.inf,
            "activation": "identity",
            "learning_rate_init": 3.0,
            "alpha": 100.0,
            "momentum": 0.95,
        },
    }[ended_by]
    net = overfitting_net(solver=solver, dtype="float64", **options).fit(X, y, **dev)
    curve = net.validation_loss_curve_
    assert (net.n_iter_ == net.max_iter) == (ended_by == "max_iter")
    best = np.nanargmin(curve)  # the last before a divergence may be NaN
    assert net.best_iteration_ == 1 + best < len(curve)
    assert_allclose(dev_cost(net, dev), curve[best], rtol=1e-9)
    assert net.best_validation_score_ == net.validation_scores_[best]


@pytest.mark.parametrize("patience", [1, 2, 5])
@pytest.mark.parametrize("solver", SOLVERS)
def test_patience_is_exact(patience, solver):
    """Regression: MLPClassifier waits two epochs for n_iter_no_change=1."""
    X, y, dev = rows_with_dev()
    net = overfitting_net(solver=solver, n_iter_no_change=patience).fit(X, y, **dev)
    curve = np.array(net.validation_loss_curve_)
    best = np.minimum.accumulate(np.r_[np.inf, curve])
    stalled = curve >= best[:-1] - net.tol
    runs = [stalled[k - patience : k].all() for k in range(patience, len(curve) + 1)]
    assert runs[-1] and not any(runs[:-1])


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_is_exact_without_early_stopping(patience):
    X, y, _ = rows_with_dev()
    net = overfitting_net(early_stopping=False, n_iter_no_change=patience, tol=1e9).fit(
        X, y
    )
    assert net.n_iter_ == 1 + patience  # the first is always an improvement


def test_infinite_patience():
    X, y, dev = rows_with_dev()
    net = overfitting_net(n_iter_no_change=np.inf, tol=1e9, max_iter=12).fit(
        X, y, **dev
    )
    assert net.n_iter_ == 12


def test_ties_keep_the_later_epoch():
    X, y, dev = rows_with_dev()
    net = overfitting_net(scoring=lambda *args: 0.5, n_iter_no_change=4).fit(
        X, y, **dev
    )
    # The first epoch counts as an improvement; then four without.
    assert net.best_iteration_ == net.n_iter_ == 5
    last = overfitting_net(early_stopping=False, max_iter=5).fit(X, y)
    assert_array_equal(parameters(net), parameters(last))
