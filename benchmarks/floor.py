"""The floor: the matrix products of a training step, and nothing else.

Forward A W in each layer; backward A^T dZ in each layer, and dZ W^T in each but the
first. One compiled loop runs all steps with preallocated outputs, so that no call from
Python makes the floor look higher than it is. The inputs are one batch that stays in
the cache.
"""

from itertools import pairwise

import numpy as np
from numba import njit


@njit(error_model="numpy")
def _matrix(buffer, start, rows, columns):
    return buffer[start : start + rows * columns].reshape(rows, columns)


@njit(error_model="numpy")
def run_products(n_steps, sizes, rows, theta, A, dZ, grad):
    """Do the products of so many steps and return how many were done.

    A and dZ hold all layers, one after another.
    """
    n_layers = sizes.size - 1
    unit_at = np.zeros(n_layers + 2, np.int64)
    weight_at = np.zeros(n_layers + 1, np.int64)
    for i in range(n_layers + 1):
        unit_at[i + 1] = unit_at[i] + rows * sizes[i]
    for i in range(n_layers):
        weight_at[i + 1] = weight_at[i] + sizes[i] * sizes[i + 1]
    done = 0
    for _ in range(n_steps):
        done += 1
        for i in range(n_layers):
            before = _matrix(A, unit_at[i], rows, sizes[i])
            after = _matrix(A, unit_at[i + 1], rows, sizes[i + 1])
            np.dot(before, _matrix(theta, weight_at[i], sizes[i], sizes[i + 1]), after)
        for i in range(n_layers - 1, -1, -1):
            before = _matrix(A, unit_at[i], rows, sizes[i])
            d = _matrix(dZ, unit_at[i + 1], rows, sizes[i + 1])
            dW = _matrix(grad, weight_at[i], sizes[i], sizes[i + 1])
            np.dot(before.T, d, dW)
            if i > 0:
                W = _matrix(theta, weight_at[i], sizes[i], sizes[i + 1])
                np.dot(d, W.T, _matrix(dZ, unit_at[i], rows, sizes[i]))
    return done


def buffers(sizes, rows: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return (sizes, rows, theta, A, dZ, grad): numbers that stay of one size."""
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
