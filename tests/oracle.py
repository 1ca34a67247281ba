r"""A textbook network in plain NumPy: the reference for all compiled code.

It shares no code with skdnn. Everything is float64, the parameters are lists of W and
b, samples are rows, and nothing is fast. Losses and weights are those of the objective

    J(θ) = 1/S Σ sᵢ ℓᵢ + λ/2S Σ_l [(1 - ρ) ‖W[l]‖²_F + ρ ‖W[l]‖₁],   S = Σ sᵢ.
"""

from itertools import pairwise

import numpy as np
from scipy.special import expit, log_softmax, xlogy


def _gelu_parts(z):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    return t, c * (1 + 3 * 0.044715 * z**2)


def _gelu(z):
    return 0.5 * z * (1 + _gelu_parts(z)[0])


def _gelu_slope(z):
    t, du = _gelu_parts(z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * du


def _negative_exp(z):
    return np.exp(np.minimum(z, 0))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

# g and g' by name
ACTIVATIONS = {
    "identity": (lambda z: z, np.ones_like),
    "logistic": (expit, lambda z: expit(z) * expit(-z)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z < 0, 0.0, 1.0)),
    "leaky_relu": (
        lambda z: np.where(z < 0, 0.01 * z, z),
        lambda z: np.where(z < 0, 0.01, 1.0),
    ),
    "elu": (
        lambda z: np.where(z < 0, np.expm1(np.minimum(z, 0)), z),
        lambda z: _negative_exp(z),
    ),
    "selu": (
        lambda z: SELU_SCALE * np.where(z < 0, SELU_ALPHA * (_negative_exp(z) - 1), z),
        lambda z: SELU_SCALE * np.where(z < 0, SELU_ALPHA * _negative_exp(z), 1.0),
    ),
    "gelu": (_gelu, _gelu_slope),
    "silu": (
        lambda z: z * expit(z),
        lambda z: expit(z) * (1 + z * expit(-z)),
    ),
    "softplus": (lambda z: np.logaddexp(0, z), expit),
}


def unpack(theta, sizes):
    """Copy W[1], …, W[L] and b[1], …, b[L] out of θ."""
    pairs = list(pairwise(sizes))
    lengths = [n * k for n, k in pairs] + [k for _, k in pairs]
    parts = np.split(np.array(theta, dtype=np.float64), np.cumsum(lengths)[:-1])
    W = [
        part.reshape(pair)
        for part, pair in zip(parts[: len(pairs)], pairs, strict=True)
    ]
    return W, parts[len(pairs) :]


def pack(W, b):
    """Put all weights, then all biases into one vector."""
    return np.concatenate([np.ravel(part) for part in [*W, *b]])


def forward(W, b, activations, X, factors=None):
    """Return A[0], …, A[L-1] and Z[1], …, Z[L]; factors[l] is mask / keep_prob."""
    A, Z = [np.array(X, dtype=np.float64)], []
    if factors:
        A[0] = A[0] * factors[0]
    for l, (W_l, b_l) in enumerate(zip(W, b, strict=True)):
        Z.append(A[l] @ W_l + b_l)
        if l < len(activations):
            a = ACTIVATIONS[activations[l]][0](Z[l])
            A.append(a * factors[l + 1] if factors else a)
    return A, Z


def sigmoid_cross_entropy(Z, Y, smoothing):
    """Return ℓ of each row and dℓ/dZ, for independent outputs."""
    Y = (1 - smoothing) * Y + smoothing / 2
    loss = -Y * -np.logaddexp(0, -Z) - (1 - Y) * -np.logaddexp(0, Z)
    return loss.sum(axis=1), expit(Z) - Y


def softmax_cross_entropy(Z, Y, smoothing):
    """Return ℓ of each row and dℓ/dZ; Y is one column of class indices."""
    n_classes = Z.shape[1]
    one_hot = np.eye(n_classes)[np.asarray(Y, dtype=int)[:, 0]]
    target = (1 - smoothing) * one_hot + smoothing / n_classes
    log_p = log_softmax(Z, axis=1)
    return -(target * log_p).sum(axis=1), np.exp(log_p) - target


def squared_error(Z, Y, option):
    """Return half the squared error of each row and its derivative."""
    return 0.5 * np.sum((Z - Y) ** 2, axis=1), Z - Y


def poisson(Z, Y, option):
    """Return half the Poisson deviance of each row for means e^Z, and dℓ/dZ."""
    return np.sum(np.exp(Z) - Y + xlogy(Y, Y) - Y * Z, axis=1), np.exp(Z) - Y


def huber(Z, Y, delta):
    """Return the Huber loss of each row and its derivative."""
    r = Z - Y
    loss = np.where(abs(r) <= delta, r**2 / 2, delta * (abs(r) - delta / 2))
    return loss.sum(axis=1), np.clip(r, -delta, delta)


