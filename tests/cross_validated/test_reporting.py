"""Progress of CV fits: printed lines and records for callbacks."""

import re
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skdnn import MLPRegularizedClassifierCV
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=60)
LINE = re.compile(
    r"Step +(?P<step>\d+), networks in training: +(?P<nets>\d+), held-out score "
    r"(?P<now>\S+), best (?P<best>\S+) at step (?P<at>\d+)(?: \((?P<named>.*)\))?"
)


def without_warnings(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # raised for so few steps
        return model.fit(X, Y)


def fit(**options):
    options = {"cv": 2, "max_steps": 60, "encodings": "standard"} | options
    model = MLPRegularizedClassifierCV(
        (3,), learning_rate_init=0.05, verbose=True, random_state=0, **options
    )
    return without_warnings(model)


@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
def test_a_line_for_each_checkpoint(scoring, capsys):
    model = fit(alphas=[0.1, 100.0], keep_probs=0.9, scoring=scoring)
    lines = capsys.readouterr().out.splitlines()
    seen = [LINE.fullmatch(line) for line in lines]
    assert all(seen), lines
    assert [int(line["step"]) for line in seen] == model.n_steps_.tolist()
    assert int(seen[0]["nets"]) == 4
    last, best = seen[-1], min if scoring == "loss" else max
    assert int(last["at"]) == model.best_n_steps_
    assert float(last["best"]) == pytest.approx(model.oof_score_, abs=1e-6)
    assert last["named"] == f"alpha={model.alpha_}"
    scores = model.scores_[:, -1].mean(axis=1)
    now = best(scores[np.isfinite(scores)])
    assert float(last["now"]) == pytest.approx(now, abs=1e-6)


def test_one_candidate_needs_no_name(capsys):
    fit(alphas=1.0, keep_probs=0.9, max_steps=24)
    assert LINE.fullmatch(capsys.readouterr().out.strip())["named"] is None


class Recorder:
    """Keep the records of checkpoints."""

    def __init__(self):
        self.records = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **data):
        pass

    def on_fit_task_end(self, estimator, context, **data):
        if context.task_name == "checkpoint":
            self.records.append(context.record)


def test_records_have_the_scores_of_a_custom_scorer():
    recorder = Recorder()
    model = MLPRegularizedClassifierCV(
        (3,), alphas=1.0, encodings="standard", scoring="accuracy", cv=2, max_steps=29
    )
    model.set_callbacks(recorder)
    without_warnings(model)
    assert [record.n_steps for record in recorder.records] == [24, 29]
    scores = [next(iter(record.scores.values())) for record in recorder.records]
    assert max(scores) == model.oof_score_ == recorder.records[-1].best_score > 0
