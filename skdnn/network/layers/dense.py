r"""The dense layer: an affine map, an activation, dropout; forward and back.

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and back, from dZ[l],

.. math::

    dW^{[l]} = A^{[l-1]T} dZ^{[l]}, \quad db^{[l]} = \sum_i dZ^{[l]}_i, \quad
    dZ^{[l-1]} = dZ^{[l]} W^{[l]T} * g'^{[l-1]}(Z^{[l-1]}).

The forward pass leaves g'(Z) beside A, dropout's mask included, so that going back is
one multiplication whatever the activation is. The output layer has no activation: its
loss owns the link.
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.activations import activate
from skdnn.network.compiled import inlined, spliced
from skdnn.network.dropout import drop
from skdnn.network.segments import Parameter, row_type
from skdnn.network.views import flat, matrix

# A layer as compiled code reads it.
LAYER = row_type(
    (
        "n_in",
        "n_out",
        "weights_at",  # W starts there in θ
        "biases_at",
        "activation",  # its code
        "unit_at",  # hidden units before this layer's, in buffers of all of them
    )
)

# Numbers of a W that is transposed before it is multiplied with: 16 KB of float32.
SMALL = 4096


class Dense(NamedTuple):
    """What a dense layer is, before it has a place in θ."""

    n_in: int
    n_out: int
    activation: int  # a code

    def parameters(self, layer: int) -> list[Parameter]:
        """Return W and b of the layer of this number."""
        return [
            Parameter.weights(layer, self.n_in, self.n_out),
            Parameter.biases(layer, self.n_out),
        ]


@inlined
def weights(layer, theta):
    """View W."""
    return matrix(theta, layer.weights_at, layer.n_in, layer.n_out)


@inlined
def biases(layer, theta):
    """View b."""
    return theta[layer.biases_at : layer.biases_at + layer.n_out]


# -- forward ---------------------------------------------------------------------------


@spliced
def activate_units(layer, theta, Z, G, keep_prob, key):
    """Turn Z = A W into A = g(Z + b), in place, with g' in G, and drop units."""
    activate(layer.activation, Z, biases(layer, theta), G)
    if keep_prob < 1:
        drop(Z, G, keep_prob, key)


@spliced
def activate_by_pieces(layer, theta, Z, G):
    """Turn Z = A W into A = g(Z + b), in place, where the derivatives are not wanted.

    All of them are written to one small buffer, which stays in the nearest cache. That
    costs less than to compile each activation once more without its derivative.
    """
    b = biases(layer, theta)
    rows = G.size // Z.shape[1]
    for start in range(0, Z.shape[0], rows):
        piece = Z[start : start + rows]
        activate(layer.activation, piece, b, matrix(G, 0, piece.shape[0], Z.shape[1]))


@inlined
def add_biases(layer, theta, Z):
    """Turn Z = A W into A W + b, in place: the logits."""
    b = biases(layer, theta)
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]


# -- back ------------------------------------------------------------------------------


@inlined
def bias_gradient(layer, dZ, grad):
    """Write db = Σ_i dZ_i, four rows at a time to touch db less often."""
    db = biases(layer, grad)
    rows = dZ.shape[0]
    in_fours = rows - rows % 4
    db[:] = 0
    for i in range(0, in_fours, 4):
        for j in range(dZ.shape[1]):
            db[j] += (dZ[i, j] + dZ[i + 1, j]) + (dZ[i + 2, j] + dZ[i + 3, j])
    for i in range(in_fours, rows):
        for j in range(dZ.shape[1]):
            db[j] += dZ[i, j]


@inlined
def times_transposed(dZ, W, WT, dA):
    """Write dA = dZ W^T.

    A small W is transposed first: OpenBLAS has a kernel for small products that wants
    both factors as they are, and takes two thirds of the time.
    """
    if W.size <= SMALL:
        transposed = matrix(WT, 0, W.shape[1], W.shape[0])
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                transposed[j, i] = W[i, j]
        np.dot(dZ, transposed, dA)
    else:
        np.dot(dZ, W.T, dA)


@inlined
def through_activation(G, dA):
    """Turn g'(Z) in G into dZ = dA * g'(Z)."""
    g, d = flat(G), flat(dA)
    for j in range(g.size):
        g[j] *= d[j]
