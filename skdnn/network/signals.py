r"""The signals in a network: activations forward, derivatives backward.

.. math::

    A^{[l]} = g^{[l]}(Z^{[l]}), \qquad
    dZ^{[l]}_i = \frac{\partial s_i \ell_i}{\partial Z^{[l]}_i}

Training keeps them in its buffers only until the next mini-batch. Here they are
returned layer by layer, for diagnostics.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from skdnn.network.inputs import Inputs
from skdnn.network.objective import Objective
from skdnn.network.propagation import (
    ForwardWorkspace,
    Workspace,
    cost,
    cost_and_gradient,
    logits,
)


class Signals(NamedTuple):
    """Signals of some rows, as matrices (rows, units); valid until the next block."""

    X: Inputs  # A[0]
    A: list[np.ndarray]  # A[1], …, A[L-1], and the logits Z[L]
    slopes: list[np.ndarray]  # g'(Z) of each hidden layer
    dZ: list[np.ndarray]  # dZ[1], …, dZ[L]
    gradient: np.ndarray  # Σ over these rows of ∇ sᵢℓᵢ, flat like θ


def signals(objective: Objective, theta: np.ndarray) -> Iterator[Signals]:
    """Yield the signals of all rows of an objective, block by block, dropout off.

    Both dZ and the gradient come from the compiled step that training uses.

    Parameters
    ----------
    objective : Objective
        Its penalty is ignored.
    theta : ndarray of shape (n_parameters,)
        The parameters, in the objective's type.
    """
    network, sizes = objective.network, objective.network.sizes
    work = Workspace(network, objective.block_rows, objective.dtype)
    forward = ForwardWorkspace(network, objective.block_rows, objective.dtype)
    gradient = np.empty_like(theta)
    for X, Y, s in objective.blocks():
        rows = X.shape[0]
        cost(network, theta, X, Y, s, 1.0, work)
        slopes = [G.copy() for G in _matrices(work.G, rows, sizes[1:-1])]
        # The backward pass overwrites the slopes with dZ.
        cost_and_gradient(network, theta, X, Y, s, 1.0, work, gradient)
        A = _matrices(work.A, rows, sizes[1:-1])
        dZ = _matrices([*work.G, work.Z], rows, sizes[1:])
        Z = np.empty_like(dZ[-1])
        logits(network, theta, X, Z, forward)
        yield Signals(X, [*A, Z], slopes, dZ, gradient)


def _matrices(buffers: list[np.ndarray], rows: int, columns: list[int]):
    """View the first `rows` rows of each buffer as a matrix."""
    return [
        buffer[: rows * n].reshape(rows, n)
        for buffer, n in zip(buffers, columns, strict=True)
    ]
