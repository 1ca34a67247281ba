"""Displays of a cross-validated estimator show all candidates and the chosen one."""

import warnings
from copy import copy

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressorCV,
    ParameterScoreDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=60)


def fitted(kind=MLPRegularizedClassifierCV, y=Y, fit_options=None, **options):
    options = {
        "alphas": [0.1, 1.0, 10.0],
        "keep_probs": [1.0, 0.7],
        "encodings": "standard",
        "cv": 3,
        "max_steps": 60,
        "learning_rate_init": 0.05,
        "random_state": 0,
    } | options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind((3,), **options).fit(X, y, **fit_options or {})


def clone_with(model, **attributes):
    copied = copy(model)
    vars(copied).update(attributes)
    return copied


@pytest.fixture(scope="module")
def model():
    return fitted()


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_of_all_candidates(model):
    display = TrainingCurveDisplay.from_estimator(model)
    ax = display.ax_
    chosen = {"alpha": model.alpha_, "keep_prob": model.keep_prob_}
    at = model.candidates_.index({**chosen, "encoding": "standard"})
    for line, scores in zip(display.dev_lines_, model.scores_, strict=True):
        assert_array_equal(line.get_xdata(), model.n_steps_)
        assert_allclose(line.get_ydata(), scores.mean(axis=1))
    best = display.dev_lines_[at]
    assert [*best.get_xdata()[best.get_markevery()]] == [model.best_n_steps_]
    widths = [line.get_linewidth() for line in display.dev_lines_]
    assert np.argmax(widths) == at and sorted(widths)[-2] < max(widths)
    for line, scores in zip(display.fold_lines_, model.scores_[at].T, strict=True):
        assert_array_equal(line.get_ydata(), scores)
        assert line.get_color() == best.get_color()
    assert display.lines_ == [] and display.score_lines_ == []
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "steps (log scale)"
    assert ax.get_ylabel().startswith(
        "held-out log-loss after temperature scaling\nmean of 3 folds ("
    )
    text = labels(ax)
    assert len(text) == 7 and text[-1] == "folds of the chosen candidate"
    assert text[0] == (
        f"alpha={model.alpha_:g}, keep_prob={model.keep_prob_:g} "
        f"(● chosen: {model.best_n_steps_} steps)"
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "held-out log-loss after temperature scaling"),
        ({"calibrate": False}, "held-out log-loss"),
        ({"scoring": "accuracy"}, "held-out accuracy"),
        ({"scoring": "neg_log_loss"}, "held-out negative log loss"),
        (
            {"kind": MLPRegularizedRegressorCV, "y": X[:, 0]},
            "held-out half the mean squared error",
        ),
    ],
)
def test_the_axis_says_what_was_scored(options, text):
    alone = fitted(**{"alphas": 1, "keep_probs": 1, "cv": 2, "max_steps": 9} | options)
    display = TrainingCurveDisplay.from_estimator(alone, name="A")
    assert display.ax_.get_ylabel() == f"{text}\nmean of 2 folds (linear scale)"
    assert labels(display.ax_) == [
        "A: held-out score (● chosen: 9 steps)",
        "folds of the chosen candidate",
    ]
    other = ParameterScoreDisplay.from_estimator(alone, "alphas")
    spread = "(mean ± std of 2 folds)"
    assert other.ax_.get_ylabel().replace("\n", " ") == f"{text} {spread}"
    assert_allclose(other.lines_[0].get_ydata(), [alone.oof_score_], rtol=1e-6)


def test_more_candidates_than_colours():
    many = fitted(alphas=np.geomspace(0.01, 10, 13), keep_probs=1, max_steps=30)
    display = TrainingCurveDisplay.from_estimator(many)
    text = labels(display.ax_)
    assert len(text) == 12 and text[-2] == "3 other candidates"
    colors = [line.get_color() for line in display.dev_lines_]
    assert colors.count("0.8") == 3 and len(set(colors)) == 11


def test_a_single_part_has_no_folds(model):
    of_val = fitted(
        alphas=1, keep_probs=1, max_steps=9, fit_options={"X_val": X, "y_val": Y}
    )
    display = TrainingCurveDisplay.from_estimator(make_pipeline(of_val))
    assert display.fold_lines_ == []
    assert labels(display.ax_) == ["held-out score (● chosen: 9 steps)"]
    assert "folds" not in display.ax_.get_ylabel()


