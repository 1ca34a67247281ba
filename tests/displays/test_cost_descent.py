"""The plot of J against steps shows the report."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn import CostDescentDisplay, MLPRegularizedClassifier, check_cost_descends
from tests.estimators.datasets import make_rows


@pytest.fixture(scope="module")
def report():
    X, y = make_rows()
    return check_cost_descends(net(), X, y, n_steps=8)


def net():
    return MLPRegularizedClassifier((6,), activation="tanh", random_state=0)


def test_a_curve_for_each_of_the_largest_rates(report):
    display = CostDescentDisplay.from_report(report)
    rising = [k for k, step in enumerate(report.first_rises) if step is not None]
    assert rising
    shown = range(len(report.costs))[: [*rising, 10, 10][1] + 1][-6:]
    assert len(display.lines_) == len(shown) == 6
    for line, k in zip(display.lines_, shown, strict=True):
        assert_array_equal(line.get_ydata(), report.costs[k])
        assert line.get_label().startswith(f"{report.learning_rates[k]:g}")
        assert (line.get_linestyle() == "--") == (k in rising)
        assert ("rises in step" in line.get_label()) == (k in rising)
    assert display.ax_.get_yscale() == "log" and display.ax_.get_legend()
    assert display.figure_ is display.ax_.figure
    crosses = [line for line in display.ax_.lines if line.get_marker() == "x"]
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in crosses]
    expected = [
        (report.first_rises[k], report.costs[k][report.first_rises[k]])
        for k in rising
        if k in shown
    ]
    assert places == expected


def test_from_estimator_is_from_report():
    X, y = make_rows()
    _, ax = plt.subplots()
    options = {"learning_rates": [0.1, 0.2], "n_steps": 5}
    weight = np.arange(len(X))
    display = CostDescentDisplay.from_estimator(net(), X, y, weight, ax=ax, **options)
    assert display.ax_ is ax and display.figure_ is ax.figure
    expected = check_cost_descends(net(), X, y, weight, **options)
    assert_array_equal(display.costs, expected.costs)
    assert display.plot(max_rates=1) is display
    assert display.ax_ is not ax and len(display.lines_) == 1


def test_costs_below_zero_and_divergence_are_visible():
    costs = np.array([[1.0, -0.5, -0.6], [1.0, 0.5, 0.4]])
    display = CostDescentDisplay(
        learning_rates=np.array([0.2, 0.1]), costs=costs, first_rises=(None, None)
    ).plot()
    assert display.ax_.get_yscale() == "linear"
    assert display.ax_.get_ylabel() == "cost J"
    costs = np.array([[1.0, 0.5, 0.4], [1.0, 1e90, np.inf]])
    display = CostDescentDisplay(
        learning_rates=np.array([0.2, 0.1]), costs=costs, first_rises=(None, 1)
    ).plot()
    assert display.ax_.get_ylim()[1] == 100
    display.figure_.canvas.draw()