LOSSES = {
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "squared_error": squared_error,
    "poisson": poisson,
    "huber": huber,
}


def data_part(theta, sizes, activations, loss, X, Y, s, option=0.0, factors=None):
    """Return Σ sᵢ ℓᵢ and its gradient, by the chain rule, layer by layer."""
    W, b = unpack(theta, sizes)
    A, Z = forward(W, b, activations, X, factors)
    losses, dZ = LOSSES[loss](Z[-1], np.asarray(Y, dtype=np.float64), option)
    s = np.asarray(s, dtype=np.float64)
    dZ = dZ * s[:, None]
    dW, db = [None] * len(W), [None] * len(b)
    for l in reversed(range(len(W))):
        dW[l] = A[l].T @ dZ
        db[l] = dZ.sum(axis=0)
        if l > 0:
            dA = dZ @ W[l].T
            slope = ACTIVATIONS[activations[l - 1]][1](Z[l - 1])
            dZ = dA * slope * (factors[l] if factors else 1)
    return float(s @ losses), pack(dW, db)


def penalty(theta, sizes, alpha, l1_ratio, total_weight):
    """Return λ/2S Σ [(1 - ρ) w² + ρ |w|] over weights, and its gradient."""
    W, b = unpack(theta, sizes)
    strength = alpha / (2 * total_weight)
    value = strength * sum(
        (1 - l1_ratio) * np.sum(W_l**2) + l1_ratio * np.sum(abs(W_l)) for W_l in W
    )
    dW = [strength * ((1 - l1_ratio) * 2 * W_l + l1_ratio * np.sign(W_l)) for W_l in W]
    return value, pack(dW, [np.zeros_like(b_l) for b_l in b])


def objective(
    theta, sizes, activations, loss, X, Y, s, alpha=0.0, l1_ratio=0.0, option=0.0
):
    """Return J(θ) and ∇J(θ)."""
    total_weight = np.sum(s, dtype=np.float64)
    value, gradient = data_part(theta, sizes, activations, loss, X, Y, s, option)
    extra, extra_gradient = penalty(theta, sizes, alpha, l1_ratio, total_weight)
    return value / total_weight + extra, gradient / total_weight + extra_gradient


def soft_threshold(w, threshold):
    """Return argmin_x ½(x - w)² + threshold |x|."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)


class Optimizer:
    """sgd, adam and adamw on flat θ, whose first `n_weights` entries are weights."""

    def __init__(self, name, size, momentum=0.0, nesterov=False, betas=(0.9, 0.999)):
        self.name, self.momentum, self.nesterov, self.betas = (
            name,
            momentum,
            nesterov,
            betas,
        )
        self.m, self.v, self.t = np.zeros(size), np.zeros(size), 0

    def step(self, theta, grad, lr, n_weights, l2=0.0, l1=0.0, max_grad_norm=np.inf):
        """Return the next θ; l2/2 ‖W‖² + l1 ‖W‖₁ is the penalty."""
        self.t += 1
        is_weight = np.arange(theta.size) < n_weights
        l2, l1 = l2 * is_weight, l1 * is_weight
        decoupled = self.name == "adamw"
        g = grad if decoupled else grad + l2 * theta
        norm = np.linalg.norm(g)
        if norm > max_grad_norm:
            g = g * max_grad_norm / norm
        if self.name == "sgd":
            return self._sgd(theta, g, lr, l1)
        if decoupled:
            theta = (1 - lr * l2) * theta
        return self._adam(theta, g, lr, l1)

    def _sgd(self, theta, g, lr, l1):
        mu = self.momentum
        self.m = mu * self.m - lr * g
        moved = theta + (mu * self.m - lr * g if self.nesterov else self.m)
        reach = 1 + mu if self.nesterov else 1
        new = soft_threshold(moved, reach * lr * l1)
        self.m = self.m + (new - moved) / reach
        return new

    def _adam(self, theta, g, lr, l1):
        beta1, beta2 = self.betas
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * g**2
        m_hat = self.m / (1 - beta1**self.t)
        v_hat = self.v / (1 - beta2**self.t)
        size = np.sqrt(v_hat) + 1e-8
        return soft_threshold(theta - lr * m_hat / size, lr * l1 / size)


def cap_norms(theta, sizes, max_norm):
    """Scale the weights into each hidden unit to a norm of at most max_norm."""
    W, b = unpack(theta, sizes)
    for W_l in W[:-1]:
        norms = np.linalg.norm(W_l, axis=0)
        W_l *= np.minimum(1, max_norm / np.where(norms > 0, norms, 1))
    return pack(W, b)
