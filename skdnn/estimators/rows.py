"""Rows on their way from the caller to training."""

import sys
from numbers import Real
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


def checked_total_weight(value) -> float | None:
    """Check the argument of partial_fit, the weight of the whole training set."""
    if value is None:
        return None
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and 0 < value <= sys.float_info.max):
        raise ValueError(f"total_weight must be a number > 0 or None, got {value!r}.")
    return float(value)


def check_total_weight(known: float | None, weight: float) -> None:
    """Check that a training set weighs no less than the rows of this call."""
    if known is not None and known < weight * (1 - 1e-6):
        raise ValueError(
            f"total_weight={known:.6g} is less than the weight of the rows of this "
            f"call, {weight:.6g}, which are a part of the training set. Give the rows "
            "of the whole file or, with weights, their sum."
        )
