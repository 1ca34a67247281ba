"""Small data sets shared by the estimator tests."""

import numpy as np
from sklearn.datasets import load_breast_cancer

KINDS = ["binary", "multiclass", "multilabel"]


def make_rows(kind="multiclass", n_rows=60, n_columns=4, seed=0):
    """Return X of unit scale, and labels that depend on it up to noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns))
    scores = X @ rng.normal(size=(n_columns, 3)) + rng.normal(size=(n_rows, 3))
    if kind == "multilabel":
        return X, (scores > 0).astype(int)
    if kind == "binary":
        return X, (scores[:, 0] > 0).astype(int)
    return X, scores.argmax(axis=1)


def breast_cancer(n_rows=400):
    """Return rows of a real data set, standardised."""
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[:n_rows], y[:n_rows]
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def squared_norm(net):
    """Return the sum of all squared weights."""
    return sum(float(np.sum(np.square(W, dtype=np.float64))) for W in net.coefs_)


def parameters(net):
    """Return a copy of all weights and biases as one vector."""
    return np.concatenate([a.ravel() for a in [*net.coefs_, *net.intercepts_]])
