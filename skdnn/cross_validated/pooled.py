r"""The pooled loss of the held-out rows of all folds, after temperature scaling.

As training continues, a network may rank the classes better while it becomes
overconfident: its logits are too large. Dividing them by one temperature T corrects
this, so the loss after it shows how good the network can be (E. Berta et al.,
"Rethinking early stopping", 2025; C. Guo et al., "On calibration of modern neural
networks", ICML 2017):

.. math:: P(y \mid x) = \mathrm{softmax}(z / T)

All folds share T. If all held-out rows are classified correctly, the best T would be 0;
therefore T is fitted to labels that are smoothed by 1 / (n + 1) for n rows (as in
J. Platt, "Probabilistic outputs for support vector machines", 1999).
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from skdnn.network.architecture import Network
from skdnn.network.propagation import cost_of_logits
from skdnn.training.tables import Examples

# Bounds of log(1 / T). A tolerance of 0.01 is below the sampling error.
_LOG_BOUNDS = (np.log(0.02), np.log(20.0))
_LOG_TOLERANCE = 0.01


class HeldOut(NamedTuple):
    """The held-out rows of a fold, encoded for its network."""

    examples: Examples
    cost_unit: float  # the factor that converts costs to the caller's units


class PooledCost(NamedTuple):
    """The cost of the held-out rows of all folds, and of each."""

    value: float
    of_folds: np.ndarray


def pooled_cost(
    network: Network, folds: list[HeldOut], logits: list[np.ndarray], beta: float = 1.0
) -> PooledCost:
    """Return the cost, without penalty, of logits multiplied by β = 1 / T."""
    costs = np.array(
        [
            fold.cost_unit * _cost(network, fold.examples, Z.dtype.type(beta) * Z)
            for fold, Z in zip(folds, logits, strict=True)
        ]
    )
    weights = np.array([fold.examples.weight for fold in folds])
    # Not np.average, which takes longer than the costs of a few hundred rows.
    return PooledCost(float((costs * weights).sum() / weights.sum()), costs)


def _cost(network: Network, examples: Examples, Z: np.ndarray) -> float:
    """Return the mean cost of logits, which are overwritten."""
    return cost_of_logits(network, Z, examples.Y, examples.s, 1 / examples.n_rows)


def inverse_temperature(
    network: Network, folds: list[HeldOut], logits: list[np.ndarray]
) -> float:
    """Return the β = 1 / T that minimises the pooled cross-entropy."""
    n_rows = sum(fold.examples.weight for fold in folds)  # a weight of 2 is two rows
    smoothed = network._replace(loss_option=1 / (n_rows + 1))
    best = minimize_scalar(
        lambda log_beta: pooled_cost(smoothed, folds, logits, np.exp(log_beta)).value,
        bounds=_LOG_BOUNDS,
        method="bounded",
        options={"xatol": _LOG_TOLERANCE},
    )
    return float(np.exp(best.x))
