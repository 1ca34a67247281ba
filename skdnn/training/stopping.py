"""When to stop, and why: the monitored quantity, patience, and the best θ."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skdnn.training.parts import StatePart

# Why training stopped: `Outcome.reason`, and `stop_reason_` of an estimator.
CONVERGED = "converged"  # the training cost stalled, or the gradient is zero
EARLY_STOPPING = "early_stopping"  # the dev set's cost or score stalled
MAX_ITER = "max_iter"
MAX_FUN = "max_fun"  # lbfgs: no more evaluations of J
LINE_SEARCH = "line_search"  # lbfgs: no lower J along its direction
CALLBACK = "callback"  # a callback asked to stop
ONE_EPOCH = "one_epoch"  # partial_fit: more calls may follow
ONE_CLASS = "one_class"  # nothing to distinguish
INTERRUPTED = "interrupted"  # Ctrl-C
RISING = "rising"  # J stalled, or epochs ran out, far above the first epoch's
WORSE_THAN_CONSTANT = "worse_than_constant"  # J stalled above that of a constant
CONSTANT = "constant_prediction"  # every row gets the same prediction
LOST_TO_PENALTY = "lost_to_penalty"  # J has its minimum near zero weights
DIVERGED = "diverged"  # J is no longer finite

# J counts as rising if it ends above this multiple of that of the first epoch. In
# training that works, J fluctuates (dropout, other rows in each epoch) by far less.
RISES_BY = 1.5
# A network with zero weights has the J of the best constant prediction. Noise of the
# last steps may leave J a little above that.
ABOVE_CONSTANT = 1.1


@dataclass
class Monitor(StatePart):
    """Follows one number per epoch, the lower the better.

    Parameters
    ----------
    tol : float
        An improvement is a value more than this below the best so far.
    patience : int or float
        Training stalls after exactly this many epochs in a row without an improvement.
    follows_dev : bool, default=False
        Early stopping: follow the dev set instead of the training cost, and keep a copy
        of the best θ. On a tie the later one is kept: it has been trained for longer.
    fingerprint : int, default=0
        Identifies what is monitored; values of two fingerprints are not comparable.

    Attributes
    ----------
    best, best_epoch, best_score, best_theta
        The lowest value so far, its epoch and, from the dev set, its score and its θ.
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
        """Record an EpochRecord and its θ; return whether patience has run out."""
        value = record.dev.monitored if self.follows_dev else record.cost
        self.n_stalled = 0 if value < self.best - self.tol else self.n_stalled + 1
        if value <= self.best:
            self.best, self.best_epoch = value, record.epoch
            if self.follows_dev:
                self.best_score, self.best_theta = record.dev.score, theta.copy()
        return self.n_stalled >= self.patience

    def reevaluate_best(self, evaluate: Callable) -> None:
        """Evaluate the best θ, if there is one, again on a dev set that has changed."""
        if self.best_theta is not None:
            dev = evaluate(self.best_theta)
            self.best = np.inf if np.isnan(dev.monitored) else dev.monitored
            self.best_score = dev.score

    def reset_patience(self) -> None:
        """Count epochs without an improvement from 0 again."""
        self.n_stalled = 0
