r"""Penalties on the weights, never on the biases.

.. math::

    \Omega(W) = \frac{\lambda}{2S} \sum_l
        \left[(1-\rho) \|W^{[l]}\|_F^2 + \rho \|W^{[l]}\|_1\right]

λ is `alpha`, ρ is `l1_ratio`, S the sum of the sample weights of the training set (m
without weights). S is that of the whole training set in every mini-batch, so that the
solution does not move with the batch size. The absolute value has no derivative at
zero: stochastic solvers take a proximal step for it (N. Parikh and S. Boyd, "Proximal
algorithms", 2014, section 6.5.2), which gives exact zeros.
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import inlined


class ElasticNet(NamedTuple):
    """The penalty as coefficients: l2/2 ‖W‖²_F + l1 ‖W‖₁."""

    l2: float
    l1: float

    @classmethod
    def of(cls, alpha: float, l1_ratio: float, total_weight: float) -> "ElasticNet":
        """Return the penalty of strength λ = alpha and mix ρ = l1_ratio over S rows."""
        strength = alpha / total_weight
        return cls(strength * (1 - l1_ratio), strength * l1_ratio / 2)

    def value(self, weights: np.ndarray) -> float:
        """Return the penalty of the given weights (any shape), in float64.

        It is infinite, without a warning, for weights that have diverged far enough.
        """
        value = 0.0
        with np.errstate(over="ignore"):
            if self.l2:
                w = weights.ravel()
                square = np.einsum("i,i->", w, w, dtype=np.float64)  # makes no copy
                value += 0.5 * self.l2 * float(square)
            if self.l1:
                value += self.l1 * float(np.sum(np.abs(weights), dtype=np.float64))
        return value

    def add_gradient(self, weights: np.ndarray, grad: np.ndarray) -> None:
        """Add the penalty's gradient to grad; at w = 0 the L1 part adds nothing."""
        if self.l2:
            grad += self.l2 * weights
        if self.l1:
            grad += self.l1 * np.sign(weights)


@inlined
def soft_threshold(w, threshold):
    """Return the proximal step of threshold·|w|: w moves to zero and stops there."""
    held = -threshold if w < -threshold else w
    held = threshold if held > threshold else held
    return w - held


@inlined
def cap_column_norms(W, max_norm):
    """Scale each column of W (the weights into one unit) to at most `max_norm`.

    Source: N. Srivastava et al., "Dropout", 2014, section 5.1.
    """
    for j in range(W.shape[1]):
        square = 0.0
        for i in range(W.shape[0]):
            square += np.float64(W[i, j]) ** 2
        if square > max_norm**2:
            shrink = W.dtype.type(max_norm / np.sqrt(square))
            for i in range(W.shape[0]):
                W[i, j] *= shrink
