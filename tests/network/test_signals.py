"""The signals returned are those of the network, block by block."""

import numpy as np
from numpy.testing import assert_allclose

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.signals import signals
from tests import oracle
from tests.pairwise import every_pair
from tests.problems import KINDS, make_problem

HIDDEN = [(), (4,), (5, 3, 4)]


def collected(objective, theta):
    """Return X, all A, slopes and dZ of all blocks put together, and the gradient."""
    X, A, slopes, dZ, gradient = [], [], [], [], 0
    for block in signals(objective, theta):
        X.append(block.X.copy())
        A.append([a.copy() for a in block.A])
        slopes.append([a.copy() for a in block.slopes])
        dZ.append([a.copy() for a in block.dZ])
        gradient = gradient + block.gradient
    joined = [
        [np.concatenate(parts) for parts in zip(*blocks, strict=True)]
        for blocks in (A, slopes, dZ)
    ]
    return np.concatenate(X), *joined, gradient


@every_pair(activation=sorted(ACTIVATIONS), kind=sorted(KINDS), hidden=HIDDEN)
def test_signals_make_up_the_forward_and_the_backward_pass(activation, kind, hidden):
    problem = make_problem(kind, activation, hidden, rows=7, weighted=True, alpha=1.0)
    objective, theta = problem.objective(block_rows=3), problem.theta
    network = problem.network
    X, A, slopes, dZ, gradient = collected(objective, theta)
    W, b = network.weights(theta), network.biases(theta)
    before, n_layers = X, network.n_layers
    g, slope = oracle.ACTIVATIONS[activation]
    for l in range(n_layers):
        Z = before @ W[l] + b[l]
        expected = g(Z) if l < n_layers - 1 else Z
        assert_allclose(A[l], expected, rtol=1e-9, atol=1e-12)
        if l < n_layers - 1:
            back = (dZ[l + 1] @ W[l + 1].T) * slopes[l]
            assert_allclose(dZ[l], back, rtol=1e-9, atol=1e-12)
            assert_allclose(slopes[l], slope(Z), rtol=1e-9, atol=1e-12)
        assert_allclose(network.weights(gradient)[l], before.T @ dZ[l], atol=1e-10)
        assert_allclose(network.biases(gradient)[l], dZ[l].sum(axis=0), atol=1e-10)
        before = A[l]
    penalty = np.zeros_like(theta)
    objective.penalty.add_gradient(theta, penalty, network.groups)
    whole = objective.value_and_gradient(theta)[1]
    assert_allclose(gradient / objective.n_rows + penalty, whole, atol=1e-11)
