"""What a fit says: lines while it runs, a warning or an error where it ended badly."""

import time
import warnings
from collections.abc import Callable

from sklearn.exceptions import ConvergenceWarning

from skdnn.estimators.sklearn_private import is_part_of_something_larger
from skdnn.estimators.stop_reasons import (
    FAILURES,
    advice_at_max_iter,
    cure,
    sentence,
)
from skdnn.training import stopping
from skdnn.training.loop import EpochRecord, Outcome

# Up from here: _warn, warn_about, _fit, fit or partial_fit, two wrappers of
# scikit-learn's and one of ours around it, and who called that.
_CALLER = 8
# Seconds between two lines of verbose=1.
_BETWEEN_LINES = 0.5


class EpochPrinter:
    """Prints what verbose asks for: lines about epochs, and why training stopped.

    Parameters
    ----------
    verbose : bool or int
        1 prints the first epoch, the last, and no more than two lines a second between:
        a line for each epoch that takes long. 2 prints all.
    clock : callable () -> float, default=time.perf_counter
        Tells seconds.
    """

    def __init__(
        self, verbose: bool | int, clock: Callable[[], float] = time.perf_counter
    ):
        self._prints_all = verbose > 1
        self._clock = clock
        self._next_line = -float("inf")
        self._held_back: EpochRecord | None = None

    def epoch(self, record: EpochRecord) -> None:
        """Take note of an epoch, and print a line about it if it is time for one."""
        if record.compile_seconds > 0.05:
            print(
                f"Compiled the training step in {record.compile_seconds:.1f} s. Later "
                "processes load it from a cache."
            )
        self._held_back = record
        if self._prints_all or self._clock() >= self._next_line:
            self._print()

    def end(self, reason: str | None) -> None:
        """Print the last epoch, if it has not been, and why training stopped."""
        if self._held_back is not None:
            self._print()
        if reason is not None:
            print(f"Stopped: {reason}.")

    def _print(self) -> None:
        record = self._held_back
        assert record is not None
        dev = "" if record.dev is None else f"  dev cost {record.dev.cost:10.6f}"
        print(
            f"Epoch {record.epoch:4d}  train cost {record.cost:10.6f}{dev}"
            f"  learning rate {record.learning_rate:.1e}  {record.seconds:7.3f} s"
        )
        self._held_back = None
        self._next_line = self._clock() + _BETWEEN_LINES


def refuse(outcome: Outcome, estimator, incremental: bool) -> None:
    """Raise what leaves nothing worth keeping.

    An interrupt ends more than this fit where the fit is part of something larger: a
    search would otherwise go on with the next candidate.
    """
    interrupt = outcome.interrupted_by
    if interrupt is not None and (incremental or is_part_of_something_larger()):
        raise interrupt
    if outcome.diverged_at is None or outcome.history:
        return
    raise ValueError(
        "Training diverged in its first epoch: the cost is not finite. "
        f"{cure(estimator)}"
    )


def warn_about(outcome: Outcome, estimator, lost: str | None = None) -> None:
    """Warn if training failed, was interrupted, or ran out of epochs.

    Parameters
    ----------
    outcome : Outcome
        How it went.
    estimator : BaseMLPRegularized
        Fitted.
    lost : str, optional
        What is to be said of a network that the penalty has taken.
    """
    why, reason = sentence(outcome, estimator), outcome.reason
    if reason == stopping.INTERRUPTED:
        kept = "of the last one"
        if estimator.early_stopping:
            kept = f"of the best one, {estimator.best_iteration_},"
        _warn(
            f"Training was interrupted after {estimator.n_iter_} epochs. The "
            f"parameters {kept} are kept; with warm_start=True, fit goes on from here.",
        )
    elif reason == stopping.DIVERGED:
        _warn(f"{_capitalised(why)}. {cure(estimator)}")
    elif lost is not None:
        _warn(lost)
    elif reason in FAILURES:
        _warn(f"Training failed: {why}. {cure(estimator)}")
    elif reason == stopping.ONE_CLASS:
        _warn(
            f"{_capitalised(why)}: every row is predicted to be of the class "
            f"{estimator.classes_[0]!r}.",
            UserWarning,
        )
    elif estimator.solver == "lbfgs" and not (
        outcome.converged or reason == stopping.CALLBACK
    ):
        _warn(
            f"lbfgs stopped before it converged: {why}. "
            f"{advice_at_max_iter(estimator)}",
        )
    elif reason == stopping.MAX_ITER and estimator.learning_rate != "cosine":
        # A cosine schedule is meant to end with the last epoch.
        _warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet. "
            f"{advice_at_max_iter(estimator)}",
        )


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _warn(text: str, category=ConvergenceWarning) -> None:
    warnings.warn(text, category, stacklevel=_CALLER)
