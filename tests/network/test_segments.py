"""One flat θ: W[l] and b[l] are views of it, and every index has a name."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn.network import segments as table
from skdnn.network.segments import BIASES, WEIGHTS
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
    """All W by rows, then all b."""
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


def test_segments_that_are_treated_alike_are_one_group():
    network = network_of((3, 4, 2))
    assert_array_equal(network.groups["start"], [0, 20])
    assert_array_equal(network.groups["stop"], [20, network.n_parameters])
    assert_array_equal(network.groups["l2"], [1, 0])
    segments = network.segments.copy()
    segments["rate"][0] = 0.1  # of W[1] alone
    groups = table.groups_of(segments)
    assert_array_equal(groups["stop"], [12, 20, network.n_parameters])
    assert_array_equal(groups["rate"], [0.1, 1, 1])
    with_bias = table.lay_out(
        [
            table.Parameter.weights(1, 2, 3),
            table.Parameter(1, BIASES, (3,), rate=1.0, l2=1.0, l1=1.0),
        ]
    )
    assert len(table.groups_of(with_bias)) == 1


@pytest.mark.parametrize("column", ["rate", "l2", "l1"])
def test_a_column_for_each_parameter(column):
    network = network_of((3, 4, 2))
    network.segments[column] = [0.5, 2, 3, 4]
    found = table.per_parameter(network.segments, column)
    for value, W in zip([0.5, 2], network.weights(found), strict=True):
        assert_array_equal(W, value)
    for value, b in zip([3, 4], network.biases(found), strict=True):
        assert_array_equal(b, value)
    assert_array_equal(network.segments["kind"], [WEIGHTS, WEIGHTS, BIASES, BIASES])
