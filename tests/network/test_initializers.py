"""Initialisers: the variances of the papers, and what `init` may be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import INITIALIZERS, initialize
from skdnn.network.parameters import Layout
from tests.problems import DTYPES

VARIANCE = {
    "he": lambda n_in, n_out: 2 / n_in,
    "xavier": lambda n_in, n_out: 1 / n_in,
    "lecun": lambda n_in, n_out: 1 / n_in,
    "glorot": lambda n_in, n_out: 2 / (n_in + n_out),
    "normal": lambda n_in, n_out: 0.01**2,
    "zeros": lambda n_in, n_out: 0.0,
}
SIGMAS = 5.0


def start(sizes, init, activations, seed=0, dtype=np.float64):
    layout = Layout.of(sizes)
    rng = np.random.default_rng(seed)
    theta = initialize(layout, init, activations, rng, dtype)
    return theta, layout.weights(theta), layout.biases(theta)


def test_every_initializer_has_a_variance_here():
    assert set(VARIANCE) == set(INITIALIZERS)


@pytest.mark.parametrize("shape", [(200, 100), (50, 300), (1000, 10)])
@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_mean_and_variance(name, shape):
    W = INITIALIZERS[name](np.random.default_rng(0), *shape)
    variance, n = VARIANCE[name](*shape), np.prod(shape)
    assert W.shape == shape
    # standard errors of the mean and of the variance of n normal draws
    assert abs(W.mean()) <= SIGMAS * np.sqrt(variance / n)
    assert abs(W.var() - variance) <= SIGMAS * variance * np.sqrt(2 / n)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_auto_picks_by_activation(activation):
    _, (W1, W2), _ = start((500, 80, 3), "auto", [activation])
    expected = VARIANCE[ACTIVATIONS[activation].init](500, 80)
    assert_allclose(W1.var(), expected, rtol=0.1)
    assert_allclose(W2.var(), VARIANCE["xavier"](80, 3), rtol=0.5)
    assert ACTIVATIONS[activation].init in INITIALIZERS


def test_auto_picks_for_each_layer():
    _, (W1, W2, W3), _ = start((400, 300, 200, 100), "auto", ["relu", "tanh"])
    assert_allclose(W1.var(), 2 / 400, rtol=0.05)
    assert_allclose(W2.var(), 1 / 300, rtol=0.05)
    assert_allclose(W3.var(), 1 / 200, rtol=0.05)


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_biases_start_at_zero(name):
    for b in start((3, 4, 2), name, ["relu"])[2]:
        assert_array_equal(b, 0)


def test_both_dtypes_start_alike():
    starts = [start((3, 4, 2), "he", ["relu"], dtype=dtype)[0] for dtype in DTYPES]
    assert [theta.dtype for theta in starts] == DTYPES
    assert_array_equal(starts[0], starts[1].astype(np.float32))


def test_the_generator_decides():
    first, again, other = (
        start((3, 4, 2), "he", ["relu"], seed=seed)[0] for seed in (1, 1, 2)
    )
    assert_array_equal(first, again)
    assert (first[:12] != other[:12]).all()


def test_a_callable_gets_generator_and_sizes():
    shapes = []

    def mine(rng, n_in, n_out):
        assert isinstance(rng, np.random.Generator)
        shapes.append((n_in, n_out))
        return np.full((n_in, n_out), len(shapes))

    _, (W1, W2), _ = start((3, 4, 2), mine, ["relu"])
    assert shapes == [(3, 4), (4, 2)]
    assert_array_equal(W1, 1)
    assert_array_equal(W2, 2)


@pytest.mark.parametrize(
    ("drawn", "complaint"),
    [
        (np.zeros((2, 3)), r"shape \(3, 4\), got an array of shape \(2, 3\)"),
        (np.zeros(12), r"shape \(12,\)"),
        (np.full((3, 4), np.inf), "NaN or infinity"),
        (np.full((3, 4), np.nan), "NaN or infinity"),
    ],
)
def test_what_a_callable_returns_is_checked(drawn, complaint):
    with pytest.raises(ValueError, match=complaint):
        start((3, 4, 2), lambda rng, n_in, n_out: drawn, ["relu"])
