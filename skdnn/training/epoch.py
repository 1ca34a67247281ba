"""The compiled mini-batch loop: a block of many steps with no Python in between."""

import math
from typing import NamedTuple

import numpy as np

from skdnn.network.compiled import entry, inlined
from skdnn.network.inputs import pick_inputs, pick_rows, rows_between
from skdnn.network.memory import empty_aligned
from skdnn.network.propagation import backpropagate
from skdnn.training.averaging import average_in
from skdnn.training.optimizers import update

# Rows gathered at once: loops of many rows are faster, while these bytes share a
# core's second-level cache with what a step works on.
_GATHERED_BYTES = 2**17


class Gathered(NamedTuple):
    """Where rows from all over a table are gathered, ahead of the steps on them."""

    X: np.ndarray
    Y: np.ndarray
    s: np.ndarray  # of shape (rows, 1), to be picked as X and Y are; ones to begin with

    @classmethod
    def of(
        cls, batch_rows: int, n_columns: int, n_targets: int, dtype: np.dtype
    ) -> "Gathered":
        """Allocate the buffers for one or several batches of so many rows."""
        row_bytes = (n_columns + n_targets + 1) * np.dtype(dtype).itemsize
        rows = max(batch_rows, _GATHERED_BYTES // row_bytes)
        return cls(
            empty_aligned((rows, n_columns), dtype),
            empty_aligned((rows, n_targets), dtype),
            np.ones((rows, 1), dtype),
        )


@inlined
def gather_ahead(block, start, gathered):
    """Gather as many rows of the block, from `start` on, as there is room for.

    Return their inputs and where they end.
    """
    rows = block.rows[start : start + gathered.s.size]
    X = pick_inputs(block.X, rows, gathered.X)
    pick_rows(block.Y, rows, gathered.Y)
    if block.is_weighted:
        pick_rows(block.s.reshape(-1, 1), rows, gathered.s)
    return X, start + rows.size


@entry
def train_block(
    network,
    rule,
    regularization,
    averaging,
    theta,
    m,
    v,
    average,
    t,
    n_averaged,
    block,
    rates,
    keep_prob,
    seed,
    gathered,
    work,
    grad,
    total,
):
    """Take one step for each mini-batch of a block of rows, in place on θ, m and v.

    Parameters
    ----------
    network : Network
    rule : Rule
    regularization : Regularization
    averaging : Averaging
    theta, m, v : ndarray of shape (n_parameters,)
        The parameters and the optimiser's moments.
    average : ndarray of shape (n_parameters,), or (0,) if averaging is off
        The average of θ; moved, too.
    t : int
        Steps taken before this block.
    n_averaged : int
        How many of them are in the average.
    block : TrainingBlock
        Inputs, targets, weights that average to 1 over the training set, and which of
        their rows form which batch.
    rates : ndarray of float64, shape (n_batches,)
        The learning rate of each step.
    keep_prob : ndarray of float64, shape (n_layers,)
        For the input and each hidden layer.
    seed : uint64
        Names the dropout masks, together with the number of the step.
    gathered : Gathered
    work : Workspace
    grad : ndarray of shape (n_parameters,)
    total : float
        Σ of sᵢ ℓᵢ over the blocks before this one. It is handed on, so that the sum has
        the same bits however batches are put together in blocks.

    Returns
    -------
    total : float
        Σ of sᵢ ℓᵢ over this block, too, each batch at the θ of its step.
    finite : bool
        False if a batch's cost was not finite; θ has not been moved by that batch.
    """
    X, Y, s, first = block.X, block.Y, block.s, 0
    gathered_to = 0 if block.rows.size else block.bounds[-1]
    for k in range(rates.size):
        start, stop = block.bounds[k], block.bounds[k + 1]
        if stop > gathered_to:
            X, gathered_to = gather_ahead(block, start, gathered)
            Y, s, first = gathered.Y, gathered.s.reshape(-1), start
        value = backpropagate(
            network,
            theta,
            rows_between(X, start - first, stop - first),
            Y[start - first : stop - first],
            s[start - first : stop - first],
            1.0 / (stop - start),
            keep_prob,
            seed,
            t + k,
            work,
            grad,
        )
        if not math.isfinite(value):
            return total, False
        total += value * (stop - start)
        update(rule, network, theta, grad, m, v, rates[k], t + k + 1, regularization)
        if averaging.is_on:
            average_in(average, theta, n_averaged + k + 1, averaging.decay)
    return total, True
