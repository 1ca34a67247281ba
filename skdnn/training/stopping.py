"""When to stop: what is monitored, patience, and the best θ kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass
class Monitor:
    """Follows one number per epoch, the lower the better.

    Parameters
    ----------
    tol : float
        What counts as an improvement: more than this below the best so far.
    patience : int or float
        Training stalls after exactly this many epochs in a row without one.
    follows_dev : bool
        Early stopping: follow the dev set instead of the training cost, and keep a copy
        of the best θ. Of equal ones the later is kept: it has been trained for longer.
    subject : int
        Tells apart what is followed: numbers of two subjects cannot be compared.

    Attributes
    ----------
    best, best_epoch, best_score, best_theta
        The least number so far, the epoch it is from, and, from the dev set, its score
        and its θ.
    n_stalled : int
        Epochs in a row without an improvement.
    """

    tol: float
    patience: float
    follows_dev: bool = False
    subject: int = 0
    best: float = np.inf
    best_epoch: int = 0
    best_score: float | None = None
    best_theta: np.ndarray | None = None
    n_stalled: int = 0

    def update(self, record, theta: np.ndarray) -> bool:
        """Take in an EpochRecord and its θ; return whether patience has run out."""
        value = record.dev.monitored if self.follows_dev else record.cost
        self.n_stalled = 0 if value < self.best - self.tol else self.n_stalled + 1
        if value <= self.best:
            self.best, self.best_epoch = value, record.epoch
            if self.follows_dev:
                self.best_score, self.best_theta = record.dev.score, theta.copy()
        return self.n_stalled >= self.patience

    def look_again(self, evaluate: Callable) -> None:
        """Have the best θ compete on the dev set as it is now, if it has changed."""
        if self.best_theta is not None:
            dev = evaluate(self.best_theta)
            self.best = np.inf if np.isnan(dev.monitored) else dev.monitored
            self.best_score = dev.score

    def be_patient_again(self) -> None:
        """Start counting anew."""
        self.n_stalled = 0
