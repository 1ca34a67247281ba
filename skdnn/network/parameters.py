"""One flat vector θ; every W[l] and b[l] is a view of it.

θ holds all weights, then all biases: θ = (W[1], …, W[L], b[1], …, b[L]), each W[l] of
shape (n[l-1], n[l]) in rows. What acts on all parameters alike (optimisers, L-BFGS,
gradient checks, copies of the best θ) sees one dimension; what acts on weights alone
(penalties) sees its first `n_weights` entries.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import inlined
from skdnn.network.views import matrix


class Layout(NamedTuple):
    """Where each layer stands in θ.

    Attributes
    ----------
    sizes : ndarray of int64, shape (L + 1,)
        n[0], …, n[L]: inputs, hidden units, outputs.
    weight_at : ndarray of int64, shape (L + 1,)
        W[l + 1] starts at ``weight_at[l]``; the last entry is the number of weights.
    bias_at : ndarray of int64, shape (L + 1,)
        b[l + 1] starts at ``bias_at[l]``; the last entry is the length of θ.
    """

    sizes: np.ndarray
    weight_at: np.ndarray
    bias_at: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "Layout":
        """Lay out the layers of the given sizes n[0], …, n[L]."""
        n = np.asarray(sizes, dtype=np.int64)
        weight_at = np.concatenate([[0], np.cumsum(n[:-1] * n[1:])])
        bias_at = weight_at[-1] + np.concatenate([[0], np.cumsum(n[1:])])
        return cls(n, weight_at.astype(np.int64), bias_at.astype(np.int64))

    @property
    def n_layers(self) -> int:
        """L, the number of layers with parameters."""
        return self.sizes.size - 1

    @property
    def n_weights(self) -> int:
        """How many entries of θ are weights."""
        return int(self.weight_at[-1])

    @property
    def n_parameters(self) -> int:
        """The length of θ."""
        return int(self.bias_at[-1])

    def weights(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return W[1], …, W[L] as views of θ."""
        return [
            theta[start:stop].reshape(n_in, n_out)
            for (start, stop), (n_in, n_out) in zip(
                pairwise(self.weight_at), pairwise(self.sizes), strict=True
            )
        ]

    def biases(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return b[1], …, b[L] as views of θ."""
        return [theta[start:stop] for start, stop in pairwise(self.bias_at)]

    def describe(self, index: int) -> tuple[int, str, tuple[int, ...]]:
        """Return (layer l counted from 1, "W" or "b", index there) of θ[index]."""
        if index < self.n_weights:
            layer = int(np.searchsorted(self.weight_at, index, side="right"))
            within = index - self.weight_at[layer - 1]
            row, column = divmod(int(within), int(self.sizes[layer]))
            return layer, "W", (row, column)
        layer = int(np.searchsorted(self.bias_at, index, side="right"))
        return layer, "b", (int(index - self.bias_at[layer - 1]),)


@inlined
def weight(theta, layout, layer):
    """Return the weights that lead out of `layer` (0 is the input)."""
    sizes = layout.sizes
    return matrix(theta, layout.weight_at[layer], sizes[layer], sizes[layer + 1])


@inlined
def bias(theta, layout, layer):
    """Return the biases of the units that `layer` leads to."""
    return theta[layout.bias_at[layer] : layout.bias_at[layer + 1]]
