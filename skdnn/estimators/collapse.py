"""Whether a trained network predicts the same for every row, and why.

With a penalty that is too strong for S, training converges, to weights near zero. With
a learning rate that is too high, all hidden units may die. Both look like a trained
network; so after each fit the predictions of some rows are compared.
"""

import numpy as np

from skdnn.estimators.model import Model
from skdnn.estimators.reporting import Collapse, cure
from skdnn.network.objective import forward_by_blocks, rows_per_block
from skdnn.training.stopping import (
    CONSTANT,
    DIVERGED,
    INTERRUPTED,
    LOST_TO_PENALTY,
    ONE_EPOCH,
    RISING,
    WORSE_THAN_CONSTANT,
)
from skdnn.training.tables import Examples

# The weights of a layer are near zero if their root mean square is below this factor of
# 1 / sqrt(n_in), the initial size that preserves the scale of signals.
_NEAR_ZERO = 0.05
# An alpha below this fraction of S collapses no network, not even one for XOR.
_HARMLESS = 1e-3
# Predictions are constant if the standard deviation of each output is below this factor
# of that of its targets.
_VARIES = 0.01
# Rows to predict, and how many of them are adjacent.
_ROWS, _ROWS_OF_A_PIECE = 500, 50


def collapse_of(
    estimator, model: Model, examples: Examples, incremental: bool = False
) -> Collapse | None:
    """Return a `Collapse` if the network predicts the same for all rows, else None.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Its parameters are quoted.
    model : Model
        After training.
    examples : Examples
        The training rows.
    incremental : bool, default=False
        Whether this was partial_fit, whose training may have just begun: predictions
        are compared only if the weights of a layer are near zero.
    """
    sizes = [_size(W) for W in model.network.weights(model.theta)]
    least = int(np.argmin(sizes))
    is_small = sizes[least] < _NEAR_ZERO and estimator.alpha > 0
    if (incremental and not is_small) or _varies(model, examples):
        return None
    if estimator.init == "zeros" and len(sizes) > 1:
        text = (
            "No hidden unit has learned anything: with init='zeros' all of them stay "
            "identical. Use init='auto'."
        )
        return Collapse(CONSTANT, text)
    S = examples.total_weight
    if not is_small or estimator.alpha <= _HARMLESS * S:
        # Once their gradient vanishes, any penalty shrinks the weights to zero.
        text = (
            "Training failed: every row gets almost the same prediction. All hidden "
            f"units may have died, or no feature is informative. {cure(estimator)}"
        )
        return Collapse(CONSTANT, text)
    weaker = min(estimator.alpha / 10, _HARMLESS * S)
    text = (
        f"The penalty dominates: the weights of layer {least + 1} of {len(sizes)} "
        "ended near zero, and every row gets almost the same prediction. "
        f"alpha={estimator.alpha} is too large for a training set of total weight "
        f"S={S:.4g}; try alpha={weaker:.1g}."
    )
    return Collapse(LOST_TO_PENALTY, text)


def reason_with(collapse: Collapse | None, reason: str) -> str:
    """Return why training stopped, in view of a collapse.

    A rising cost is more informative than constant predictions, and a dominating
    penalty more than both.
    """
    if collapse is None or reason in (ONE_EPOCH, INTERRUPTED, DIVERGED):
        return reason
    has_failed = reason in (RISING, WORSE_THAN_CONSTANT)
    return reason if has_failed and collapse.reason == CONSTANT else collapse.reason


def _size(W: np.ndarray) -> float:
    """Return the root mean square of weights times sqrt(n_in)."""
    w = W.ravel()
    with np.errstate(over="ignore"):  # infinity is not near zero
        return float(np.sqrt(float(w @ w) / W.shape[1]))


def _varies(model: Model, examples: Examples) -> bool:
    """Return whether predictions vary, on some of the training rows."""
    network, targets = model.network, model.targets
    spread = targets.spread(examples.Y)
    if not np.any(spread > 0):
        return True  # a constant is right
    # Variance relative to the first row, block by block: with thousands of classes only
    # one block of probabilities is in memory.
    n_rows, first, total, square = 0, None, 0.0, 0.0
    pieces = _pieces(network, examples)
    with np.errstate(over="ignore", invalid="ignore"):  # far apart, or infinite
        for Z in forward_by_blocks(network, model.theta, pieces, _ROWS_OF_A_PIECE):
            predicted = targets.expected(Z.astype(np.float64))
            first = predicted[0].copy() if first is None else first
            predicted -= first
            n_rows += len(predicted)
            total = total + predicted.sum(axis=0)
            square = square + np.einsum("ij,ij->j", predicted, predicted)
        variance = square / n_rows - (total / n_rows) ** 2
        return not np.all(variance <= (_VARIES * spread) ** 2)


def _pieces(network, examples):
    """Yield blocks of adjacent rows, evenly spaced over the table."""
    table, most = examples.table.sample, rows_per_block(network)
    n_rows = table.n_rows
    size = min(_ROWS_OF_A_PIECE, most, n_rows)
    n_pieces = -(-min(_ROWS, n_rows) // size)
    for start in np.linspace(0, n_rows - size, n_pieces).astype(int).tolist():
        yield table.read(start, start + size)
