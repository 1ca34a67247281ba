"""scikit-learn's callbacks run after each epoch, can stop a fit and leave no trace."""

import numpy as np
import optuna
import pytest
from numpy.testing import assert_array_equal
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows, parameters

SOLVERS = ["adam", "sgd", "lbfgs"]


class Recorder:
    """Record each call; stop after `stop_after` epochs."""

    def __init__(self, stop_after=np.inf, fail_at=np.inf):
        self.stop_after, self.fail_at = stop_after, fail_at
        self.calls, self.scores, self.is_down = [], [], False

    def setup(self, estimator, context):
        self.calls.append(("setup", context.max_subtasks))

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator, metadata):
        self.calls.append(("end", context.task_name))
        self.metadata = metadata
        self.scores.append(fitted_estimator.score(X, y))
        if self.calls.count(("end", "epoch")) >= self.fail_at:
            raise RuntimeError("on purpose")
        return self.calls.count(("end", "epoch")) >= self.stop_after

    def teardown(self, estimator, context):
        self.is_down = True


def small(solver="adam", **options):
    options = {"max_iter": 6, "n_iter_no_change": 99, "tol": 0.0} | options
    if solver != "lbfgs":
        options = {"learning_rate_init": 0.05} | options
    return MLPRegularizedClassifier((8,), solver=solver, random_state=0, **options)


def without_callbacks(net):
    return {name for name in vars(net) if "callback" in name} <= {"_skl_callbacks"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", SOLVERS)
def test_callbacks_get_a_fitted_estimator_after_each_epoch(solver):
    X, y = make_rows()
    recorder = Recorder()
    net = small(solver).set_callbacks(recorder).fit(X, y)
    epoch = [("begin", "epoch"), ("end", "epoch")]
    assert recorder.calls == [
        ("setup", 6),
        ("begin", "fit"),
        *(net.n_iter_ * epoch),
        ("end", "fit"),
    ]
    assert recorder.scores[-1] == recorder.scores[-2] == net.score(X, y)
    assert len(set(recorder.scores)) > 1
    assert recorder.is_down
    assert without_callbacks(net)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_callback_can_stop_a_fit_without_a_warning(solver):
    X, y = make_rows()
    net = small(solver, max_iter=50).set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert net.n_iter_ == 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_change_nothing():
    X, y = make_rows()
    with_one = small(keep_prob=0.8).set_callbacks(Recorder()).fit(X, y)
    without = small(keep_prob=0.8).fit(X, y)
    assert_array_equal(parameters(with_one), parameters(without))
    assert with_one.loss_curve_ == without.loss_curve_


def test_a_failed_fit_tears_its_callbacks_down():
    X, y = make_rows()
    recorder = Recorder(fail_at=2)
    net = small().set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="on purpose"):
        net.fit(X, y)
    assert recorder.is_down
    assert without_callbacks(net)
    assert not hasattr(net, "coefs_")
    bad = Recorder()
    with pytest.raises(ValueError, match="NaN"):
        small().set_callbacks(bad).fit(np.where(X > 2, np.nan, X), y)
    assert bad.is_down


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_get_sample_weights():
    X, y = make_rows()
    recorder, weight = Recorder(), np.ones(len(y))
    small().set_callbacks(recorder).fit(X, y, sample_weight=weight)
    assert recorder.metadata["sample_weight"] is weight


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_scoring_monitor_follows_a_pipeline_in_a_search():
    X, y = make_rows(n_rows=90)
    monitor = ScoringMonitor(scoring="neg_log_loss")
    model = make_pipeline(StandardScaler(), small().set_callbacks(monitor))
    grid = {"mlpregularizedclassifier__alpha": [0.1, 10.0]}
    GridSearchCV(model, grid, cv=3).fit(X, y)
    rows = [row for log in monitor.get_logs(select="all") for row in log.data]
    epochs = [row for row in rows if row["task_name"] == "epoch"]
    assert len(epochs) == (2 * 3 + 1) * 6
    by_fit = {}
    for row in epochs:
        by_fit.setdefault(row["parent_task_id_path"], []).append(row["neg_log_loss"])
    for scores in by_fit.values():
        assert scores[-1] > scores[0]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_progress_bar_shows_epochs(capsys):
    X, _ = make_rows()
    net = MLPRegularizedRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0)
    net.set_callbacks(ProgressBar()).fit(X, X[:, 0])
    shown = capsys.readouterr().out
    assert "MLPRegularizedRegressor" in shown
    assert "100%" in shown


# -- the record passed to callbacks ----------------------------------------------------


class Watcher(Recorder):
    """Keep the contexts of the epochs without requesting anything expensive."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.epochs.append(context)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("dev", ["none", "given", "cut"])
def test_records_have_costs_scores_rates_and_dev_rows(solver, dev):
    X, y = make_rows(n_rows=90)
    watcher = Watcher()
    net = small(solver, early_stopping=dev == "cut").set_callbacks(watcher)
    given = {"X_val": X[:30], "y_val": y[:30]} if dev == "given" else {}
    net.fit(X, y, **given)
    records = [context.record for context in watcher.epochs]
    assert [record.epoch for record in records] == list(range(1, net.n_iter_ + 1))
    assert [record.cost for record in records] == net.loss_curve_
    if dev == "none":
        assert {record.dev for record in records} == {None}
        assert {context.dev_rows for context in watcher.epochs} == {None}
    else:
        assert [r.dev.cost for r in records] == net.validation_loss_curve_
        assert [r.dev.score for r in records] == net.validation_scores_
        rows = watcher.epochs[0].dev_rows
        assert rows.pick(np.arange(5)).y.shape == (5,)
        assert len(rows.y) == (30 if dev == "given" else 9)
    rate = 1.0 if solver == "lbfgs" else net.learning_rate_init
    assert {record.learning_rate for record in records} == {rate}


def test_partial_fit_runs_callbacks_too():
    X, y = make_rows()
    recorder = Recorder()
    net = small().set_callbacks(recorder)
    for k in range(1, 4):
        net.partial_fit(X, y, classes=[0, 1, 2], X_val=X, y_val=y)
        assert recorder.calls.count(("end", "epoch")) == k
        assert recorder.calls.count(("end", "partial_fit")) == k
        assert recorder.is_down
        assert recorder.scores[-1] == net.score(X, y)
    assert without_callbacks(net)


class Prune:
    """Report the dev score of each epoch to an Optuna trial; stop if it is poor."""

    def __init__(self, trial):
        self.trial, self.pruned = trial, False

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name != "epoch":
            return False
        self.trial.report(context.record.dev.score, context.record.epoch)
        self.pruned = self.trial.should_prune()
        return self.pruned

    def teardown(self, estimator, context):
        pass


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_optuna_prunes_without_scoring_again(monkeypatch):
    X, y = make_rows(n_rows=90)
    scored = []
    monkeypatch.setattr(MLPRegularizedClassifier, "score", lambda *a: scored.append(a))

    def objective(trial):
        prune = Prune(trial)
        rate = [0.05, 0.05, 1e-9, 1e-9][trial.number]
        net = small(learning_rate_init=rate, max_iter=12).set_callbacks(prune)
        net.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        if prune.pruned:
            assert net.n_iter_ < 12 and net.stop_reason_ == "callback"
            raise optuna.TrialPruned
        return net.validation_scores_[-1]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=3),
    )
    study.optimize(objective, n_trials=4)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "COMPLETE", "PRUNED", "PRUNED"]
    assert scored == []
