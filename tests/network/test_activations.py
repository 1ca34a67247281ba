"""Every registered activation: its value, its derivative and its two branches."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.activations import ACTIVATIONS
from tests import oracle
from tests.problems import DTYPES
from tests.programs import activate

NAMES = sorted(ACTIVATIONS)
# Relative, and absolute: the oracle itself loses digits in 1 + tanh far below zero
RTOL = {np.float32: 1.5e-6, np.float64: 3e-15}
ATOL = {np.float32: 5e-7, np.float64: 2e-14}


def layer_of(name, z, b=None):
    """Return g(z + b) and g'(z + b) as layers compute them."""
    Z = np.ascontiguousarray(z).reshape(-1, 2)
    b = np.zeros(2, Z.dtype) if b is None else b
    A, G = Z.copy(), np.full_like(Z, 77)
    activate(name, A, b, G)
    return A.ravel(), G.ravel()


def scalars_of(name, z):
    """Return g(z) and g'(z) by calling the registered function on each number."""
    pairs = [ACTIVATIONS[name].function(x) for x in z]
    return np.array(pairs, dtype=z.dtype).T


def grid(dtype):
    """Return numbers on both sides of zero and zero itself, an even count."""
    return np.append(np.linspace(-20, 20, 1001), [1e-4, -1e-4, 0.1]).astype(dtype)


def close(dtype):
    return {"rtol": RTOL[dtype], "atol": ATOL[dtype]}


def test_the_oracle_knows_every_activation():
    assert set(oracle.ACTIVATIONS) == set(ACTIVATIONS)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_unused_derivatives_overwrite_each_other(rows):
    Z, b = np.linspace(-2, 2, 10).reshape(5, 2), np.array([0.5, -0.5])
    A, G = Z.copy(), np.full((rows, 2), np.nan)
    activate("tanh", A, b, G, g_rows=rows)
    assert_allclose(A, np.tanh(Z + b), rtol=1e-14)
    last = (len(Z) - 1) // rows * rows
    assert_allclose(G[: len(Z) - last], 1 - A[last:] ** 2, rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_value_and_derivative_against_the_oracle(name, dtype):
    z = grid(dtype)
    g, slope = oracle.ACTIVATIONS[name]
    a, da = scalars_of(name, z)
    exact = z.astype(np.float64)
    assert_allclose(a, g(exact), **close(dtype))
    assert_allclose(da, slope(exact), **close(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_both_branches_apply_the_registered_function(name, dtype):
    """A name without a branch would leave Z and G unchanged."""
    z = grid(dtype)
    a, da = scalars_of(name, z)
    A, G = layer_of(name, z)
    assert_allclose(A, a, **close(dtype))
    assert_allclose(G, da, **close(dtype))


@pytest.mark.parametrize("name", NAMES)
def test_branches_add_the_bias_of_each_unit(name):
    z = grid(np.float64)
    b = np.array([0.75, -1.5])
    a, da = scalars_of(name, z + np.tile(b, z.size // 2))
    A, G = layer_of(name, z, b)
    assert_allclose(A, a, **close(np.float64))
    assert_allclose(G, da, **close(np.float64))


@pytest.mark.parametrize("name", NAMES)
def test_derivative_against_fourth_order_differences(name):
    h = 1e-3
    z = np.array([-7.3, -2.1, -0.6, -0.01, 0.01, 0.4, 1.7, 6.2])
    g = [scalars_of(name, z + k * h)[0] for k in (-2, -1, 1, 2)]
    numeric = (g[0] - 8 * g[1] + 8 * g[2] - g[3]) / (12 * h)
    assert_allclose(scalars_of(name, z)[1], numeric, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_has_kink_says_where_a_derivative_jumps(name):
    """At a jump of g' or g'', two-sided differences are wrong to first order."""
    h = 1e-4
    slopes = scalars_of(name, h * np.array([-2.0, -1.0, 1.0, 2.0]))[1]
    first = abs(slopes[2] - slopes[1]) > 0.01
    second = abs((slopes[3] - slopes[2]) - (slopes[1] - slopes[0])) > 0.1 * h
    assert (first or second) == ACTIVATIONS[name].has_kink


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_passes_through(name, dtype):
    z = np.linspace(-2, 2, 32).astype(dtype)
    z[5] = np.nan
    for result in layer_of(name, z)[::2]:
        assert_array_equal(np.isnan(result), np.isnan(z))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_extreme_pre_activations_give_the_limits(name, dtype):
    """Far beyond where e^z overflows: finite, and equal to the limit of g and g'."""
    z = np.array([-1e10, -1e4, -200.0, 200.0, 1e4, 1e10], dtype)
    A, G = layer_of(name, z)
    g, slope = oracle.ACTIVATIONS[name]
    with np.errstate(over="ignore"):
        expected, expected_slope = g(z.astype(float)), slope(z.astype(float))
    assert_allclose(A, expected, rtol=1e-6, atol=1e-8)
    assert_allclose(G, expected_slope, rtol=1e-6, atol=1e-8)
