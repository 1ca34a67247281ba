"""When CV fits stop, and their warnings."""

import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn.cross_validated import contenders as contending
from skdnn.cross_validated import race as racing
from skdnn.cross_validated.nets import NetInTraining
from tests.cross_validated.small import classifier, regressor, steps, thetas
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=90)
NOISE = np.random.default_rng(7).normal(size=(90, 4))


@pytest.fixture
def quiet():
    """Turn every warning of a fit into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_successful_fit_does_not_warn(quiet, monkeypatch):
    steps(monkeypatch, 30, 60, 600)
    model = classifier(alphas=0.001).fit(X, Y)
    assert model.best_n_steps_ < 600


@pytest.mark.parametrize("make", [classifier, regressor])
def test_too_few_steps(make, monkeypatch):
    steps(monkeypatch, 10, 20)
    y = Y if make is classifier else X[:, 0]
    with pytest.warns(
        ConvergenceWarning, match=r"Set max_steps=40\. \[max_steps\]$"
    ) as caught:
        model = make().fit(X, y)
    assert [w.filename for w in caught] == [__file__]
    assert model.best_n_steps_ == 20


@pytest.mark.parametrize("cv", [3, 30])
@pytest.mark.parametrize("make", [classifier, regressor])
def test_uninformative_columns(make, cv, monkeypatch):
    steps(monkeypatch, 5)
    y = Y if make is classifier else X[:, 0]
    with pytest.warns(ConvergenceWarning, match="below that of a constant") as caught:
        make(learning_rate_init=0.3, cv=cv, refit=False).fit(NOISE, y)
    assert [w.filename for w in caught] == [__file__]
    assert "alphas=0.1 or learning_rate_init=0.3" in str(caught[0].message)


@pytest.mark.parametrize("cv", [3, 30])
def test_all_folds_are_compared_with_one_constant(cv, quiet, monkeypatch):
    """No network could beat a separate constant for each small fold."""
    steps(monkeypatch, 30, 60, 600)
    model = classifier(alphas=0.001, cv=cv, random_state=1).fit(X, Y)
    shares = np.bincount(Y) / 90
    assert model.oof_score_ < -np.sum(shares * np.log(shares))


def test_the_constant_of_weighted_targets_in_units(monkeypatch):
    steps(monkeypatch, 3)
    y, weight = 100 + 7 * X[:, 0], 1.0 + np.arange(90) % 2
    mean = np.average(y, weights=weight)
    variance = np.average(np.square(y - mean), weights=weight)
    with pytest.warns(match=f"constant prediction, {variance / 2:.4g}: nothing"):
        regressor(learning_rate_init=1e-9).fit(X, y, sample_weight=weight)


def test_custom_scores_are_not_compared_with_a_constant(monkeypatch):
    steps(monkeypatch, 5, 6)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier(scoring="accuracy").fit(NOISE, Y)
    assert not [w for w in caught if "constant" in str(w.message)]


# -- divergence ------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_divergence_before_the_first_checkpoint_is_an_error(n_jobs):
    model = regressor(solver="sgd", max_steps=300, n_jobs=n_jobs)
    with pytest.warns(ConvergenceWarning):
        model.fit(X, X[:, 0])
    before = thetas(model)
    model.set_params(learning_rate_init=1e6)
    with pytest.raises(
        ValueError, match=r"before the first .* learning_rate_init=1000"
    ):
        model.fit(X, X[:, 0])
    assert_array_equal(thetas(model), before)


def test_candidates_that_diverge_are_left_out():
    model = regressor(
        solver="sgd",
        learning_rate_init=0.05,
        alphas=[0.1, 1e6],
        max_steps=300,
        keep_probs=[1.0, 0.9],
    )
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, X[:, 0])
    assert {w.filename for w in caught} == {__file__}
    message = " ".join(str(w.message) for w in caught)
    assert "Training of 2 of 4 candidates diverged" in message
    assert "{'alpha': 1000000.0, 'keep_prob': 0.9, 'enc" in message
    assert model.alpha_ == 0.1
    assert np.isnan(model.scores_[2:]).all() and np.isfinite(model.scores_[0, 0]).all()


def test_divergence_after_a_checkpoint_keeps_it(monkeypatch):
    steps(monkeypatch, 4, 8)
    advance = NetInTraining.advance_to
    monkeypatch.setattr(
        NetInTraining, "advance_to", lambda net, n: advance(net, n) and n < 8
    )
    with pytest.warns(ConvergenceWarning, match="1 of 1 candidates diverged"):
        model = classifier(refit=False).fit(X, Y)
    assert model.best_n_steps_ == 4
    assert model.n_steps_.tolist() == [4]
    for member in model.members_:
        assert member[-1].best_iteration_ == 1 < len(member[-1].loss_curve_)


def test_non_finite_logits_are_divergence(monkeypatch):
    """Finite parameters may give logits of held-out rows that are not finite."""
    steps(monkeypatch, 4, 8)
    logits = NetInTraining.logits

    def non_finite_logits(net, examples):
        return logits(net, examples) * (np.nan if net.estimator.alpha == 0.1 else 1)

    monkeypatch.setattr(NetInTraining, "logits", non_finite_logits)
    with pytest.warns(ConvergenceWarning) as caught:
        model = classifier(alphas=[0.1, 1.0], learning_rate_init="auto").fit(X, Y)
    assert model.alpha_ == 1.0
    (message,) = [str(w.message) for w in caught if "diverged" in str(w.message)]
    assert re.search(r"Lower learning_rate_init=0\.\d+ or set", message)
    with pytest.raises(ValueError, match=r"Lower learning_rate_init=0\.\d+, stand"):
        classifier(alphas=0.1, learning_rate_init="auto").fit(X, Y)


def test_divergence_of_the_refit_is_an_error(monkeypatch):
    steps(monkeypatch, 4)
    advance = NetInTraining.advance_to
    monkeypatch.setattr(
        NetInTraining,
        "advance_to",
        lambda net, n: advance(net, n) and net.examples.n_rows < len(Y),
    )
    with pytest.raises(ValueError, match="all rows diverged, although it did not div"):
        classifier().fit(X, Y)


# -- patience --------------------------------------------------------------------------


class FakeContender:
    """A contender with given scores."""

    def __init__(self, *scores):
        self.contender = contending.Contender(None, [], [], [], [])
        self._scores = iter(scores)
        self.contender._score = lambda logits, thetas, calibrates: contending.Score(
            next(self._scores), np.zeros(1)
        )


# At the first checkpoint no candidate may stop yet.
CHECKPOINTS = np.array([50, 100, 120, 150, 180, 200])


def run(contenders, patience, tol=0.0, ends=lambda n_steps: False):
    seen = []

    def on_checkpoint(n_steps, running):
        seen.append([contenders.index(contender) for contender in running])
        return ends(n_steps)

    with racing.Workers(1) as workers:
        racing.Race(
            contenders, CHECKPOINTS, tol=tol, patience=patience, calibrates=False
        ).run(workers, on_checkpoint)
    return seen


def test_a_candidate_stops_after_patience_and_keeps_its_best():
    scores = [(5, 3, 3, 4, 1, 1), (5, 4, 3, 2, 1, 0)]
    contenders = [FakeContender(*of).contender for of in scores]
    seen = run(contenders, patience=2)
    assert seen == [[0, 1]] * 4 + [[1]] * 2
    assert [c.snapshot.n_steps for c in contenders] == [100, 200]
    assert [c.snapshot.score.value for c in contenders] == [3, 0]
    assert [c.n_stalled for c in contenders] == [2, 0]


def test_gains_up_to_tol_are_kept_but_do_not_count():
    contender = FakeContender(5, 4.9, 4.8, 1, 1, 1).contender
    run([contender], patience=2, tol=0.15)
    assert contender.snapshot.n_steps == 120
    assert contender.snapshot.score.value == 4.8


def test_infinite_patience_and_a_callback_that_stops():
    assert len(run([FakeContender(*[1] * 6).contender], patience=np.inf)) == 6
    seen = run([FakeContender(*[1] * 6).contender], np.inf, ends=lambda n: n == 120)
    assert len(seen) == 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_stopped_candidates_have_nan_in_scores(monkeypatch):
    steps(monkeypatch, *range(2, 200, 6))
    monkeypatch.setattr(racing, "_MIN_STEPS_TO_STOP", 0)
    model = classifier(
        alphas=[0.0, 500.0], n_iter_no_change=4, learning_rate_init=0.1
    ).fit(X, Y)
    n_seen = np.isfinite(model.scores_[:, :, 0]).sum(axis=1)
    assert n_seen.min() < n_seen.max() == len(model.n_steps_)
    stopped = model.scores_[n_seen.argmin(), n_seen.min() :]
    assert np.isnan(stopped).all()


# -- where warnings and progress go ----------------------------------------------------


def test_a_search_warns_once():
    grid = {"keep_probs": [1.0, 0.9]}
    with pytest.warns(ConvergenceWarning, match="One of several fits") as caught:
        GridSearchCV(classifier(max_steps=3), grid, cv=2).fit(X, Y)
    assert len(caught) == len({str(w.message) for w in caught}) <= 3


def test_a_pipeline_is_one_fit():
    with pytest.warns(ConvergenceWarning) as caught:
        make_pipeline(StandardScaler(), classifier(max_steps=3)).fit(X, Y)
    assert [w.filename for w in caught] == [__file__]
    assert "several fits" not in str(caught[0].message)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_line_for_each_checkpoint(capsys):
    model = classifier(verbose=True, alphas=[0.1, 1.0], max_steps=40).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(model.n_steps_)
    for line, n_steps in zip(lines, model.n_steps_, strict=True):
        assert line.startswith(f"Step {n_steps:6d}")
        assert "networks in training:   6," in line
    best = f"best {model.oof_score_:.6f} at step {model.best_n_steps_}"
    assert best in lines[-1]
