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
from skdnn.network.compiled import entry
from skdnn.network.objective import Objective
from skdnn.network.propagation import Network, Workspace, cost_and_gradient


class Signals(NamedTuple):
    """Signals of some rows, as matrices (rows, units); valid until the next block."""

    X: np.ndarray  # the inputs, A[0]
    A: list[np.ndarray]  # A[1], …, A[L-1], and the logits Z[L]
    slopes: list[np.ndarray]  # g'(Z) of each hidden layer
    dZ: list[np.ndarray]  # dZ[1], …, dZ[L]
    gradient: np.ndarray  # Σ over these rows of ∇ sᵢℓᵢ, as flat as θ


@entry
def _activate(code, Z, b, slopes):
    """Turn Z into A = g(Z + b), in place, and write g'(Z + b) into `slopes`."""
    activate(code, Z, b, slopes)


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
    gradient = np.empty_like(theta)
    for X, Y, s in objective.blocks():
        cost_and_gradient(network, theta, X, Y, s, 1.0, work, gradient)
        A = _hidden_layers(work.A, network, len(X), block_rows)
        # Going back, training has written dZ over the slopes.
        dZ = _hidden_layers(work.G, network, len(X), block_rows)
        n_outputs = int(network.layout.sizes[-1])
        dZ.append(work.Z[: len(X) * n_outputs].reshape(len(X), n_outputs))
        slopes = _slopes(network, theta, [X, *A])
        A.append(_last(network, theta, [X, *A][-1]))
        yield Signals(X, A, slopes, dZ, gradient)


def _hidden_layers(buffer, network: Network, rows: int, block_rows: int):
    """Return the parts of a workspace's buffer that belong to the hidden layers."""
    views = []
    sizes = network.layout.sizes[1:-1]
    for n_units, unit_at in zip(sizes, network.unit_at[:-1], strict=True):
        start = block_rows * unit_at
        views.append(buffer[start : start + rows * n_units].reshape(rows, n_units))
    return views


def _slopes(network: Network, theta, A) -> list[np.ndarray]:
    """Return g'(Z) of each hidden layer, from the activations before it."""
    layout, found = network.layout, []
    weights, biases = layout.weights(theta), layout.biases(theta)
    for l, code in enumerate(network.activations):
        Z = np.dot(A[l], weights[l])
        slopes = np.empty_like(Z)
        _activate(code, Z, biases[l], slopes)
        found.append(slopes)
    return found


def _last(network: Network, theta, A) -> np.ndarray:
    """Return the logits, from the activations before them."""
    layout = network.layout
    return np.dot(A, layout.weights(theta)[-1]) + layout.biases(theta)[-1]
