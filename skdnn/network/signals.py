r"""What passes through a network: activations forward, derivatives back.

.. math::

    A^{[l]} = g^{[l]}(Z^{[l]}), \qquad
    dZ^{[l]}_i = \frac{\partial s_i \ell_i}{\partial Z^{[l]}_i}

Training keeps them in its buffers only until the next mini-batch. Here they are handed
out, layer by layer, for whoever wants to measure them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skdnn.network.activations import activate
from skdnn.network.architecture import Network
from skdnn.network.compiled import entry
from skdnn.network.inputs import times
from skdnn.network.objective import Inputs, Objective
from skdnn.network.propagation import (
    ForwardWorkspace,
    Workspace,
    cost_and_gradient,
    logits,
)


class Signals(NamedTuple):
    """Signals of some rows, as matrices (rows, units); valid until the next block."""

    X: Inputs  # A[0]
    A: list[np.ndarray]  # A[1], …, A[L-1], and the logits Z[L]
    slopes: list[np.ndarray]  # g'(Z) of each hidden layer
    dZ: list[np.ndarray]  # dZ[1], …, dZ[L]
    gradient: np.ndarray  # Σ over these rows of ∇ sᵢℓᵢ, as flat as θ


@entry
def _activations(code, X, W, b, A, slopes):
    """Write A := g(XW + b), and the derivatives g'(XW + b) into `slopes`."""
    times(X, W, A)
    activate(code, A, b, slopes)


def signals(objective: Objective, theta: np.ndarray) -> Iterator[Signals]:
    """Yield the signals of all rows of an objective, block by block, dropout off.

    dZ and the gradient are those of the compiled step that training takes.

    Parameters
    ----------
    objective : Objective
        Its penalty plays no part here.
    theta : ndarray of shape (n_parameters,)
        In the objective's type.
    """
    network, block_rows = objective.network, objective.block_rows
    work = Workspace.of(network, block_rows, objective.dtype)
    forward = ForwardWorkspace.of(network, block_rows, objective.dtype)
    gradient = np.empty_like(theta)
    for X, Y, s in objective.blocks():
        cost_and_gradient(network, theta, X, Y, s, 1.0, work, gradient)
        A = _hidden_layers(work.A, network, X.shape[0], block_rows)
        # Going back, training has written dZ over the slopes.
        dZ = _hidden_layers(work.G, network, X.shape[0], block_rows)
        n_outputs = network.n_outputs
        dZ.append(work.Z[: X.shape[0] * n_outputs].reshape(-1, n_outputs))
        slopes = _slopes(network, theta, [X, *A])
        Z = np.empty_like(dZ[-1])
        logits(network, theta, X, Z, forward)
        yield Signals(X, [*A, Z], slopes, dZ, gradient)


def _hidden_layers(buffer, network: Network, rows: int, block_rows: int):
    """Return the parts of a workspace's buffer that belong to the hidden layers."""
    views = []
    for layer in network.layers[:-1]:
        start, n_units = block_rows * layer["unit_at"], layer["n_out"]
        views.append(buffer[start : start + rows * n_units].reshape(rows, n_units))
    return views


def _slopes(network: Network, theta, A) -> list[np.ndarray]:
    """Return g'(Z) of each hidden layer, from the activations before it."""
    found, codes = [], network.layers["activation"][:-1]
    weights, biases = network.weights(theta), network.biases(theta)
    for l, code in enumerate(codes):
        again, slopes = np.empty_like(A[l + 1]), np.empty_like(A[l + 1])
        _activations(code, A[l], weights[l], biases[l], again, slopes)
        found.append(slopes)
    return found
