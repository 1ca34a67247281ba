r"""Losses of the output layer: value and gradient in one pass.

A loss includes its link. It takes the output Z of the last layer, never a probability:
log(p) of a clipped p is wrong where it matters most, while log-sum-exp is exact at any
magnitude. Each function returns :math:`c \sum_i s_i \ell_i` and overwrites Z with its
gradient, which is :math:`dZ_{ik} = c\, s_i (\hat y_{ik} - y_{ik})` for all but Huber's.

`option` is the parameter of a loss: the label smoothing ε of the cross-entropies, the
threshold δ of Huber's loss. `scratch` is a buffer of `loss_scratch_size` numbers of Z's
type.

With label smoothing (C. Szegedy et al., "Rethinking the Inception architecture", 2016,
section 7) the target y becomes (1 - ε) y + ε / K; for yes/no outputs K is 2.
"""

import math
from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import COMPILE_OPTIONS, Inlined, entry, inlined, overload
from skdnn.network.exponential import exp, log1p_of_unit, log_from_one
from skdnn.network.kernels import Kernel, kernel
from skdnn.network.program import LOGITS, LOSS, S, Y
from skdnn.network.views import flat, matrix, vector


def loss_scratch_size(rows: int, n_outputs: int) -> int:
    """Return the length of the buffer that a loss needs in addition to the logits."""
    return rows * max(n_outputs, 2)


@overload(loss_scratch_size, jit_options=COMPILE_OPTIONS)
def _compiled_loss_scratch_size(rows, n_outputs):
    return lambda rows, n_outputs: rows * max(n_outputs, 2)


@inlined
def spread_weights(s, scale, n_outputs, scratch):
    """Write each row's weight, times scale, once for each of its outputs."""
    T = scratch.dtype.type
    for i in range(s.size):
        for k in range(n_outputs):
            scratch[i * n_outputs + k] = s[i] * T(scale)


@inlined
def sigmoid_cross_entropy(Z, Y, s, scale, option, scratch):
    r"""Cross-entropy of yes/no outputs: binary (one logit) or multilabel (K logits).

    .. math:: \ell_i = \sum_k \ln(1 + e^{z_{ik}}) - y_{ik} z_{ik}

    Targets Y have the shape of Z and are 0 or 1, or between where augmentation mixes
    rows.
    """
    T = Z.dtype.type
    one, zero = T(1), T(0)
    keep, shift = T(1 - option), T(option / 2)
    spread_weights(s, scale, Z.shape[1], scratch)
    z_all, y_all = flat(Z), flat(Y)
    total = 0.0
    for j in range(z_all.size):  # one long loop, so that it is vectorised
        z, c = z_all[j], scratch[j]
        y = y_all[j] * keep + shift
        e = exp(-abs(z))
        p = (e if z < zero else one) / (one + e)
        # One product, so that the compiler cannot reorder it into a cancellation
        value = (y if z < zero else one - y) * abs(z) + log1p_of_unit(e)
        total += np.float64(c) * np.float64(value)
        z_all[j] = c * (p - y)
    return total


@inlined
def softmax_cross_entropy(Z, Y, s, scale, option, scratch):
    r"""Cross-entropy of one of K classes.

    .. math:: \ell_i = \ln \sum_k e^{z_{ik}} - \sum_k y_{ik} z_{ik}

    Targets Y are class indices, of shape (rows, 1), or the share of each class, of the
    shape of Z, where augmentation mixes rows.
    """
    T = Z.dtype.type
    n_rows, n_classes = Z.shape
    is_mixed = Y.shape[1] > 1
    share = option / n_classes
    linear, norms = scratch[:n_rows], scratch[n_rows:]
    for i in range(n_rows):
        top = Z[i, 0]
        for k in range(1, n_classes):
            top = Z[i, k] if Z[i, k] > top else top
        mean_part = T(0)
        for k in range(n_classes):
            Z[i, k] -= top
            mean_part += Z[i, k]
        if is_mixed:
            target_part = T(0)
            for k in range(n_classes):
                target_part += Y[i, k] * Z[i, k]
        else:
            target_part = Z[i, int(Y[i, 0])]
        linear[i] = T(1 - option) * target_part + T(share) * mean_part
    z_all = flat(Z)
    for j in range(z_all.size):  # one long loop, so that exp is vectorised
        z_all[j] = exp(z_all[j])
    for i in range(n_rows):
        c = s[i] * T(scale)
        norm = T(0)
        for k in range(n_classes):
            norm += Z[i, k]
        norms[i] = norm
        to_gradient = c / norm
        for k in range(n_classes):
            Z[i, k] = Z[i, k] * to_gradient - c * T(share)
        if is_mixed:
            for k in range(n_classes):
                Z[i, k] -= c * T(1 - option) * Y[i, k]
        else:
            Z[i, int(Y[i, 0])] -= c * T(1 - option)
    total = 0.0
    for i in range(n_rows):
        value = log_from_one(norms[i]) - linear[i]
        total += np.float64(s[i] * T(scale)) * np.float64(value)
    return total


@inlined
def poisson_deviance(Z, Y, s, scale, option, scratch):
    r"""Half the deviance of counts with mean e^z.

    .. math:: \ell_i = \sum_k e^{z_{ik}} - y_{ik} + y_{ik} (\ln y_{ik} - z_{ik})
    """
    T = Z.dtype.type
    spread_weights(s, scale, Z.shape[1], scratch)
    z_all, y_all = flat(Z), flat(Y)
    total = 0.0
    for j in range(z_all.size):
        z, y = z_all[j], y_all[j]
        mean = exp(z)
        log_y = math.log(np.float64(y)) if y > T(0) else 0.0
        value = np.float64(mean - y) + np.float64(y) * (log_y - np.float64(z))
        total += np.float64(scratch[j]) * value
        z_all[j] = scratch[j] * (mean - y)
    return total


