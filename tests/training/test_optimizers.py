"""Optimisers: the minima that they reach, and each step against the oracle."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.segments import groups_of
from skdnn.training.optimizers import (
    OPTIMIZERS,
    OptimizerState,
    Regularization,
)
from tests import oracle
from tests.problems import (
    DTYPES,
    network_of,
    random_theta,
    rule_of,
    tolerance,
)
from tests.programs import update

INF = np.inf
# name: (rule of skdnn, the same for the oracle)
RULES = {
    name: (
        rule_of(solver, momentum, nesterov),
        {"name": solver, "momentum": momentum, "nesterov": nesterov},
    )
    for name, solver, momentum, nesterov in [
        ("sgd", "sgd", 0.0, False),
        ("momentum", "sgd", 0.9, False),
        ("nesterov", "sgd", 0.9, True),
        ("adam", "adam", 0.0, False),
        ("adamw", "adamw", 0.0, False),
    ]
}
NAMES = sorted(RULES)
NOTHING = Regularization(0.0, 0.0, INF, INF)


def descend(name, slope, theta, rates, extra=NOTHING, network=None):
    """Return θ after a step along slope(θ) for each rate."""
    theta = np.array(theta, dtype=np.float64)
    network = network or network_of((theta.size - 1, 1))
    state = OptimizerState.start(theta)
    for t, lr in enumerate(rates, start=1):
        update(
            RULES[name][0],
            network,
            theta,
            slope(theta),
            state.m,
            state.v,
            lr,
            t,
            extra,
        )
    return theta


def falling(first, steps):
    """Return rates that fall as half a cosine, so that the last steps are small."""
    return first * 0.5 * (1 + np.cos(np.pi * np.arange(steps) / steps))


def test_every_optimizer_is_tested():
    assert {oracle_rule["name"] for _, oracle_rule in RULES.values()} == set(OPTIMIZERS)


def parabola(theta):
    return np.array([1.0, 4.0, 0.5]) * (theta - [3.0, -1.0, 0.2])


def rosenbrock(theta):
    x, y, z = theta
    return np.array(
        [-2 * (1 - x) - 40 * x * (y - x**2), 20 * (y - x**2), z - 0.5], dtype=float
    )


VALLEYS = {
    "parabola": (parabola, [3, -1, 0.2]),
    "rosenbrock": (rosenbrock, [1, 1, 0.5]),
}
RATES = {"sgd": 0.02, "momentum": 0.005, "nesterov": 0.005, "adam": 0.1, "adamw": 0.1}


@pytest.mark.parametrize("valley", sorted(VALLEYS))
@pytest.mark.parametrize("name", NAMES)
def test_finds_the_minimum(name, valley):
    slope, minimum = VALLEYS[valley]
    found = descend(name, slope, [-0.5, 0.8, 1.0], falling(RATES[name], 6000))
    assert_allclose(found, minimum, atol=1e-4)


EXTRAS = {
    "plain": NOTHING,
    "l2": Regularization(0.3, 0.0, INF, INF),
    "l1": Regularization(0.0, 0.2, INF, INF),
    "clipped": Regularization(0.3, 0.0, INF, 1.5),
    "capped": Regularization(0.0, 0.0, 0.7, INF),
    "all": Regularization(0.3, 0.2, 0.7, 1.5),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", sorted(EXTRAS))
@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_against_the_oracle(name, kind, dtype):
    rule, settings = RULES[name]
    extra, sizes = EXTRAS[kind], (3, 4, 2)
    network, rng = network_of(sizes), np.random.default_rng(0)
    theta = random_theta(sizes, rng).astype(dtype)
    expected = theta.astype(np.float64)
    reference = oracle.Optimizer(size=theta.size, **settings)
    state = OptimizerState.start(theta)
    for t in range(1, 21):
        # norms on both sides of the bound
        grad = (rng.choice([0.1, 1.0]) * rng.normal(size=theta.size)).astype(dtype)
        lr = 0.02 + 0.03 * rng.random()
        update(rule, network, theta, grad, state.m, state.v, lr, t, extra)
        expected = reference.step(
            expected,
            grad.astype(np.float64),
            lr,
            sum(W.size for W in network.weights(theta)),
            extra.l2,
            extra.l1,
            extra.max_grad_norm,
        )
        expected = oracle.cap_norms(expected, sizes, extra.max_norm)
        assert_allclose(theta, expected, **tolerance(dtype, 10))
    assert_allclose(
        state.v if settings["name"] == "sgd" else state.m,
        reference.m,
        **tolerance(dtype, 10),
    )
    if settings["name"] != "sgd":
        assert_allclose(state.v, reference.v, **tolerance(dtype, 10))
    assert theta.dtype == state.m.dtype == state.v.dtype == dtype


# A small strongly convex problem whose minimum is known: ½ Σ k (w - c)² + l1 Σ |w|
CURVATURE = np.array([1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 1.0])
CENTRE = np.array([2.0, -1.0, 0.3, 0.2, -0.05, 0.0, 0.4])  # the last one is a bias
L1 = 0.3


def bowl(theta):
    return CURVATURE * (theta - CENTRE)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_l1_converges_to_the_minimiser_with_exact_zeros(name):
    weights = oracle.soft_threshold(CENTRE[:-1], L1 / CURVATURE[:-1])
    start = np.array([1.0, 1, -1, 0.5, -0.5, 0.7, 1])
    rates = falling(RATES[name] / 2, 4000)
    found = descend(name, bowl, start, rates, Regularization(0.0, L1, INF, INF))
    assert_allclose(found[:-1], weights, atol=1e-6)
    assert_allclose(found[-1], CENTRE[-1], atol=1e-6)
    assert_array_equal(found[:-1] == 0, weights == 0)
    assert 0 < np.count_nonzero(weights == 0) < weights.size


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam"])
def test_l1_with_l2_converges_to_the_minimiser(name):
    l2 = 0.7
    k, c = CURVATURE[:-1], CENTRE[:-1]
    weights = oracle.soft_threshold(k * c, L1) / (k + l2)
    rates = falling(RATES[name] / 2, 4000)
    extra = Regularization(l2, L1, INF, INF)
    found = descend(name, bowl, np.ones(7), rates, extra)
    assert_allclose(found[:-1], weights, atol=1e-6)


def test_adamw_takes_l1_as_adam_does():
    """Only its L2 part is decoupled: without it the minimum is that of J."""
    k, c = CURVATURE[:-1], CENTRE[:-1]
    extra = Regularization(0.0, L1, INF, INF)
    found = descend("adamw", bowl, np.ones(7), falling(0.05, 4000), extra)
    assert_allclose(found[:-1], oracle.soft_threshold(k * c, L1) / k, atol=1e-6)
    assert found[5] == 0


def test_adamw_shrinks_weights_and_not_biases():
    """W := (1 - η l2) W each step, whatever the gradient's size."""
    extra = Regularization(0.4, 0.0, INF, INF)
    found = descend("adamw", np.zeros_like, np.ones(4), np.full(10, 0.1), extra)
    assert_allclose(found[:3], (1 - 0.1 * 0.4) ** 10, rtol=1e-13)
    assert found[3] == 1


