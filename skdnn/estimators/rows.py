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
