"""Section 4: dropout shrinks weights as L2 does, and no unit relies on one input.

Cross-entropy on rows that can be memorised does not show it: that cost has no minimum,
the weights grow throughout training, and dropout only keeps the gradient from
vanishing. So these tests use noisy regression targets.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests import oracle
from tests.estimators.datasets import make_rows, squared_norm

SEEDS = range(3)


def diabetes():
    """Return training rows and dev rows, inputs and targets of unit scale."""
    X, y = load_diabetes(return_X_y=True)
    X, y = X / X.std(axis=0), (y - y.mean()) / y.std()
    return X[:250], y[:250], X[250:], y[250:]


def relu_net(seed, **params):
    """Return a net that almost memorises 250 rows unless it is regularised."""
    defaults = {
        "hidden_layer_sizes": (64,),
        "alpha": 0.0,
        "keep_prob": 1.0,
        "batch_size": 50,
        "learning_rate": "cosine",
        "learning_rate_init": 0.01,
        "max_iter": 300,
        "tol": 0,
        "n_iter_no_change": np.inf,
        "random_state": seed,
    }
    return MLPRegularizedRegressor(**{**defaults, **params})


# -- the exact case: no hidden layer ---------------------------------------------------


def ridge_of_dropout(X, y, penalties):
    """Return the minimum of J with ½ Σ_j penalties_j w_j²: the bias, then w."""
    design = np.column_stack([np.ones(len(X)), X])
    curvature = design.T @ design / len(X) + np.diag([0, *penalties])
    return np.linalg.solve(curvature, design.T @ y / len(X))


@pytest.mark.parametrize("keep_prob", [0.9, 0.7, 0.5])
def test_input_dropout_of_a_linear_model_is_l2_with_a_strength_per_column(keep_prob):
    r"""With x̃ = x mask / q, E[(y - b - x̃ w)²] is the squared error plus a penalty.

    .. math:: E[J] = J + \frac{1-q}{2q} \sum_j w_j^2 \frac{1}{m} \sum_i x_{ij}^2

    (N. Srivastava et al., 2014, section 9.1; S. Wager et al., 2013). Measured distance
    from its minimum: 0.4 % to 1.9 %, less with more epochs. The minimum with the same
    penalty for every column is at least 12 % away, without a penalty at least 100 %.
    """
    X, y, _, _ = diabetes()
    X = X * np.geomspace(0.3, 2.0, 10) + 0.3  # columns of many scales, not centred
    net = relu_net(
        0,
        hidden_layer_sizes=(),
        solver="sgd",
        momentum=0.0,
        input_keep_prob=keep_prob,
        learning_rate_init=0.02,
        max_iter=3000,
        dtype="float64",
    ).fit(X, y)
    found = np.concatenate([net.intercepts_[0], net.coefs_[0][:, 0]])
    strength = (1 - keep_prob) / keep_prob
    squares = np.mean(X**2, axis=0)
    expected = ridge_of_dropout(X, y, strength * squares)
    flat = ridge_of_dropout(X, y, np.full(10, strength * squares.mean()))
    free = ridge_of_dropout(X, y, np.zeros(10))

    def distance(other):
        return np.linalg.norm(found - other) / np.linalg.norm(expected)

    assert distance(expected) < 0.05
    assert distance(flat) > 0.1
    assert distance(free) > 0.5


# -- a hidden layer --------------------------------------------------------------------


@pytest.mark.parametrize("which", ["keep_prob", "input_keep_prob"])
def test_weights_shrink_as_they_do_with_l2(which):
    """On every seed a lower keep_prob and a higher alpha each shrink the weights.

    Measured medians of the squared norm of both layers: 210 without dropout, then 135,
    114, 101 for units and 166, 123, 98 for inputs; ‖W[2]‖ falls from 3.0 to below 0.9.
    """
    X, y, _, _ = diabetes()
    for seed in SEEDS:
        by_dropout = [
            squared_norm(relu_net(seed, **{which: q}).fit(X, y))
            for q in (1.0, 0.9, 0.7, 0.5)
        ]
        by_alpha = [
            squared_norm(relu_net(seed, alpha=alpha).fit(X, y)) for alpha in (0, 1, 10)
        ]
        assert np.all(np.diff(by_dropout) < 0), by_dropout
        assert np.all(np.diff(by_alpha) < 0), by_alpha


def cost_without(net, X, y, layer):
    """Return the largest rise of the cost when one unit of a layer is zero."""
    (A0, A1), (_, Z) = oracle.forward(net.coefs_, net.intercepts_, ["relu"], X)
    costs = []
    for j in range([A0, A1][layer].shape[1]):
        W, b = [W.copy() for W in net.coefs_], net.intercepts_
        W[layer][j] = 0
        _, (_, Z_without) = oracle.forward(W, b, ["relu"], X)
        costs.append(np.mean((y - Z_without[:, 0]) ** 2) / 2)
    return max(costs) - np.mean((y - Z[:, 0]) ** 2) / 2


@pytest.mark.parametrize(("layer", "which"), [(0, "input_keep_prob"), (1, "keep_prob")])
def test_no_unit_relies_on_one_input(layer, which):
    """With dropout, losing the worst input or unit costs less than half as much.

    Measured rises of the dev cost: 0.16 to 0.53 without dropout; 0.05 to 0.06 with half
    of the inputs dropped, below 0.006 with half of the hidden units dropped.
    """
    X, y, X_dev, y_dev = diabetes()
    for seed in SEEDS:
        rises = [
            cost_without(relu_net(seed, **{which: q}).fit(X, y), X_dev, y_dev, layer)
            for q in (1.0, 0.5)
        ]
        assert rises[1] < rises[0] / 2, rises


def test_dropout_helps_a_net_that_overfits():
    """Measured dev costs: 0.39 to 0.47 without dropout, 0.25 to 0.27 with it."""
    X, y, X_dev, y_dev = diabetes()
    for seed in SEEDS:
        free, held = (
            relu_net(seed, keep_prob=q).fit(X, y).cost(X_dev, y_dev).data
            for q in (1.0, 0.5)
        )
        assert held < 0.85 * free


# -- prediction ------------------------------------------------------------------------


def test_nothing_drops_at_prediction():
    """Predictions are those of the plain network, unscaled, and the same each time."""
    X, y = make_rows()
    net = MLPRegularizedClassifier(
        (8,), keep_prob=0.5, input_keep_prob=0.5, dtype="float64", random_state=0
    ).partial_fit(X, y, classes=[0, 1, 2])
    _, (_, Z) = oracle.forward(net.coefs_, net.intercepts_, ["relu"], X)
    assert_allclose(net.decision_function(X), Z, rtol=1e-12, atol=1e-14)
    assert_array_equal(net.predict_proba(X), net.predict_proba(X))
