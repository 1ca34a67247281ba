"""The plot of a training run shows its curves and the epoch of the kept parameters."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    TrainingCurveDisplay,
)
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=80)
X_DEV, Y_DEV = make_rows(n_rows=80, seed=1)
DEV = {"X_val": X_DEV, "y_val": Y_DEV}


def net(**options):
    # A cosine schedule ends as planned: there is no convergence warning.
    options = {"max_iter": 30, "tol": 0, "learning_rate": "cosine"} | options
    return MLPRegularizedClassifier((6,), random_state=0, **options)


@pytest.fixture(scope="module")
def stopped():
    options = {
        "early_stopping": True,
        "n_iter_no_change": 5,
        "learning_rate": "constant",
    }
    return net(learning_rate_init=0.05, keep_prob=0.9, max_iter=500, **options).fit(
        X, Y, **DEV
    )


def labels(ax):
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    return [text.replace("\n", " ") for text in texts]


def test_curves_and_kept_epoch(stopped):
    display = TrainingCurveDisplay.from_estimator(stopped)
    training, dev = display.lines_[0], display.dev_lines_[0]
    epochs = np.arange(1, stopped.n_iter_ + 1)
    for line, curve in (
        (training, stopped.loss_curve_),
        (dev, stopped.validation_loss_curve_),
    ):
        assert_array_equal(line.get_xdata(), epochs)
        assert_array_equal(line.get_ydata(), curve)
    assert stopped.best_iteration_ < stopped.n_iter_
    marked = dev.get_xdata()[dev.get_markevery()]
    assert_array_equal(marked, [stopped.best_iteration_])
    assert training.get_markevery() is None
    assert labels(display.ax_) == [
        "training cost with penalty and dropout",
        f"dev cost (● parameters kept: epoch {stopped.best_iteration_}; "
        "stopped: early stopping)",
    ]
    assert training.get_linestyle() == "--" and dev.get_linestyle() == "-"
    assert training.get_color() == dev.get_color()
    assert display.ax_.get_xlabel() == "epoch"
    assert display.figure_ is display.ax_.figure and display.ax_score_ is None
    assert display.score_lines_ == [None]


@pytest.mark.parametrize(
    ("options", "terms"),
    [
        ({"alpha": 0}, ""),
        ({"alpha": 1}, " with penalty"),
        ({"alpha": 0, "input_keep_prob": 0.9}, " with dropout"),
        ({"alpha": 0, "keep_prob": [0.5]}, " with dropout"),
        (
            {"alpha": 1, "keep_prob": 0.5, "label_smoothing": 0.1},
            " with penalty, dropout and label smoothing",
        ),
    ],
)
def test_label_says_what_is_in_the_training_cost(options, terms):
    display = TrainingCurveDisplay.from_estimator(net(max_iter=2, **options).fit(X, Y))
    kept = "(● parameters kept: epoch 2; stopped: max iter)"
    assert labels(display.ax_) == [f"training cost{terms} {kept}"]
    assert display.dev_lines_ == [None]


def test_several_models_on_given_axes(stopped):
    _, ax = plt.subplots()
    plain = net().fit(X, Y)
    display = TrainingCurveDisplay.from_estimator({"A": stopped, "B": plain}, ax=ax)
    assert display.ax_ is ax and plt.get_fignums() == [1]
    assert [text.split(":")[0] for text in labels(ax)] == ["A", "A", "B"]
    first, second = display.lines_
    assert first.get_color() != second.get_color()
    # One model after the other on the same axes looks the same.
    _, other = plt.subplots()
    TrainingCurveDisplay.from_estimator(stopped, name="A", ax=other)
    TrainingCurveDisplay.from_estimator(plain, name="B", ax=other)
    assert labels(other) == labels(ax)
    colors = [[line.get_color() for line in each.lines] for each in (ax, other)]
    assert colors[0] == colors[1]


@pytest.mark.parametrize("wrap", ["pipeline", "search"])
def test_unwrapped(wrap):
    model = make_pipeline(StandardScaler(), net(solver="lbfgs", max_iter=15, tol=1e-4))
    if wrap == "search":
        grid = {"mlpregularizedclassifier__alpha": [10.0]}
        model = GridSearchCV(model, grid, cv=2)
    with pytest.warns(match="lbfgs stopped before"):
        model.fit(X, Y)
    last = (model.best_estimator_ if wrap == "search" else model)[-1]
    display = TrainingCurveDisplay.from_estimator(model)
    assert_array_equal(display.lines_[0].get_ydata(), last.loss_curve_)


def test_scores_on_the_right(stopped):
    display = TrainingCurveDisplay.from_estimator(stopped, show_scores=True)
    (scores,) = display.score_lines_
    assert scores.axes is display.ax_score_ is not display.ax_
    assert_array_equal(scores.get_ydata(), stopped.validation_scores_)
    assert labels(display.ax_)[-1] == "dev score"
    plain = TrainingCurveDisplay.from_estimator(net(max_iter=2).fit(X, Y))
    with pytest.raises(ValueError, match="show_scores=True needs validation_scores_"):
        plain.plot(show_scores=True)


def test_kept_epoch_of_a_warm_start():
    model = net(max_iter=7, warm_start=True).fit(X, Y).set_params(max_iter=3).fit(X, Y)
    display = TrainingCurveDisplay.from_estimator(model)
    assert len(display.costs[0]) == 10 and display.kept_epochs == [10]


def test_dev_set_in_some_of_several_fits():
    model = net(max_iter=3, warm_start=True).fit(X, Y).fit(X, Y, **DEV)
    with pytest.raises(ValueError, match="given to some of several fits"):
        TrainingCurveDisplay.from_estimator(model)


def test_scale_of_costs():
    def scale(*costs, **options):
        curves = [np.array(each) for each in costs]
        display = TrainingCurveDisplay(costs=curves, dev_costs=[None] * len(curves))
        return display.plot(**options).ax_

    assert scale([1.0, 0.05]).get_yscale() == "log"
    assert scale([1.0], [0.05]).get_yscale() == "log"
    assert scale([1.0, 0.5]).get_yscale() == "linear"
    assert scale([1.0, -0.5]).get_yscale() == "linear"
    assert scale([np.inf]).get_yscale() == "linear"
    assert scale([1.0, 0.5], cost_scale="log").get_yscale() == "log"
    assert (
        scale([1.0, 0.05], cost_scale="linear").get_ylabel().endswith("(linear scale)")
    )
    (line,) = scale([np.inf, 3.0, 2.0]).lines
    assert_array_equal(line.get_ydata(), [np.nan, 3, 2])
    with pytest.raises(ValueError, match="cost_scale must be 'log', 'linear' or None"):
        scale([1.0], cost_scale="symlog")


def test_styles_and_second_plot(stopped):
    display = TrainingCurveDisplay.from_estimator(stopped)
    before = display.ax_
    assert display.plot(line_kw={"c": "black"}, dev_line_kw={"lw": 5}) is display
    assert display.ax_ is not before
    assert display.lines_[0].get_color() == "black"
    assert display.dev_lines_[0].get_linewidth() == 5


def test_regressor_and_sklearn():
    rng = np.random.default_rng(0)
    y = rng.normal(size=80)
    regressor = MLPRegularizedRegressor(
        hidden_layer_sizes=(4,), max_iter=3, learning_rate="cosine", tol=0
    )
    curve = TrainingCurveDisplay.from_estimator(regressor.fit(X, y)).lines_[0]
    assert_array_equal(curve.get_ydata(), regressor.loss_curve_)
    theirs = MLPClassifier((4,), max_iter=3, n_iter_no_change=9, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        theirs.fit(X, Y)
    display = TrainingCurveDisplay.from_estimator(theirs)
    assert_array_equal(display.lines_[0].get_ydata(), theirs.loss_curve_)
    assert labels(display.ax_) == ["training cost with penalty"]
    with pytest.raises(TypeError, match="has no attribute 'loss_curve_'"):
        TrainingCurveDisplay.from_estimator(LogisticRegression().fit(X, Y))


def test_a_single_epoch_is_a_dot():
    one = TrainingCurveDisplay(costs=[np.array([0.7])], dev_costs=[None]).plot()
    assert one.lines_[0].get_marker() == "." and one.lines_[0].get_markevery() == [0]
    gap = np.array([3.0, 2.0, np.inf, 1.0])
    between = TrainingCurveDisplay(costs=[gap], dev_costs=[None]).plot()
    assert between.lines_[0].get_markevery() == [3]
    whole = TrainingCurveDisplay(costs=[gap[:2]], dev_costs=[None]).plot()
    assert whole.lines_[0].get_marker() == "None"
    assert all(tick == round(tick) for tick in one.ax_.get_xticks())


def test_many_models_are_named_once_and_look_different():
    costs = [np.arange(20.0, 0, -1) + k for k in range(15)]
    display = TrainingCurveDisplay(
        costs=costs,
        dev_costs=costs,
        kept_epochs=[k + 1 for k in range(15)],
        ingredients=[["penalty"]] * 15,
        names=[f"net {k}" for k in range(15)],
    ).plot()
    assert labels(display.ax_) == [
        *(f"net {k} (kept: epoch {k + 1})" for k in range(15)),
        "training cost with penalty",
        "dev cost, marked at the epoch kept",
    ]
    for lines in (display.lines_, display.dev_lines_):
        assert len({(line.get_color(), line.get_marker()) for line in lines}) == 15
    for k, line in enumerate(display.dev_lines_):
        assert line.get_xdata()[line.get_markevery()] == [k + 1]


def test_many_models_with_other_costs():
    costs = [np.arange(20.0, 0, -1)] * 3
    display = TrainingCurveDisplay(
        costs=costs,
        dev_costs=[None] * 3,
        dev_scores=costs,
        ingredients=[["penalty"], [], []],
    ).plot(show_scores=True)
    assert labels(display.ax_) == [
        *(f"model {k}" for k in range(3)),
        "training cost (terms of J differ by model)",
        "dev score",
    ]
