"""Training uses the gradient of J, whatever the settings."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skdnn import MLPRegularizedClassifier
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.objective import Objective
from tests.estimators.datasets import KINDS, breast_cancer, make_rows, parameters
from tests.pairwise import every_pair

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
HIDDEN = [(), (5,), (5, 4, 3)]
L1_RATIOS = {"L2": 0.0, "L1": 1.0, "elastic net": 0.4}


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (5, 4),
        "alpha": 2.0,
        "batch_size": 10,
        "learning_rate_init": 0.02,
        "max_iter": 8,
        "random_state": 1,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- all settings ----------------------------------------------------------------------


@every_pair(
    activation=ACTIVATIONS,
    hidden=HIDDEN,
    kind=KINDS,
    penalty=L1_RATIOS,
    weighted=[False, True],
)
def test_gradient_is_correct(activation, hidden, kind, penalty, weighted):
    X, y = make_rows(kind, n_rows=30)
    weight = np.random.default_rng(0).uniform(0.2, 3, 30) if weighted else None
    if weighted:
        weight[4] = 0
    net = _net(
        hidden_layer_sizes=hidden, activation=activation, l1_ratio=L1_RATIOS[penalty]
    )
    at_init = net.gradient_check(X, y, weight, at="init")
    trained = net.fit(X, y, weight).gradient_check(X, y, weight)
    assert at_init.cost != trained.cost
    for report in (at_init, trained):
        assert report.relative_error <= 1e-7, str(report)
        assert report.passed and report.verdict == "correct"
        n_left_out = report.n_parameters - report.n_checked
        assert n_left_out == len(report.kinks) < report.n_parameters
        if report is at_init or penalty == "L2":  # else zeros are at the kink of L1
            has_kink = ACTIVATIONS[activation].has_kink and hidden
            assert n_left_out <= (report.n_parameters / 2 if has_kink else 0)


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "lbfgs"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3, 1: 0.1, 2: 1}])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_gradient_is_correct_with_other_settings(solver, class_weight, label_smoothing):
    X, y = make_rows(n_rows=30)
    net = _net(
        activation=["relu", "tanh"],
        solver=solver,
        class_weight=class_weight,
        label_smoothing=label_smoothing,
        max_norm=None if solver == "lbfgs" else 1.0,
        dtype="float32",
    )
    for at in ("init", "fitted"):
        report = net.gradient_check(sparse.csr_array(X), y, at=at)
        assert report.relative_error <= 1e-7
        net.fit(X, y)


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_no_false_alarm_at_the_minimum(activation, l1_ratio, tol):
    """The gradient vanishes there, and many weights are at the kink of L1."""
    X, y = breast_cancer(150)
    net = _net(
        activation=activation, l1_ratio=l1_ratio, solver="lbfgs", tol=tol
    ).set_params(max_iter=3000)
    net.fit(X, y)
    report = net.gradient_check(X, y)
    assert report.passed, str(report)
    if l1_ratio:
        n_zeros = sum(np.sum(W == 0) for W in net.coefs_)
        assert n_zeros > 50
        assert len(report.kinks) >= n_zeros
        assert all(c.kind == "W" for c in report.kinks if c.analytic == 0)


def test_zero_weights_are_kinks_only_under_l1():
    X, y = make_rows(n_rows=30)
    smooth = _net(init="zeros").gradient_check(X, y, at="init")
    assert smooth.passed and not smooth.kinks
    on_kink = _net(init="zeros", l1_ratio=0.5, hidden_layer_sizes=(), activation="tanh")
    report = on_kink.gradient_check(X, y, at="init")
    assert report.passed
    assert {(c.kind, c.layer) for c in report.kinks} == {("W", 1)}
    assert (len(report.kinks), report.n_checked) == (12, 3)


# -- a negative control ----------------------------------------------------------------


@pytest.mark.parametrize("place", [("W", 1, (2, 3)), ("b", 2, (1,)), ("W", 3, (0, 2))])
def test_a_wrong_component_is_found_and_named(place, monkeypatch):
    X, y = make_rows(n_rows=30)
    right = Objective.value_and_gradient
    kind, layer, index = place

    def wrong(self, theta):
        cost, gradient = right(self, theta)
        parts = self.network.weights if kind == "W" else self.network.biases
        parts(gradient)[layer - 1][index] += 0.05
        return cost, gradient

    net = _net(activation="tanh").fit(X, y)
    monkeypatch.setattr(Objective, "value_and_gradient", wrong)
    for at in ("init", "fitted"):
        report = net.gradient_check(X, y, at=at)
        assert report.verdict == "wrong" and not report.passed
        worst = report.worst[0]
        assert (worst.kind, worst.layer, worst.index) == place
        assert worst.difference == pytest.approx(0.05, rel=1e-4)
        bad = [e for e in report.layers if e.relative_error > 1e-7]
        assert [(e.kind, e.layer) for e in bad] == [(kind, layer)]
        where = f"{kind}[{layer}][{', '.join(map(str, index))}]"
        assert where in str(report)


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1 + 1e-9, "correct"), (1 + 1e-5, "suspicious"), (1.01, "wrong"), (-1, "wrong")],
)
def test_verdict_by_the_size_of_the_error(factor, verdict, monkeypatch):
    X, y = make_rows(n_rows=30)
    right = Objective.value_and_gradient

    def wrong(self, theta):
        cost, gradient = right(self, theta)
        return cost, gradient * factor

    monkeypatch.setattr(Objective, "value_and_gradient", wrong)
    report = _net(activation="tanh").gradient_check(X, y, at="init")
    assert report.verdict == verdict


# -- interface -------------------------------------------------------------------------


def test_of_an_unfitted_estimator():
    X, y = make_rows(n_rows=30)
    names = np.array(["low", "middle", "high"])[y]
    net = _net()
    report = net.gradient_check(X, names, at="init")
    assert report.passed
    assert vars(net) == vars(_net())  # no attribute was set
    with pytest.raises(NotFittedError):
        net.gradient_check(X, names)


def test_check_uses_the_initial_parameters_of_fit():
    X, y = make_rows(n_rows=30)
    net = _net(batch_size=30, max_iter=1, dtype="float64", alpha=0.0).fit(X, y)
    at_init = net.gradient_check(X, y, at="init")
    assert at_init.cost == pytest.approx(net.loss_curve_[0], rel=1e-12)
    assert net.gradient_check(X, y).cost == pytest.approx(net.cost(X, y).total)


@pytest.mark.parametrize("at", ["init", "fitted"])
@pytest.mark.parametrize("seed", [0, np.random.RandomState(0)])
def test_does_not_change_the_estimator(at, seed):
    X, y = make_rows(n_rows=30)
    net = _net(random_state=seed, warm_start=True).fit(X, y)
    before = deepcopy(net)
    X_other, y_other = make_rows("binary", n_rows=20, n_columns=4, seed=5)
    net.gradient_check(X_other, y_other, at=at)
    assert set(vars(net)) == set(vars(before))
    assert_array_equal(parameters(net), parameters(before))
    assert_array_equal(net.classes_, before.classes_)
    assert net.loss_curve_ == before.loss_curve_
    assert_array_equal(parameters(net.fit(X, y)), parameters(before.fit(X, y)))
    net.set_params(warm_start=False).fit(X, y)
    before.set_params(warm_start=False).fit(X, y)
    assert_array_equal(parameters(net), parameters(before))


@pytest.mark.parametrize(
    "dropout", [{"keep_prob": 0.5}, {"keep_prob": [1, 0.9]}, {"input_keep_prob": 0.8}]
)
def test_dropout_is_off_and_the_report_says_so(dropout):
    X, y = make_rows(n_rows=30)
    net = _net(**dropout).fit(X, y)
    for at in ("init", "fitted"):
        report = net.gradient_check(X, y, at=at)
        assert report.passed
        assert any("Dropout is off" in note for note in report.notes)
        assert "Dropout is off" in str(report)
    without = _net().gradient_check(X, y, at="init")
    assert report.notes and not without.notes
    assert net.gradient_check(X, y, at="init").cost == without.cost


@pytest.mark.parametrize("max_params", [1, 7, 100, 1000])
def test_max_params_checks_some_of_every_layer(max_params):
    X, y = make_rows(n_rows=20)
    net = _net(hidden_layer_sizes=(30, 20), activation="tanh")
    report = net.gradient_check(X, y, at="init", max_params=max_params)
    assert report.n_parameters == 4 * 30 + 30 * 20 + 20 * 3 + 30 + 20 + 3
    assert report.passed
    everything = max_params >= report.n_parameters
    expected = report.n_parameters if everything else max_params
    assert report.n_checked == sum(e.n_checked for e in report.layers) == expected
    note = f"A random {max_params} of {report.n_parameters} components"
    assert (note in str(report)) == (not everything)
    if max_params >= 7:
        assert len(report.layers) == 6
        assert all(e.n_checked >= 1 for e in report.layers)
    whole = net.gradient_check(X, y, at="init", max_params=None)
    assert whole.n_checked == report.n_parameters


def test_epsilon():
    X, y = make_rows(n_rows=30)
    net = _net(activation="tanh")
    errors = [
        net.gradient_check(X, y, at="init", epsilon=e).relative_error
        for e in (1e-1, 1e-2, 1e-3)
    ]
    # Two-sided differences: the error falls with the square of the step.
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.3)
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.3)


def test_prints_as_a_table():
    X, y = make_rows(n_rows=30)
    report = _net().gradient_check(X, y, at="init")
    lines = str(report).splitlines()
    assert lines[0].startswith("Gradient check: correct")
    assert f"{report.relative_error:.1e}" in lines[0]
    rows = [line.split() for line in lines if line[:2] in ("W[", "b[")]
    assert [row[0] for row in rows] == ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]
    assert [int(row[2]) + int(row[3]) for row in rows] == [20, 5, 20, 4, 12, 3]
    for row, error in zip(rows, report.layers, strict=True):
        assert row[1] == f"{error.relative_error:.1e}"
