"""The floor: the matrix products of a training step, and nothing else.

The products are A W forward and A^T dZ backward in each layer, and dZ W^T in each but
the first. One compiled loop runs all steps with preallocated outputs, so that no call
from Python makes the floor look higher than it is. The inputs are one batch that stays
in the cache.
"""

from itertools import pairwise

import numpy as np
from numba import njit


@njit(error_model="numpy")
def _matrix(buffer, start, rows, columns):
    return buffer[start : start + rows * columns].reshape(rows, columns)


@njit(error_model="numpy")
def run_products(n_steps, sizes, rows, theta, A, dZ, grad):
    """Compute the products of `n_steps` steps, and return how many were done.

    The buffers A and dZ hold all layers, one after another.
    """
    done = 0
    for _ in range(n_steps):
        _products(0, sizes, rows, theta, A, dZ, grad)
        done += 1
    return done


@njit(error_model="numpy", fastmath={"contract"})
def run_products_and_moves(n_steps, sizes, rows, theta, A, dZ, grad, m, v):
    """Do the same, with the memory traffic of Adam after each step.

    That is four reads and three writes per parameter, with next to no arithmetic: once
    they outgrow the caches, no update can be faster.
    """
    fade, tiny = np.float32(0.5), np.float32(1e-20)
    done = 0
    for _ in range(n_steps):
        _products(0, sizes, rows, theta, A, dZ, grad)
        for i in range(theta.size):
            m[i] = fade * m[i] + grad[i]
            v[i] = fade * v[i] + grad[i]
            theta[i] -= tiny * m[i]
        done += 1
    return done


@njit(error_model="numpy")
def run_sparse_products(n_steps, X, sizes, rows, theta, A, dZ, grad):
    """Do the same with a first layer that reads the entries of a batch of sparse rows.

    BLAS has no such products; they are plain loops.
    """
    n_in, n_out = sizes[0], sizes[1]
    W, dW = _matrix(theta, 0, n_in, n_out), _matrix(grad, 0, n_in, n_out)
    Z = _matrix(A, rows * n_in, rows, n_out)
    d = _matrix(dZ, rows * n_in, rows, n_out)
    for _ in range(n_steps):
        _sparse_times(X, W, Z)
        _products(1, sizes, rows, theta, A, dZ, grad)
        _sparse_transposed_times(X, d, dW)


@njit(error_model="numpy", fastmath={"contract", "reassoc"})
def _sparse_times(X, W, Z):
    for i in range(X.rows.size):
        row = X.rows[i]
        Z[i] = 0
        for p in range(X.bounds[row], X.bounds[row + 1]):
            x, column = X.data[p], X.columns[p]
            for j in range(Z.shape[1]):
                Z[i, j] += x * W[column, j]


@njit(error_model="numpy", fastmath={"contract", "reassoc"})
def _sparse_transposed_times(X, dZ, dW):
    dW[:] = 0
    for i in range(X.rows.size):
        row = X.rows[i]
        for p in range(X.bounds[row], X.bounds[row + 1]):
            x, column = X.data[p], X.columns[p]
            for j in range(dZ.shape[1]):
                dW[column, j] += x * dZ[i, j]


@njit(error_model="numpy")
def _products(first, sizes, rows, theta, A, dZ, grad):
    """Compute the products of one step, from layer `first` on."""
    n_layers = sizes.size - 1
    unit_at = np.zeros(n_layers + 2, np.int64)
    weight_at = np.zeros(n_layers + 1, np.int64)
    for i in range(n_layers + 1):
        unit_at[i + 1] = unit_at[i] + rows * sizes[i]
    for i in range(n_layers):
        weight_at[i + 1] = weight_at[i] + sizes[i] * sizes[i + 1]
    for i in range(first, n_layers):
        before = _matrix(A, unit_at[i], rows, sizes[i])
        after = _matrix(A, unit_at[i + 1], rows, sizes[i + 1])
        np.dot(before, _matrix(theta, weight_at[i], sizes[i], sizes[i + 1]), after)
    for i in range(n_layers - 1, first - 1, -1):
        before = _matrix(A, unit_at[i], rows, sizes[i])
        d = _matrix(dZ, unit_at[i + 1], rows, sizes[i + 1])
        dW = _matrix(grad, weight_at[i], sizes[i], sizes[i + 1])
        np.dot(before.T, d, dW)
        if i > 0:
            W = _matrix(theta, weight_at[i], sizes[i], sizes[i + 1])
            np.dot(d, W.T, _matrix(dZ, unit_at[i], rows, sizes[i]))


def buffers(sizes, rows: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return (sizes, rows, theta, A, dZ, grad), with numbers that keep their scale."""
    rng = np.random.default_rng(seed)
    sizes = np.asarray(sizes, dtype=np.int64)
    W = [
        rng.standard_normal(n_in * n_out, dtype=np.float32) / np.float32(n_in**0.5)
        for n_in, n_out in pairwise(sizes)
    ]
    theta = np.concatenate(W)
    A = rng.standard_normal(rows * int(sizes.sum()), dtype=np.float32)
    dZ = rng.standard_normal(A.size, dtype=np.float32)
    return sizes, rows, theta, A, dZ, np.empty_like(theta)
