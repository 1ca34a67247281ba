"""Weights that are all below 1, as in boosting, are rescaled to a mean of 1."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skdnn import MLPRegularizedClassifier
from skdnn.estimators.rows import as_counts
from tests.estimators.datasets import make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_weights_below_one_are_rescaled_to_a_mean_of_one():
    assert as_counts(None) is None
    assert_allclose(as_counts(np.full(4, 0.25)), 1.0)
    assert_allclose(as_counts(np.array([0.1, 0.3, 0.0])), [0.5, 1.5, 0.0])


@pytest.mark.parametrize("weight", [[1.0, 0.5], [2.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
def test_other_weights_are_unchanged(weight):
    assert_array_equal(as_counts(np.array(weight)), weight)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_below_one_train_like_counts(solver):
    X, y = make_rows()
    counts = np.arange(60) % 4.0
    options = {"solver": solver, "max_iter": 20, "random_state": 0, "dtype": "float64"}
    one, other = (
        MLPRegularizedClassifier((5,), **options).fit(X, y, sample_weight=weight)
        for weight in (counts / counts.sum(), counts * 45 / counts.sum())
    )
    assert one._model.total_weight == pytest.approx(45)  # rows of positive weight
    assert_allclose(parameters(one), parameters(other), rtol=1e-6, atol=1e-9)


def test_class_weights_multiply_rescaled_weights():
    X, y = make_rows()
    options = {"class_weight": {0: 3.0, 1: 1.0, 2: 1.0}, "max_iter": 5}
    nets = [
        MLPRegularizedClassifier((5,), random_state=0, **options).fit(
            X, y, sample_weight=weight
        )
        for weight in (None, np.full(60, 1 / 60))
    ]
    assert nets[0]._model.total_weight == pytest.approx(nets[1]._model.total_weight)
    assert_allclose(*map(parameters, nets), rtol=1e-5, atol=1e-7)


def test_boosted_nets_are_not_dominated_by_the_penalty():
    X, y = load_breast_cancer(return_X_y=True)
    X, X_test, y, y_test = train_test_split(scale(X), y, stratify=y, random_state=0)
    net = MLPRegularizedClassifier((20,), random_state=0)
    boosted = AdaBoostClassifier(net, n_estimators=2, random_state=0).fit(X, y)
    assert boosted.score(X_test, y_test) > 0.93
