r"""Activation functions g and their derivatives.

A function here takes the pre-activation z and returns the pair (a, da) with

.. math:: a = g(z), \qquad da = g'(z).

Both are computed in one pass over a layer, because they share the expensive part (an
exponential). The backward pass then only multiplies by the stored da, whatever the
activation.

To add one, write the function and register it in ACTIVATIONS; tests that iterate over
the registry then check it against finite differences.
"""

import math
from typing import NamedTuple

from skdnn.network.compiled import Inlined, inlined
from skdnn.network.exponential import exp, expm1, log1p_of_unit
from skdnn.network.kernels import Kernel, kernel
from skdnn.network.program import THETA
from skdnn.network.views import matrix, vector


@inlined
def identity(z):
    """Identity: g(z) = z."""
    return z, type(z)(1)


@inlined
def logistic(z):
    """Logistic function: g(z) = 1 / (1 + e^-z)."""
    one = type(z)(1)
    a = one / (one + exp(-z))
    return a, a * (one - a)


@inlined
def tanh(z):
    """Hyperbolic tangent: g(z) = tanh z = (e^2z - 1) / (e^2z + 1)."""
    one, two = type(z)(1), type(z)(2)
    e = expm1(two * z)
    a = e / (e + two)
    return a, one - a * a


@inlined
def relu(z):
    """ReLU: g(z) = max(0, z), with g'(0) = 1; NaN passes through."""
    zero, one = type(z)(0), type(z)(1)
    return (zero, zero) if z < zero else (z, one)


@inlined
def leaky_relu(z):
    """Leaky ReLU: g(z) = z for z >= 0, 0.01 z below (A. Maas et al., 2013)."""
    slope, one = type(z)(0.01), type(z)(1)
    return (slope * z, slope) if z < type(z)(0) else (z, one)


@inlined
def elu(z):
    """ELU: g(z) = z for z >= 0, e^z - 1 below (D.-A. Clevert et al., 2016)."""
    zero, one = type(z)(0), type(z)(1)
    e = expm1(z if z < zero else zero)
    return (e, e + one) if z < zero else (z, one)


@inlined
def selu(z):
    """SELU: g(z) = scale · (z for z >= 0, alpha (e^z - 1) below).

    With these two constants, activations keep mean 0 and variance 1 from layer to layer
    (G. Klambauer et al., 2017).
    """
    zero = type(z)(0)
    scale = type(z)(1.0507009873554805)
    slope = type(z)(1.0507009873554805 * 1.6732632423543772)
    e = expm1(z if z < zero else zero)
    return (slope * e, slope * e + slope) if z < zero else (scale * z, scale)


@inlined
def gelu(z):
    """GELU: g(z) = z Φ(z), in its tanh form (D. Hendrycks and K. Gimpel, 2016, eq. 2).

    With u = sqrt(2/π) (z + 0.044715 z³), (1 + tanh u) / 2 is the logistic function
    of 2u.
    """
    T = type(z)
    one, c = T(1), T(2 * math.sqrt(2 / math.pi))
    # At -8.3, g is zero to 22 digits; below, s would soon become subnormal, which is
    # slow.
    z = T(-8.3) if z < T(-8.3) else z
    q = one + T(0.044715) * (z * z)
    s = one / (one + exp(-c * z * q))  # 2u = c z q, with the derivative c (3q - 2)
    a = z * s
    return a, s + (a - a * s) * (T(3) * c * q - T(2) * c)


@inlined
def silu(z):
    """SiLU, also called swish: g(z) = z / (1 + e^-z) (S. Elfwing et al., 2018)."""
    one = type(z)(1)
    s = one / (one + exp(-z))
    return z * s, s * (one + z * (one - s))


@inlined
def softplus(z):
    """Softplus: g(z) = ln(1 + e^z), written so that neither end overflows."""
    zero, one = type(z)(0), type(z)(1)
    e = exp(-abs(z))
    s = one / (one + e)
    return (
        log1p_of_unit(e) + (zero if z < zero else z),
        e * s if z < zero else s,
    )


class Activation(NamedTuple):
    """What the rest of the network needs to know about an activation."""

    function: Inlined  # z -> (g(z), g'(z))
    init: str  # the initialiser that preserves the scale of its signals
    has_kink: bool  # g' or g'' jumps at z = 0


ACTIVATIONS = {
    "identity": Activation(identity, "xavier", False),
    "logistic": Activation(logistic, "xavier", False),
    "tanh": Activation(tanh, "xavier", False),
    "relu": Activation(relu, "he", True),
    "leaky_relu": Activation(leaky_relu, "he", True),
    "elu": Activation(elu, "he", True),
    "selu": Activation(selu, "lecun", True),
    "gelu": Activation(gelu, "he", False),
    "silu": Activation(silu, "he", False),
    "softplus": Activation(softplus, "xavier", False),
}


def _on_layers(g) -> Kernel:
    """Lift g to a layer: Z becomes A = g(Z + b) in place, G receives the derivative.

    If the derivatives are not needed, G holds a few rows only, which stay in the L1
    cache; that costs less than compiling a second version of g.
    """

    def on_layer(op, now, at, T):
        A = matrix(at[op.Z], 0, now.rows, op.n_out, T)
        b = vector(at[THETA], op.biases_at, op.n_out, T)
        room = op.g_rows if op.g_rows > 0 else now.rows
        G = matrix(at[op.G], 0, room, op.n_out, T)
        for start in range(0, now.rows, room):
            for i in range(min(room, now.rows - start)):
                for j in range(op.n_out):
                    A[start + i, j], G[i, j] = g(A[start + i, j] + b[j])

    on_layer.__name__ = on_layer.__qualname__ = f"{g.__name__}_on_layer"
    return kernel(on_layer)


ON_LAYERS = {name: _on_layers(a.function) for name, a in ACTIVATIONS.items()}
