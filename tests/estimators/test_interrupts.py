"""Ctrl-C: a standalone fit keeps its epochs; a search or an ensemble ends."""

from copy import deepcopy

import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from skdnn.training.steps import Steps
from tests.estimators.datasets import make_rows, parameters
from tests.estimators.refusals import same_state

X, Y = make_rows("binary")
SOLVERS = ["sgd", "adam", "lbfgs"]


class CtrlC:
    """A scorer that is interrupted in its `at`-th call; clones share the count."""

    def __init__(self, at, scores=()):
        self.at, self.scores, self.n_calls = at, scores, 0

    def __call__(self, estimator, X, y, sample_weight=None):
        self.n_calls += 1
        if self.n_calls == self.at:
            raise KeyboardInterrupt
        return self.scores[self.n_calls - 1] if self.scores else float(self.n_calls)

    def __deepcopy__(self, memo):
        return self


def _net(at=4, cls=MLPRegularizedClassifier, scores=(), **params):
    options = {"max_iter": 9, "random_state": 0, "early_stopping": True} | params
    scoring = CtrlC(at, scores)
    return cls(hidden_layer_sizes=(4,), scoring=scoring, **options)


def _undisturbed(net, max_iter):
    return deepcopy(net).set_params(
        scoring=lambda estimator, X, y: 0.0, max_iter=max_iter, warm_start=False
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_completed_epochs_are_kept_and_counted(solver):
    net = _net(solver=solver)
    with pytest.warns(ConvergenceWarning, match="interrupted after 3 epochs") as caught:
        net.fit(X, Y)
    assert [w.filename for w in caught] == [__file__]
    assert "warm_start=True" in str(caught[0].message)
    assert net.n_iter_ == net.best_iteration_ == len(net.validation_scores_) == 3
    assert not net.converged_
    with pytest.warns(ConvergenceWarning):
        expected = _undisturbed(net, 3).fit(X, Y)
    assert_array_equal(parameters(net), parameters(expected))


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_best_parameters_on_the_dev_set_are_kept(solver):
    net = _net(at=6, solver=solver, scores=[1, 7, 3, 4, 5])
    with pytest.warns(ConvergenceWarning, match="of the best epoch, 2, are kept"):
        net.fit(X, Y)
    assert (net.n_iter_, net.best_iteration_, net.best_validation_score_) == (5, 2, 7)
    with pytest.warns(ConvergenceWarning):
        expected = _undisturbed(net, 2).fit(X, Y)
    assert_array_equal(parameters(net), parameters(expected))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
def test_warm_start_resumes_after_an_interrupt(solver):
    net = _net(solver=solver, keep_prob=0.8, warm_start=True, tol=0.0).fit(X, Y)
    net.set_params(max_iter=6).fit(X, Y)
    assert len(net.loss_curve_) == 9
    expected = _undisturbed(net, 9).fit(X, Y)
    assert_array_equal(parameters(net), parameters(expected))
    assert net.loss_curve_ == expected.loss_curve_


def test_without_early_stopping_the_last_epoch_is_kept(monkeypatch):
    def ctrl_c(printer, record):
        if record.epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("skdnn.estimators.reporting.EpochPrinter.epoch", ctrl_c)
    net = MLPRegularizedClassifier((4,), max_iter=9, verbose=True, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"after 3 epochs\. .* the last epoch"):
        net.fit(X, Y)
    assert net.n_iter_ == 3
    assert_array_equal(parameters(net), net._state.theta)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("fitted", [False, True])
def test_an_interrupt_in_the_first_epoch_changes_nothing(solver, fitted):
    net = _net(at=1, solver=solver, warm_start=True)
    if fitted:
        with pytest.warns(ConvergenceWarning):
            net.set_params(early_stopping=False).fit(X, Y)
        net.set_params(early_stopping=True)
    before = deepcopy(vars(net))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y)
    assert same_state(vars(net), before)


