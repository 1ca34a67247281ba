"""Section 7: He initialisation for ReLU, Xavier for tanh, in 20 to 30 layers.

Biases start at zero here, as in the papers and the course.
"""

import numpy as np
from sklearn.datasets import load_digits

from skdnn import InputStandardizer, MLPRegularizedClassifier
from skdnn.network.architecture import Network
from skdnn.network.initializers import initialize
from tests import oracle

SEEDS = range(6)


def digits():
    """Return 600 training rows and the other rows, standardised."""
    X, y = load_digits(return_X_y=True)
    X = InputStandardizer().fit_transform(X)
    return X[:600], y[:600], X[600:], y[600:]


def start(init, activation, depth, seed):
    """Return W, b and activations of a net of `depth` layers of 64 units."""
    names = [activation] * (depth - 1)
    network = Network.of((64,) * (depth + 1), names, "squared_error")
    rng = np.random.default_rng(seed)
    theta = initialize(network, init, rng, np.float64, bias_init="zeros")
    return network.weights(theta), network.biases(theta), names


def sizes(arrays):
    """Return the root mean square of each array."""
    return np.array([np.sqrt(np.mean(A**2)) for A in arrays])


def last_layer(init, seed, X):
    """Return the activations of the last of 30 tanh layers."""
    return oracle.forward(*start(init, "tanh", 31, seed), X)[0][-1]


def growth_per_layer(init, activation, X):
    """Return the mean growth of the activations per layer, over 29 layers."""
    factors = []
    for seed in SEEDS:
        A, _ = oracle.forward(*start(init, activation, 31, seed), X)
        first, last = sizes([A[1], A[-1]])
        factors.append((last / first) ** (1 / 29))
    return np.mean(factors)


# -- signals at initialisation ---------------------------------------------------------


def test_relu_keeps_its_signals_with_he_and_halves_their_square_with_xavier():
    """Measured per layer: 0.97 with He; 0.69 with Xavier, against sqrt(1/2) = 0.707.

    Over 30 layers the loss is negligible with He, a factor of 50 000 with Xavier.
    """
    X, *_ = digits()
    assert 0.92 < growth_per_layer("he", "relu", X) < 1.05
    xavier = growth_per_layer("xavier", "relu", X)
    assert 0.92 < xavier / np.sqrt(1 / 2) < 1.05


def test_tanh_keeps_small_signals_with_xavier_and_doubles_their_square_with_he():
    """Near zero tanh is linear, which is where 1 / n comes from.

    Inputs of size 1e-6 stay small through 30 layers. Measured per layer: 0.996
    with Xavier; 1.408 with He, against sqrt(2) = 1.414.
    """
    X, *_ = digits()
    xavier, he = (growth_per_layer(init, "tanh", 1e-6 * X) for init in ("xavier", "he"))
    assert 0.95 < xavier < 1.05
    assert 0.95 < he / np.sqrt(2) < 1.05


def test_he_saturates_tanh():
    """The slope 1 - a², which every gradient is multiplied by on its way back.

    Measured means in the last of 30 layers: 0.67 to 0.72 with He, 0.98 to 0.99 with
    Xavier.
    """
    X, *_ = digits()
    for seed in SEEDS:
        he, xavier = (
            np.mean(1 - last_layer(init, seed, X) ** 2) for init in ("he", "xavier")
        )
        assert he < 0.8
        assert xavier > 0.9


def test_he_makes_a_deep_tanh_net_chaotic():
    """Nearly equal rows move far apart with He, and hardly with Xavier.

    The distance between a row and the row moved by 0.1 %, relative to their size
    (B. Poole et al., "Exponential expressivity in deep neural networks through
    transient chaos", 2016). Measured growth over 30 layers: 4.7 to 6.3 with He, 1.2 to
    1.6 with Xavier.
    """
    X, *_ = digits()
    for seed in SEEDS:
        moved = X + 1e-3 * np.random.default_rng(seed).normal(size=X.shape)
        grown = {}
        for init in ("he", "xavier"):
            a, b = (last_layer(init, seed, rows) for rows in (X, moved))
            before, after = sizes([X - moved, a - b]) / sizes([X, a])
            grown[init] = after / before
        assert grown["he"] > 3
        assert grown["xavier"] < 2


# -- effect on training ----------------------------------------------------------------


def trained(init, activation, rate, seed, width):
    """Return the training and dev costs of 20 layers after 20 epochs."""
    X, y, X_dev, y_dev = digits()
    net = MLPRegularizedClassifier(
        (width,) * 20,
        activation=activation,
        init=init,
        bias_init="zeros",
        alpha=0.0,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init=rate,
        max_iter=20,
        tol=0,
        n_iter_no_change=np.inf,
        random_state=seed,
    ).fit(X, y)
    return net.cost(X, y).data, net.cost(X_dev, y_dev).data


def best_costs(init, activation, seed, width):
    """Return both costs, each at the best of three rates."""
    rates = (3e-4, 1e-3, 3e-3)
    return np.min(
        [trained(init, activation, rate, seed, width) for rate in rates], axis=0
    )


def test_he_beats_xavier_in_a_deep_relu_net():
    """Training cost, 20 layers of 32 units: He 0.05 to 0.24, Xavier 0.36 to 0.80.

    Each at the best of three rates, paired over seeds; measured with six seeds.
    """
    for seed in SEEDS[:2]:
        he, xavier = (
            best_costs(init, "relu", seed, 32)[0] for init in ("he", "xavier")
        )
        assert he < 0.7 * xavier


def test_xavier_beats_he_in_a_deep_tanh_net_on_dev_rows():
    """Dev cost, 20 layers of 64 units: 0.50 to 0.61 with Xavier, 0.64 to 0.79 with He.

    The *training* cost of such a net falls faster with He: rows that a chaotic net
    moves far apart are easy to memorise. Each at the best of three rates, paired over
    seeds; measured with six seeds.
    """
    for seed in SEEDS[:2]:
        he, xavier = (best_costs(init, "tanh", seed, 64) for init in ("he", "xavier"))
        assert xavier[1] < 0.95 * he[1]
