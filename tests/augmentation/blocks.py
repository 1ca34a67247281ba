"""Blocks of rows to augment."""

import numpy as np

SHAPES = [(6, 5), (5, 7, 1), (4, 6, 3)]


def image_block(image_shape, n_rows=40, dtype=np.float32, seed=0):
    """Return X, Y, s of images whose pixels all differ."""
    rng = np.random.default_rng(seed)
    X = rng.random((n_rows, int(np.prod(image_shape)))).astype(dtype)
    return X, *targets_and_weights(n_rows, dtype, rng)


def table_block(n_rows=40, n_features=30, dtype=np.float32, seed=0):
    """Return X, Y, s of a table whose values all differ."""
    return image_block((n_features,), n_rows, dtype, seed)


def targets_and_weights(n_rows, dtype, rng):
    """Return one-hot targets of three classes and weights, some of them zero."""
    Y = np.eye(3)[rng.integers(0, 3, n_rows)].astype(dtype)
    s = rng.integers(0, 3, n_rows).astype(dtype)
    return Y, s


def augmented(augmenter, block, seed=0):
    """Check an augmenter and return its output for a copy of a block."""
    X, Y, s = (array.copy() for array in block)
    augmenter.check(X.shape[1])
    return augmenter.augment(X, Y, s, np.random.default_rng(seed))
