"""exp, expm1 and logarithms: accuracy over their range, clipping, NaN."""

import numpy as np
import pytest
from numba import float32, float64
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.compiled import inlined
from skdnn.network.exponential import exp, expm1, log1p_of_unit, log_from_one
from tests.problems import DTYPES

# Relative errors promised by the module, and one rounding of the reference
ACCURACY = {np.float32: 1.5e-7, np.float64: 4.5e-16}
RANGE = {np.float32: (-87.3, 88.3), np.float64: (-708.3, 709.0)}


@inlined
def exp_of_all(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


@inlined
def expm1_of_all(x, out):
    for i in range(x.size):
        out[i] = expm1(x[i])


@inlined
def log1p_of_all(x, out):
    for i in range(x.size):
        out[i] = log1p_of_unit(x[i])


@inlined
def log_of_all(x, out):
    for i in range(x.size):
        out[i] = log_from_one(x[i])


def apply(kernel, x):
    out = np.empty_like(x)
    kernel(x, out)
    return out


def relative_error(found, x, reference):
    exact = reference(x.astype(np.longdouble))
    return np.abs((found - exact) / exact)


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_is_accurate_over_the_whole_range(dtype):
    x = np.linspace(*RANGE[dtype], 200_001).astype(dtype)
    error = relative_error(apply(exp_of_all, x), x, np.exp)
    assert error.max() < ACCURACY[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_expm1_is_accurate_over_the_whole_range(dtype):
    x = np.linspace(*RANGE[dtype], 200_000).astype(dtype)
    error = relative_error(apply(expm1_of_all, x), x, np.expm1)
    assert error.max() < 3 * ACCURACY[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
def test_expm1_near_zero_keeps_all_digits(dtype):
    x = np.geomspace(np.finfo(dtype).tiny, 0.3, 5001).astype(dtype)
    x = np.concatenate([x, -x])
    error = relative_error(apply(expm1_of_all, x), x, np.expm1)
    assert error.max() < 2 * ACCURACY[dtype]
    assert apply(expm1_of_all, np.zeros(1, dtype))[0] == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_arguments_beyond_the_range_are_clipped(dtype):
    least, most = RANGE[dtype]
    huge = np.finfo(dtype).max
    x = np.array([most, 1e4, huge, np.inf] * 5, dtype)
    assert_array_equal(apply(exp_of_all, x), apply(exp_of_all, x[:1])[0])
    assert np.isfinite(apply(exp_of_all, x)).all()
    assert apply(exp_of_all, x)[0] > huge / 4
    x = np.array([least, -1e4, -huge, -np.inf] * 5, dtype)
    assert_array_equal(apply(exp_of_all, x), apply(exp_of_all, x[:1])[0])
    assert 0 < apply(exp_of_all, x)[0] < 4 * np.finfo(dtype).tiny
    assert_array_equal(apply(expm1_of_all, x), -1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", [exp_of_all, expm1_of_all])
def test_nan_stays_nan_and_changes_nothing_else(dtype, kernel):
    x = np.linspace(-3, 3, 40).astype(dtype)
    expected = apply(kernel, x)
    x[[0, 7, 39]] = np.nan
    found = apply(kernel, x)
    assert_array_equal(np.isnan(found), np.isnan(x))
    kept = ~np.isnan(x)
    assert_allclose(found[kept], expected[kept], rtol=1e-15)


@pytest.mark.parametrize("function", [exp, expm1])
def test_type_is_kept(function):
    for kind, numba_type in [(np.float32, float32), (np.float64, float64)]:
        function(kind(0.5))
        compiled = function.alone.overloads[(numba_type,)]
        assert compiled.signature.return_type == numba_type


@pytest.mark.parametrize("dtype", DTYPES)
def test_log1p_of_unit(dtype):
    """Also accurate where 1 + e rounds to 1; 0 stays 0 and NaN stays NaN."""
    tiny = np.finfo(dtype).tiny
    e = np.concatenate([np.linspace(1e-4, 1, 20_001), np.geomspace(tiny, 1e-4, 1_001)])
    e = e.astype(dtype)
    accuracy = {np.float32: 2.4e-7, np.float64: 4.5e-16}[dtype]
    assert relative_error(apply(log1p_of_all, e), e, np.log1p).max() < accuracy
    ends = apply(log1p_of_all, np.array([0, np.nan], dtype=dtype))
    assert_array_equal(ends, [0, np.nan])


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_from_one(dtype):
    """Also accurate next to 1, where the logarithm is next to 0."""
    next_to_one = 1 + np.finfo(dtype).eps * 2.0 ** np.arange(20)
    x = np.concatenate([next_to_one, np.geomspace(1.001, 3e38, 20_001)]).astype(dtype)
    accuracy = {np.float32: 2.4e-7, np.float64: 4.5e-16}[dtype]
    assert relative_error(apply(log_of_all, x), x, np.log).max() < accuracy
    ends = apply(log_of_all, np.array([1, np.inf, np.nan], dtype=dtype))
    assert_array_equal(ends, [0, np.inf, np.nan])
