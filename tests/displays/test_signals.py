"""The plot of signals shows their size per layer, for several initialisers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    SignalPropagationDisplay,
    signal_propagation,
)
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=30)


def deep(**options):
    options = {"hidden_layer_sizes": (10,) * 9, "random_state": 0} | options
    return MLPRegularizedClassifier(**options)


def double(rng, n_in, n_out):
    return 2 * rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))


def check_curves(display, stages):
    for ax, sizes in zip(
        display.axes_, (display.activation_rms, display.backward_rms), strict=True
    ):
        assert ax.get_yscale() == "log" and ax.get_xlabel() == "layer l"
        assert [line.get_label() for line in ax.lines] == list(sizes)
        for line, values in zip(ax.lines, sizes.values(), strict=True):
            assert_array_equal(line.get_ydata(), values)
    first, second = display.axes_
    for curve, back, stage in zip(first.lines, second.lines, stages, strict=True):
        assert_array_equal(curve.get_xdata(), range(11))
        assert_array_equal(
            curve.get_ydata(), [stage.input_rms, *(l.rms for l in stage.layers)]
        )
        assert_array_equal(back.get_xdata(), range(1, 11))
        assert_array_equal(back.get_ydata(), [l.backward_rms for l in stage.layers])
    assert display.figure_ is first.figure


def test_one_report_start_and_end():
    report = signal_propagation(deep(), X, Y, n_epochs=2)
    display = SignalPropagationDisplay.from_report(report)
    assert list(display.activation_rms) == ["at init", "after 2 epochs"]
    check_curves(display, [report.at_init, report.trained])
    same = SignalPropagationDisplay.from_estimator(deep(), X, Y, n_epochs=2)
    assert_array_equal(
        same.backward_rms["after 2 epochs"], display.backward_rms["after 2 epochs"]
    )


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_several_initialisers(in_pipeline):
    values = ["normal", "xavier", "he", double]
    estimator, Z = deep(init="zeros"), X
    if in_pipeline:
        estimator, Z = make_pipeline(StandardScaler(), estimator), 3 * X
    display = SignalPropagationDisplay.from_estimator(estimator, Z, Y, init=values)
    rows = StandardScaler().fit_transform(Z) if in_pipeline else Z
    reports = [
        signal_propagation(deep(init=value), rows, Y, n_epochs=0) for value in values
    ]
    check_curves(display, [report.at_init for report in reports])
    names = ["normal", "xavier", "he", "double"]
    assert list(display.activation_rms) == [
        f"{name}: {report.verdict}" for name, report in zip(names, reports, strict=True)
    ]
    assert display.activation_rms.keys() == display.backward_rms.keys()
    net = estimator[-1] if in_pipeline else estimator
    assert net.init == "zeros" and not hasattr(net, "classes_")


def test_initialisers_of_a_nested_network():
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(), init="zeros", solver="lbfgs", random_state=0
    )
    search = GridSearchCV(net, {"max_iter": [500]}, cv=2)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), search))
    y = 10 * X[:, 0]
    model.fit(X, y)
    display = SignalPropagationDisplay.from_estimator(model, X, y, init=["he"])
    expected = signal_propagation(
        clone(net).set_params(init="he", max_iter=500),
        StandardScaler().fit_transform(X),
        y,
        n_epochs=0,
    )
    (found,) = display.backward_rms.values()
    assert_array_equal(found, [l.backward_rms for l in expected.at_init.layers])


def test_names_and_axes_can_be_given():
    _, axes = plt.subplots(1, 2)
    display = SignalPropagationDisplay.from_estimator(
        deep(), X, Y, init={"twice he": double}, ax=axes
    )
    assert list(display.activation_rms) == ["twice he: exploding"]
    assert display.axes_ is axes or display.axes_[0] is axes[0]
    assert display.plot() is display and display.axes_[0] is not axes[0]
    with pytest.raises(ValueError, match="Axes or 2 of them"):
        display.plot(axes[:1])


def test_signals_that_are_zero():
    display = SignalPropagationDisplay.from_estimator(deep(), X, Y, init=["zeros"])
    display.figure_.canvas.draw()
    assert np.isnan(display.axes_[0].lines[0].get_ydata()[1:]).all()


@pytest.mark.parametrize("init", ["he", double, [], {}, [double, double]])
def test_anything_but_several_values_is_refused(init):
    with pytest.raises(ValueError, match=r"^init (must|has values)"):
        SignalPropagationDisplay.from_estimator(deep(), X, Y, init=init)


def test_another_estimator_is_refused():
    with pytest.raises(TypeError, match="estimator must be an MLPRegularized"):
        SignalPropagationDisplay.from_estimator(LogisticRegression(), X, Y, init=["he"])


@pytest.mark.parametrize(("least", "decades"), [(0.9, 2), (1e-6, 6)])
def test_a_healthy_net_looks_flat(least, decades):
    rms = {"A": np.array([1.0, 0.95, least])}
    display = SignalPropagationDisplay(activation_rms=rms, backward_rms=rms).plot()
    for ax in display.axes_:
        low, high = ax.get_ylim()
        assert low < least and high > 1
        assert decades - 1e-9 < np.log10(high / low) < 1.2 * decades


def test_signals_that_are_all_zero_are_labelled():
    display = SignalPropagationDisplay(
        activation_rms={"A": np.ones(2)}, backward_rms={"A": np.zeros(1)}
    ).plot()
    texts = [[text.get_text() for text in ax.texts] for ax in display.axes_]
    assert texts == [[], ["all values are 0"]]
