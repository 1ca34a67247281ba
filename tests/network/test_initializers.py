"""Initialisers: the variances of the papers, and what `init` and `bias_init` may be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.architecture import Network
from skdnn.network.initializers import BIAS_INITIALIZERS, INITIALIZERS, initialize
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


# of each bias, which is drawn uniformly within ± this
BOUND = {
    "rms": lambda W: np.sqrt(np.mean(W**2, axis=0)),
    "uniform": lambda W: 1 / np.sqrt(W.shape[0]),
    "glorot": lambda W: np.sqrt(6 / (W.shape[0] + W.shape[1])),
    "zeros": lambda W: 0.0,
}


def start(sizes, init, activations, seed=0, dtype=np.float64, bias_init="auto"):
    network = Network.of(sizes, activations, "squared_error")
    rng = np.random.default_rng(seed)
    theta = initialize(network, init, rng, dtype, bias_init)
    return theta, network.weights(theta), network.biases(theta)


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


def test_every_bias_initializer_has_a_bound_here():
    assert set(BOUND) == set(BIAS_INITIALIZERS)


@pytest.mark.parametrize("name", sorted(BIAS_INITIALIZERS))
@pytest.mark.parametrize("sizes", [(1, 4000, 3), (50, 3000, 2000, 3)])
def test_hidden_biases_fill_their_range_and_those_of_the_output_are_zero(name, sizes):
    activations = ["relu"] * (len(sizes) - 2)
    _, weights, biases = start(sizes, "auto", activations, bias_init=name)
    assert_array_equal(biases[-1], 0)
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        bound = np.broadcast_to(BOUND[name](W), b.shape)
        assert np.all(abs(b) <= bound * (1 + 1e-12))
        if name != "zeros":
            share = b / bound
            assert abs(share.mean()) <= SIGMAS / np.sqrt(3 * b.size)
            # the variance of a fourth power: 1/5 - 1/9
            assert abs(np.mean(share**2) - 1 / 3) <= SIGMAS * np.sqrt(4 / 45 / b.size)


def test_auto_draws_the_biases_of_the_first_layer_only():
    auto, rms = (
        start((3, 40, 50, 2), "auto", ["relu"] * 2, bias_init=name)[2]
        for name in ("auto", "rms")
    )
    assert_array_equal(auto[0], rms[0])
    assert np.all(auto[0] != 0) and np.all(rms[1] != 0)
    assert_array_equal(auto[1], 0)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_weights_do_not_depend_on_the_initial_biases(activation):
    def ones(rng, n_in, n_out):
        return rng.uniform(1, 2, n_out)

    without, *others = (
        start((3, 4, 5, 2), "auto", [activation] * 2, bias_init=bias_init)[0][:42]
        for bias_init in ("zeros", "auto", "rms", "uniform", "glorot", ones)
    )
    for weights in others:
        assert_array_equal(weights, without)


def test_kinks_of_one_column_are_within_one_standard_deviation():
    """A unit has its kink where w x + b = 0; zero biases would put all kinks at 0."""
    for init in ("he", "normal", lambda rng, *shape: np.full(shape, 1e9)):
        _, (W, _), (b, _) = start((1, 1000, 1), init, ["relu"])
        kinks = -b / W[0]
        assert np.all(abs(kinks) <= 1)
        assert_allclose(np.histogram(kinks, 4, (-1, 1))[0], 250, atol=75)


@pytest.mark.parametrize("size", [0.0, 1e-200, 1e200, 1e308])
def test_weights_of_any_size_have_biases_of_that_size(size):
    _, _, (b, _) = start((3, 40, 1), lambda rng, n, k: np.full((n, k), size), ["relu"])
    assert np.all(np.isfinite(b))
    assert_allclose(abs(b).max() / (size or 1), float(size > 0), atol=0.2)


def test_a_callable_for_biases_gets_generator_and_sizes_of_hidden_layers():
    shapes = []

    def mine(rng, n_in, n_out):
        assert isinstance(rng, np.random.Generator)
        shapes.append((n_in, n_out))
        return np.full(n_out, len(shapes))

    _, _, biases = start((3, 4, 5, 2), "he", ["relu"] * 2, bias_init=mine)
    assert shapes == [(3, 4), (4, 5)]
    for b, value in zip(biases, (1, 2, 0), strict=True):
        assert_array_equal(b, value)


@pytest.mark.parametrize(
    ("drawn", "complaint"),
    [
        (np.zeros(3), r"biases of shape \(4,\), got an array of shape \(3,\)"),
        (0.0, r"shape \(\)"),
        (np.full(4, np.inf), "NaN or infinity"),
    ],
)
def test_what_a_callable_returns_for_biases_is_checked(drawn, complaint):
    with pytest.raises(ValueError, match=f"bias_init=.*{complaint}"):
        start((3, 4, 2), "he", ["relu"], bias_init=lambda rng, n_in, n_out: drawn)


def test_both_dtypes_have_the_same_start():
    starts = [start((3, 4, 2), "he", ["relu"], dtype=dtype)[0] for dtype in DTYPES]
    assert [theta.dtype for theta in starts] == DTYPES
    assert_array_equal(starts[0], starts[1].astype(np.float32))


def test_the_result_depends_on_the_generator():
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