@pytest.mark.parametrize("name", NAMES)
def test_biases_are_never_penalised(name):
    extra = Regularization(5.0, 5.0, INF, INF)
    found = descend(name, np.zeros_like, np.full(4, 0.1), np.full(5, 0.1), extra)
    assert (np.abs(found[:3]) < 0.1).all()
    assert found[3] == 0.1


def test_max_norm_leaves_the_output_layer_alone():
    network = network_of((2, 3, 2))
    theta = np.full(network.n_parameters, 5.0)
    extra = Regularization(0.0, 0.0, 1.0, INF)
    found = descend("sgd", np.zeros_like, theta, [0.1], extra, network)
    hidden, output = network.weights(found)
    assert_allclose(np.linalg.norm(hidden, axis=0), 1, rtol=1e-14)
    assert_array_equal(output, 5)


@pytest.mark.parametrize("name", NAMES)
def test_nan_in_the_gradient_is_seen(name):
    extra = Regularization(0.1, 0.1, 1.0, 1.0)
    assert np.isnan(
        descend(
            name, lambda theta: np.full_like(theta, np.nan), np.ones(4), [0.1], extra
        )
    ).all()


@pytest.mark.parametrize("kind", sorted(EXTRAS))
@pytest.mark.parametrize("name", NAMES)
def test_each_group_has_its_rate_and_its_penalty(name, kind):
    """Each group is updated as if it were alone.

    The norm of the gradient is that of all groups; here it is not clipped.
    """
    rule, extra = RULES[name][0], EXTRAS[kind]._replace(max_norm=INF, max_grad_norm=INF)
    network, rng = network_of((3, 4, 2)), np.random.default_rng(0)
    segments = network.segments
    segments["rate"], segments["l2"] = [0.1, 1, 2, 1], [3, 1, 0, 2]
    segments["l1"] = [1, 0, 0, 0.5]
    network = network._replace(groups=groups_of(segments))
    start, grad = rng.normal(size=(2, network.n_parameters))
    theta, state = start.copy(), OptimizerState.start(start)
    update(rule, network, theta, grad, state.m, state.v, 0.05, 1, extra)
    for segment in segments:
        part = slice(segment["start"], segment["stop"])
        alone = network_of((segment["stop"] - segment["start"], 1))
        mine = np.append(start[part], 0.0)  # and a bias
        its = OptimizerState.start(mine)
        scaled = extra._replace(
            l2=extra.l2 * segment["l2"], l1=extra.l1 * segment["l1"]
        )
        slope = np.append(grad[part], 0.0)
        rate = 0.05 * segment["rate"]
        update(rule, alone, mine, slope, its.m, its.v, rate, 1, scaled)
        assert_allclose(theta[part], mine[:-1], rtol=1e-13)
