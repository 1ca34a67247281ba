"""When to stop, and why: what is monitored, patience, and the best θ kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skdnn.training.parts import StatePart

# Why a training has stopped: `Outcome.reason`, and `stop_reason_` of an estimator.
CONVERGED = "converged"  # the training cost stalled, or the gradient is zero
EARLY_STOPPING = "early_stopping"  # the dev set's cost or score stalled
MAX_ITER = "max_iter"
MAX_FUN = "max_fun"  # lbfgs: no more evaluations of J
LINE_SEARCH = "line_search"  # lbfgs: no lower J along its direction
CALLBACK = "callback"  # whoever was told of an epoch asked to stop
ONE_EPOCH = "one_epoch"  # partial_fit: there is more to come
ONE_CLASS = "one_class"  # nothing to tell apart
INTERRUPTED = "interrupted"  # Ctrl-C
RISING = "rising"  # J stalled, or epochs ran out, far above the first epoch's
WORSE_THAN_CONSTANT = "worse_than_constant"  # J stalled above that of a constant
CONSTANT = "constant_prediction"  # every row gets the same
LOST_TO_PENALTY = "lost_to_penalty"  # J has its minimum near zero weights
DIVERGED = "diverged"  # J is no longer finite

# J rises if it ends so many times above that of the first epoch. What moves J of a
# training that works (dropout, other rows in each epoch) is far less.
RISES_BY = 1.5
# A network of zero weights has the J of the best constant prediction. Noise of the last
# steps may leave J a little above that.
ABOVE_CONSTANT = 1.1


@dataclass
class Monitor(StatePart):
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
    fingerprint : int
        Of what is followed: numbers of two fingerprints cannot be compared.

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
    fingerprint: int = 0
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

    def reevaluate_best(self, evaluate: Callable) -> None:
        """Have the best θ compete on the dev set as it is now, if it has changed."""
        if self.best_theta is not None:
            dev = evaluate(self.best_theta)
            self.best = np.inf if np.isnan(dev.monitored) else dev.monitored
            self.best_score = dev.score

    def reset_patience(self) -> None:
        """Start counting anew."""
        self.n_stalled = 0
