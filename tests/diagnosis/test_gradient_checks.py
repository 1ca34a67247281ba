"""Two gradient checks in one call: at initialisation and after training."""

import json

import pytest

from skdnn import MLPRegularizedClassifier, check_gradients
from skdnn.network.objective import Objective
from tests.estimators.datasets import KINDS, make_rows


def net(**options):
    options = {"activation": "tanh", "learning_rate_init": 0.02} | options
    return MLPRegularizedClassifier((5, 4), random_state=0, **options)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_are_correct(kind, solver):
    X, y = make_rows(kind, n_rows=30)
    checks = check_gradients(net(solver=solver, l1_ratio=0.5), X, y, n_epochs=4)
    assert checks.passed and checks.verdict == "correct"
    assert checks.n_epochs == 4
    assert checks.trained.cost < checks.at_init.cost
    assert checks.at_init.relative_error <= 1e-7 >= checks.trained.relative_error


def test_the_first_is_the_estimators_own_check():
    X, y = make_rows(n_rows=30)
    estimator = net(keep_prob=0.8, alpha=2.0)
    checks = check_gradients(estimator, X, y, max_params=12, epsilon=1e-4)
    alone = estimator.gradient_check(X, y, at="init", max_params=12, epsilon=1e-4)
    assert str(checks.at_init) == str(alone)
    assert checks.at_init.layers == alone.layers
    assert "Dropout is off" in str(checks) and "A random 12" in str(checks)
    assert checks.trained.n_checked == 12


def test_the_second_is_that_of_a_trained_estimator():
    X, y = make_rows(n_rows=30)
    estimator = net(keep_prob=0.8, dtype="float64", batch_size=7, averaging=None)
    checks = check_gradients(estimator, X, y, n_epochs=3)
    for _ in range(3):
        estimator.partial_fit(X, y, classes=[0, 1, 2])
    assert checks.trained.cost == pytest.approx(estimator.cost(X, y).total, rel=1e-14)
    assert checks.trained.layers == estimator.gradient_check(X, y).layers


def test_a_mistake_that_shows_only_after_training_is_found(monkeypatch):
    """With zero initial biases, a penalty on biases is zero before training."""
    right = Objective.value_and_gradient

    def wrong(self, theta):
        cost, gradient = right(self, theta)
        for db, b in zip(*map(self.network.biases, (gradient, theta)), strict=True):
            db += 0.5 * b
        return cost, gradient

    monkeypatch.setattr(Objective, "value_and_gradient", wrong)
    X, y = make_rows(n_rows=30)
    checks = check_gradients(net(bias_init="zeros"), X, y, n_epochs=10)
    assert checks.at_init.verdict == "correct" and checks.trained.verdict == "wrong"
    assert checks.verdict == "wrong" and not checks.passed
    assert {c.kind for c in checks.trained.worst[:3]} == {"b"}
    text = str(checks)
    assert "Trained, in full:" in text and "At init, in full:" not in text
    assert "analytic" in text


def test_divergence_is_reported():
    X, y = make_rows(n_rows=30)
    diverging = net(
        solver="sgd", activation="identity", learning_rate_init=1e200, alpha=1e3
    )
    checks = check_gradients(diverging, X, y)
    assert checks.n_epochs == 0
    assert "Training diverged in epoch 1." in str(checks)


def test_prints_as_one_table_and_turns_into_a_dict():
    X, y = make_rows(n_rows=30)
    checks = check_gradients(net(activation="relu"), X, y, n_epochs=2)
    lines = str(checks).splitlines()
    assert lines[0] == ("Gradient check at initialisation and after 2 epochs: correct")
    rows = {line.split()[0]: line.split()[1:] for line in lines if "[" in line[:2]}
    assert list(rows) == ["W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"]
    pairs = zip(
        rows.values(), checks.at_init.layers, checks.trained.layers, strict=True
    )
    for row, before, after in pairs:
        assert row == [f"{e.relative_error:.1e}" for e in (before, after)]
    found = json.loads(json.dumps(checks.to_dict()))
    assert found["verdict"] == "correct" and found["n_epochs"] == 2
    assert found["trained"]["relative_error"] == checks.trained.relative_error
    assert found["at_init"]["layers"][1]["kind"] == "b"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_epochs": 0}, "n_epochs must be an int >= 1, got 0"),
        ({"n_epochs": True}, "n_epochs must be an int"),
        ({"epsilon": 0}, "epsilon must be"),
        ({"max_params": 0}, "max_params must be"),
    ],
)
def test_bad_arguments_are_refused(options, words):
    X, y = make_rows(n_rows=30)
    with pytest.raises(ValueError, match=words):
        check_gradients(net(), X, y, **options)
