r"""The dense layer: an affine map, an activation, dropout; forward and backward.

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and back, from dZ[l],

.. math::

    dW^{[l]} = A^{[l-1]T} dZ^{[l]}, \quad db^{[l]} = \sum_i dZ^{[l]}_i, \quad
    dZ^{[l-1]} = dZ^{[l]} W^{[l]T} * g'^{[l-1]}(Z^{[l-1]}).

The forward pass stores g'(Z) next to A, dropout mask included, so that the backward
pass is one multiplication whatever the activation. The output layer has no activation:
the loss includes its link.
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.kernels import kernel
from skdnn.network.program import D_A, GRAD, THETA, W_T
from skdnn.network.segments import Parameter, row_type
from skdnn.network.views import matrix, vector

# The sizes of a layer, and the positions of its parameters in θ.
LAYER = row_type(
    (
        "n_in",
        "n_out",
        "weights_at",  # where W starts in θ
        "biases_at",
    )
)

# The largest W that is transposed before multiplication: 16 KB of float32.
SMALL = 4096


class Dense(NamedTuple):
    """A dense layer, before its parameters have positions in θ."""

    n_in: int
    n_out: int

    def parameters(self, layer: int) -> list[Parameter]:
        """Return W and b of layer number `layer`."""
        return [
            Parameter.weights(layer, self.n_in, self.n_out),
            Parameter.biases(layer, self.n_out),
        ]


def fields(layer: np.record) -> dict[str, int]:
    """Return the fields of an operation that describe a layer."""
    names = "n_in", "n_out", "weights_at", "biases_at"
    return {name: int(layer[name]) for name in names}


# -- forward ---------------------------------------------------------------------------


@kernel
def times(op, now, at, T):
    """Write Z = A W."""
    A = matrix(at[op.A], 0, now.rows, op.n_in, T)
    W = matrix(at[THETA], op.weights_at, op.n_in, op.n_out, T)
    np.dot(A, W, matrix(at[op.Z], 0, now.rows, op.n_out, T))


@kernel
def add_biases(op, now, at, T):
    """Turn Z = A W into A W + b, in place: the logits."""
    Z = matrix(at[op.Z], 0, now.rows, op.n_out, T)
    b = vector(at[THETA], op.biases_at, op.n_out, T)
    for i in range(now.rows):
        for j in range(op.n_out):
            Z[i, j] += b[j]


# -- backward --------------------------------------------------------------------------


@kernel
def bias_gradient(op, now, at, T):
    """Write db = Σ_i dZ_i, four rows at a time to touch db less often."""
    dZ = matrix(at[op.Z], 0, now.rows, op.n_out, T)
    db = vector(at[GRAD], op.biases_at, op.n_out, T)
    in_fours = now.rows - now.rows % 4
    db[:] = 0
    for i in range(0, in_fours, 4):
        for j in range(op.n_out):
            db[j] += (dZ[i, j] + dZ[i + 1, j]) + (dZ[i + 2, j] + dZ[i + 3, j])
    for i in range(in_fours, now.rows):
        for j in range(op.n_out):
            db[j] += dZ[i, j]


@kernel
def transposed_times(op, now, at, T):
    """Write dW = A^T dZ."""
    A = matrix(at[op.A], 0, now.rows, op.n_in, T)
    dZ = matrix(at[op.Z], 0, now.rows, op.n_out, T)
    np.dot(A.T, dZ, matrix(at[GRAD], op.weights_at, op.n_in, op.n_out, T))


@kernel
def times_transposed(op, now, at, T):
    """Write dA = dZ W^T."""
    dZ = matrix(at[op.Z], 0, now.rows, op.n_out, T)
    W = matrix(at[THETA], op.weights_at, op.n_in, op.n_out, T)
    np.dot(dZ, W.T, matrix(at[D_A], 0, now.rows, op.n_in, T))


@kernel
def times_small_transposed(op, now, at, T):
    """Write dA = dZ W^T for a small W, which is transposed first.

    OpenBLAS has a kernel for small products of factors that are not transposed; it
    takes two thirds of the time.
    """
    dZ = matrix(at[op.Z], 0, now.rows, op.n_out, T)
    W = matrix(at[THETA], op.weights_at, op.n_in, op.n_out, T)
    transposed = matrix(at[W_T], 0, op.n_out, op.n_in, T)
    for i in range(op.n_in):
        for j in range(op.n_out):
            transposed[j, i] = W[i, j]
    np.dot(dZ, transposed, matrix(at[D_A], 0, now.rows, op.n_in, T))


@kernel
def through_activation(op, now, at, T):
    """Turn g'(Z) in G into dZ = dA * g'(Z)."""
    size = now.rows * op.n_out
    g, d = vector(at[op.G], 0, size, T), vector(at[D_A], 0, size, T)
    for j in range(size):
        g[j] *= d[j]
