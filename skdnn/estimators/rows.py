"""Rows on their way from the caller to training."""

from typing import Any, NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Rows as the caller gave them, or some of them."""

    X: Any
    y: Any
    sample_weight: Any = None
    numbers: np.ndarray | None = None  # which rows of X are meant; None is all

    def pick(self, numbers: np.ndarray) -> "Rows":
        """Return some of the rows without copying X."""
        weight = self.sample_weight
        return Rows(
            self.X,
            self.y[numbers],
            None if weight is None else weight[numbers],
            numbers,
        )


def as_counts(weight: np.ndarray | None) -> np.ndarray | None:
    """Return weights that count rows.

    A weight of 2 is a row given twice, and S = Σ sᵢ is the number of rows. Weights that
    are all below 1 are no counts but shares, as boosting hands them out: they add up to
    one, and a penalty divided by S = 1 would be as strong as for a single row. Shares
    are scaled to an average of 1 over the rows that have any.
    """
    if weight is None or weight.max(initial=0.0) >= 1:
        return weight
    positive = np.count_nonzero(weight)
    total = float(weight.sum())
    return weight * (positive / total) if total > 0 else weight