def test_an_interrupted_partial_fit_changes_nothing(monkeypatch):
    net = MLPRegularizedClassifier((4,), random_state=0).partial_fit(
        X, Y, classes=[0, 1]
    )
    before = deepcopy(vars(net))

    def ctrl_c(printer, record):
        raise KeyboardInterrupt

    monkeypatch.setattr("skdnn.estimators.reporting.EpochPrinter.epoch", ctrl_c)
    net.verbose = before["verbose"] = True
    with pytest.raises(KeyboardInterrupt):
        net.partial_fit(X, Y)
    assert same_state(vars(net), before)


def test_partial_fit_interrupted_within_its_steps_changes_nothing(monkeypatch):
    """By then θ and the moments have changed, but only in a copy."""
    net = MLPRegularizedClassifier((4,), random_state=0).partial_fit(
        X, Y, classes=[0, 1]
    )
    before, handed_out = deepcopy(vars(net)), net.coefs_
    was = deepcopy(handed_out)
    take = Steps._run

    def ctrl_c(steps, *arguments):
        take(steps, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(Steps, "_run", ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        net.partial_fit(X, Y)
    assert same_state(vars(net), before)
    for now, then in zip(handed_out, was, strict=True):
        assert_array_equal(now, then)
    monkeypatch.undo()
    after = deepcopy(net).partial_fit(X, Y)
    assert_array_equal(net.partial_fit(X, Y).coefs_[0], after.coefs_[0])


# -- inside searches, ensembles and pipelines ------------------------------------------

LARGER = {
    "search": lambda net: GridSearchCV(net, {"alpha": [1.0, 2.0]}, cv=2).fit(X, Y),
    "scores": lambda net: cross_val_score(net, X, Y, cv=2, n_jobs=1),
    "curve": lambda net: learning_curve(net, X, Y, cv=2, train_sizes=[0.5, 1.0]),
    "pipeline": lambda net: cross_val_score(
        make_pipeline(StandardScaler(), net), X, Y, cv=2
    ),
    "bagging": lambda net: BaggingClassifier(net, n_estimators=2).fit(X, Y),
    "boosting": lambda net: AdaBoostClassifier(net, n_estimators=2).fit(X, Y),
    "calibration": lambda net: CalibratedClassifierCV(net, cv=2).fit(X, Y),
    "one vs rest": lambda net: OneVsRestClassifier(net).fit(*make_rows()),
    "chain": lambda net: ClassifierChain(net).fit(*make_rows("multilabel")),
    "joblib": lambda net: Parallel()(delayed(net.fit)(X, Y) for _ in range(2)),
}


@pytest.mark.parametrize("larger", LARGER)
def test_an_interrupt_ends_the_surrounding_fit(larger):
    net = _net()
    with pytest.raises(KeyboardInterrupt):
        LARGER[larger](net)
    assert net.scoring.n_calls == 4
    assert not hasattr(net, "coefs_")


def test_an_interrupt_ends_a_refit():
    """The search itself fits the best candidate again on all rows."""
    net = _net(at=2 * 9 + 4)
    net.set_params(n_iter_no_change=np.inf)
    with (
        pytest.warns(ConvergenceWarning, match="Maximum iterations"),
        pytest.raises(KeyboardInterrupt),
    ):
        GridSearchCV(net, {"alpha": [1.0]}, cv=2).fit(X, Y)


def test_an_interrupt_in_a_pipeline_keeps_the_epochs():
    model = make_pipeline(StandardScaler(), _net())
    with pytest.warns(ConvergenceWarning, match="interrupted after 3 epochs"):
        model.fit(X, Y)
    assert model.predict(X).shape == (60,)


def test_an_interrupt_with_transformed_targets_keeps_the_epochs():
    net = _net(cls=MLPRegularizedRegressor)
    model = TransformedTargetRegressor(net, transformer=StandardScaler())
    with pytest.warns(ConvergenceWarning, match="interrupted after 3 epochs"):
        model.fit(X, X[:, 0])
    assert model.predict(X).shape == (60,)
