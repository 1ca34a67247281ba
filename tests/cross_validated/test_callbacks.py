"""scikit-learn's callbacks are called at each checkpoint and can stop a CV fit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.cross_validated.small import classifier, regressor, steps, thetas
from tests.estimators.datasets import KINDS, make_rows
from tests.estimators.refusals import same_state

X, Y = make_rows()
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Recorder:
    """Record each call; stop or fail after a number of checkpoints."""

    def __init__(self, stop_after=np.inf, fail_at=np.inf):
        self.stop_after, self.fail_at = stop_after, fail_at
        self.calls, self.records, self.scores, self.is_down = [], [], [], False

    def setup(self, estimator, context):
        self.calls.append(("setup", context.max_subtasks))

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator, metadata):
        self.calls.append(("end", context.task_name))
        self.metadata = metadata
        self.scores.append(fitted_estimator.score(X, y))
        if context.task_name != "checkpoint":
            return False
        self.records.append(context.record)
        if len(self.records) >= self.fail_at:
            raise RuntimeError("on purpose")
        return len(self.records) >= self.stop_after

    def teardown(self, estimator, context):
        self.is_down = True


@pytest.mark.parametrize("kind", [*KINDS, "numbers"])
def test_callbacks_get_a_fitted_estimator_at_each_checkpoint(kind, monkeypatch):
    steps(monkeypatch, 4, 12, 20)
    rows, y = make_rows("binary" if kind == "numbers" else kind)
    make = regressor if kind == "numbers" else classifier
    recorder = Recorder()
    model = make(alphas=[0.1, 1.0]).set_callbacks(recorder).fit(rows, y)
    checkpoint = [("begin", "checkpoint"), ("end", "checkpoint")]
    assert recorder.calls == [
        ("setup", 3),
        ("begin", "fit"),
        *(3 * checkpoint),
        ("end", "fit"),
    ]
    assert recorder.scores[-1] == model.score(rows, y)
    assert recorder.is_down
    assert {name for name in vars(model) if "callback" in name} <= {"_skl_callbacks"}
    records = recorder.records
    assert [record.n_steps for record in records] == model.n_steps_.tolist()
    last = records[-1]
    assert (last.best_score, last.best_n_steps) == (
        model.oof_score_,
        model.best_n_steps_,
    )
    assert [c.alpha for c in last.scores] == [0.1, 1.0]
    assert min(min(r.scores.values()) for r in records) == model.oof_score_


def test_the_estimator_of_a_checkpoint_averages_its_folds(monkeypatch):
    steps(monkeypatch, 4, 12, 20)
    recorder = Recorder()
    model = classifier(refit=False, learning_rate_init=0.01)
    model.set_callbacks(recorder).fit(X, Y)
    assert model.best_n_steps_ == 20
    assert recorder.scores[-2] == recorder.scores[-1] == model.score(X, Y)
    assert len(set(recorder.scores)) > 1


def test_a_callback_can_stop_a_fit_without_a_warning(monkeypatch, recwarn):
    steps(monkeypatch, 4, 12, 20, 100)
    recorder = Recorder(stop_after=2)
    model = classifier(alphas=0.001).set_callbacks(recorder).fit(X, Y)
    assert model.n_steps_.tolist() == [4, 12]
    assert model.best_n_steps_ == 12
    assert not [w for w in recwarn if "improving" in str(w.message)]


def test_callbacks_change_nothing():
    with_one = classifier(keep_probs=0.8).set_callbacks(Recorder()).fit(X, Y)
    without = classifier(keep_probs=0.8).fit(X, Y)
    assert_array_equal(thetas(with_one), thetas(without))
    assert_array_equal(with_one.scores_, without.scores_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_failed_fit_tears_its_callbacks_down(n_jobs):
    recorder = Recorder(fail_at=1)
    model = classifier(n_jobs=n_jobs).fit(X, Y).set_callbacks(recorder)
    before = dict(vars(model))
    with pytest.raises(RuntimeError, match="on purpose"):
        model.fit(X, Y)
    assert recorder.is_down
    assert same_state(vars(model), before)
    bad = Recorder()
    with pytest.raises(ValueError, match="infinity"):
        classifier().set_callbacks(bad).fit(np.where(X > 2, np.inf, X), Y)
    assert bad.is_down


def test_callbacks_get_sample_weights():
    recorder, weight = Recorder(), np.ones(len(Y))
    classifier().set_callbacks(recorder).fit(X, Y, sample_weight=weight)
    assert recorder.metadata["sample_weight"] is weight


def test_the_scoring_monitor_follows_a_pipeline_in_a_search(monkeypatch):
    steps(monkeypatch, 4, 12, 20)
    monitor = ScoringMonitor(scoring="neg_log_loss")
    model = make_pipeline(StandardScaler(), classifier().set_callbacks(monitor))
    grid = {"mlpregularizedclassifiercv__n_members": [1, 2]}
    GridSearchCV(model, grid, cv=2).fit(X, Y)
    rows = [row for log in monitor.get_logs(select="all") for row in log.data]
    checkpoints = [row for row in rows if row["task_name"] == "checkpoint"]
    assert len(checkpoints) == (2 * 2 + 1) * 3
    assert all(row["neg_log_loss"] < 0 for row in checkpoints)


def test_the_progress_bar_shows_checkpoints(capsys):
    regressor().set_callbacks(ProgressBar()).fit(X, X[:, 0])
    shown = capsys.readouterr().out
    assert "MLPRegularizedRegressorCV" in shown and "100%" in shown
