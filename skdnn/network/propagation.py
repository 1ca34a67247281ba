r"""Forward and backward through the layers.

With samples in rows, A[0] = X, and for l = 1 … L

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and back, from the loss's dZ[L],

.. math::

    dW^{[l]} = A^{[l-1]T} dZ^{[l]}, \quad db^{[l]} = \sum_i dZ^{[l]}_i, \quad
    dZ^{[l-1]} = dZ^{[l]} W^{[l]T} * g'^{[l-1]}(Z^{[l-1]}).

Here the layers are walked and the buffers handed out; what a layer does is in its own
file. In code, layers count from 0: ``layers[l]`` leads from A[l] to Z[l + 1].
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.compiled import entry, inlined, spliced
from skdnn.network.dropout import mask_key
from skdnn.network.inputs import dropped, times, transposed_times
from skdnn.network.layers import dense
from skdnn.network.losses import loss_and_gradient, loss_scratch_size
from skdnn.network.memory import empty_aligned
from skdnn.network.views import matrix

# Derivatives that the forward pass writes over each other: 16 KB of float32.
_FEW = 4096


class Workspace(NamedTuple):
    """Buffers of one training step, allocated once for batches of up to `rows` rows."""

    A: np.ndarray  # the activations of all hidden layers, one after the other
    G: np.ndarray  # their derivatives g'(Z); going back they become dZ
    dA: np.ndarray  # dZ W^T of one hidden layer
    Z: np.ndarray  # the logits, then their gradient
    X: np.ndarray  # the input after dropout
    WT: np.ndarray  # a small W, transposed
    loss: np.ndarray  # what the loss writes down

    @classmethod
    def of(
        cls, network: Network, rows: int, dtype: np.dtype, input_dropout: bool = False
    ) -> "Workspace":
        """Allocate the buffers for batches of up to `rows` rows."""
        n_inputs, *hidden, n_outputs = network.sizes
        n_units = sum(hidden)
        return cls(
            empty_aligned(rows * n_units, dtype),
            empty_aligned(rows * n_units, dtype),
            empty_aligned(rows * max(hidden, default=0), dtype),
            empty_aligned(rows * n_outputs, dtype),
            empty_aligned(rows * n_inputs if input_dropout else 0, dtype),
            empty_aligned(dense.SMALL, dtype),
            empty_aligned(loss_scratch_size(rows, n_outputs), dtype),
        )


@inlined
def hidden(buffer, layers, l, rows):
    """View the part of a buffer that belongs to the units of one hidden layer."""
    start = buffer.size // layers[layers.size - 1].unit_at * layers[l].unit_at
    return matrix(buffer, start, rows, layers[l].n_out)


@spliced
def backpropagate(network, theta, X, Y, s, scale, keep_prob, seed, step, work, grad):
    """Return scale · Σ sᵢ ℓᵢ of the rows and write its gradient into grad.

    X is dense or `SparseRows`. ``keep_prob[l]`` is the share of A[l] that dropout
    keeps, 1.0 for all; (seed, step) name the masks.
    """
    layers, rows = network.layers, Y.shape[0]
    last = layers.size - 1
    inputs = X
    if keep_prob[0] < 1:
        inputs = dropped(X, work.X, keep_prob[0], mask_key(seed, step, 0))

    for l in range(last + 1):
        layer = layers[l]
        if l == last:
            Z = matrix(work.Z, 0, rows, layer.n_out)
        else:
            Z = hidden(work.A, layers, l, rows)
        W = dense.weights(layer, theta)
        if l == 0:
            times(inputs, W, Z)
        else:
            np.dot(hidden(work.A, layers, l - 1, rows), W, Z)
        if l == last:
            dense.add_biases(layer, theta, Z)
        else:
            G, key = hidden(work.G, layers, l, rows), mask_key(seed, step, l + 1)
            dense.activate_units(layer, theta, Z, G, keep_prob[l + 1], key)

    value = loss_and_gradient(
        network.loss, Z, Y, s, scale, network.loss_option, work.loss
    )

    dZ = Z
    for l in range(last, -1, -1):
        layer = layers[l]
        dW = dense.weights(layer, grad)
        dense.bias_gradient(layer, dZ, grad)
        if l == 0:
            transposed_times(inputs, dZ, dW)
        else:
            np.dot(hidden(work.A, layers, l - 1, rows).T, dZ, dW)
            dA = matrix(work.dA, 0, rows, layer.n_in)
            dense.times_transposed(dZ, dense.weights(layer, theta), work.WT, dA)
            dZ = hidden(work.G, layers, l - 1, rows)
            dense.through_activation(dZ, dA)
    return value


class ForwardWorkspace(NamedTuple):
    """Buffers of the forward pass alone, for up to so many rows at once."""

    A: np.ndarray  # two rows: in them the hidden layers take turns
    G: np.ndarray  # derivatives that nobody reads, of a few rows

    @classmethod
    def of(cls, network: Network, rows: int, dtype: np.dtype) -> "ForwardWorkspace":
        """Allocate the buffers; how many does not depend on the depth."""
        widest = max(network.sizes[1:-1], default=0)
        return cls(
            np.empty((2, rows * widest), dtype),
            np.empty(max(_FEW, widest), dtype),
        )


@spliced
def propagate(network, theta, X, out, work):
    """Write the logits of the rows X to `out`, with dropout off."""
    layers, rows = network.layers, out.shape[0]
    last = layers.size - 1
    for l in range(last + 1):
        layer = layers[l]
        if l == last:
            Z = out
        else:
            Z = matrix(work.A[l % 2], 0, rows, layer.n_out)
        W = dense.weights(layer, theta)
        if l == 0:
            times(X, W, Z)
        else:
            np.dot(matrix(work.A[(l - 1) % 2], 0, rows, layer.n_in), W, Z)
        if l == last:
            dense.add_biases(layer, theta, Z)
        else:
            dense.activate_by_pieces(layer, theta, Z, work.G)


@entry
def cost_and_gradient(network, theta, X, Y, s, scale, work, grad):
    """Return scale · Σ sᵢ ℓᵢ of the rows, dropout off, and write its gradient."""
    all_kept = np.ones(network.layers.size)
    return backpropagate(
        network, theta, X, Y, s, scale, all_kept, np.uint64(0), 0, work, grad
    )


@entry
def logits(network, theta, X, out, work):
    """Write the logits of the rows X to `out`; `work` is a ForwardWorkspace."""
    propagate(network, theta, X, out, work)


@entry
def cost_of_logits(network, Z, Y, s, scale):
    """Return scale · Σ sᵢ ℓᵢ of the logits Z, which are overwritten."""
    scratch = np.empty(loss_scratch_size(Z.shape[0], Z.shape[1]), Z.dtype)
    return loss_and_gradient(network.loss, Z, Y, s, scale, network.loss_option, scratch)
