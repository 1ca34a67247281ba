r"""Compiled random number generation: bits, integers and normal numbers in bulk.

As for dropout masks (`network/dropout.py`), the generator is counter-based: a number is
a hash of its position and a key, so that loops over positions can be vectorised. Each
row of a block has a 64-bit key, the splitmix64 hash of the row's index and the block's
key, which is drawn by the generator of the epoch.

Pairs of normal numbers are computed from pairs of uniform ones with the transform of
G. E. P. Box and M. E. Muller (Annals of Mathematical Statistics 29, 1958):

.. math:: \sqrt{-2 \ln u}\, (\cos 2 \pi v, \sin 2 \pi v)

The logarithm, cosine and sine are polynomials with an error of at most 3e-7. As u has
32 bits, the absolute value of a normal number is at most 6.7.
"""

import math

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from skdnn.network.compiled import inlined
from skdnn.network.dropout import hash_bits, mask_halves, mask_key

f32, i32, u32, u64 = np.float32, np.int32, np.uint32, np.uint64


def _polynomial(function, degree, low, high):
    """Return float32 coefficients that interpolate a function, lowest degree first."""
    near = Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(f32(c) for c in near.convert(kind=Polynomial).coef)


# ln(1 + e) / e for 0 <= e <= 1; sin(√t) / √t and cos(√t) for 0 <= t <= (π/2)².
_LN = _polynomial(lambda e: np.log1p(e) / e, 8, 0, 1)
_MOST = (math.pi / 2) ** 2
_SIN = _polynomial(lambda t: np.sinc(np.sqrt(t) / math.pi), 5, 0, _MOST)
_COS = _polynomial(lambda t: np.cos(np.sqrt(t)), 5, 0, _MOST)
_LN2, _ONE, _MINUS_2, _ZERO = f32(math.log(2)), f32(1), f32(-2), f32(0)
_PER_BIT, _HALF_TURN = f32(2.0**-32), f32(math.pi * 2.0**-32)
_BITS_OF_ONE, _MANTISSA, _EXPONENT_BIT = i32(0x3F800000), i32(0x007FFFFF), i32(23)


def new_key(rng: np.random.Generator) -> np.uint64:
    """Draw the random key of a block."""
    return rng.integers(0, 2**64, dtype=np.uint64)


@inlined
def key_of_row(key, row):
    """Return the two halves of the key of a row in a block."""
    return mask_halves(mask_key(key, row, 0))


@inlined
def below(n, place, low, high):
    """Draw from 0, …, n - 1 for n ≤ 2³¹, with a relative bias of at most n / 2³²."""
    return np.int64((u64(hash_bits(place, low, high)) * u64(n)) >> u64(32))


@inlined
def normal(out, low, high):
    """Fill a float32 vector with standard normal numbers."""
    half = (out.size + 1) // 2
    for j in range(half):
        first, second = _pair(j, low, high)
        out[j] = first
        if half + j < out.size:
            out[half + j] = second


@inlined
def _pair(place, low, high):
    u = (f32(hash_bits(2 * place, low, high)) + _ONE) * _PER_BIT
    bits = hash_bits(2 * place + 1, low, high)
    radius = f32(math.sqrt(_MINUS_2 * _log(u)))
    # 31 bits give an angle from -π/2 to π/2; the last bit adds π.
    angle = f32(i32(bits)) * _HALF_TURN
    t = angle * angle
    sine = _SIN[5]
    sine = sine * t + _SIN[4]
    sine = sine * t + _SIN[3]
    sine = sine * t + _SIN[2]
    sine = sine * t + _SIN[1]
    sine = (sine * t + _SIN[0]) * angle
    cosine = _COS[5]
    cosine = cosine * t + _COS[4]
    cosine = cosine * t + _COS[3]
    cosine = cosine * t + _COS[2]
    cosine = cosine * t + _COS[1]
    cosine = cosine * t + _COS[0]
    radius = -radius if bits & u32(1) else radius
    return radius * cosine, radius * sine


@inlined
def _log(u):
    """Return ln u for 0 < u <= 1; the result is at most 0."""
    bits = f32(u).view(i32)
    n = f32((bits - _BITS_OF_ONE) >> _EXPONENT_BIT)
    e = i32((bits & _MANTISSA) | _BITS_OF_ONE).view(f32) - _ONE
    p = _LN[8]
    p = p * e + _LN[7]
    p = p * e + _LN[6]
    p = p * e + _LN[5]
    p = p * e + _LN[4]
    p = p * e + _LN[3]
    p = p * e + _LN[2]
    p = p * e + _LN[1]
    p = p * e + _LN[0]
    return min(n * _LN2 + p * e, _ZERO)
