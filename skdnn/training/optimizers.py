r"""Optimisers: in place on the flat θ, with explicit state.

Each rule uses the gradient g of the data term and of the L2 part of the penalty, and
takes a proximal step for the L1 part, which makes zeros exact. The learning rate η of
each step comes from the schedule.

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
shrinks the weights separately: :math:`W := (1 - \eta\lambda/m) W - …`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.kernels import Kernel, kernel
from skdnn.network.layers import dense
from skdnn.network.penalties import cap_column_norms, soft_threshold
from skdnn.network.program import GRAD, THETA, M, V, operation
from skdnn.network.views import matrix, vector
from skdnn.training.parts import InPlace, StatePart


class Optimizer(NamedTuple):
    """What the rest of the package needs to know about an optimiser."""

    step: str  # the name of its kernel
    decouples_l2: bool = False  # shrinks weights separately from the gradient step
    nearest: str | None = None  # scikit-learn's closest one, if it lacks this one


OPTIMIZERS = {
    "sgd": Optimizer("sgd"),
    "adam": Optimizer("adam"),
    "adamw": Optimizer("adam", decouples_l2=True, nearest="adam"),
}


class Rule(NamedTuple):
    """An optimiser and its constants."""

    step: str  # the name of its kernel
    decouples_l2: bool
    momentum: float
    nesterov: bool
    beta1: float
    beta2: float
    epsilon: float


class Regularization(NamedTuple):
    """What every update applies in addition to the gradient of the data term."""

    l2: float  # the penalty's l2/2 ‖W‖²
    l1: float  # and l1 ‖W‖₁
    max_norm: float  # bound on the norm of the weights into a hidden unit, or inf
    max_grad_norm: float  # bound on the norm of the gradient, or inf


@dataclass
class OptimizerState(StatePart):
    """The state of an optimiser between steps.

    Attributes
    ----------
    m, v : ndarray of shape (n_parameters,)
        First and second moments of adam and adamw; for sgd, v is the velocity.
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
        """Reset to the state before the first step."""
        self.m[:] = self.v[:] = 0
        self.t = 0


@kernel
def sgd(op, now, at, T):
    """Take one step of gradient descent with momentum.

    The proximal step of L1 is part of the displacement, so it enters the velocity as
    the gradient does: at the minimum the two balance and v stays at zero.
    """
    size, lr = op.stop - op.start, now.rate * op.rate
    theta, grad = (
        vector(at[THETA], op.start, size, T),
        vector(at[GRAD], op.start, size, T),
    )
    v = vector(at[V], op.start, size, T)
    rate, mu, factor, decay = T(lr), T(op.momentum), T(now.factor), T(op.l2)
    reach = T(1 + op.momentum) if op.nesterov else T(1)
    threshold = reach * T(lr * op.l1)
    for i in range(size):
        step = rate * (factor * (grad[i] + decay * theta[i]))
        v[i] = mu * v[i] - step
        moved = theta[i] + (mu * v[i] - step if op.nesterov else v[i])
        theta[i] = soft_threshold(moved, threshold)
        v[i] += (theta[i] - moved) / reach


@kernel
def adam(op, now, at, T):
    """Take one step of Adam.

    The proximal step is scaled like the step of each component (J. Yun et al.,
    "Adaptive proximal gradient methods for structured neural networks", 2021);
    otherwise it would converge to another minimum than that of J.
    """
    size, lr, t = op.stop - op.start, now.rate * op.rate, now.step + 1
    theta, grad = (
        vector(at[THETA], op.start, size, T),
        vector(at[GRAD], op.start, size, T),
    )
    m, v = vector(at[M], op.start, size, T), vector(at[V], op.start, size, T)
    b1, b2, eps = T(op.beta1), T(op.beta2), T(op.epsilon)
    factor, decay = T(now.factor), T(op.l2)
    c1, c2 = T(1 - op.beta1), T(1 - op.beta2)
    rate = T(lr / (1 - op.beta1**t))
    unbias = T(1 / np.sqrt(1 - op.beta2**t))
    threshold = T(lr * op.l1)
    for i in range(size):
        g = factor * (grad[i] + decay * theta[i])
        m[i] = b1 * m[i] + c1 * g
        v[i] = b2 * v[i] + c2 * g * g
        step = np.sqrt(v[i]) * unbias + eps
        theta[i] = soft_threshold(theta[i] - rate * m[i] / step, threshold / step)


_STEPS: dict[str, Kernel] = {"sgd": sgd, "adam": adam}


@kernel
def shrink(op, now, at, T):
    """Shrink weights as AdamW does, separately from the gradient: W := (1 - η l2) W."""
    theta = vector(at[THETA], op.start, op.stop - op.start, T)
    factor = T(1 - now.rate * op.rate * op.l2)
    for i in range(theta.size):
        theta[i] *= factor


@kernel
def add_square(op, now, at, T):
    """Add the squared norm of a part of the gradient, including its L2 part."""
    size, decay = op.stop - op.start, T(op.l2)
    theta, grad = (
        vector(at[THETA], op.start, size, T),
        vector(at[GRAD], op.start, size, T),
    )
    square = 0.0
    for i in range(size):
        square += np.float64(grad[i] + decay * theta[i]) ** 2
    now.square += square


@kernel
def clip(op, now, at, T):
    """Compute the factor that clips the norm of the gradient."""
    norm = np.sqrt(now.square)
    now.factor = op.most / norm if norm > op.most else 1.0
    now.square = 0.0


@kernel
def cap_norms(op, now, at, T):
    """Bound the norm of the weights into each unit of a layer."""
    W = matrix(at[THETA], op.weights_at, op.n_in, op.n_out, T)
    cap_column_norms(W, op.most)


def update(network: Network, rule: Rule, regularization: Regularization) -> list[tuple]:
    """Return the operations that update θ in a step, given its gradient."""
    return [
        *_clipping(network, rule, regularization),
        *(o for g in network.groups for o in _moved(g, rule, regularization)),
        *_capping(network, regularization.max_norm),
    ]


def _clipping(
    network: Network, rule: Rule, regularization: Regularization
) -> list[tuple]:
    if regularization.max_grad_norm == np.inf:
        return []
    l2 = 0.0 if rule.decouples_l2 else regularization.l2
    squares = [
        operation(add_square, **_part(group), l2=l2 * float(group["l2"]))
        for group in network.groups
    ]
    return [*squares, operation(clip, most=regularization.max_grad_norm)]


def _moved(group, rule: Rule, regularization: Regularization) -> list[tuple]:
    """Return the operations that update a part of θ, at its rate and penalty."""
    l2 = regularization.l2 * float(group["l2"])
    step = operation(
        _STEPS[rule.step],
        **_part(group),
        l2=0.0 if rule.decouples_l2 else l2,
        l1=regularization.l1 * float(group["l1"]),
        momentum=rule.momentum,
        nesterov=rule.nesterov,
        beta1=rule.beta1,
        beta2=rule.beta2,
        epsilon=rule.epsilon,
    )
    if rule.decouples_l2 and group["l2"] > 0:
        return [operation(shrink, **_part(group), l2=l2), step]
    return [step]


def _capping(network: Network, most: float) -> list[tuple]:
    if most == np.inf:
        return []
    hidden = network.layers[:-1]
    return [operation(cap_norms, most=most, **dense.fields(layer)) for layer in hidden]


def _part(group) -> dict[str, float]:
    return {name: group[name].item() for name in ("start", "stop", "rate")}
