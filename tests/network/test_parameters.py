"""One flat θ: W[l] and b[l] are views of it, and every index has a name."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn.network.parameters import Layout
from tests import oracle

SIZES = [(3, 1), (3, 4, 2), (2, 5, 1, 3), (1, 1, 1, 1)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_views_share_memory_with_theta(sizes):
    layout = Layout.of(sizes)
    theta = np.arange(layout.n_parameters, dtype=float)
    views = [*layout.weights(theta), *layout.biases(theta)]
    assert all(np.shares_memory(view, theta) for view in views)
    for view in views:
        view[...] = -1
    assert_array_equal(theta, -1)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_layout_agrees_with_the_oracle(sizes):
    """All W in rows, then all b."""
    layout = Layout.of(sizes)
    theta = np.random.default_rng(0).normal(size=layout.n_parameters)
    W, b = oracle.unpack(theta, sizes)
    for found, expected in zip(layout.weights(theta), W, strict=True):
        assert_array_equal(found, expected)
    for found, expected in zip(layout.biases(theta), b, strict=True):
        assert_array_equal(found, expected)
    assert layout.n_layers == len(W)
    assert layout.n_weights == sum(W_l.size for W_l in W)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_describe_names_the_place_of_every_component(sizes):
    layout = Layout.of(sizes)
    theta = np.random.default_rng(0).permutation(layout.n_parameters)
    parts = {"W": layout.weights(theta), "b": layout.biases(theta)}
    names = [layout.describe(i) for i in range(theta.size)]
    assert len(set(names)) == theta.size
    for i, (layer, kind, index) in enumerate(names):
        assert parts[kind][layer - 1][index] == theta[i]
