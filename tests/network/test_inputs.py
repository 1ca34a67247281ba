"""The first layer on sparse rows: results of dense rows, from stored entries only."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skdnn.network.inputs import FirstLayer, SparseRows, put_inputs, rows_between
from skdnn.network.layers.dense import LAYER
from skdnn.network.program import GRAD, HIDDEN, THETA, Frame, Program, X
from skdnn.network.propagation import ForwardWorkspace, cost_and_gradient, logits
from tests.pairwise import every_pair
from tests.problems import DTYPES, KINDS, make_problem, tolerance

M, N = 9, 30


def products(inputs, W, dZ, keep_prob=1.0, step=0):
    """Return X W and X^T dZ as the first layer computes them."""
    is_sparse, (n_in, n_out) = isinstance(inputs, SparseRows), W.shape
    layer = np.array([(n_in, n_out, 0, 0)], LAYER)[0]
    Z, dW = np.full_like(dZ, 9), np.full_like(W, 9)
    frame = Frame(W.dtype, 1)
    frame.put(THETA, W)
    frame.put(GRAD, dW)
    frame.put(HIDDEN, Z)
    frame.put(HIDDEN + 1, dZ)
    put_inputs(frame, X, inputs)
    frame.set(rows=len(dZ), seed=7, step=step)
    first = FirstLayer.of(layer, is_sparse, HIDDEN, HIDDEN + 1, keep_prob)
    frame.run(Program([*first.forward, *first.backward]))
    return Z, dW


def draw(dtype=np.float64, rows=M, seed=0):
    """Draw a sparse table, with an empty row and an empty column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, N)) * (rng.uniform(size=(rows, N)) < 0.2)
    X[3], X[:, 5] = 0, 0
    return X.astype(dtype)


def sparse_rows(X, rows=None):
    csr = sparse.csr_array(X)
    return SparseRows(
        csr.data,
        csr.indices.astype(np.int32),
        csr.indptr.astype(np.int64),
        np.arange(X.shape[0]) if rows is None else np.asarray(rows),
        X.shape[1],
    )


def dense(rows):
    """Return sparse rows as a dense table."""
    table = np.zeros(rows.shape, rows.data.dtype)
    for i, row in enumerate(rows.rows):
        for p in range(rows.bounds[row], rows.bounds[row + 1]):
            table[i, rows.columns[p]] += rows.data[p]
    return table


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_units", [1, 7])
@pytest.mark.parametrize("rows", [None, [4, 3, 3, 0]], ids=["all", "some"])
def test_products(rows, n_units, dtype):
    given, rng = sparse_rows(draw(dtype), rows), np.random.default_rng(1)
    X = dense(given)
    W = rng.normal(size=(N, n_units)).astype(dtype)
    dZ = rng.normal(size=(len(X), n_units)).astype(dtype)
    for inputs in (given, X):
        Z, dW = products(inputs, W, dZ)
        assert_allclose(Z, X @ W, **tolerance(dtype))
        assert_allclose(dW, X.T @ dZ, **tolerance(dtype))


def test_duplicate_entries_are_added_up_in_any_order():
    rows = SparseRows(
        np.array([1.0, 2, 4, 8]),
        np.array([2, 0, 2, 1], np.int32),
        np.array([0, 3, 4]),
        np.arange(2),
        3,
    )
    expected = np.array([[2, 0, 5], [0, 8, 0]])
    assert_array_equal(products(rows, np.eye(3), np.eye(2, 3))[0], expected)
    assert_array_equal(products(rows, np.eye(3, 2), np.eye(2))[1], expected.T)


def test_rows_between_copy_no_entries():
    given = sparse_rows(draw(), [8, 3, 5, 0, 1])
    result = rows_between(given, 1, 4)
    assert given.shape == dense(given).shape
    assert_array_equal(dense(result), dense(given)[1:4])
    assert np.shares_memory(result.data, given.data)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dropout_drops_and_scales_stored_entries(dtype):
    """Z and dW use the same mask, and each step draws a new one."""
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (400, N)) * (rng.uniform(size=(400, N)) < 0.3)
    given = sparse_rows(X.astype(dtype), rng.permutation(400))
    X, kept = dense(given), []
    W, eye = np.eye(N, dtype=dtype), np.eye(400, dtype=dtype)
    for step in range(2):
        result = products(given, W, np.zeros((400, N), dtype), 0.8, step)[0]
        _, transposed = products(given, np.zeros((N, 400), dtype), eye, 0.8, step)
        assert_array_equal(result, transposed.T)
        mask = result != 0
        assert not np.any(mask & (X == 0))
        assert_allclose(result[mask], X[mask] / 0.8, rtol=1e-6)
        share = mask.sum() / np.count_nonzero(X)
        assert abs(share - 0.8) < 4 * np.sqrt(0.16 / np.count_nonzero(X))
        kept.append(mask)
    assert np.any(kept[0] != kept[1])
    assert_array_equal(dense(given), X)


@every_pair(kind=sorted(KINDS), hidden=[(), (5,), (5, 4)], dtype=DTYPES)
def test_cost_gradient_and_logits(kind, hidden, dtype):
    problem = make_problem(
        kind, hidden=hidden, rows=M, n_inputs=N, weighted=True, dtype=dtype
    )
    problem.X = draw(dtype)
    expected_cost, expected = problem.expected_data_part()
    given, grad = sparse_rows(problem.X), np.full_like(problem.theta, 9)
    cost = cost_and_gradient(
        problem.network,
        problem.theta,
        given,
        problem.Y,
        problem.s,
        1 / M,
        problem.workspace(),
        grad,
    )
    assert_allclose(cost, expected_cost, **tolerance(dtype))
    assert_allclose(grad, expected, **tolerance(dtype))
    found, out = (np.empty((M, problem.sizes[-1]), dtype) for _ in range(2))
    work = ForwardWorkspace(problem.network, M, dtype)
    logits(problem.network, problem.theta, given, found, work)
    logits(problem.network, problem.theta, problem.X, out, work)
    assert_allclose(found, out, **tolerance(dtype))
