"""The bars of bias and variance reports: stored values and drawn bars."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from skdnn import BiasVarianceDisplay, BiasVarianceReport

COUNTS = {"n_train": 900, "n_dev": 300}


def reports():
    return {
        "small": BiasVarianceReport.from_errors(0.15, 0.16, 0.01, **COUNTS),
        "large": BiasVarianceReport.from_errors(0.01, 0.11, 0.01, test_error=0.12),
    }


def test_the_bars_are_the_gaps():
    display = BiasVarianceDisplay.from_report(reports())
    assert display.names == ["small", "large"]
    assert display.gaps[0] == "Bayes error" and len(display.gaps) == 4
    assert_allclose(display.sizes[1], [0.01, 0, 0.10, 0.01], atol=1e-12)
    assert np.isnan(display.sizes[0, 3])
    for sizes, bars in zip(display.sizes, display.bars_, strict=True):
        assert_allclose([bar.get_height() for bar in bars], sizes)
    edges = [bar.get_x() for bars in display.bars_ for bar in bars]
    assert len(set(np.round(edges, 6))) == 8
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["small", "large", "threshold"]
    assert display.ax_.get_ylabel() == "error"


def test_intervals_are_error_bars_where_there_are_any():
    display = BiasVarianceDisplay.from_report(reports())
    small, large = display.low
    gaps = reports()["small"].gaps
    assert_allclose(small[1:3], [gap.interval[0] for gap in gaps])
    assert_allclose(display.high[0, 1:3], [gap.interval[1] for gap in gaps])
    assert np.isnan(large).all() and np.isnan(small[0])
    (intervals,) = set(display.ax_.containers) - set(display.bars_)
    drawn = intervals.lines[2][0].get_segments()
    ends = np.array([segment[:, 1] for segment in drawn])
    assert_allclose(ends, np.column_stack([small[1:3], display.high[0, 1:3]]))


def test_one_report_on_given_axes():
    _, ax = plt.subplots()
    report = reports()["small"]
    display = BiasVarianceDisplay.from_report(report, name="it", ax=ax, color="black")
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert display.bars_[0][0].get_facecolor() == (0, 0, 0, 1)
    again = display.plot()
    assert again is display and display.ax_ is not ax


def test_without_intervals_and_thresholds():
    display = BiasVarianceDisplay([None], ["variance"], np.array([[0.1]])).plot()
    assert len(display.ax_.containers) == 1
    assert display.ax_.get_legend() is None


def test_from_estimator_has_the_errors_of_the_report():
    X, y = load_iris(return_X_y=True)
    data = X[::2], y[::2], X[1::2], y[1::2]
    models = {
        str(depth): DecisionTreeClassifier(max_depth=depth).fit(*data[:2])
        for depth in (1, 2)
    }
    display = BiasVarianceDisplay.from_estimator(models, *data, 0.01)
    report = BiasVarianceReport.from_estimator(models["1"], *data, 0.01)
    expected = [0.01, report.avoidable_bias, report.variance]
    assert_allclose(display.sizes[0], expected)
    one = BiasVarianceDisplay.from_estimator(models["1"], *data, 0.01)
    assert one.names == ["DecisionTreeClassifier"]
    assert_allclose(one.sizes[0], expected)


def test_what_is_refused():
    report = BiasVarianceReport.from_errors(0.1, 0.2)
    other = BiasVarianceReport.from_errors(0.1, 0.2, thresholds=0.1)
    with pytest.raises(ValueError, match="must have the same thresholds"):
        BiasVarianceDisplay.from_report({"a": report, "b": other})
    with pytest.raises(ValueError, match="a dict has names as its keys"):
        BiasVarianceDisplay.from_report({"a": report}, name="b")
    with pytest.raises(ValueError, match="empty dict"):
        BiasVarianceDisplay.from_report({})
    unlike = BiasVarianceReport(report.errors, report.gaps, (), measure="another")
    with pytest.raises(ValueError, match="must measure the same error"):
        BiasVarianceDisplay.from_report({"a": report, "b": unlike})


def test_bars_of_many_models_are_distinct_and_wide_enough():
    names = [f"a model with a long name, {k}" for k in range(15)]
    display = BiasVarianceDisplay(names, ["variance"], np.ones((15, 1))).plot()
    bars = [bar for (bar,) in display.bars_]
    looks = {(bar.get_facecolor(), bar.get_hatch()) for bar in bars}
    assert len(looks) == 15
    display = BiasVarianceDisplay(names, list("abcd"), np.ones((15, 4))).plot()
    display.figure_.draw_without_rendering()
    inches = display.bars_[0][0].get_window_extent().width / display.figure_.dpi
    assert inches > 0.08
    texts = display.ax_.get_legend().get_texts()
    assert [text.get_text().replace("\n", " ") for text in texts] == names
