"""Sections 4, 7 and 8: signals grow as c^L, orders of differences, falling J.

The tools themselves are tested in tests/diagnosis; these are the course's claims.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    check_cost_descends,
    check_gradients,
    difference_orders,
    signal_propagation,
)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:200] / 16, y[:200]


@pytest.mark.parametrize("c", [1.5, 0.5])
@pytest.mark.parametrize("depth", [5, 20])
def test_a_deep_linear_net_grows_or_shrinks_as_c_to_the_depth(c, depth):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(4,) * depth,
        activation="identity",
        init=lambda rng, n_in, n_out: c * np.eye(n_in, n_out),
        bias_init="zeros",
        random_state=0,
    )
    start = signal_propagation(net, X, X, n_epochs=0).at_init
    sizes = [layer.rms for layer in start.layers[:depth]]
    growth = np.array(sizes) / np.sqrt(np.mean(X**2))
    assert_allclose(growth, c ** np.arange(1.0, depth + 1), rtol=1e-12)


def test_two_sided_differences_are_of_second_order_and_one_sided_of_first(digits):
    net = MLPRegularizedClassifier((8,), activation="tanh", random_state=0)
    orders = difference_orders(net, *digits)
    assert abs(orders.one_sided_order - 1) < 0.05
    assert abs(orders.two_sided_order - 2) < 0.05


def test_check_then_switch_dropout_on(digits):
    """The recipe: both gradient checks pass, J falls at each step, then dropout."""
    net = MLPRegularizedClassifier((32,), keep_prob=0.8, random_state=0)
    assert check_gradients(net, digits[0][:50], digits[1][:50], max_params=200).passed
    assert check_cost_descends(net, *digits).passed
    net.set_params(max_iter=300, n_iter_no_change=300, learning_rate="cosine")
    assert net.fit(*digits).score(*digits) > 0.95
