r"""What held-out rows say of the networks: their pooled loss, after one temperature.

Of a network that has been trained for long, the order of the logits may still improve
while their size is wrong: it is too sure. One number mends the size, so that the loss
after it tells how good a network can be (E. Berta et al., "Rethinking early stopping",
2025; C. Guo et al., "On calibration of modern neural networks", ICML 2017):

.. math:: P(y \mid x) = \mathrm{softmax}(z / T)

T is shared by all folds. Where all held-out rows are right, no T is small enough; so it
is fitted to labels that are smoothed by one row's worth (J. Platt, "Probabilistic
outputs for support vector machines", 1999).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from skdnn.network.architecture import Network
from skdnn.network.propagation import cost_of_logits
from skdnn.training.tables import Examples

# log(1 / T) lies between these; a hundredth is closer than rows can tell.
_LOG_BOUNDS = (np.log(0.02), np.log(20.0))
_LOG_TOLERANCE = 0.01


class HeldOut(NamedTuple):
    """The held-out rows of a fold, as its network sees them."""

    examples: Examples
    cost_unit: float  # what costs are multiplied by to be in the caller's units


class PooledCost(NamedTuple):
    """The cost of the held-out rows of all folds, and of each."""

    value: float
    of_folds: np.ndarray


def pooled_cost(
    network: Network, folds: list[HeldOut], logits: list[np.ndarray], beta: float = 1.0
) -> PooledCost:
    """Return the cost, without penalty, of logits that are multiplied by β = 1 / T."""
    costs = np.array(
        [
            fold.cost_unit * _cost(network, fold.examples, Z.dtype.type(beta) * Z)
            for fold, Z in zip(folds, logits, strict=True)
        ]
    )
    weights = np.array([fold.examples.weight for fold in folds])
    # np.average takes longer than the costs of a few hundred rows.
    return PooledCost(float((costs * weights).sum() / weights.sum()), costs)


def _cost(network: Network, examples: Examples, Z: np.ndarray) -> float:
    """Return the average cost of logits, which are overwritten."""
    return cost_of_logits(network, Z, examples.Y, examples.s, 1 / examples.n_rows)


def inverse_temperature(
    network: Network, folds: list[HeldOut], logits: list[np.ndarray]
) -> float:
    """Return the β = 1 / T of the least pooled cross-entropy."""
    n_rows = sum(fold.examples.weight for fold in folds)  # a weight of 2 is two rows
    smoothed = network._replace(loss_option=1 / (n_rows + 1))
    best = minimize_scalar(
        lambda log_beta: pooled_cost(smoothed, folds, logits, np.exp(log_beta)).value,
        bounds=_LOG_BOUNDS,
        method="bounded",
        options={"xatol": _LOG_TOLERANCE},
    )
    return float(np.exp(best.x))
