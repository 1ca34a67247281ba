"""Remedies set parameters of the given estimator to values that it accepts."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdnn import (
    BiasVarianceReport,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)
from skdnn.diagnosis.bias_variance.remedies import against_bias, against_variance


def params(remedies):
    """Merge the parameters of remedies."""
    return {k: value for remedy in remedies for k, value in remedy.params.items()}


def test_our_network_gets_the_values_to_try_next():
    net = MLPRegularizedClassifier((100, 50), keep_prob=(1.0, 0.6), alpha=1.0)
    assert params(against_bias(net)) == {
        "hidden_layer_sizes": (200, 100),
        "max_iter": 400,
        "alpha": 0.33,
        "keep_prob": (1.0, 0.8),
    }
    assert params(against_variance(net)) == {
        "alpha": 3.0,
        "keep_prob": (0.8, 0.5),
        "early_stopping": True,
    }
    again = clone(net).set_params(**params(against_variance(net)))
    assert params(against_variance(again)) == {"alpha": 9.0, "keep_prob": (0.6, 0.5)}
    words = [str(remedy) for remedy in against_variance(net)]
    assert words[0] == "Collect more training rows."
    assert words[1] == "Strengthen the penalty: alpha=3.0 (now 1.0)."


@pytest.mark.parametrize("against", [against_bias, against_variance])
@pytest.mark.parametrize(
    "net",
    [
        MLPRegularizedClassifier(20),
        MLPRegularizedClassifier(()),
        MLPRegularizedClassifier(np.array([8, 4]), alpha=0.0),
        MLPRegularizedClassifier([8], keep_prob=np.array([0.7])),
        MLPRegularizedClassifier((8,), solver="lbfgs"),
        MLPClassifier((8,), solver="lbfgs"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_values_can_be_fitted(net, against):
    X, y = load_iris(return_X_y=True)
    proposed = params(against(net))
    assert proposed
    clone(net).set_params(**proposed | {"max_iter": 2}).fit(X, y)


def test_edges_of_the_parameters():
    no_layers = MLPRegularizedClassifier((), alpha=0.0)
    assert params(against_bias(no_layers))["hidden_layer_sizes"] == (100,)
    assert "alpha" not in params(against_bias(no_layers))
    assert params(against_variance(no_layers))["alpha"] == 1.0
    assert "keep_prob" not in params(against_variance(no_layers))
    by_lbfgs = MLPRegularizedClassifier(solver="lbfgs", alpha=1.0)
    remedies = against_variance(by_lbfgs)
    assert params(remedies) == {"alpha": 3.0, "early_stopping": True}
    assert "keep_prob" not in params(against_bias(by_lbfgs))
    assert not any("augmentation" in str(remedy) for remedy in remedies)
    theirs = params(against_variance(MLPClassifier(solver="lbfgs")))
    assert theirs == {"alpha": 0.0003}


def test_auto_dropout_is_changed_from_its_resolved_value():
    def proposed(against, sizes, **options):
        net = MLPRegularizedClassifier(sizes, **options)
        return params(against(net)).get("keep_prob")

    assert proposed(against_bias, (100, 50)) == 1.0
    assert proposed(against_variance, (100, 50)) == 0.7
    assert proposed(against_bias, (100, 8)) == (1.0, 1.0)
    assert proposed(against_variance, (100, 8)) == (0.7, 0.8)
    assert proposed(against_bias, (8,)) is None
    assert proposed(against_variance, (8,)) == 0.8
    assert proposed(against_bias, (100,), solver="lbfgs") is None


def test_more_epochs_only_where_they_ran_out():
    X, y = load_iris(return_X_y=True)
    net = MLPRegularizedClassifier((4,), max_iter=50, tol=10.0, random_state=0)
    net.set_params(n_iter_no_change=10)
    remedies = against_bias(net.fit(X, y))
    assert net.converged_ and not {"max_iter", "n_iter_no_change"} & {*params(remedies)}
    assert not any("Train longer" in str(remedy) for remedy in remedies)
    with pytest.warns(ConvergenceWarning):
        net.set_params(max_iter=3).fit(X, y)
    assert params(against_bias(net))["max_iter"] == 6


def test_parameters_are_found_inside_pipelines_searches_and_target_transformers():
    X, y = load_iris(return_X_y=True)
    net = MLPRegularizedClassifier((4,), solver="lbfgs", alpha=1.0, random_state=0)
    net.set_params(max_iter=1000)
    pipeline = make_pipeline(StandardScaler(), net)
    name = "mlpregularizedclassifier__alpha"
    assert params(against_variance(pipeline))[name] == 3.0
    search = GridSearchCV(pipeline, {name: [5.0]}, cv=2).fit(X, y)
    assert params(against_variance(search))[name] == 15.0
    regressor = TransformedTargetRegressor(
        make_pipeline(
            StandardScaler(),
            MLPRegularizedRegressor(
                hidden_layer_sizes=(4,), alpha=1.0, solver="lbfgs", max_iter=5000
            ),
        )
    ).fit(X, y)
    found = params(against_variance(regressor))
    assert found["regressor__mlpregularizedregressor__alpha"] == 3.0
    regressor.set_params(**found)


def test_parameters_of_estimators_that_are_fitted_or_frozen():
    X, y = load_iris(return_X_y=True)
    net = MLPRegularizedClassifier((4,), solver="lbfgs", alpha=1.0, random_state=0)
    net.set_params(max_iter=1000)
    threshold = FixedThresholdClassifier(net)
    assert params(against_variance(threshold))["estimator__alpha"] == 3.0
    unfitted = TransformedTargetRegressor(MLPRegularizedRegressor(alpha=1.0))
    assert params(against_variance(unfitted))["regressor__alpha"] == 3.0
    frozen = FrozenEstimator(net.fit(X, y))
    assert params(against_variance(frozen)) == {}


def test_alpha_is_changed_only_where_it_is_a_penalty():
    assert params(against_variance(Ridge())) == {"alpha": 3.0}
    assert "alpha" in params(against_variance(SGDClassifier()))
    assert "alpha" not in params(against_variance(Perceptron(penalty=None)))
    quantile = GradientBoostingRegressor(loss="quantile")
    assert params(against_variance(quantile)) == {"max_depth": 1}


class Augmented(ClassifierMixin, BaseEstimator):
    """A classifier with an augmentation parameter."""

    def __init__(self, augmentation=None):
        self.augmentation = augmentation


def test_augmentation_is_named_where_there_is_none_yet():
    remedies = against_variance(make_pipeline(Augmented()))
    named = [remedy for remedy in remedies if "augmented__augmentation" in str(remedy)]
    assert len(named) == 1 and not named[0].params
    remedies = against_variance(Augmented(augmentation=object()))
    assert not any("augmentation" in str(remedy) for remedy in remedies)


@pytest.mark.parametrize("estimator", [None, GaussianNB()])
def test_other_estimators_get_only_text(estimator):
    for against in (against_bias, against_variance):
        assert params(against(estimator)) == {}
        assert len(against(estimator)) >= 2


@pytest.mark.parametrize(
    "converged",
    [
        MLPRegularizedClassifier((4,), solver="lbfgs", max_iter=1000, random_state=0),
        GaussianNB(),
        LogisticRegression(max_iter=1000),
        DecisionTreeClassifier(random_state=0),
    ],
)
def test_converged_estimators_need_no_longer_training(converged):
    X, y = load_iris(return_X_y=True)
    remedies = against_bias(make_pipeline(StandardScaler(), converged).fit(X, y))
    assert not any("Train longer" in str(remedy) for remedy in remedies)
    assert any("Train longer" in str(remedy) for remedy in against_bias(None))


def test_what_a_search_has_tried_is_not_proposed_again():
    net = MLPRegularizedClassifier(
        (4,), keep_prob=0.8, alpha=1.0, max_iter=1, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), net)
    X, y = load_iris(return_X_y=True)
    name = "mlpregularizedclassifier__"

    def proposed(against, **tried):
        grid = {name + key: values for key, values in tried.items()}
        search = GridSearchCV(pipeline, grid, cv=2)
        with pytest.warns(ConvergenceWarning):
            search.fit(X, y)
        search.best_estimator_[-1].set_params(
            **{key: values[0] for key, values in tried.items()}
        )
        return {key.removeprefix(name) for key in params(against(search))}

    free = proposed(against_bias, alpha=[1.0, 3.0], hidden_layer_sizes=[(4,), (2,)])
    assert {"alpha", "hidden_layer_sizes", "keep_prob"} <= free
    lost = proposed(against_bias, alpha=[1.0, 0.01], hidden_layer_sizes=[(4,), (5, 5)])
    assert not {"alpha", "hidden_layer_sizes"} & lost and "keep_prob" in lost
    assert "keep_prob" not in proposed(against_bias, keep_prob=[0.8, 1.0])
    assert "keep_prob" not in proposed(against_bias, keep_prob=["auto", 1.0])
    assert "keep_prob" in proposed(against_variance, keep_prob=[0.8, 1.0])


def test_the_report_takes_the_estimator_for_its_remedies():
    net = MLPRegularizedClassifier(alpha=2.0)
    report = BiasVarianceReport.from_errors(0.01, 0.11, estimator=net)
    assert params(report.remedies)["alpha"] == 6.0


def test_parameters_of_scikit_learn():
    X, y = load_iris(return_X_y=True)
    linear = LogisticRegression(max_iter=3)
    with pytest.warns(ConvergenceWarning):
        linear.fit(X, y)
    assert params(against_bias(linear)) == {"max_iter": 6, "C": 3.0}
    assert params(against_variance(linear)) == {"C": 0.33}
    tree = DecisionTreeClassifier(random_state=0).fit(X, y)
    assert params(against_variance(tree)) == {"max_depth": tree.get_depth() // 2}
    assert params(against_bias(DecisionTreeClassifier(max_depth=3))) == {"max_depth": 6}


def test_all_regularisation_is_loosened():
    net = MLPRegularizedClassifier(input_keep_prob=0.3, max_norm=0.1, alpha=0)
    found = params(against_bias(net))
    assert (found["input_keep_prob"], found["max_norm"]) == (0.5, 0.2)


def test_no_parameter_goes_both_ways():
    net = MLPRegularizedClassifier(keep_prob=0.8, alpha=1.0)
    report = BiasVarianceReport.from_errors(0.15, 0.3, estimator=net)
    assert report.high_bias and report.high_variance
    names = [name for remedy in report.remedies for name in remedy.params]
    assert len(names) == len(set(names))
    assert params(report.remedies)["alpha"] == 3.0
