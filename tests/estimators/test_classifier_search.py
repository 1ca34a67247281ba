"""The main use case: a search over a Pipeline, evaluated on test rows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    TrainDevTestSplit,
    train_dev_test_split,
)
from tests.estimators.datasets import breast_cancer, make_rows

GRID = {
    "net__alpha": [1.0, 10.0],
    "net__keep_prob": [0.5, 0.8],
    "net__init": ["he", "glorot"],
    "net__hidden_layer_sizes": [(128,), (128, 64)],
}


def _pipeline():
    net = MLPRegularizedClassifier(
        learning_rate="cosine", learning_rate_init=0.01, max_iter=60, random_state=0
    )
    return Pipeline([("scale", InputStandardizer()), ("net", net)])


def _search(n_jobs, seed=0, grid=GRID):
    """Return the search fitted on train and dev rows, and the test rows."""
    X, y = load_digits(return_X_y=True)
    X, _, X_test, y, _, y_test = train_dev_test_split(
        X, y, dev_size=0, stratify=y, random_state=seed
    )
    cv = TrainDevTestSplit(random_state=seed)
    search = GridSearchCV(_pipeline(), grid, cv=cv, n_jobs=n_jobs)
    return search.fit(X, y), X_test, y_test


@pytest.fixture(scope="module")
def search():
    return _search(n_jobs=1)


def test_digits_search_generalises(search):
    fitted, X_test, y_test = search
    assert len(fitted.cv_results_["params"]) == 16
    assert fitted.best_score_ > 0.97
    assert fitted.score(X_test, y_test) >= 0.97


def test_digits_search_in_two_processes_is_the_same():
    grid = {name: GRID[name] for name in ("net__alpha", "net__keep_prob")}
    grid["net__max_iter"] = [10]
    one, X_test, _ = _search(n_jobs=1, grid=grid)
    two, _, _ = _search(n_jobs=2, grid=grid)
    assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    assert one.best_params_ == two.best_params_
    nets = [s.best_estimator_["net"] for s in (one, two)]
    for kind in ("coefs_", "intercepts_"):
        for a, b in zip(*(getattr(net, kind) for net in nets), strict=True):
            assert_array_equal(a, b)
    assert_array_equal(one.predict_proba(X_test), two.predict_proba(X_test))


def test_regularisation_helps_on_few_noisy_rows():
    """The purpose of dropout and alpha: fewer errors on unseen rows."""
    X, y = load_digits(return_X_y=True)
    X, _, X_test, y, _, y_test = train_dev_test_split(
        X, y, dev_size=0, test_size=0.9, stratify=y, random_state=0
    )
    bare = _pipeline().set_params(net__alpha=0.0)
    regularised = _pipeline().set_params(net__alpha=1.0, net__keep_prob=0.5)
    bare.set_params(net__hidden_layer_sizes=(128,)).fit(X, y)
    regularised.set_params(net__hidden_layer_sizes=(128,)).fit(X, y)
    costs = [
        log_loss(y_test, model.predict_proba(X_test)) for model in (bare, regularised)
    ]
    assert costs[1] < 0.9 * costs[0]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_threads_and_processes_give_the_same_scores():
    import joblib

    X, y = make_rows(n_rows=120)
    net = MLPRegularizedClassifier((8,), batch_size=20, max_iter=5, random_state=0)
    expected = cross_val_score(net, X, y, cv=4, scoring="neg_log_loss")
    with joblib.parallel_backend("threading", n_jobs=2):
        threaded = cross_val_score(net, X, y, cv=4, scoring="neg_log_loss")
    assert_array_equal(expected, threaded)


def test_temperature_scaling_of_a_frozen_net():
    X, y = breast_cancer(569)
    net = MLPRegularizedClassifier((16,), alpha=0.0, solver="lbfgs", random_state=0)
    net.fit(X[:150], y[:150])
    calibrated = CalibratedClassifierCV(FrozenEstimator(net), method="temperature")
    calibrated.fit(X[150:350], y[150:350])
    before, after = (
        log_loss(y[350:], model.predict_proba(X[350:])) for model in (net, calibrated)
    )
    assert after < before
    assert np.mean(calibrated.predict(X[350:]) == net.predict(X[350:])) == 1
