r"""Penalties on the weights, never on the biases.

.. math::

    \Omega(W) = \frac{\lambda}{2S} \sum_l
        \left[(1-\rho) \|W^{[l]}\|_F^2 + \rho \|W^{[l]}\|_1\right]

Here λ is `alpha`, ρ is `l1_ratio`, S the sum of the sample weights of the training set
(m without weights). Every mini-batch uses the S of the whole training set, so that the
solution does not depend on the batch size. The absolute value has no derivative at
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
        """Return the penalty with λ = alpha, ρ = l1_ratio and S = total_weight."""
        strength = alpha / total_weight
        return cls(strength * (1 - l1_ratio), strength * l1_ratio / 2)

    def value(self, theta: np.ndarray, groups: np.ndarray) -> float:
        """Return the penalty of θ, in float64.

        It is infinite, without a warning, if weights have diverged far enough.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
        groups : ndarray of GROUP
            How strongly each part of θ is penalised (network/segments.py).
        """
        value = 0.0
        with np.errstate(over="ignore"):
            for w, _, l2, l1 in self._penalised(theta, theta, groups):
                if l2:
                    square = np.einsum("i,i->", w, w, dtype=np.float64)  # no copy
                    value += 0.5 * l2 * float(square)
                if l1:
                    value += l1 * float(np.sum(np.abs(w), dtype=np.float64))
        return value

    def add_gradient(self, theta, grad, groups) -> None:
        """Add the penalty's gradient to grad; at w = 0 the L1 part adds nothing."""
        for w, dw, l2, l1 in self._penalised(theta, grad, groups):
            if l2:
                dw += l2 * w
            if l1:
                dw += l1 * np.sign(w)

    def _penalised(self, theta, grad, groups):
        """Yield each group's part of θ and of the gradient, and its coefficients."""
        for group in groups:
            part = slice(group["start"], group["stop"])
            l2, l1 = self.l2 * float(group["l2"]), self.l1 * float(group["l1"])
            yield theta[part], grad[part], l2, l1


@inlined
def soft_threshold(w, threshold):
    """Return the proximal step of threshold·|w|: w moves to zero and stops there."""
    held = -threshold if w < -threshold else w
    held = threshold if held > threshold else held
    return w - held


@inlined
def cap_column_norms(W, max_norm):
    """Scale each column of W (the weights into one unit) to a norm up to `max_norm`.

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
