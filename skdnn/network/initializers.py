r"""Initialisers: how large the first weights are.

A linear layer multiplies the variance of its input by :math:`n^{[l-1]} Var(w)`; over
many layers anything but 1 explodes or vanishes. ReLU halves the mean square, so it
needs twice as much:

.. math::

    Var(w) = \frac{2}{n^{[l-1]}} \text{ (he)}, \quad
    \frac{1}{n^{[l-1]}} \text{ (xavier, lecun)}, \quad
    \frac{2}{n^{[l-1]} + n^{[l]}} \text{ (glorot)}

Sources: K. He et al., "Delving deep into rectifiers", 2015, eq. 10; X. Glorot and
Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
2010, eq. 12 and 16; Y. LeCun et al., "Efficient BackProp", 1998, section 4.6. Weights
are drawn from a normal distribution; biases start at zero.
"""

from collections.abc import Callable, Sequence

import numpy as np

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.parameters import Layout

Initializer = Callable[[np.random.Generator, int, int], np.ndarray]


def he(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw Var(w) = 2 / n_in: for ReLU and its relatives."""
    return rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))


def xavier(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw Var(w) = 1 / n_in: for tanh, and for layers without an activation."""
    return rng.normal(0.0, np.sqrt(1.0 / n_in), (n_in, n_out))


def glorot(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw Var(w) = 2 / (n_in + n_out): between forward and backward signals."""
    return rng.normal(0.0, np.sqrt(2.0 / (n_in + n_out)), (n_in, n_out))


def normal(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw w ~ N(0, 0.01²), whatever the layer: the start of first courses."""
    return rng.normal(0.0, 0.01, (n_in, n_out))


def zeros(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Set w = 0. Hidden units would stay alike: for logistic regression only."""
    return np.zeros((n_in, n_out))


INITIALIZERS: dict[str, Initializer] = {
    "he": he,
    "xavier": xavier,
    "glorot": glorot,
    "lecun": xavier,  # the same variance under the name that selu's users know
    "normal": normal,
    "zeros": zeros,
}


def initialize(
    layout: Layout,
    init: str | Initializer,
    activations: Sequence[str],
    rng: np.random.Generator,
    dtype: np.dtype,
) -> np.ndarray:
    """Return a first θ.

    Parameters
    ----------
    layout : Layout
        The layers.
    init : str or callable
        A name in INITIALIZERS for every layer, "auto" for each layer's own by its
        activation, or a callable ``(rng, n_in, n_out) -> (n_in, n_out) array``.
    activations : sequence of str
        The name of each hidden layer's activation; the output counts as "identity".
    rng : numpy.random.Generator
        Source of the draws.
    dtype : dtype
        The type of θ; draws are made in float64, so both types start alike.

    Returns
    -------
    ndarray of shape (layout.n_parameters,)
    """
    theta = np.zeros(layout.n_parameters, dtype=dtype)
    for W, activation in zip(
        layout.weights(theta), [*activations, "identity"], strict=True
    ):
        name = ACTIVATIONS[activation].init if init == "auto" else init
        draw = name if callable(name) else INITIALIZERS[name]
        drawn = np.asarray(draw(rng, *W.shape))
        are_numbers = drawn.shape == W.shape and drawn.dtype.kind in "biuf"
        if not (are_numbers and np.all(np.abs(drawn) <= np.finfo(dtype).max)):
            bad = f" with NaN or infinity, or too large for {np.dtype(dtype)}"
            raise ValueError(
                f"init={init!r} must return finite weights of shape {W.shape}, got an "
                f"array of shape {drawn.shape} and type {drawn.dtype}"
                f"{bad if are_numbers else ''}."
            )
        W[...] = drawn
    return theta
