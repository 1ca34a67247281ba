"""One-sided differences are off by O(ε), two-sided ones by O(ε²), until rounding."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor, difference_orders
from skdnn.network.objective import Objective
from tests.estimators.datasets import KINDS, make_rows


def net(**options):
    options = {"activation": "tanh", "hidden_layer_sizes": (5, 4)} | options
    return MLPRegularizedClassifier(**{"random_state": 0} | options)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["tanh", "gelu", "logistic"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_orders_are_one_and_two(kind, activation, seed):
    X, y = make_rows(kind, n_rows=30, seed=seed)
    orders = difference_orders(net(activation=activation, random_state=seed), X, y)
    assert orders.one_sided_order == pytest.approx(1, abs=0.05)
    assert orders.two_sided_order == pytest.approx(2, abs=0.05)


def test_rounding_takes_over_at_small_steps():
    X, y = make_rows(n_rows=30)
    orders = difference_orders(net(), X, y)
    best_one = orders.epsilons[np.argmin(orders.one_sided)]
    best_two = orders.epsilons[np.argmin(orders.two_sided)]
    assert 1e-9 < best_one < 1e-6 < best_two < 1e-3
    small = orders.epsilons < 1e-10
    for errors in (orders.one_sided, orders.two_sided):
        slope = np.polyfit(np.log(orders.epsilons[small]), np.log(errors[small]), 1)[0]
        assert slope == pytest.approx(-1, abs=0.35)
        assert not orders.truncation_dominates(errors)[small].any()
        assert np.all(errors[small] < 5 * orders.rounding[small])
        assert np.all(errors[small] > orders.rounding[small] / 50)


def test_errors_are_those_of_the_formulas():
    """J = 1/2m Σ (2x - y)²: a quadratic, whose differences have a closed form."""
    x, y = np.array([1.0, 2.0]), np.array([3.0, 1.0])
    line = MLPRegularizedRegressor(
        hidden_layer_sizes=(),
        alpha=0.0,
        init=lambda rng, n_in, n_out: [[2.0]],
        normalize_y=False,
    )
    orders = difference_orders(line, x[:, None], y, epsilons=[1e-3, 1e-2, 1e-1])
    gradient = np.array([np.mean((2 * x - y) * x), np.mean(2 * x - y)])
    # (J(θ + ε) - J(θ)) / ε = J' + ε J'' / 2, with J'' = mean x² for w and 1 for b
    off = orders.epsilons[:, None] / 2 * np.array([2.5, 1.0])
    size = np.linalg.norm(gradient) + np.linalg.norm(gradient + off, axis=1)
    assert_allclose(orders.one_sided, np.linalg.norm(off, axis=1) / size, rtol=1e-9)
    assert orders.two_sided.max() < 1e-12
    assert np.isnan(orders.two_sided_order)


def test_a_wrong_gradient_shows_as_a_floor(monkeypatch):
    X, y = make_rows(n_rows=30)
    right = Objective.value_and_gradient

    def wrong(self, theta):
        cost, gradient = right(self, theta)
        return cost, gradient * 1.001

    monkeypatch.setattr(Objective, "value_and_gradient", wrong)
    orders = difference_orders(net(), X, y)
    assert orders.two_sided.min() > 1e-4
    assert not orders.two_sided_order == pytest.approx(2, abs=0.5)


def test_notes():
    X, y = make_rows(n_rows=30)
    assert difference_orders(net(), X, y).notes == ()
    options = {"activation": ["relu", "tanh"], "keep_prob": 0.5, "l1_ratio": 1.0}
    notes = difference_orders(net(**options), X, y).notes
    assert "Dropout is off" in notes[0]
    assert "A kink of relu within" in notes[1]
    assert "L1 part of the penalty is left out" in notes[2]


def test_l1_does_not_spoil_the_orders():
    X, y = make_rows(n_rows=30)

    def near_zero(rng, n_in, n_out):  # so that steps of ε cross w = 0
        return rng.choice([-1e-4, 1e-4, 1.0], size=(n_in, n_out))

    penalised = net(alpha=20.0, l1_ratio=1.0, init=near_zero)
    assert difference_orders(penalised, X, y).two_sided_order == pytest.approx(
        2, abs=0.05
    )


def test_prints_as_a_table_and_turns_into_a_dict():
    X, y = make_rows(n_rows=30)
    orders = difference_orders(net(), X, y, epsilons=[1e-3, 1e-4, 1e-2], n_params=7)
    lines = str(orders).splitlines()
    assert lines[0] == (
        "Orders of the differences: 1.00 one-sided, 2.00 two-sided (7 components)"
    )
    assert [line.split()[0] for line in lines[-3:]] == ["1.0e-04", "1.0e-03", "1.0e-02"]
    found = json.loads(json.dumps(orders.to_dict()))
    assert found["n_params"] == 7
    assert found["two_sided"] == orders.two_sided.tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epsilons": []}, "epsilons must hold at least one number"),
        ({"epsilons": "small"}, "epsilons must hold"),
        ({"epsilons": [0, 0.1]}, "each from 1e-14 to 1, got"),
        ({"epsilons": [2.0]}, "each from 1e-14 to 1, got"),
        ({"n_params": 0}, "n_params must be an int >= 1"),
    ],
)
def test_bad_arguments_are_refused(options, words):
    X, y = make_rows(n_rows=30)
    with pytest.raises(ValueError, match=words):
        difference_orders(net(), X, y, **options)
