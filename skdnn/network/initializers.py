r"""Initialisers: the scale of the initial weights, and where the initial kinks lie.

A linear layer multiplies the variance of its input by :math:`n^{[l-1]} Var(w)`; over
many layers any factor but 1 explodes or vanishes. ReLU halves the mean square, so it
needs twice the variance:

.. math::

    Var(w) = \frac{2}{n^{[l-1]}} \text{ (he)}, \quad
    \frac{1}{n^{[l-1]}} \text{ (xavier, lecun)}, \quad
    \frac{2}{n^{[l-1]} + n^{[l]}} \text{ (glorot)}

Sources: K. He et al., "Delving deep into rectifiers", 2015, eq. 10; X. Glorot and
Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
2010, eq. 12 and 16; Y. LeCun et al., "Efficient BackProp", 1998, section 4.6. Weights
are drawn from a normal distribution.

With zero biases every unit has its kink at the origin, the mean of standardised rows.
With many columns the kinks still differ in direction; with one column they coincide,
and a ReLU network starts as two straight lines. So the biases of the first layer are
drawn as well, on the scale of the unit's weights:

.. math::

    b_j \sim U(-r_j, r_j), \quad
    r_j^2 = \frac{1}{n^{[l-1]}} \sum_i (W_{ij}^{[l]})^2 \text{ (rms)}

With one column this spreads the kinks over one standard deviation to either side.
Biases of later layers start at zero: the inputs of those are not centred, and the
variances above assume zero biases.
"""

from collections.abc import Callable

import numpy as np

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.architecture import Network

Initializer = Callable[[np.random.Generator, int, int], np.ndarray]
BiasInitializer = Callable[[np.random.Generator, np.ndarray], np.ndarray]


def he(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw weights with Var(w) = 2 / n_in, for ReLU and its relatives."""
    return rng.normal(0.0, np.sqrt(2.0 / n_in), (n_in, n_out))


def xavier(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw weights with Var(w) = 1 / n_in, for tanh and for no activation."""
    return rng.normal(0.0, np.sqrt(1.0 / n_in), (n_in, n_out))


def glorot(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw weights with Var(w) = 2 / (n_in + n_out), for signals both ways."""
    return rng.normal(0.0, np.sqrt(2.0 / (n_in + n_out)), (n_in, n_out))


def normal(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Draw w ~ N(0, 0.01²), whatever the layer: the scheme of introductory courses."""
    return rng.normal(0.0, 0.01, (n_in, n_out))


def zeros(rng: np.random.Generator, n_in: int, n_out: int) -> np.ndarray:
    """Set w = 0, for logistic regression only: hidden units would stay identical."""
    return np.zeros((n_in, n_out))


INITIALIZERS: dict[str, Initializer] = {
    "he": he,
    "xavier": xavier,
    "glorot": glorot,
    "lecun": xavier,  # the same variance, under the name that is used with selu
    "normal": normal,
    "zeros": zeros,
}


def rms_biases(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """Draw b uniformly within ± the root mean square of the weights into its unit."""
    # hypot, since squares of large weights overflow; abs, since one weight stays as is
    rms = abs(np.hypot.reduce(W / np.sqrt(len(W)), axis=0))
    return rng.uniform(-1, 1, W.shape[1]) * rms


def uniform_biases(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """Draw b uniformly within ± 1 / sqrt(n_in), as PyTorch does."""
    return rng.uniform(-1, 1, W.shape[1]) / np.sqrt(len(W))


def glorot_biases(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """Draw b uniformly within ± sqrt(6 / (n_in + n_out)), as scikit-learn does."""
    return rng.uniform(-1, 1, W.shape[1]) * np.sqrt(6 / sum(W.shape))


def zero_biases(rng: np.random.Generator, W: np.ndarray) -> np.ndarray:
    """Set b = 0, whatever the weights are."""
    return np.zeros(W.shape[1])


BIAS_INITIALIZERS: dict[str, BiasInitializer] = {
    "rms": rms_biases,
    "uniform": uniform_biases,
    "glorot": glorot_biases,
    "zeros": zero_biases,
}


def initialize(
    network: Network,
    init: str | Initializer,
    rng: np.random.Generator,
    dtype: np.dtype,
    bias_init: str | Initializer = "auto",
) -> np.ndarray:
    """Return an initial θ.

    Parameters
    ----------
    network : Network
        The layers; the output layer is initialised as if its activation were
        "identity".
    init : str or callable
        A name in INITIALIZERS for every layer, "auto" to choose by each layer's
        activation, or a callable ``(rng, n_in, n_out) -> (n_in, n_out) array``.
    rng : numpy.random.Generator
        Draws all weights first, so that they do not depend on `bias_init`.
    dtype : dtype
        The type of θ; numbers are drawn in float64, so both types start alike.
    bias_init : str or callable, default="auto"
        A name in BIAS_INITIALIZERS for every hidden layer, "auto" for "rms" in the
        first of them and "zeros" in the others, or a callable
        ``(rng, n_in, n_out) -> (n_out,) array``. Biases of the output layer are zero.

    Returns
    -------
    ndarray of shape (network.n_parameters,)

    Raises
    ------
    ValueError
        If an initialiser returns another shape, or numbers that are not finite in
        `dtype`.
    """
    theta = np.zeros(network.n_parameters, dtype=dtype)
    drawn = []
    for W, activation in zip(
        network.weights(theta), [*network.activations, "identity"], strict=True
    ):
        name = ACTIVATIONS[activation].init if init == "auto" else init
        draw = name if callable(name) else INITIALIZERS[name]
        drawn.append(
            _checked(draw(rng, *W.shape), W.shape, dtype, f"{init=}", "weights")
        )
        W[...] = drawn[-1]
    own = "rms"
    for b, W in zip(network.biases(theta)[:-1], drawn[:-1], strict=True):
        if callable(bias_init):
            first = bias_init(rng, *W.shape)
        else:
            name = own if bias_init == "auto" else bias_init
            first = BIAS_INITIALIZERS[name](rng, W)
        b[...] = _checked(first, b.shape, dtype, f"{bias_init=}", "biases")
        own = "zeros"
    return theta


def _checked(
    drawn, shape: tuple[int, ...], dtype: np.dtype, setting: str, what: str
) -> np.ndarray:
    """Return the values of an initialiser as an array, or raise ValueError."""
    drawn = np.asarray(drawn)
    are_numbers = drawn.shape == shape and drawn.dtype.kind in "biuf"
    if not (are_numbers and np.all(np.abs(drawn) <= np.finfo(dtype).max)):
        raise ValueError(
            f"{setting} must return finite {what} of shape {shape}, got an array of "
            f"shape {drawn.shape} and type {drawn.dtype}"
            + (
                f" with NaN or infinity, or numbers too large for {np.dtype(dtype)}."
                if are_numbers
                else "."
            )
        )
    return drawn
