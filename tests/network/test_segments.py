"""One flat θ: W[l] and b[l] are views of it, and every index has a name."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn.network import segments as table
from tests import oracle
from tests.problems import network_of

SIZES = [(3, 1), (3, 4, 2), (2, 5, 1, 3), (1, 1, 1, 1)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_views_share_memory_with_theta(sizes):
    network = network_of(sizes)
    theta = np.arange(network.n_parameters, dtype=float)
    views = [*network.weights(theta), *network.biases(theta)]
    assert all(np.shares_memory(view, theta) for view in views)
    for view in views:
        view[...] = -1
    assert_array_equal(theta, -1)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_table_agrees_with_the_oracle(sizes):
    """All W in rows, then all b."""
    network = network_of(sizes)
    theta = np.random.default_rng(0).normal(size=network.n_parameters)
    W, b = oracle.unpack(theta, sizes)
    for found, expected in zip(network.weights(theta), W, strict=True):
        assert_array_equal(found, expected)
    for found, expected in zip(network.biases(theta), b, strict=True):
        assert_array_equal(found, expected)
    assert network.n_layers == len(W)
    assert network.sizes == list(sizes)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_describe_names_the_place_of_every_component(sizes):
    network = network_of(sizes)
    theta = np.random.default_rng(0).permutation(network.n_parameters)
    parts = {"W": network.weights(theta), "b": network.biases(theta)}
    names = [table.describe(network.segments, i) for i in range(theta.size)]
    assert len(set(names)) == theta.size
    for i, (layer, kind, index) in enumerate(names):
        assert parts[kind][layer - 1][index] == theta[i]
