"""Decision regions are scikit-learn's, in shared colours, with the rows plotted."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_rgba
from matplotlib.contour import QuadContourSet
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import DecisionRegionsDisplay, MLPRegularizedClassifier
from tests.estimators.datasets import make_rows

X, Y = make_rows("binary", n_rows=40, n_columns=2)
X3, Y3 = make_rows("multiclass", n_rows=40, n_columns=2)
SMALL = {"grid_resolution": 8}


@pytest.fixture(scope="module")
def net():
    return MLPRegularizedClassifier((), solver="lbfgs").fit(X, Y)


def offsets(ax):
    return [points.get_offsets().data for points in _scatters(ax)]


def _scatters(ax):
    return [
        c
        for c in ax.collections
        if c.get_offsets().shape[0] and c.get_label()[0] in "td"
    ]


def test_two_models_with_dev_rows(net):
    other = LogisticRegression(C=0.1).fit(X, Y)
    models = {"net": net, "logistic": other}
    display = DecisionRegionsDisplay.from_estimator(
        models, X, Y, X_dev=X3, y_dev=Y3 % 2, **SMALL
    )
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    everything = np.concatenate([X, X3])
    assert np.all(grid.min(axis=0) < everything.min(axis=0))
    assert np.all(grid.max(axis=0) > everything.max(axis=0))
    for model, response in zip(models.values(), display.responses, strict=True):
        assert_allclose(response.ravel(), model.predict_proba(grid)[:, 1])
    for name, ax in zip(models, display.axes_, strict=True):
        model = models[name]
        train, dev = model.score(X, Y), model.score(X3, Y3 % 2)
        assert ax.get_title() == (f"{name}\naccuracy: train {train:.1%}, dev {dev:.1%}")
        parts = [X[Y == 0], X[Y == 1], X3[Y3 % 2 == 0], X3[Y3 % 2 == 1]]
        for drawn, rows in zip(offsets(ax), parts, strict=True):
            assert_array_equal(drawn, rows)
        assert ax.get_xlabel() == "feature 0" and ax.get_ylabel() == "feature 1"
    assert [text.get_text() for text in display.axes_[-1].get_legend().get_texts()] == [
        "train, class 0",
        "train, class 1",
        "dev, class 0",
        "dev, class 1",
    ]
    assert display.axes_[0].get_legend() is None
    train, _, dev, _ = _scatters(display.axes_[0])
    assert not np.array_equal(
        train.get_paths()[0].vertices, dev.get_paths()[0].vertices
    )
    assert display.regions_[0].response is display.responses[0]


@pytest.mark.parametrize("response_method", ["predict_proba", "predict"])
def test_three_classes(response_method):
    labels = np.array(["a", "b", "c"])[Y3]
    model = make_pipeline(
        StandardScaler(), MLPRegularizedClassifier((), solver="lbfgs")
    ).fit(X3, labels)
    display = DecisionRegionsDisplay.from_estimator(
        model, X3, labels, response_method=response_method, name="net", **SMALL
    )
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    (response,) = display.responses
    predicted = response.argmax(axis=2) if response.ndim == 3 else response
    assert_array_equal(display.classes[predicted.ravel()], model.predict(grid))
    (regions,) = display.regions_
    for points, color in zip(
        _scatters(display.axes_[0]), regions.multiclass_colors_, strict=True
    ):
        assert_allclose(points.get_facecolor()[0], to_rgba(color))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frames_and_searches(frame):
    table = frame({"width": X[:, 0], "height": 100 * X[:, 1]})
    net = MLPRegularizedClassifier((), solver="lbfgs", alpha=100, max_iter=1000)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net),
        {"mlpregularizedclassifier__alpha": [1.0]},
        cv=2,
        scoring="neg_log_loss",
    ).fit(table, Y)
    display = DecisionRegionsDisplay.from_estimator(
        search, table, Y, X_dev=table, y_dev=Y, **SMALL
    )
    (ax,) = display.axes_
    assert ax.get_xlabel() == "width" and ax.get_ylabel() == "height"
    accuracy = np.mean(search.predict(table) == Y)
    assert f"train {accuracy:.1%}, dev {accuracy:.1%}" in ax.get_title()
    # The margin is in units of each feature.
    low, high = X.min(axis=0), X.max(axis=0)
    assert_allclose(display.xx0.min(), low[0] - 0.06 * (high - low)[0])
    assert_allclose(display.xx1.max(), 100 * (high + 0.06 * (high - low))[1])


def test_without_probabilities():
    model = Perceptron().fit(X, Y)
    display = DecisionRegionsDisplay.from_estimator(
        model, X, Y, response_method="predict", **SMALL
    )
    assert set(np.unique(display.responses[0])) <= {0, 1}
    with pytest.raises(AttributeError, match="predict_proba"):
        DecisionRegionsDisplay.from_estimator(
            model, X, Y, response_method="predict_proba", **SMALL
        )


def test_given_axes_and_second_plot(net):
    figure, ax = plt.subplots()
    display = DecisionRegionsDisplay.from_estimator(
        net, X, Y, ax=ax, scatter_kw={"s": 99}, **SMALL
    )
    assert list(display.axes_) == [ax] and display.figure_ is figure
    assert _scatters(ax)[0].get_sizes() == [99]
    assert display.plot() is display and display.figure_ is not figure


def test_errors(net):
    draw = DecisionRegionsDisplay.from_estimator
    with pytest.raises(TypeError, match="must be a classifier"):
        draw(LinearRegression().fit(X, Y), X, Y)
    with pytest.raises(ValueError, match="given together"):
        draw(net, X, Y, X_dev=X)
    with pytest.raises(ValueError, match="response_method must be"):
        draw(net, X, Y, response_method="decision_function")
    with pytest.raises(ValueError, match="the same classes"):
        draw({"a": net, "b": LogisticRegression().fit(X3, Y3)}, X, Y)
    with pytest.raises(
        ValueError, match=r"y_dev must hold classes of the models, .*, got \[2\]"
    ):
        draw(net, X, Y, X_dev=X3, y_dev=Y3)
    X4, y4 = make_rows("binary", n_rows=40, n_columns=4)
    with pytest.raises(ValueError, match="X must have 2 columns"):
        draw(LogisticRegression().fit(X4, y4), X4, y4)
    assert plt.get_fignums() == []


def test_models_without_probabilities_are_coloured_by_class():
    X, y = make_rows(n_columns=2)
    models = {"sure": LogisticRegression().fit(X, y), "not": Perceptron().fit(X, y)}
    display = DecisionRegionsDisplay.from_estimator(models, X, y)
    shaded, plain = display.responses
    assert shaded.ndim == 3 and set(np.unique(plain)) <= {0, 1, 2}


def many(n_classes=20, **options):
    """Return a display of classes in a row, each two grid columns wide."""
    xx0, xx1 = np.meshgrid(np.arange(2.0 * n_classes), np.arange(4.0))
    y = np.arange(n_classes)
    return DecisionRegionsDisplay(
        xx0=xx0,
        xx1=xx1,
        responses=[xx0.astype(int) // 2],
        classes=np.array([f"k{k}" for k in y]),
        X=np.column_stack([2.0 * y, y % 4]),
        y=y,
        **options,
    )


def test_more_than_ten_classes_are_named_in_their_regions():
    display = many(X_dev=np.ones((1, 2)), y_dev=np.array([0])).plot()
    (ax,) = display.axes_
    for k, text in enumerate(ax.texts):
        assert text.get_text() == f"k{k}"
        assert text.get_position()[0] in (2 * k, 2 * k + 1)
    assert len(ax.texts) == 20
    train = [points for points in ax.collections if points.get_label()[:5] == "class"]
    looks = {
        (tuple(points.get_facecolor()[0]), points.get_paths()[0].vertices.tobytes())
        for points in train
    }
    assert len(train) == len(looks) == 20
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [*(f"class k{k}" for k in range(20)), "train", "dev"]
    assert many(10).plot().axes_[0].texts[:] == []


def test_regions_of_distant_class_indices_share_one_border():
    """Contours of the class indices would be nineteen adjacent lines."""
    xx0, xx1 = np.meshgrid(np.arange(4.0), np.arange(4.0))
    display = many()
    display.xx0, display.xx1 = xx0, xx1
    display.responses = [np.where(xx0 < 2, 0, 19)]
    (ax,) = display.plot().axes_
    borders = [
        path.vertices[:, 0]
        for drawn in ax.collections
        if isinstance(drawn, QuadContourSet) and not drawn.filled
        for path in drawn.get_paths()
    ]
    assert len(borders) == 2 and np.all(np.concatenate(borders) == 1.5)


def test_several_labels_per_row_are_refused():
    labels = np.column_stack([Y, 1 - Y])
    model = MLPRegularizedClassifier((), solver="lbfgs").fit(X, labels)
    with pytest.raises(
        ValueError, match=r"y must have one class per row.*plot a model"
    ):
        DecisionRegionsDisplay.from_estimator(model, X, labels, **SMALL)
    with pytest.raises(ValueError, match=r"must predict one class .* 2 labels"):
        DecisionRegionsDisplay.from_estimator(model, X, Y, **SMALL)
    assert plt.get_fignums() == []


def test_a_constant_feature_has_a_region(net):
    constant = np.column_stack([X[:, 0], np.full(len(X), 3.0)])
    display = DecisionRegionsDisplay.from_estimator(net, constant, Y, **SMALL)
    assert display.xx1.min() < 3 < display.xx1.max()
