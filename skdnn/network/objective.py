r"""The objective J(θ) and its gradient.

.. math::

    J(\theta) = \frac{1}{S} \sum_i s_i\, \ell(y_i, \hat y_i)
        + \frac{\lambda}{2S} \sum_l
        \left[(1-\rho)\|W^{[l]}\|_F^2 + \rho\|W^{[l]}\|_1\right],
    \qquad S = \sum_i s_i

Rows arrive in blocks, wherever they are stored. A block is (X, Y, s) with weights s
that average to 1 over all rows, so that 1/S Σ is 1/m Σ.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import NamedTuple

import numpy as np

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.architecture import Network
from skdnn.network.inputs import Inputs
from skdnn.network.penalties import ElasticNet
from skdnn.network.propagation import (
    ForwardWorkspace,
    Workspace,
    cost_and_gradient,
    cost_of_logits,
    logits,
)

Block = tuple[Inputs, np.ndarray, np.ndarray]

# Numbers in the buffers of one evaluation, a megabyte or two: they stay in a core's L2
# cache, and the matrix products are still large.
_BUFFER_SIZE = 2**18


def rows_per_block(network: Network, sparse_inputs: bool = False) -> int:
    """Return how many rows to evaluate at once."""
    sizes = network.sizes[1:] if sparse_inputs else network.sizes
    return max(32, _BUFFER_SIZE // sum(sizes))


class Cost(NamedTuple):
    """The cost J(θ) and its parts: ``total = data + penalty``."""

    total: float
    data: float
    penalty: float


class Objective:
    """The objective J of one network over one set of rows, and its gradient ∇J.

    Parameters
    ----------
    network : Network
        The architecture and the loss.
    penalty : ElasticNet
        The penalty on its weights.
    blocks : callable () -> iterable of (X, Y, s)
        Returns all rows at each call, in blocks of at most `block_rows` rows.
    n_rows : int
        The number of rows of all blocks, m.
    block_rows : int
        The most rows of a block.
    dtype : dtype
        The type of the rows and of the computation.
    """

    def __init__(
        self,
        network: Network,
        penalty: ElasticNet,
        blocks: Callable[[], Iterable[Block]],
        n_rows: int,
        block_rows: int,
        dtype: np.dtype,
    ):
        self.network = network
        self.penalty = penalty
        self.blocks = blocks
        self.n_rows = n_rows
        self.dtype = np.dtype(dtype)
        self.block_rows = block_rows
        self._work = Workspace(network, block_rows, self.dtype)
        self._forward = ForwardWorkspace(network, block_rows, self.dtype)

    def value(self, theta: np.ndarray) -> Cost:
        """Return J(θ) with its data and penalty parts."""
        theta = self._typed(theta)
        n_outputs = self.network.n_outputs
        data = 0.0
        for X, Y, s in self.blocks():
            Z = self._work.Z[: X.shape[0] * n_outputs].reshape(X.shape[0], n_outputs)
            logits(self.network, theta, X, Z, self._forward)
            data += cost_of_logits(self.network, Z, Y, s, 1 / self.n_rows)
        penalty = self.penalty.value(theta, self.network.groups)
        return Cost(data + penalty, data, penalty)

    def value_and_gradient(self, theta: np.ndarray) -> tuple[Cost, np.ndarray]:
        """Return J(θ) and ∇J(θ), the gradient summed in float64.

        Where w = 0 the L1 penalty has no derivative; its part is 0 there.
        """
        theta = self._typed(theta)
        data, gradient = self._data_part(theta)
        self.penalty.add_gradient(theta, gradient, self.network.groups)
        penalty = self.penalty.value(theta, self.network.groups)
        return Cost(data + penalty, data, penalty), gradient

    def active_units(self, theta: np.ndarray) -> np.ndarray:
        """Return which hidden units are above zero for each row, as a flat mask.

        Only layers whose activation has a kink at zero count. Two θ with the same mask
        lie on the same smooth piece of the data part of J.
        """
        theta = self._typed(theta)
        scratch = np.empty_like(theta)
        has_kink = [ACTIVATIONS[name].has_kink for name in self.network.activations]
        widths, masks = self.network.sizes[1:-1], []
        for X, Y, s in self.blocks():
            cost_and_gradient(self.network, theta, X, Y, s, 1.0, self._work, scratch)
            for A, n, kinked in zip(self._work.A, widths, has_kink, strict=True):
                if kinked:
                    masks.append(A[: X.shape[0] * n] > 0)
        return np.concatenate(masks) if masks else np.zeros(0, dtype=bool)

    def without_l1(self) -> "Objective":
        """Return the smooth part of J: the same rows, without the L1 penalty."""
        smooth = copy(self)
        smooth.penalty = ElasticNet(self.penalty.l2, 0.0)
        return smooth

    def _data_part(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        data, gradient = 0.0, np.zeros(theta.size)
        part = np.empty_like(theta)
        for X, Y, s in self.blocks():
            data += cost_and_gradient(
                self.network, theta, X, Y, s, 1 / self.n_rows, self._work, part
            )
            gradient += part
        return data, gradient

    def _typed(self, theta: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(theta, dtype=self.dtype)


def forward(
    network: Network,
    theta: np.ndarray,
    blocks: Iterable[Inputs],
    n_rows: int,
    block_rows: int,
) -> np.ndarray:
    """Return the logits of all rows, shape (n_rows, n[L]), with dropout off."""
    out = np.empty((n_rows, network.n_outputs), theta.dtype)
    work = ForwardWorkspace(network, block_rows, theta.dtype)
    start = 0
    for X in blocks:
        stop = start + X.shape[0]
        logits(network, theta, X, out[start:stop], work)
        start = stop
    return out


def forward_by_blocks(
    network: Network, theta: np.ndarray, blocks: Iterable[Inputs], block_rows: int
) -> Iterator[np.ndarray]:
    """Yield the logits of each block, in a buffer that the next block overwrites."""
    out = np.empty((block_rows, network.n_outputs), theta.dtype)
    work = ForwardWorkspace(network, block_rows, theta.dtype)
    for X in blocks:
        Z = out[: X.shape[0]]
        logits(network, theta, X, Z, work)
        yield Z
