"""A single class in y: predict it for every row, with one warning and no error."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows

X, _ = make_rows()
one_class = pytest.mark.filterwarnings("ignore:y has one class only:UserWarning")


@pytest.mark.parametrize("label", [7, "yes", True, 2.0])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_single_class_has_probability_one(label, solver, early_stopping):
    y = np.full(60, label)
    net = MLPRegularizedClassifier(
        (4,), solver=solver, early_stopping=early_stopping, random_state=0
    )
    with pytest.warns(UserWarning, match=f"one class only.*class {label!r}") as caught:
        net.fit(X, y)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert_array_equal(net.predict(X), y)
    assert net.predict(X).dtype == y.dtype
    assert_array_equal(net.predict_proba(X), np.ones((60, 1)))
    assert_array_equal(net.predict_log_proba(X), np.zeros((60, 1)))
    assert net.decision_function(X).shape == (60, 1)
    assert net.score(X, y) == 1.0
    assert_array_equal(net.classes_, [label])
    assert (net.stop_reason_, net.n_iter_) == ("one_class", 1)
    assert net.cost(X, y).data == 0.0
    loaded = pickle.loads(pickle.dumps(net))
    assert_array_equal(loaded.predict_proba(X), np.ones((60, 1)))


@one_class
def test_a_dev_set_with_another_class_is_refused():
    y = np.zeros(60, int)
    with pytest.raises(ValueError, match="y_val has labels that are not among"):
        MLPRegularizedClassifier((4,)).fit(X, y, X_val=X[:5], y_val=[0, 0, 1, 0, 0])


@one_class
def test_weights_and_augmentation_do_not_matter():
    y = np.zeros(60, int)
    net = MLPRegularizedClassifier((4,), class_weight="balanced", label_smoothing=0.1)
    net.fit(X, y, sample_weight=np.arange(60))
    assert_array_equal(net.predict(X), y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@one_class
def test_meta_estimators_whose_subsets_have_one_class():
    net = MLPRegularizedClassifier((4,), max_iter=3, random_state=0)
    Y = np.c_[X[:, 0] > 0, np.zeros(60)].astype(int)
    assert_array_equal(MultiOutputClassifier(net).fit(X, Y).predict(X)[:, 1], Y[:, 1])
    assert_array_equal(ClassifierChain(net).fit(X, Y).predict(X)[:, 1], Y[:, 1])
    rare = (np.arange(60) == 59).astype(int)
    BaggingClassifier(net, n_estimators=3, max_samples=0.2, random_state=0).fit(X, rare)
    late = (np.arange(60) > 40).astype(int)
    scores = cross_val_score(net, X, late, cv=TimeSeriesSplit(3))
    assert scores[0] == 1.0  # only class 0, as in the preceding rows


def test_partial_fit_still_requires_two_classes():
    with pytest.raises(ValueError, match="classes has one class only"):
        MLPRegularizedClassifier((4,)).partial_fit(X, np.zeros(60), classes=[0])
