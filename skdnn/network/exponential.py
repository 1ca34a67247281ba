r"""Versions of exp, expm1, log and log1p that the compiler can vectorise.

The C library's exp is one call per number. Here x = n ln 2 + r with
\|r\| <= ln 2 / 2, so that

.. math:: e^x = 2^n e^r, \qquad e^x - 1 = 2^n (e^r - 1) + (2^n - 1),

with e^r - 1 from a polynomial and 2^n built from the exponent bits. The constant ln 2
is split in two so that n ln 2 is subtracted without rounding (W. J. Cody and W. Waite,
*Software Manual for the Elementary Functions*, 1980). Relative error: about 1e-7 in
float32, 3e-16 in float64. Arguments beyond the range of the type are clipped to it: the
result is finite, and NaN stays NaN.

Logarithms are needed for x >= 1 only. Divided by its power of two, x is 1 + e with
0 <= e <= 1, where the series of the inverse hyperbolic tangent converges fast (relative
error 2.2e-7 in float32):

.. math:: \ln(1 + e) = 2 \left(t + \frac{t^3}{3} + \frac{t^5}{5} + \dots\right),
          \qquad t = \frac{e}{2 + e} \le \frac{1}{3}
"""

import math

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from skdnn.network.compiled import EXACT_OPTIONS, exact, overload

f32 = np.float32

_HALF_LN2 = math.log(2) / 2


def _remainder(r):
    """Return (e^r - 1 - r) / r^2 by its Taylor series."""
    return sum(r**k / math.factorial(k + 2) for k in range(20))


def _polynomial(degree):
    """Return coefficients of (e^r - 1 - r) / r^2, highest first.

    Interpolation at Chebyshev points spreads the error evenly over the range of r; a
    Taylor polynomial as good has one degree more in float32, two more in float64.
    """
    near = Chebyshev.interpolate(_remainder, degree, domain=[-_HALF_LN2, _HALF_LN2])
    return near.convert(kind=Polynomial).coef[::-1]


_C32 = tuple(f32(c) for c in _polynomial(4))
_C64 = tuple(float(c) for c in _polynomial(9))

_LOG2E_32, _LN2_HIGH_32, _LN2_LOW_32 = (
    f32(1 / math.log(2)),
    f32(0.693359375),
    f32(-2.12194440e-4),
)
_LOG2E_64, _LN2_HIGH_64, _LN2_LOW_64 = (
    1 / math.log(2),
    6.93145751953125e-1,
    1.42860682030941723212e-6,
)
_LEAST_32, _MOST_32 = f32(-87.3), f32(88.3)
_LEAST_64, _MOST_64 = -708.3, 709.0
# Adding these to a small number leaves its nearest integer in the lowest bits.
_TO_INTEGER_32, _TO_INTEGER_64 = f32(1.5 * 2**23), 1.5 * 2**52
_EXPONENT_BIT_32, _EXPONENT_BIT_64 = np.int32(23), np.int64(52)
_ONE_32, _BITS_OF_ONE_32 = f32(1), np.int32(0x3F800000)
_BITS_OF_ONE_64 = np.int64(0x3FF0000000000000)


@exact
def _parts32(x):
    """Return (2^n, e^r - 1) of a float32."""
    x = _LEAST_32 if x < _LEAST_32 else x
    x = _MOST_32 if x > _MOST_32 else x
    shifted = np.float32(x * _LOG2E_32 + _TO_INTEGER_32)
    n = shifted - _TO_INTEGER_32
    r = x - n * _LN2_HIGH_32 - n * _LN2_LOW_32
    p = _C32[0]
    p = p * r + _C32[1]
    p = p * r + _C32[2]
    p = p * r + _C32[3]
    p = p * r + _C32[4]
    exponent = np.int32(shifted.view(np.int32) << _EXPONENT_BIT_32)
    power = np.int32(exponent + _BITS_OF_ONE_32).view(np.float32)
    return power, p * r * r + r


@exact
def _parts64(x):
    """Return (2^n, e^r - 1) of a float64."""
    x = _LEAST_64 if x < _LEAST_64 else x
    x = _MOST_64 if x > _MOST_64 else x
    shifted = np.float64(x * _LOG2E_64 + _TO_INTEGER_64)
    n = shifted - _TO_INTEGER_64
    r = x - n * _LN2_HIGH_64 - n * _LN2_LOW_64
    p = _C64[0]
    p = p * r + _C64[1]
    p = p * r + _C64[2]
    p = p * r + _C64[3]
    p = p * r + _C64[4]
    p = p * r + _C64[5]
    p = p * r + _C64[6]
    p = p * r + _C64[7]
    p = p * r + _C64[8]
    p = p * r + _C64[9]
    exponent = np.int64(shifted.view(np.int64) << _EXPONENT_BIT_64)
    power = np.int64(exponent + _BITS_OF_ONE_64).view(np.float64)
    return power, p * r * r + r


def parts(x):
    """Return (2^n, e^r - 1) in the type of x."""
    return _parts32(x) if isinstance(x, np.float32) else _parts64(x)


@overload(parts, jit_options=EXACT_OPTIONS)
def _compiled_parts(x):
    if x.bitwidth == 32:
        return lambda x: _parts32(x)
    return lambda x: _parts64(x)


@exact
def exp(x):
    """Return e^x."""
    power, r1 = parts(x)
    return power * r1 + power


@exact
def expm1(x):
    """Return e^x - 1, accurate near zero."""
    power, r1 = parts(x)
    return power * r1 + (power - type(x)(1))


# Coefficients 1/(2k + 1), highest first: t^15 is the last term that matters in float32.
_L32 = tuple(f32(1 / (2 * k + 1)) for k in range(7, -1, -1))


@exact
def _log1p32(e):
    t = e / (e + f32(2))
    tt = t * t
    p = _L32[0]
    p = p * tt + _L32[1]
    p = p * tt + _L32[2]
    p = p * tt + _L32[3]
    p = p * tt + _L32[4]
    p = p * tt + _L32[5]
    p = p * tt + _L32[6]
    p = p * tt + _L32[7]
    return (t + t) * p


def log1p_of_unit(e):
    """Return ln(1 + e) for 0 <= e <= 1, in the type of e.

    In float64 the series would need so many terms that the library's log1p is as fast.
    """
    return _log1p32(e) if isinstance(e, np.float32) else np.log1p(e)


@overload(log1p_of_unit, jit_options=EXACT_OPTIONS)
def _compiled_log1p_of_unit(e):
    if e.bitwidth == 32:
        return lambda e: _log1p32(e)
    return lambda e: np.log1p(e)


_MANTISSA_32 = np.int32(0x007FFFFF)
_LN2_32, _INFINITY_32 = f32(math.log(2)), f32(math.inf)


@exact
def _log32(x):
    bits = np.float32(x).view(np.int32)
    n = f32((bits - _BITS_OF_ONE_32) >> _EXPONENT_BIT_32)
    mantissa = np.int32((bits & _MANTISSA_32) | _BITS_OF_ONE_32).view(np.float32)
    log = n * _LN2_32 + _log1p32(mantissa - _ONE_32)
    return log if x < _INFINITY_32 else x


def log_from_one(x):
    """Return ln x for x >= 1, in the type of x: n ln 2 + ln(x / 2^n)."""
    return _log32(x) if isinstance(x, np.float32) else np.log(x)


@overload(log_from_one, jit_options=EXACT_OPTIONS)
def _compiled_log_from_one(x):
    if x.bitwidth == 32:
        return lambda x: _log32(x)
    return lambda x: np.log(x)
