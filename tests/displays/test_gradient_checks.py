"""The plot of a gradient check shows the error of each W and b."""

import matplotlib.pyplot as plt
from numpy.testing import assert_array_equal

from skdnn import GradientCheckDisplay, MLPRegularizedClassifier, check_gradients
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=30)


def net():
    return MLPRegularizedClassifier((4, 3), activation="tanh", random_state=0)


def by_segment(report):
    return {f"{e.kind}[{e.layer}]": e.relative_error for e in report.layers}


def test_both_checks_are_drawn():
    checks = check_gradients(net(), X, Y, n_epochs=2)
    display = GradientCheckDisplay.from_report(checks)
    names = ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]
    assert display.segments == names
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == names
    for line, when, report in zip(
        display.ax_.lines,
        ("at initialisation", "after 2 epochs"),
        (checks.at_init, checks.trained),
        strict=False,
    ):
        errors = [by_segment(report)[name] for name in names]
        assert_array_equal(line.get_ydata(), errors)
        assert line.get_label() == when
    bounds = [line.get_ydata()[0] for line in display.ax_.lines[2:]]
    assert bounds == [1e-7, 1e-3]
    assert display.ax_.get_yscale() == "log" and display.ax_.get_ylim()[1] >= 1


def test_one_check_and_given_axes():
    report = net().gradient_check(X, Y, at="init")
    _, ax = plt.subplots()
    display = GradientCheckDisplay.from_report(report, ax=ax)
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert list(display.errors) == ["gradient check"]
    assert display.plot() is display and display.ax_ is not ax


def test_from_estimator_is_from_report():
    options = {"n_epochs": 1, "epsilon": 1e-4, "max_params": 20}
    weight = range(30)
    display = GradientCheckDisplay.from_estimator(net(), X, Y, weight, **options)
    expected = check_gradients(net(), X, Y, weight, **options)
    assert_array_equal(
        display.errors["at initialisation"],
        [by_segment(expected.at_init)[name] for name in display.segments],
    )


def test_an_error_of_zero_is_drawn_at_the_bottom():
    display = GradientCheckDisplay(segments=["W[1]"], errors={"check": [0.0]}).plot()
    assert display.ax_.lines[0].get_ydata() == 1e-16
    display.figure_.canvas.draw()


def test_one_epoch_is_singular():
    for n_epochs, after in ((1, "after 1 epoch"), (2, "after 2 epochs")):
        display = GradientCheckDisplay.from_estimator(
            net(), X, Y, n_epochs=n_epochs, max_params=5
        )
        assert list(display.errors)[1] == after
