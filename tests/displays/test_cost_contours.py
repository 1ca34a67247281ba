"""Cost contours: rounder for standardised inputs, with a path of gradient descent."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdnn import (
    CostContoursDisplay,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)) * [1, 10]
Y = X @ [1.0, 0.2] + RNG.normal(size=60)
SMALL = {"grid_resolution": 9}


def linear():
    return MLPRegularizedRegressor(
        hidden_layer_sizes=(),
        solver="lbfgs",
        alpha=2,
        max_iter=1000,
        tol=1e-7,
        random_state=0,
    )


@pytest.fixture(scope="module")
def models():
    standardized = make_pipeline(InputStandardizer(), linear())
    return {"raw": linear().fit(X, Y), "standardised": standardized.fit(X, Y)}


def test_contours_with_and_without_standardising(models):
    display = CostContoursDisplay.from_estimator(models, X, Y, **SMALL)
    plain, scaled = display.condition_numbers
    assert plain > 50 and scaled < 2
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    for model, inputs in enumerate((X, Z)):
        H = (inputs.T @ inputs + 2 * np.eye(2)) / 60
        flat, steep = np.linalg.eigvalsh(H)
        assert_allclose(display.condition_numbers[model], steep / flat, rtol=1e-5)
        assert_allclose(display.learning_rates[model], 1 / steep, rtol=1e-5)
        # J is quadratic, so that its values in the plane are known.
        xx0, xx1 = display.xx0[model], display.xx1[model]
        away = np.stack([xx0, xx1], axis=-1) - display.centres[model]
        rise = np.einsum("abi,ij,abj->ab", away, H, away) / 2
        costs = display.costs[model]
        assert_allclose(costs - costs.min(), rise, atol=1e-6 * rise.max())
        half_width = np.abs(away).max()
        assert_allclose(half_width, (flat * steep) ** -0.25, rtol=1e-5)
        path = display.paths[model]
        assert path.shape == (21, 2)
        start = path[0] - display.centres[model]
        assert_allclose(np.linalg.norm(start), 0.7 * half_width)
        assert_allclose(path[1], path[0] - H @ start / steep, atol=1e-6)
    # 20 steps reach the minimum of the rounder one only.
    ends = [
        np.linalg.norm(path[-1] - c) / np.linalg.norm(path[0] - c)
        for path, c in zip(display.paths, display.centres, strict=True)
    ]
    assert ends[0] > 0.4 and ends[1] < 1e-2


def test_what_is_drawn(models):
    display = CostContoursDisplay.from_estimator(models, X, Y, **SMALL)
    for model, (name, ax) in enumerate(zip(models, display.axes_, strict=True)):
        line = display.lines_[model]
        assert_array_equal(line.get_xydata(), display.paths[model])
        (star,) = [other for other in ax.lines if other is not line]
        assert_array_equal(star.get_xydata(), display.centres[model][np.newaxis])
        assert ax.get_aspect() == 1
        assert ax.get_xlim() == (display.xx0[model].min(), display.xx0[model].max())
        condition, rate = display.condition_numbers, display.learning_rates
        assert ax.get_title() == (
            f"{name}\ncondition number {condition[model]:.3g}, learning rate "
            f"{rate[model]:.2g}"
        )
        assert [text.get_text() for text in ax.get_legend().get_texts()] == [
            "gradient descent, 20 steps",
            "fitted",
        ]
        levels = display.contours_[model].levels
        assert_allclose(
            levels[[0, -1]], [display.costs[model].min(), display.costs[model].max()]
        )
    assert display.axes_[0].get_xlabel() == "W[1][0, 0]"
    assert display.axes_[0].get_ylabel() == "W[1][1, 0]"
    # Two panels, two colour bars.
    assert len(display.figure_.axes) == 4


def test_given_plane_rate_and_axes():
    table = pd.DataFrame(X, columns=["length", "weight"])
    labels = (Y > 0).astype(int)
    net = MLPRegularizedClassifier(
        (3,), "tanh", solver="lbfgs", alpha=1, max_iter=2000, random_state=0
    )
    search = GridSearchCV(
        make_pipeline(InputStandardizer(), net),
        {"mlpregularizedclassifier__alpha": [1.0]},
        cv=2,
    ).fit(table, labels)
    figure, axes = plt.subplots(1, 2)
    display = CostContoursDisplay.from_estimator(
        search,
        table,
        labels,
        parameters=((1, "W", (1, 2)), (2, "b", 0)),
        half_width=0.5,
        learning_rate=0.1,
        n_steps=3,
        ax=axes[:1],
        contour_kw={"cmap": "Greys"},
        path_kw={"c": "black"},
        **SMALL,
    )
    assert list(display.axes_) == [axes[0]] and display.figure_ is figure
    assert axes[0].get_xlabel() == "W[1][1, 2], the weight of weight"
    assert axes[0].get_ylabel() == "b[2][0]"
    assert_allclose(np.ptp(display.xx0[0]), 1)
    assert display.learning_rates == [0.1] and display.paths[0].shape == (4, 2)
    assert display.contours_[0].get_cmap().name == "Greys"
    assert display.lines_[0].get_color() == "black"
    assert display.plot() is display and display.figure_ is not figure
    with pytest.raises(ValueError, match="1 of them"):
        display.plot(axes)


@pytest.mark.filterwarnings("ignore:No hidden unit has learned")
def test_constant_and_saddle():
    # With all weights at zero, J is constant along each weight, and proportional to
    # the product w v of one weight from each layer: a saddle.
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(2,),
        activation="tanh",
        alpha=0,
        solver="lbfgs",
        init="zeros",
    ).fit(X, Y)
    assert all(np.all(W == 0) for W in net.coefs_)
    draw = CostContoursDisplay.from_estimator
    with pytest.raises(ValueError, match=r"does not curve upwards.*give half_width"):
        draw(net, X, Y, **SMALL)
    with pytest.raises(ValueError, match=r"curve upwards.*give learning_rate"):
        draw(net, X, Y, half_width=1, **SMALL)
    with pytest.raises(ValueError, match="J must vary in the plane"):
        draw(net, X, Y, half_width=1, learning_rate=1, **SMALL)
    saddle = ((1, "W", (0, 0)), (2, "W", (0, 0)))
    display = draw(net, X, Y, parameters=saddle, half_width=0.1, **SMALL)
    assert display.condition_numbers == [np.inf]
    display.figure_.canvas.draw()


def test_errors(models):
    plain = models["raw"]
    with pytest.raises(ValueError, match="parameters must be a pair of"):
        CostContoursDisplay.from_estimator(plain, X, Y, parameters=((1, "b", 0),))
    with pytest.raises(NotFittedError):
        CostContoursDisplay.from_estimator(linear(), X, Y)
    with pytest.raises(ValueError, match="empty dict"):
        CostContoursDisplay.from_estimator({}, X, Y)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"half_width": -1}, "half_width must be a finite number > 0 or None, got -1"),
        ({"grid_resolution": 1}, "grid_resolution must be an int >= 2, got 1"),
    ],
)
def test_an_invalid_plane(wrong, message):
    with pytest.raises(ValueError, match=message):
        CostContoursDisplay.from_estimator(linear().fit(X, Y), X, Y, **wrong)


def test_one_input_is_drawn_with_the_bias():
    one = linear().fit(X[:, :1], Y)
    display = CostContoursDisplay.from_estimator(one, X[:, :1], Y, **SMALL)
    assert display.parameter_names == ("W[1][0, 0]", "b[1][0]")
    assert_allclose(display.centres[0], one._model.theta)
    second = ((1, "W", (0, 0)), (1, "W", (1, 0)))
    with pytest.raises(ValueError, match=r"has W\[1\] \(1, 1\), b\[1\] \(1,\); got"):
        CostContoursDisplay.from_estimator(one, X[:, :1], Y, parameters=second)
