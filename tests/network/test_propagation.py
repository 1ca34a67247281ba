"""Forward and backward against the plain NumPy network."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.architecture import Network
from skdnn.network.layers.dense import add_biases
from skdnn.network.losses import LOSSES
from skdnn.network.objective import forward
from skdnn.network.program import operation
from skdnn.network.propagation import (
    ForwardWorkspace,
    cost_and_gradient,
    cost_of_logits,
    logits,
)
from tests import oracle
from tests.pairwise import every_pair
from tests.problems import DTYPES, KINDS, make_problem, tolerance

NAMES = sorted(ACTIVATIONS)
HIDDEN = [(), (5,), (6, 3, 5)]


def computed(problem, work=None):
    """Return the compiled 1/S Σ sᵢ ℓᵢ and its gradient."""
    grad = np.full_like(problem.theta, np.nan)
    cost = cost_and_gradient(
        problem.network,
        problem.theta,
        problem.X,
        problem.Y,
        problem.s,
        1 / problem.n_rows,
        work or problem.workspace(),
        grad,
    )
    return cost, grad


def logits_of(problem, rows=None):
    out = np.full((problem.n_rows, problem.sizes[-1]), np.nan, problem.dtype)
    work = ForwardWorkspace(problem.network, rows or problem.n_rows, problem.dtype)
    logits(problem.network, problem.theta, problem.X, out, work)
    return out


def test_every_loss_is_among_the_problems():
    assert {loss for loss, _ in KINDS.values()} == set(LOSSES)


@every_pair(
    strength=3,
    activation=NAMES,
    hidden=HIDDEN,
    kind=sorted(KINDS),
    weighted=[False, True],
    dtype=DTYPES,
)
def test_cost_and_gradient(activation, hidden, kind, weighted, dtype):
    problem = make_problem(kind, activation, hidden, weighted=weighted, dtype=dtype)
    expected_cost, expected = problem.expected_data_part()
    cost, gradient = computed(problem)
    assert_allclose(cost, expected_cost, **tolerance(dtype))
    assert_allclose(gradient, expected, **tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["binary", "multilabel", "multiclass"])
def test_label_smoothing(kind, dtype):
    problem = make_problem(kind, loss_option=0.15, dtype=dtype)
    expected_cost, expected = problem.expected_data_part()
    cost, gradient = computed(problem)
    assert_allclose(cost, expected_cost, **tolerance(dtype))
    assert_allclose(gradient, expected, **tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", [(40, 50), (64, 64), (65, 64), (70, 90)], ids=str)
def test_weights_too_many_to_be_transposed(hidden, dtype):
    """The gradient is propagated through W of 2000, 4096, 4160 and 6300 weights."""
    problem = make_problem(hidden=hidden, rows=9, dtype=dtype)
    expected_cost, expected = problem.expected_data_part()
    cost, gradient = computed(problem)
    assert_allclose(cost, expected_cost, **tolerance(dtype))
    assert_allclose(gradient, expected, **tolerance(dtype, 10))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", HIDDEN, ids=len)
@pytest.mark.parametrize("activation", NAMES)
def test_logits(activation, hidden, dtype):
    problem = make_problem("multiclass", activation, hidden, dtype=dtype)
    W, b = oracle.unpack(problem.theta, problem.sizes)
    expected = oracle.forward(W, b, problem.activations, problem.X)[1][-1]
    assert_allclose(logits_of(problem), expected, **tolerance(dtype))


def test_an_activation_for_each_layer():
    problem = make_problem(hidden=(5, 4, 3))
    problem.activations = ("relu", "tanh", "gelu")
    expected_cost, expected = problem.expected_data_part()
    cost, gradient = computed(problem)
    assert_allclose(cost, expected_cost, **tolerance(np.float64))
    assert_allclose(gradient, expected, **tolerance(np.float64))


@pytest.mark.parametrize("hidden", HIDDEN, ids=len)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_cost_of_logits_is_the_cost(kind, hidden):
    problem = make_problem(kind, hidden=hidden, weighted=True)
    Z = logits_of(problem)
    cost = cost_of_logits(problem.network, Z, problem.Y, problem.s, 1 / problem.n_rows)
    assert_allclose(cost, computed(problem)[0], rtol=1e-14)


@pytest.mark.parametrize("hidden", HIDDEN, ids=len)
def test_fewer_rows_than_the_workspace_has(hidden):
    """7 rows in buffers for 16 that have held 16 other rows."""
    full = make_problem(hidden=hidden, rows=16, seed=1)
    part = make_problem(hidden=hidden, rows=7, seed=2)
    work = part.workspace(16)
    computed(full, work)
    expected_cost, expected = part.expected_data_part()
    cost, gradient = computed(part, work)
    assert_allclose(cost, expected_cost, **tolerance(np.float64))
    assert_allclose(gradient, expected, **tolerance(np.float64))
    assert_allclose(logits_of(part, rows=16), logits_of(part), rtol=1e-14)


@pytest.mark.parametrize("activation", NAMES)
def test_permuting_hidden_units_does_not_change_the_cost(activation):
    problem = make_problem(activation=activation, hidden=(6, 5))
    before, gradient = computed(problem)
    order = np.random.default_rng(3).permutation(6)
    W, b = oracle.unpack(problem.theta, problem.sizes)
    dW, db = oracle.unpack(gradient, problem.sizes)
    for weights, biases in [(W, b), (dW, db)]:
        weights[0], biases[0] = weights[0][:, order], biases[0][order]
        weights[1] = weights[1][order]
    problem.theta = oracle.pack(W, b)
    after, permuted = computed(problem)
    assert_allclose(after, before, rtol=1e-13)
    assert_allclose(permuted, oracle.pack(dW, db), rtol=1e-10, atol=1e-14)


def test_the_rows_and_theta_are_only_read():
    problem = make_problem(weighted=True)
    arrays = [problem.X, problem.Y, problem.theta]
    before = [array.copy() for array in arrays]
    computed(problem)
    logits_of(problem)
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)


@pytest.mark.parametrize("block_rows", [1, 5, 12, 100])
@pytest.mark.parametrize("hidden", HIDDEN, ids=len)
def test_forward_in_blocks(hidden, block_rows):
    problem = make_problem(hidden=hidden)
    blocks = (X for X, _, _ in problem.blocks(block_rows))
    found = forward(problem.network, problem.theta, blocks, 12, block_rows)
    assert_allclose(found, logits_of(problem), rtol=1e-13)


def test_nan_in_a_row_reaches_the_cost():
    problem = make_problem(activation="relu")
    problem.X[3, 1] = np.nan
    cost, gradient = computed(problem)
    assert np.isnan(cost)
    assert np.isnan(gradient).any()


def test_rows_of_another_type_are_an_error():
    """Compiled code would read any memory as numbers of its own type."""
    problem, other = make_problem(), make_problem(dtype=np.float32)
    problem.X = other.X
    with pytest.raises(ValueError, match=r"must be .* of float64"):
        computed(problem)


def test_a_network_has_an_activation_for_each_hidden_layer():
    with pytest.raises(ValueError, match="got 2 for 1 hidden layers"):
        Network.of((3, 2, 1), ("relu", "relu"), "squared_error")


def test_addresses_are_not_pickled():
    with pytest.raises(TypeError, match="cannot be pickled: it holds addresses"):
        pickle.dumps(make_problem().workspace().frame)


def test_an_operation_has_no_other_fields():
    with pytest.raises(TypeError, match=r"fields: \['n_outs'\]"):
        operation(add_biases, n_outs=3)