def test_scores_against_alphas(model):
    display = ParameterScoreDisplay.from_estimator(model, "alphas", hue="keep_probs")
    assert display.param_values == [0.1, 1.0, 10.0]
    assert display.hue_values == [0.7, 1.0] and display.train_scores is None
    means = model.scores_.mean(axis=2)
    best = np.nanmin(means, axis=1).reshape(3, 2)
    for line, of_keep_prob in zip(display.lines_, best.T[::-1], strict=True):
        assert_allclose(line.get_ydata(), of_keep_prob)
    assert display.ax_.get_xscale() == "log" and display.ax_.get_xlabel() == "alpha"
    best_of_all = ParameterScoreDisplay.from_estimator(model, "alpha")
    assert_allclose(best_of_all.lines_[0].get_ydata(), best.min(axis=1))
    wrapped = make_pipeline(FrozenEstimator(model))
    same = ParameterScoreDisplay.from_estimator(wrapped, "alpha")
    assert_array_equal(same.dev_scores, best_of_all.dev_scores)


def test_values_that_are_tuples():
    kept = [(0.5,), 1.0, (0.9,)]
    model = fitted(alphas=1, keep_probs=kept, scoring="accuracy", max_steps=40)
    display = ParameterScoreDisplay.from_estimator(model, "keep_prob")
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert ticks == ["(0.5,)", "1", "(0.9,)"]
    best = np.nanmax(model.scores_.mean(axis=2), axis=1)
    assert_allclose(display.lines_[0].get_ydata(), best)
    lost = ParameterScoreDisplay.from_estimator(model, "keep_prob", negate_score=True)
    assert_allclose(lost.lines_[0].get_ydata(), -best)


def test_a_candidate_that_diverged_before_the_first_checkpoint(model):
    lost = 5 if model.alpha_ == 0.1 else 0
    scores = model.scores_.copy()
    scores[lost] = np.nan
    model = clone_with(model, scores_=scores)
    display = TrainingCurveDisplay.from_estimator(model)
    text = f"alpha={model.candidates_[lost]['alpha']:g}"
    assert labels(display.ax_)[-2].startswith(text)
    scores = ParameterScoreDisplay.from_estimator(model, "alpha", hue="keep_prob")
    assert np.isnan(scores.dev_scores).any(axis=2).sum() == 1


def test_what_is_refused(model):
    with pytest.raises(ValueError, match="a plot of its own: give one"):
        TrainingCurveDisplay.from_estimator({"A": model, "B": model})
    with pytest.raises(ValueError, match="the held-out scores are plotted anyway"):
        TrainingCurveDisplay.from_estimator(model, show_scores=True)
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(MLPRegularizedClassifierCV())
    with pytest.raises(ValueError, match="scores are losses already"):
        ParameterScoreDisplay.from_estimator(model, "alphas", negate_score=True)
    with pytest.raises(
        ValueError, match="metric='r2' is for a search with several metrics"
    ):
        ParameterScoreDisplay.from_estimator(model, "alphas", metric="r2")
    with pytest.raises(ValueError, match="must be one of the parameters"):
        ParameterScoreDisplay.from_estimator(model, "max_norm")
    with pytest.raises(TypeError, match="or a cross-validated estimator"):
        ParameterScoreDisplay.from_estimator(model.members_[0], "alpha")
    with pytest.raises(TypeError, match="has 2 networks: give one of its members_"):
        WeightsDisplay.from_estimator(
            fitted(alphas=1, keep_probs=1, max_steps=5, n_members=2)
        )


def test_the_display_can_be_drawn_again_on_other_axes(model):
    display = TrainingCurveDisplay.from_estimator(model)
    _, ax = plt.subplots()
    again = display.plot(ax=ax, cost_scale="linear", dev_line_kw={"linewidth": 4})
    assert again is display and display.ax_ is ax
    assert {line.get_linewidth() for line in display.dev_lines_} == {4}


@pytest.mark.parametrize("refit", [True, False])
def test_the_costs_of_a_member_are_against_steps(model, refit):
    small = {"alphas": 1, "keep_probs": 1, "cv": 2}
    whole = model if refit else fitted(**small, refit=False)
    display = TrainingCurveDisplay.from_estimator(whole.members_[0])
    (line,) = display.lines_
    recorded = whole.n_steps_[: len(line.get_xdata())]
    assert_array_equal(line.get_xdata(), recorded)
    marked = line.get_xdata()[line.get_markevery()]
    assert_array_equal(marked, [whole.best_n_steps_])
    assert display.ax_.get_xlabel() == "step"
    kept = f"(● parameters kept: step {whole.best_n_steps_})"
    assert labels(display.ax_) == [f"training cost with penalty {kept}"]
    plain = MLPRegularizedClassifier((), solver="lbfgs", random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match="draw them in two plots"):
        TrainingCurveDisplay.from_estimator({"A": whole.members_[0], "B": plain})


def test_candidates_have_markers_too(model):
    display = TrainingCurveDisplay.from_estimator(model)
    markers = [line.get_marker() for line in display.dev_lines_]
    assert len(set(markers)) == len(markers) == 6
