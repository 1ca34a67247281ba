r"""Optimisers: in place on the flat θ, with explicit state.

Each rule sees the gradient g of the data term and of the L2 part of the penalty, and
takes the L1 part as a proximal step, which is what makes zeros exact. The learning
rate η is handed in for each step; where it comes from is the schedule's business.

sgd, with momentum μ (I. Sutskever et al., "On the importance of initialization and
momentum", 2013, in the form that scikit-learn uses):

.. math:: v := \mu v - \eta g, \qquad
          \theta := \theta + v \quad\text{or, Nesterov,}\quad \theta + \mu v - \eta g

adam (D. Kingma and J. Ba, 2015, algorithm 1):

.. math::

    m := \beta_1 m + (1-\beta_1) g, \quad v := \beta_2 v + (1-\beta_2) g^2, \quad
    \theta := \theta
        - \eta \frac{m / (1-\beta_1^t)}{\sqrt{v / (1-\beta_2^t)} + \epsilon}

adamw (I. Loshchilov and F. Hutter, 2019, algorithm 2) leaves the L2 part out of g and
shrinks the weights apart from that step: :math:`W := (1 - \eta\lambda/m) W - …`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import inlined, spliced
from skdnn.network.layers import dense
from skdnn.network.penalties import cap_column_norms, soft_threshold
from skdnn.training.parts import InPlace, StatePart

SGD, ADAM = 0, 1


class Optimizer(NamedTuple):
    """What the rest of the package needs to know of one optimiser."""

    code: int  # of its step in compiled code
    decouples_l2: bool = False  # shrinks weights apart from the gradient's step
    nearest: str | None = None  # another one, if scikit-learn does not have this


OPTIMIZERS = {
    "sgd": Optimizer(SGD),
    "adam": Optimizer(ADAM),
    "adamw": Optimizer(ADAM, decouples_l2=True, nearest="adam"),
}


class Rule(NamedTuple):
    """An optimiser and its constants, as compiled code reads them."""

    code: int
    decouples_l2: bool
    momentum: float
    nesterov: bool
    beta1: float
    beta2: float
    epsilon: float


class Regularization(NamedTuple):
    """What every update applies besides the data's gradient."""

    l2: float  # the penalty's l2/2 ‖W‖²
    l1: float  # and l1 ‖W‖₁
    max_norm: float  # bound on the norm of the weights into a hidden unit, or inf
    max_grad_norm: float  # bound on the norm of the gradient, or inf


@dataclass
class OptimizerState(StatePart):
    """What an optimiser remembers between steps.

    Attributes
    ----------
    m, v : ndarray of shape (n_parameters,)
        First and second moments of adam and adamw. sgd keeps its velocity in v.
    t : int
        Steps taken so far.
    """

    m: InPlace
    v: InPlace
    t: int = 0

    @classmethod
    def start(cls, theta: np.ndarray) -> "OptimizerState":
        """Return the state before the first step on θ."""
        return cls(np.zeros_like(theta), np.zeros_like(theta))

    def restart(self) -> None:
        """Forget all steps."""
        self.m[:] = self.v[:] = 0
        self.t = 0


@inlined
def sgd(theta, grad, v, lr, momentum, nesterov, clip, l2, l1):
    """Take one step of gradient descent with momentum.

    The proximal step of L1 is part of the displacement, so it enters the velocity as
    the gradient does: at the minimum both balance and v rests at zero.
    """
    T = theta.dtype.type
    rate, mu, factor, decay = T(lr), T(momentum), T(clip), T(l2)
    reach = T(1 + momentum) if nesterov else T(1)
    threshold = reach * T(lr * l1)
    for i in range(theta.size):
        step = rate * (factor * (grad[i] + decay * theta[i]))
        v[i] = mu * v[i] - step
        moved = theta[i] + (mu * v[i] - step if nesterov else v[i])
        theta[i] = soft_threshold(moved, threshold)
        v[i] += (theta[i] - moved) / reach


@inlined
def adam(theta, grad, m, v, lr, t, beta1, beta2, epsilon, clip, l2, l1):
    """Take one step of Adam.

    The proximal step is scaled as each component's step is (J. Yun et al., "Adaptive
    proximal gradient methods for structured neural networks", 2021), or it would
    settle at another minimum than J's.
    """
    T = theta.dtype.type
    b1, b2, eps, factor, decay = T(beta1), T(beta2), T(epsilon), T(clip), T(l2)
    c1, c2 = T(1 - beta1), T(1 - beta2)
    rate = T(lr / (1 - beta1**t))
    unbias = T(1 / np.sqrt(1 - beta2**t))
    threshold = T(lr * l1)
    for i in range(theta.size):
        g = factor * (grad[i] + decay * theta[i])
        m[i] = b1 * m[i] + c1 * g
        v[i] = b2 * v[i] + c2 * g * g
        size = np.sqrt(v[i]) * unbias + eps
        theta[i] = soft_threshold(theta[i] - rate * m[i] / size, threshold / size)


@inlined
def shrink(theta, lr, l2):
    """Shrink weights as AdamW does, apart from the gradient: W := (1 - η l2) W."""
    factor = theta.dtype.type(1 - lr * l2)
    for i in range(theta.size):
        theta[i] *= factor


@inlined
def clip_factor(theta, grad, groups, l2, max_grad_norm):
    """Return the factor that clips the gradient to a norm of at most max_grad_norm."""
    if max_grad_norm == np.inf:
        return 1.0
    T = theta.dtype.type
    square = 0.0
    for k in range(groups.size):
        decay = T(l2 * groups[k].l2)
        for i in range(groups[k].start, groups[k].stop):
            square += np.float64(grad[i] + decay * theta[i]) ** 2
    norm = np.sqrt(square)
    return max_grad_norm / norm if norm > max_grad_norm else 1.0


@spliced
def update(rule, network, theta, grad, m, v, lr, t, regularization):
    """Move θ by one step: each group of its segments at its rate and penalty."""
    l2 = 0.0 if rule.decouples_l2 else regularization.l2
    max_grad_norm = regularization.max_grad_norm
    clip = clip_factor(theta, grad, network.groups, l2, max_grad_norm)
    for k in range(network.groups.size):
        group = network.groups[k]
        part, rate = slice(group.start, group.stop), lr * group.rate
        if rule.decouples_l2 and group.l2 > 0:
            shrink(theta[part], rate, regularization.l2 * group.l2)
        if rule.code == SGD:
            sgd(
                theta[part],
                grad[part],
                v[part],
                rate,
                rule.momentum,
                rule.nesterov,
                clip,
                l2 * group.l2,
                regularization.l1 * group.l1,
            )
        elif rule.code == ADAM:
            adam(
                theta[part],
                grad[part],
                m[part],
                v[part],
                rate,
                t,
                rule.beta1,
                rule.beta2,
                rule.epsilon,
                clip,
                l2 * group.l2,
                regularization.l1 * group.l1,
            )
        else:
            raise ValueError("unknown optimiser code")
    if regularization.max_norm < np.inf:
        for l in range(network.layers.size - 1):  # hidden units
            cap_column_norms(
                dense.weights(network.layers[l], theta), regularization.max_norm
            )
