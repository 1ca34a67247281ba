r"""Forward and backward through the layers.

With samples in rows, A[0] = X, and for l = 1 … L

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and back, from the loss's dZ[L],

.. math::

    dW^{[l]} = A^{[l-1]T} dZ^{[l]}, \quad db^{[l]} = \sum_i dZ^{[l]}_i, \quad
    dZ^{[l-1]} = dZ^{[l]} W^{[l]T} * g'^{[l-1]}(Z^{[l-1]}).

In code, layer counts from 0: ``weight(theta, layout, l)`` leads from layer l to l + 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skdnn.network.activations import ACTIVATIONS, activate
from skdnn.network.compiled import entry, inlined, spliced
from skdnn.network.dropout import drop, mask_key
from skdnn.network.inputs import dropped, times, transposed_times
from skdnn.network.losses import LOSSES, loss_and_gradient, loss_scratch_size
from skdnn.network.memory import empty_aligned
from skdnn.network.parameters import Layout, bias, weight
from skdnn.network.views import flat, matrix


class Network(NamedTuple):
    """The architecture, as compiled code reads it."""

    layout: Layout
    activations: np.ndarray  # int64, shape (L - 1,): a code per hidden layer
    unit_at: np.ndarray  # int64, shape (L,): hidden units before each hidden layer
    loss: int
    loss_option: float  # the loss's own number: see network/losses.py

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        activations: Sequence[str],
        loss: str,
        loss_option: float = 0.0,
    ) -> "Network":
        """Return the network of these sizes and of these names."""
        codes = [ACTIVATIONS[name].code for name in activations]
        return cls(
            Layout.of(sizes),
            np.array(codes, dtype=np.int64),
            np.concatenate([[0], np.cumsum(sizes[1:-1])]).astype(np.int64),
            LOSSES[loss].code,
            float(loss_option),
        )


# Numbers of a W that is transposed before it is multiplied with: 16 KB of float32.
_SMALL = 4096
# Derivatives that the forward pass writes over each other: likewise.
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
        sizes = network.layout.sizes
        hidden = sizes[1:-1]
        n_units = int(hidden.sum())
        return cls(
            empty_aligned(rows * n_units, dtype),
            empty_aligned(rows * n_units, dtype),
            empty_aligned(rows * int(hidden.max(initial=0)), dtype),
            empty_aligned(rows * int(sizes[-1]), dtype),
            empty_aligned(rows * int(sizes[0]) if input_dropout else 0, dtype),
            empty_aligned(_SMALL, dtype),
            empty_aligned(loss_scratch_size(rows, int(sizes[-1])), dtype),
        )


@inlined
def hidden(buffer, network, layer, rows):
    """View the part of a buffer that belongs to one hidden layer (counted from 1)."""
    start = buffer.size // network.unit_at[-1] * network.unit_at[layer - 1]
    return matrix(buffer, start, rows, network.layout.sizes[layer])


@inlined
def add_bias(Z, b):
    """Z := Z + b."""
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]


@inlined
def sum_rows(dZ, db):
    """Write db := Σ_i dZ_i, four rows at a time to touch db less often."""
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
def multiply_transposed(dZ, W, WT, dA):
    """DA := dZ W^T.

    A small W is transposed first: OpenBLAS has a kernel for small products that wants
    both factors as they are, and takes two thirds of the time.
    """
    if W.size <= _SMALL:
        transposed = matrix(WT, 0, W.shape[1], W.shape[0])
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                transposed[j, i] = W[i, j]
        np.dot(dZ, transposed, dA)
    else:
        np.dot(dZ, W.T, dA)


@inlined
def multiply(G, dA):
    """G := G * dA, elementwise."""
    g, d = flat(G), flat(dA)
    for j in range(g.size):
        g[j] *= d[j]


@spliced
def backpropagate(network, theta, X, Y, s, scale, keep_prob, seed, step, work, grad):
    """Return scale · Σ sᵢ ℓᵢ of the rows and write its gradient into grad.

    X is dense or `SparseRows`. ``keep_prob[l]`` is the share of layer l's units that
    dropout keeps, 1.0 for none; (seed, step) name the masks.
    """
    layout, rows = network.layout, Y.shape[0]
    n_layers = layout.sizes.size - 1
    inputs = X
    if keep_prob[0] < 1:
        inputs = dropped(X, work.X, keep_prob[0], mask_key(seed, step, 0))

    for layer in range(1, n_layers + 1):
        is_last = layer == n_layers
        if is_last:
            Z = matrix(work.Z, 0, rows, layout.sizes[layer])
        else:
            Z = hidden(work.A, network, layer, rows)
        W, b = weight(theta, layout, layer - 1), bias(theta, layout, layer - 1)
        if layer == 1:
            times(inputs, W, Z)
        else:
            np.dot(hidden(work.A, network, layer - 1, rows), W, Z)
        if is_last:
            add_bias(Z, b)
        else:
            G = hidden(work.G, network, layer, rows)
            activate(network.activations[layer - 1], Z, b, G)
            if keep_prob[layer] < 1:
                drop(Z, G, keep_prob[layer], mask_key(seed, step, layer))

    value = loss_and_gradient(
        network.loss, Z, Y, s, scale, network.loss_option, work.loss
    )

    dZ = Z
    for layer in range(n_layers - 1, -1, -1):
        dW = weight(grad, layout, layer)
        sum_rows(dZ, bias(grad, layout, layer))
        if layer == 0:
            transposed_times(inputs, dZ, dW)
        else:
            np.dot(hidden(work.A, network, layer, rows).T, dZ, dW)
            dA = matrix(work.dA, 0, rows, layout.sizes[layer])
            multiply_transposed(dZ, weight(theta, layout, layer), work.WT, dA)
            dZ = hidden(work.G, network, layer, rows)
            multiply(dZ, dA)
    return value


class ForwardWorkspace(NamedTuple):
    """Buffers of the forward pass alone, for up to so many rows at once."""

    A: np.ndarray  # two rows: in them the hidden layers take turns
    G: np.ndarray  # derivatives that nobody reads, of a few rows

    @classmethod
    def of(cls, network: Network, rows: int, dtype: np.dtype) -> "ForwardWorkspace":
        """Allocate the buffers; how many does not depend on the depth."""
        widest = int(network.layout.sizes[1:-1].max(initial=0))
        return cls(
            np.empty((2, rows * widest), dtype),
            np.empty(max(_FEW, widest), dtype),
        )


@spliced
def activate_by_pieces(code, Z, b, G):
    """Turn Z into A = g(Z + b), in place, where the derivatives are not wanted.

    All of them are written to one small buffer, which stays in the nearest cache. That
    costs less than to compile each activation once more without its derivative.
    """
    rows = G.size // Z.shape[1]
    for start in range(0, Z.shape[0], rows):
        piece = Z[start : start + rows]
        activate(code, piece, b, matrix(G, 0, piece.shape[0], Z.shape[1]))


@spliced
def propagate(network, theta, X, out, work):
    """Write the logits of the rows X to `out`, with dropout off."""
    layout, rows = network.layout, out.shape[0]
    n_layers = layout.sizes.size - 1
    for layer in range(1, n_layers + 1):
        is_last = layer == n_layers
        if is_last:
            Z = out
        else:
            Z = matrix(work.A[layer % 2], 0, rows, layout.sizes[layer])
        W, b = weight(theta, layout, layer - 1), bias(theta, layout, layer - 1)
        if layer == 1:
            times(X, W, Z)
        else:
            before = matrix(work.A[(layer - 1) % 2], 0, rows, layout.sizes[layer - 1])
            np.dot(before, W, Z)
        if is_last:
            add_bias(Z, b)
        else:
            activate_by_pieces(network.activations[layer - 1], Z, b, work.G)


@entry
def cost_and_gradient(network, theta, X, Y, s, scale, work, grad):
    """Return scale · Σ sᵢ ℓᵢ of the rows, dropout off, and write its gradient."""
    all_kept = np.ones(network.layout.sizes.size)
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
