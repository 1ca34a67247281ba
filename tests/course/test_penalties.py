"""Section 3: what a penalty does to the weights, and why that makes a net simpler."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_moons

from skdnn import MLPRegularizedClassifier
from tests import oracle
from tests.estimators.datasets import breast_cancer, parameters, squared_norm

# Some of these penalties shrink all weights to zero, which raises a warning.
pytestmark = pytest.mark.filterwarnings("ignore:The penalty dominates")
SEEDS = range(2)


def tanh_net(alpha, seed=0, hidden=(16, 16), **params):
    """Return a tanh net for lbfgs, which converges to a minimum of J."""
    return MLPRegularizedClassifier(
        hidden,
        activation="tanh",
        solver="lbfgs",
        alpha=alpha,
        max_iter=10_000,
        max_fun=50_000,
        tol=1e-5,
        random_state=seed,
        **params,
    )


def layers(net, X):
    """Return the input and each tanh layer's activations, and all Z, by plain NumPy."""
    tanh = ["tanh"] * (len(net.coefs_) - 1)
    return oracle.forward(net.coefs_, net.intercepts_, tanh, X)


def unexplained(inputs, outputs):
    """Return 1 - R² of the least-squares linear fit from inputs to outputs."""
    design = np.column_stack([np.ones(len(inputs)), inputs])
    fitted = design @ np.linalg.lstsq(design, outputs)[0]
    spread = np.sum((outputs - outputs.mean(axis=0)) ** 2)
    return np.sum((outputs - fitted) ** 2) / spread


# -- large λ: weights near zero --------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_huge_alpha_leaves_the_base_rate(l1_ratio):
    """Weights vanish, the bias is free: each prediction is the share of class 1.

    Measured: weights of at most 7e-8, probabilities off by 2e-7.
    """
    X, y = breast_cancer(300)
    net = tanh_net(alpha=1e4, hidden=(8, 8), l1_ratio=l1_ratio, dtype="float64")
    net.fit(X, y)
    assert max(np.abs(W).max() for W in net.coefs_) < 1e-4
    assert_allclose(net.predict_proba(X)[:, 1], y.mean(), atol=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_norm_and_fit_fall_along_the_path(seed):
    """Each layer's norm falls, and the training cost rises."""
    X, y = make_moons(200, noise=0.25, random_state=0)
    path = [tanh_net(alpha, seed).fit(X, y) for alpha in (0.1, 1, 10, 100)]
    norms = np.array([[np.linalg.norm(W) for W in net.coefs_] for net in path])
    data = [net.cost(X, y).data for net in path]
    assert np.all(np.diff(norms, axis=0) < 0), norms
    assert np.all(np.diff(data) > 0), data
    assert squared_norm(path[-1]) < 1e-6 * squared_norm(path[0])


# -- small weights: near-linear tanh layers --------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_tanh_layers_become_linear_with_larger_alpha(seed):
    """For small z, tanh(z) = z - z³/3 + …: the layer is nearly linear.

    Biases start at zero: they are not penalised, so that z = b might not be small.
    Measured for α = 0.1, 1, 10, 30: a linear function of the inputs leaves 17 %, 4 %,
    0.04 %, 0.01 % of the variance of the first layer's activations (1 - R²).
    """
    X, y = make_moons(200, noise=0.25, random_state=0)
    curved, bent = [], []
    for alpha in (0.1, 1, 10, 30):
        net = tanh_net(alpha, seed, bias_init="zeros").fit(X, y)
        (A0, A1, _), (Z1, *_) = layers(net, X)
        curved.append(unexplained(A0, A1))
        bent.append(np.mean(np.abs(np.tanh(Z1) - Z1)) / np.mean(np.abs(Z1)))
    assert np.all(np.diff(curved) < 0), curved
    assert np.all(np.diff(bent) < 0), bent
    assert curved[0] > 0.05
    assert curved[-1] < 0.002


@pytest.mark.parametrize("seed", SEEDS)
def test_near_linear_layers_make_a_near_linear_net(seed):
    """Measured 1 - R² of the logits over X: 31 to 35 % for α = 0.1, 0.05 % for 30."""
    X, y = make_moons(200, noise=0.25, random_state=0)
    wiggly, straight = (
        unexplained(X, tanh_net(alpha, seed).fit(X, y).decision_function(X)[:, None])
        for alpha in (0.1, 30)
    )
    assert wiggly > 0.1
    assert straight < 0.01


# -- one step of gradient descent: weight decay ----------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_one_step_is_weight_decay(weighted):
    """W := (1 - ηλ/S) W - η (backprop), and b := b - η (backprop)."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(3, size=40)
    s = rng.integers(1, 4, 40).astype(float) if weighted else np.ones(40)
    eta, lam, sizes = 0.3, 7.0, (3, 5, 3)
    net = MLPRegularizedClassifier(
        (5,),
        activation="tanh",
        solver="sgd",
        momentum=0.0,
        alpha=lam,
        batch_size=40,
        learning_rate_init=eta,
        dtype="float64",
        random_state=0,
    )
    net.partial_fit(X, y, sample_weight=s, classes=[0, 1, 2])
    theta = parameters(net)
    net.partial_fit(X, y, sample_weight=s)
    _, grad = oracle.data_part(
        theta, sizes, ["tanh"], "softmax_cross_entropy", X, y[:, None], s
    )
    n_weights = 3 * 5 + 5 * 3
    decay = np.where(np.arange(theta.size) < n_weights, 1 - eta * lam / s.sum(), 1)
    assert_allclose(parameters(net), decay * theta - eta * grad / s.sum(), rtol=1e-12)


# -- L1: a sparse model ----------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_l1_zeros_grow_along_the_path_and_l2_has_none(solver, seed):
    """Measured for α = 1, 3, 10, 30, 1000 and adam: 70, 85, 92, 95, 100 % zeros."""
    X, y = breast_cancer(300)
    options = {
        "adam": {"learning_rate": "cosine", "learning_rate_init": 0.02, "tol": 0},
        "lbfgs": {"tol": 1e-5},
    }[solver]

    def share_of_zeros(alpha, l1_ratio):
        net = MLPRegularizedClassifier(
            (8,),
            activation="tanh",
            solver=solver,
            alpha=alpha,
            l1_ratio=l1_ratio,
            max_iter={"adam": 400, "lbfgs": 10_000}[solver],
            n_iter_no_change=np.inf,
            random_state=seed,
            **options,
        ).fit(X, y)
        return np.mean([w == 0 for W in net.coefs_ for w in W.ravel()])

    path = (1, 3, 10, 30, 1000)
    zeros = [share_of_zeros(alpha, l1_ratio=1.0) for alpha in path]
    assert np.all(np.diff(zeros) > 0), zeros
    assert zeros[0] > 0.3
    assert zeros[-1] == 1
    assert_array_equal([share_of_zeros(alpha, l1_ratio=0.0) for alpha in path], 0)
