"""Whether a trained network gives every row the same prediction, and why.

A penalty that is too strong for its S leaves a network that looks trained: J has its
minimum, near zero weights. So does a learning rate that kills all hidden units. After
each fit, some rows are predicted to see.
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

# A layer's weights are near zero if they are so many times smaller than first weights
# that keep the size of signals: root mean square 1 / sqrt(n_in).
_NEAR_ZERO = 0.05
# An alpha below this share of S collapses no network: XOR's survives it.
_HARMLESS = 1e-3
# Predictions do not vary if their standard deviation is so many times smaller than that
# of the targets, for each class or number.
_VARIES = 0.01
# Rows that are predicted, and how many of them lie next to each other.
_ROWS, _ROWS_OF_A_PIECE = 500, 50


def collapse_of(
    estimator, model: Model, examples: Examples, incremental: bool = False
) -> Collapse | None:
    """Return what to tell of a network that gives one prediction for all, or None.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Its parameters are named.
    model : Model
        After training.
    examples : Examples
        The training rows.
    incremental : bool, default=False
        Whether this was partial_fit, which may have just begun to learn: rows are
        predicted only where the weights of a layer are near zero.
    """
    sizes = [_size(W) for W in model.network.weights(model.theta)]
    least = int(np.argmin(sizes))
    is_small = sizes[least] < _NEAR_ZERO and estimator.alpha > 0
    if (incremental and not is_small) or _varies(model, examples):
        return None
    if estimator.init == "zeros" and len(sizes) > 1:
        text = (
            "No hidden unit has learned anything: with init='zeros' all of them stay "
            "alike. Use init='auto'."
        )
        return Collapse(CONSTANT, text)
    S = examples.total_weight
    if not is_small or estimator.alpha <= _HARMLESS * S:
        # Weights that nothing moves any more also go to zero, by any penalty.
        text = (
            "Training failed: every row gets almost the same prediction. All hidden "
            f"units may have died, or no column says anything. {cure(estimator)}"
        )
        return Collapse(CONSTANT, text)
    weaker = min(estimator.alpha / 10, _HARMLESS * S)
    text = (
        f"The penalty has taken the network: the weights of layer {least + 1} of "
        f"{len(sizes)} ended near zero, and every row gets almost the same prediction. "
        f"alpha={estimator.alpha} is too strong for rows of a total weight of S={S:.4g}"
        f"; try alpha={weaker:.1g}."
    )
    return Collapse(LOST_TO_PENALTY, text)


def reason_with(collapse: Collapse | None, reason: str) -> str:
    """Return why training stopped, in view of a collapse.

    That the cost rises says more than that predictions do not vary; that the penalty
    has taken the network says more than both.
    """
    if collapse is None or reason in (ONE_EPOCH, INTERRUPTED, DIVERGED):
        return reason
    is_told = reason in (RISING, WORSE_THAN_CONSTANT)
    return reason if is_told and collapse.reason == CONSTANT else collapse.reason


def _size(W: np.ndarray) -> float:
    """Return the root mean square of weights times sqrt(n_in)."""
    w = W.ravel()
    with np.errstate(over="ignore"):  # infinite is not near zero
        return float(np.sqrt(float(w @ w) / W.shape[1]))


def _varies(model: Model, examples: Examples) -> bool:
    """Whether predictions vary where they should, on some of the training rows."""
    network, targets = model.network, model.targets
    spread = targets.spread(examples.Y)
    if not np.any(spread > 0):
        return True  # a constant is right
    # Relative to one row, and block by block: of thousands of classes, no more than one
    # block of probabilities is held.
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
    """Yield some of the rows, from all over the table."""
    table, most = examples.table.sample, rows_per_block(network)
    n_rows = table.n_rows
    size = min(_ROWS_OF_A_PIECE, most, n_rows)
    n_pieces = -(-min(_ROWS, n_rows) // size)
    for start in np.linspace(0, n_rows - size, n_pieces).astype(int).tolist():
        yield table.read(start, start + size)
