"""The compiled mini-batch loop: a block of many steps with no Python in between."""

import math

from skdnn.network.compiled import entry
from skdnn.network.propagation import backpropagate
from skdnn.training.optimizers import update


@entry
def train_block(
    network,
    rule,
    extra,
    theta,
    moments,
    t,
    X,
    Y,
    s,
    bounds,
    rates,
    keep_prob,
    seed,
    work,
    grad,
):
    """Take one step for each mini-batch of a block of rows, in place on θ.

    Parameters
    ----------
    network : Network
    rule : Rule
    extra : Regularization
    theta : ndarray of shape (n_parameters,)
    moments : ndarray of shape (2, n_parameters)
    t : int
        Steps taken before this block.
    X, Y, s : ndarray
        The block: inputs, targets, and weights that average to 1 over the training set.
    bounds : ndarray of int64, shape (n_batches + 1,)
        Batch k is the rows ``bounds[k]:bounds[k + 1]``.
    rates : ndarray of float64, shape (n_batches,)
        The learning rate of each step.
    keep_prob : ndarray of float64, shape (n_layers,)
        For the input and each hidden layer.
    seed : uint64
        Names the dropout masks, together with the number of the step.
    work : Workspace
    grad : ndarray of shape (n_parameters,)

    Returns
    -------
    cost : float
        Σ of sᵢ ℓᵢ over the block, each batch at the θ of its step.
    finite : bool
        False if a batch's cost was not finite; θ has not been moved by that batch.
    """
    total = 0.0
    for k in range(rates.size):
        start, stop = bounds[k], bounds[k + 1]
        rows = stop - start
        value = backpropagate(
            network,
            theta,
            X[start:stop],
            Y[start:stop],
            s[start:stop],
            1.0 / rows,
            keep_prob,
            seed,
            t + k,
            work,
            grad,
        )
        if not math.isfinite(value):
            return total, False
        total += value * rows
        update(rule, network.layout, theta, grad, moments, rates[k], t + k + 1, extra)
    return total, True
