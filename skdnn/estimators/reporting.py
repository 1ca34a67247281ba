"""What a fit says: lines while it runs, a warning or an error where it ended badly."""

import time
import warnings
from collections.abc import Callable
from weakref import WeakKeyDictionary

from sklearn.exceptions import ConvergenceWarning

from skdnn._callers import caller_of_many_fits, level_of_caller
from skdnn.estimators.collapse import Collapse
from skdnn.estimators.stop_reasons import (
    FAILURES,
    advice_at_max_iter,
    cure,
    sentence,
)
from skdnn.training import stopping
from skdnn.training.state import EpochRecord, Outcome

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
    if interrupt is not None and (incremental or caller_of_many_fits() is not None):
        raise interrupt
    if outcome.diverged_at is None or outcome.history:
        return
    raise ValueError(
        "Training diverged in its first epoch: the cost is not finite. "
        f"{cure(estimator)}"
    )


def warn_about(outcome: Outcome, estimator, collapse: Collapse | None = None) -> None:
    """Warn if training failed, was interrupted, or ran out of epochs.

    Parameters
    ----------
    outcome : Outcome
        How it went.
    estimator : BaseMLPRegularized
        Fitted.
    collapse : Collapse, optional
        What is to be said of a network that gives one prediction for all rows.
    """
    text, reason = _warning_text(outcome, estimator, collapse), outcome.reason
    if text is not None:
        is_harmless = reason == stopping.ONE_CLASS
        tell(text, UserWarning if is_harmless else ConvergenceWarning, reason)


def tell(text: str, category: type[Warning], reason: str) -> None:
    """Warn whoever called fit; a search or another loop over fits once, by reason."""
    larger = caller_of_many_fits()
    told: set[str] = set() if larger is None else _TOLD.setdefault(larger, set())
    if reason in told:
        return
    if larger is not None:
        text += " (One of several fits; of the others no more is said.)"
    warnings.warn(text, category, stacklevel=level_of_caller())
    told.add(reason)  # where warnings are errors, each fit fails by itself


# What a search or another loop over fits has been told, by the reason: that many of its
# fits ran out of epochs is worth one warning.
_TOLD: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()


def _warning_text(outcome: Outcome, estimator, collapse: Collapse | None) -> str | None:
    why, reason = sentence(outcome, estimator), outcome.reason
    if reason == stopping.INTERRUPTED:
        kept = "of the last one"
        if estimator.early_stopping:
            kept = f"of the best one, {estimator.best_iteration_},"
        return (
            f"Training was interrupted after {estimator.n_iter_} epochs. The "
            f"parameters {kept} are kept; with warm_start=True, fit goes on from here."
        )
    if collapse is not None and reason in (collapse.reason, stopping.ONE_EPOCH):
        return collapse.text
    if reason == stopping.DIVERGED:
        return f"{_capitalised(why)}. {cure(estimator)}"
    if reason in FAILURES:
        return f"Training failed: {why}. {cure(estimator)}"
    if reason == stopping.ONE_CLASS:
        return (
            f"{_capitalised(why)}: every row is predicted to be of the class "
            f"{estimator.classes_.tolist()[0]!r}."
        )
    if outcome.converged or reason in (stopping.CALLBACK, stopping.ONE_EPOCH):
        return None
    advice = advice_at_max_iter(estimator)
    if estimator.solver == "lbfgs":
        return f"lbfgs stopped before it converged: {why}. {advice}"
    if estimator.learning_rate == "cosine":  # which is meant to end with max_iter
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and "
        f"the optimization hasn't converged yet. {advice}"
    )


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