@inlined
def squared_error(Z, Y, s, scale, option, scratch):
    r"""Half the squared error.

    .. math:: \ell_i = \frac{1}{2} \sum_k (z_{ik} - y_{ik})^2
    """
    T = Z.dtype.type
    spread_weights(s, scale, Z.shape[1], scratch)
    z_all, y_all = flat(Z), flat(Y)
    total = 0.0
    for j in range(z_all.size):
        r = z_all[j] - y_all[j]
        total += np.float64(scratch[j]) * np.float64(r * (T(0.5) * r))
        z_all[j] = scratch[j] * r
    return total


@inlined
def huber(Z, Y, s, scale, option, scratch):
    r"""Squared error near the target, linear beyond δ (P. Huber, 1964).

    .. math:: \ell_i = \sum_k \begin{cases}
        \frac{1}{2} r_{ik}^2 & |r_{ik}| \le \delta \\
        \delta (|r_{ik}| - \frac{1}{2} \delta) & \text{else}
        \end{cases}, \qquad r = z - y
    """
    T = Z.dtype.type
    delta = T(option)
    spread_weights(s, scale, Z.shape[1], scratch)
    z_all, y_all = flat(Z), flat(Y)
    total = 0.0
    for j in range(z_all.size):
        r = z_all[j] - y_all[j]
        slope = -delta if r < -delta else r
        slope = delta if slope > delta else slope
        value = slope * (r - T(0.5) * slope)
        total += np.float64(scratch[j]) * np.float64(value)
        z_all[j] = scratch[j] * slope
    return total


class Loss(NamedTuple):
    """What the rest of the package needs to know about a loss."""

    function: Inlined  # (Z, Y, s, scale, option, scratch) -> cost
    out_activation: str  # the link's name, as scikit-learn's `out_activation_`
    option: str | None = None  # the estimators' name for the parameter of the loss
    is_regression: bool = True  # for regressors, not for classifiers
    least_target: float = -math.inf
    depends_on_residual: bool = False  # depends on z - y, in the units of y
    resists_outliers: bool = False
    nearest: str | None = None  # a loss of scikit-learn that predicts in the same way


LOSSES = {
    "sigmoid_cross_entropy": Loss(
        sigmoid_cross_entropy, "logistic", "label_smoothing", False
    ),
    "softmax_cross_entropy": Loss(
        softmax_cross_entropy, "softmax", "label_smoothing", False
    ),
    "squared_error": Loss(squared_error, "identity", depends_on_residual=True),
    "poisson": Loss(poisson_deviance, "exp", least_target=0.0),
    "huber": Loss(
        huber,
        "identity",
        "delta",
        depends_on_residual=True,
        resists_outliers=True,
        nearest="squared_error",
    ),
}


@entry
def sigmoid(Z):
    """Turn logits into probabilities of the positive class, in place."""
    T = Z.dtype.type
    one, zero = T(1), T(0)
    z_all = flat(Z)
    for j in range(z_all.size):
        e = exp(-abs(z_all[j]))
        z_all[j] = (e if z_all[j] < zero else one) / (one + e)


@entry
def softmax(Z):
    """Turn logits into probabilities that add up to 1 in each row, in place."""
    T = Z.dtype.type
    n_rows, n_classes = Z.shape
    for i in range(n_rows):
        top = Z[i, 0]
        for k in range(1, n_classes):
            top = Z[i, k] if Z[i, k] > top else top
        for k in range(n_classes):
            Z[i, k] -= top
    z_all = flat(Z)
    for j in range(z_all.size):
        z_all[j] = exp(z_all[j])
    for i in range(n_rows):
        norm = T(0)
        for k in range(n_classes):
            norm += Z[i, k]
        share = T(1) / norm
        for k in range(n_classes):
            Z[i, k] *= share


@entry
def exponential(Z):
    """Turn logarithms of means into means, in place."""
    z_all = flat(Z)
    for j in range(z_all.size):
        z_all[j] = exp(z_all[j])


_LINKS = {"logistic": sigmoid, "softmax": softmax, "exp": exponential}


def apply_link(loss: str, Z: np.ndarray) -> None:
    """Apply the link of a loss to Z in place: probabilities, or predicted means."""
    link = _LINKS.get(LOSSES[loss].out_activation)
    if link is not None:  # else it is the identity
        link(Z)


def _on_batches(loss) -> Kernel:
    """Lift a loss to the current batch: the logits become their gradient."""

    def on_batch(op, now, at, T):
        Z = matrix(at[LOGITS], 0, now.rows, op.n_out, T)
        targets = matrix(at[Y], 0, now.rows, now.n_targets, T)
        s = vector(at[S], 0, now.rows, T)
        scratch = vector(at[LOSS], 0, loss_scratch_size(now.rows, op.n_out), T)
        now.value = loss(Z, targets, s, now.scale, op.option, scratch)

    on_batch.__name__ = on_batch.__qualname__ = f"{loss.__name__}_on_batch"
    return kernel(on_batch)


ON_BATCHES = {name: _on_batches(loss.function) for name, loss in LOSSES.items()}
