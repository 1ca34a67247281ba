"""The plot of a search shows means and spreads over folds, and failed fits."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, ParameterScoreDisplay
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=60)
ALPHAS = [0.01, 0.1, 1.0, 100.0]
NET = MLPRegularizedClassifier(
    (3,), solver="lbfgs", alpha=1, max_iter=2000, random_state=0
)


@pytest.fixture(scope="module")
def search():
    grid = {
        "logisticregression__C": ALPHAS,
        "logisticregression__fit_intercept": [True, False],
    }
    model = make_pipeline(StandardScaler(), LogisticRegression())
    options = {"cv": 3, "scoring": "neg_log_loss", "return_train_score": True}
    return GridSearchCV(model, grid, **options).fit(X, Y)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def scores_of(search, chosen, part="test"):
    return np.array(
        [
            [search.cv_results_[f"split{k}_{part}_score"][c] for k in range(3)]
            for c in chosen
        ]
    )


def test_best_over_the_other_parameters(search):
    display = ParameterScoreDisplay.from_estimator(search, "C", negate_score=True)
    means = search.cv_results_["mean_test_score"].reshape(4, 2)
    chosen = 2 * np.arange(4) + means.argmax(axis=1)
    dev, train = -scores_of(search, chosen), -scores_of(search, chosen, "train")
    (line,), (train_line,) = display.lines_, display.train_lines_
    assert_array_equal(line.get_xdata(), ALPHAS)
    assert_allclose(line.get_ydata(), dev.mean(axis=1))
    assert_allclose(train_line.get_ydata(), train.mean(axis=1))
    assert line.get_linestyle() == "-" and train_line.get_linestyle() == "--"
    (band,) = display.spreads_
    corners = band.get_paths()[0].vertices
    for x, mean, std in zip(ALPHAS, dev.mean(axis=1), dev.std(axis=1), strict=True):
        at_x = corners[np.isclose(corners[:, 0], x), 1]
        assert_allclose([at_x.min(), at_x.max()], [mean - std, mean + std])
    ax = display.ax_
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "C"
    assert ax.get_ylabel() == "Log loss (mean ± std of 3 folds)"
    assert legend(ax) == ["dev", "training"] and display.figure_ is ax.figure
    assert line.get_transform() == ax.transData


def test_a_line_for_each_value_of_hue(search):
    display = ParameterScoreDisplay.from_estimator(
        search, "C", hue="fit_intercept", score_name="my score"
    )
    assert display.ax_.get_ylabel().startswith("my score")
    for k, line in enumerate(display.lines_):
        expected = scores_of(search, 2 * np.arange(4) + k).mean(axis=1)
        assert_allclose(line.get_ydata(), expected)
    assert legend(display.ax_) == [
        "True: dev",
        "True: training",
        "False: dev",
        "False: training",
    ]
    assert display.ax_.get_legend().get_title().get_text() == "fit_intercept"
    first, second = display.lines_
    assert first.get_marker() != second.get_marker()
    assert first.get_color() == display.train_lines_[0].get_color()
    assert len(display.spreads_) == 2


def test_from_cv_results_is_the_same(search):
    ours = ParameterScoreDisplay.from_cv_results(search.cv_results_, "C")
    same = ParameterScoreDisplay.from_estimator(search, "C")
    assert_array_equal(ours.dev_scores, same.dev_scores)
    assert ours.ax_.get_ylabel() == "Score (mean ± std of 3 folds)"
    assert same.ax_.get_ylabel().startswith("Negative log loss")


def test_layers_have_a_tick_each_and_one_dev_set_no_spread():
    sizes = [(), (2,), (3, 2)]
    search = GridSearchCV(
        NET, {"hidden_layer_sizes": sizes}, cv=ShuffleSplit(1, random_state=0)
    ).fit(X, Y)
    display = ParameterScoreDisplay.from_estimator(search, "hidden_layer_sizes")
    ax = display.ax_
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "()",
        "(2,)",
        "(3, 2)",
    ]
    assert_array_equal(display.lines_[0].get_xdata(), [0, 1, 2])
    assert display.spreads_ == [] and display.train_lines_ == []
    assert ax.get_ylabel() == "Score"
    low, high = ax.get_ylim()
    assert low < display.dev_scores.min() and high > display.dev_scores.max()


def display_of(n_lines, values, **options):
    rng = np.random.default_rng(0)
    return ParameterScoreDisplay(
        param_name="net__p",
        param_values=values,
        dev_scores=rng.uniform(size=(n_lines, len(values), 4)),
        hue_name="net__h",
        hue_values=list(range(n_lines)),
        **options,
    )


def test_points_of_many_lines_are_at_their_values():
    display = display_of(6, [0.5, 0.9, 1.0]).plot()
    for line, spread in zip(display.lines_, display.spreads_, strict=True):
        assert_array_equal(line.get_xdata(), [0.5, 0.9, 1.0])
        assert line.get_transform() == display.ax_.transData
        ends = np.array([bar[:, 0] for bar in spread[2][0].get_segments()])
        assert_array_equal(ends, np.repeat([[0.5], [0.9], [1.0]], 2, axis=1))
    caps = [spread[1][0].get_markersize() for spread in display.spreads_]
    assert sorted(set(caps)) == caps  # all are visible, smaller ones in front
    low, high = display.ax_.get_xlim()
    assert low < 0.5 and high > 1.0


def test_bars_of_many_lines_are_side_by_side_at_names():
    display = display_of(6, ["a", "b", "c"]).plot()
    x = np.array([line.get_xdata() for line in display.lines_])
    assert np.diff(x, axis=0).min() > 0.05
    assert_array_equal(np.round(x), np.tile(np.arange(3), (6, 1)))
    assert_allclose(x.mean(axis=0), np.arange(3), atol=1e-12)
    low, high = display.ax_.get_xlim()
    assert low < x.min() and x.max() < high


def test_many_lines_are_named_once():
    train = np.ones((3, 2, 4))
    display = display_of(3, [1.0, 2.0], train_scores=train).plot()
    assert legend(display.ax_) == ["0", "1", "2", "dev", "training"]
    assert len(display.train_lines_) == 3


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 3], "linear"),
        ([1, 2], "linear"),
        ([5], "linear"),
        ([1, 10, 100], "log"),
        ([0, 1, 10], "symlog"),
        (["a", "b", "c"], "linear"),
    ],
)
def test_scale(values, scale):
    assert display_of(1, values).plot().ax_.get_xscale() == scale


def test_long_labels_are_slanted():
    values = [(100, 100, 100), (200, 200, 200), (300, 300, 300), (400, 400, 400)]
    ticks = display_of(1, values).plot().ax_.get_xticklabels()
    assert {tick.get_rotation() for tick in ticks} == {30.0}
    many = display_of(1, [(100, k) for k in range(20)]).plot()
    assert {tick.get_rotation() for tick in many.ax_.get_xticklabels()} == {90.0}
    assert many.figure_.get_size_inches()[0] > 7


def test_random_search_of_two_parameters_has_points():
    random = RandomizedSearchCV(
        LogisticRegression(),
        {"C": loguniform(1e-3, 1e3), "tol": loguniform(1e-6, 1e-3)},
        n_iter=6,
        cv=2,
        random_state=0,
    ).fit(X, Y)
    display = ParameterScoreDisplay.from_estimator(random, "C")
    (line,) = display.lines_
    assert line.get_linestyle() == "None" and line.get_marker() == "o"
    expected = random.cv_results_["mean_test_score"][
        np.argsort(np.ma.getdata(random.cv_results_["param_C"]).astype(float))
    ]
    assert_allclose(line.get_ydata(), expected)
    with pytest.raises(ValueError, match="20 values; more than 10 lines"):
        ParameterScoreDisplay.from_cv_results(
            {
                "param_a": np.arange(20),
                "param_b": np.arange(20),
                "split0_test_score": np.ones(20),
            },
            "a",
            hue="b",
        )


def test_failed_fits():
    search = GridSearchCV(NET, {"alpha": [1.0, -1.0, 10.0]}, cv=2)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, Y)
    display = ParameterScoreDisplay.from_estimator(search, "alpha")
    (line,) = display.lines_
    assert_array_equal(np.isnan(line.get_ydata()), [True, False, False])
    assert legend(display.ax_) == ["dev", "failed fits"]
    cross = display.ax_.lines[-1]
    assert_array_equal(cross.get_xdata(), [-1.0])
    assert display.ax_.get_xscale() == "linear"
    display.figure_.canvas.draw()


def test_a_value_at_which_one_of_two_lines_failed():
    display = display_of(2, [1.0, 2.0, 3.0])
    display.dev_scores[0, 1] = np.nan
    # The gap in its line shows it; a cross would refer to both lines.
    assert "failed fits" not in legend(display.plot().ax_)
    display.dev_scores[1, 1, 0] = np.nan
    assert "failed fits" in legend(display.plot().ax_)


def test_several_metrics():
    search = GridSearchCV(
        LogisticRegression(),
        {"C": [1.0, 2.0]},
        cv=2,
        scoring=["accuracy", "neg_log_loss"],
        refit="neg_log_loss",
    ).fit(X, Y)
    display = ParameterScoreDisplay.from_estimator(search, "C", negate_score=True)
    assert display.ax_.get_ylabel().startswith("Log loss")
    expected = -search.cv_results_["mean_test_neg_log_loss"]
    assert_allclose(display.lines_[0].get_ydata(), expected)
    display = ParameterScoreDisplay.from_estimator(search, "C", metric="accuracy")
    assert display.ax_.get_ylabel().startswith("Accuracy")
    with pytest.raises(ValueError, match=r"one of \['accuracy', 'neg_log_loss'\]"):
        ParameterScoreDisplay.from_estimator(search, "C", metric="f1")


def test_given_axes_styles_and_second_plot(search):
    figure, ax = plt.subplots()
    display = ParameterScoreDisplay.from_estimator(
        search, "C", ax=ax, line_kw={"c": "black"}, train_line_kw={"ls": ":"}
    )
    assert display.ax_ is ax and display.figure_ is figure
    assert display.lines_[0].get_color() == "black"
    assert display.train_lines_[0].get_linestyle() == ":"
    assert display.plot() is display and display.ax_ is not ax
    assert len(display.lines_) == 1


def test_errors(search):
    draw = ParameterScoreDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(GridSearchCV(NET, {"alpha": [1.0]}), "alpha")
    with pytest.raises(TypeError, match="must be a fitted search"):
        draw(LogisticRegression().fit(X, Y), "C")
    with pytest.raises(ValueError, match="param must be one of"):
        draw(search, "alpha")
    assert plt.get_fignums() == []


def test_values_next_to_zero_are_told_apart():
    X, y = make_rows(n_rows=90)
    values = [0.0, 0.001, 0.01, 0.1, 1.0, 10.0]
    net = MLPRegularizedClassifier((4,), max_iter=1000, tol=1e-2, random_state=0)
    search = GridSearchCV(net, {"alpha": values}, cv=2).fit(X, y)
    axes = ParameterScoreDisplay.from_estimator(search, "alpha").ax_
    places = axes.transData.transform([(value, 0.5) for value in values])[:, 0]
    assert np.diff(places).min() > 0.1 * np.ptp(places)
