"""The plot of error orders shows both errors and lines of slopes 1 and 2."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn import (
    DifferenceOrderDisplay,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    difference_orders,
)
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=30)


def net():
    return MLPRegularizedClassifier((4,), activation="tanh", random_state=0)


def slope(line):
    return np.polyfit(np.log(line.get_xdata()), np.log(line.get_ydata()), 1)[0]


def test_errors_slopes_and_rounding_are_drawn():
    report = difference_orders(net(), X, Y)
    display = DifferenceOrderDisplay.from_report(report)
    lines = {line.get_label(): line for line in display.ax_.lines}
    assert list(lines) == [
        "one-sided: slope 1.00",
        "slope 1",
        "two-sided: slope 2.00",
        "slope 2",
        "rounding of J",
    ]
    assert_array_equal(lines["one-sided: slope 1.00"].get_ydata(), report.one_sided)
    assert_array_equal(lines["two-sided: slope 2.00"].get_ydata(), report.two_sided)
    assert slope(lines["slope 1"]) == pytest.approx(1)
    assert slope(lines["slope 2"]) == pytest.approx(2)
    assert slope(lines["rounding of J"]) == pytest.approx(-1)
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "log"
    low, high = display.ax_.get_ylim()
    assert low < report.two_sided.min() and report.one_sided.max() < high


def test_from_estimator_is_from_report():
    _, ax = plt.subplots()
    options = {"epsilons": [1e-5, 1e-4, 1e-3, 1e-2], "n_params": 5}
    display = DifferenceOrderDisplay.from_estimator(net(), X, Y, ax=ax, **options)
    assert display.ax_ is ax and display.figure_ is ax.figure
    expected = difference_orders(net(), X, Y, **options)
    assert_array_equal(display.two_sided, expected.two_sided)
    assert display.plot() is display and display.ax_ is not ax


def test_differences_that_are_exact():
    line = MLPRegularizedRegressor(hidden_layer_sizes=(), random_state=0)
    display = DifferenceOrderDisplay.from_estimator(line, X, Y)
    labels = [line.get_label() for line in display.ax_.lines]
    assert "two-sided: exact" in labels and "slope 2" not in labels
    display.figure_.canvas.draw()


def test_the_note_about_kinks_is_above_the_axes():
    options = {"epsilons": [1e-5, 1e-4, 1e-3, 1e-2], "n_params": 5}
    for activation in ("relu", "tanh"):
        model = net().set_params(activation=activation)
        display = DifferenceOrderDisplay.from_estimator(model, X, Y, **options)
        title = display.ax_.get_title(loc="left").replace("\n", " ")
        assert ("A kink of relu within a step" in title) == (activation == "relu")
