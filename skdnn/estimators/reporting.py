"""What a fit reports: progress, and why it stopped, as a sentence or a warning.

The reason codes are those of training/stopping.py. A sentence adds what the code cannot
say: the numbers of this fit and the remedy.
"""

import time
import warnings
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sklearn.exceptions import ConvergenceWarning

from skdnn._callers import caller_of_many_fits, level_of_caller
from skdnn.estimators import plan
from skdnn.estimators.solving import FitRecord, Trained
from skdnn.training import stopping
from skdnn.training.history import EpochRecord, Outcome

# Seconds between two lines of verbose=1.
_BETWEEN_LINES = 0.5
# Reasons that mean that training failed.
_FAILURES = (stopping.RISING, stopping.WORSE_THAN_CONSTANT, stopping.DIVERGED)
# A dev cost that has not fallen for this many epochs is taken to have stopped falling.
_PATIENCE = 10


class Collapse(NamedTuple):
    """A network that predicts the same for all rows."""

    reason: str  # a code of training/stopping.py
    text: str  # the finding and its remedy


class EpochPrinter:
    """Prints the progress of training, and why it stopped.

    Parameters
    ----------
    verbose : bool or int
        1 prints the first and the last epoch, and at most two lines a second between
        them. 2 prints every epoch.
    clock : callable () -> float, default=time.perf_counter
        Returns the time in seconds.
    """

    def __init__(
        self, verbose: bool | int, clock: Callable[[], float] = time.perf_counter
    ):
        self._prints_all = verbose > 1
        self._clock = clock
        self._next_line = -float("inf")
        self._held_back: EpochRecord | None = None

    def epoch(self, record: EpochRecord) -> None:
        """Record an epoch, and print it if a line is due."""
        if record.compile_seconds > 0.05:
            print(
                f"Compiled the training step in {record.compile_seconds:.1f} s. Later "
                "processes load it from a cache."
            )
        self._held_back = record
        if self._prints_all or self._clock() >= self._next_line:
            self._print()

    def end(self, reason: str | None) -> None:
        """Print the last epoch, unless already printed, and why training stopped."""
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
    """Raise an error if training has no result to keep.

    An interrupt is raised again where the fit is one of many: a search would otherwise
    continue with its next candidate.
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


def warn_about(outcome: Outcome, estimator, collapse: Collapse | None) -> None:
    """Warn if training failed, was interrupted, or ran out of epochs.

    Parameters
    ----------
    outcome : Outcome
        The outcome of training.
    estimator : BaseMLPRegularized
        The fitted estimator.
    collapse : Collapse or None
        Set if the network predicts the same for all rows.
    """
    text, reason = _warning_text(outcome, estimator, collapse), outcome.reason
    if text is not None:
        is_harmless = reason == stopping.ONE_CLASS
        warn_once_per_search(
            text, UserWarning if is_harmless else ConvergenceWarning, reason
        )


def warn_once_per_search(text: str, category: type[Warning], reason: str) -> None:
    """Warn the caller of fit; a search or other loop over fits once per reason.

    The text ends with the reason: docs/user_guide/does_not_learn.md has a section for
    each.
    """
    larger = caller_of_many_fits()
    told: set[str] = set() if larger is None else _TOLD.setdefault(larger, set())
    if reason in told:
        return
    text += f" [{reason}]"
    if larger is not None:
        text += " (One of several fits; the warning is not repeated for the others.)"
    warnings.warn(text, category, stacklevel=level_of_caller())
    told.add(reason)  # after warn: where warnings are errors, each fit raises its own


# The reasons that a search or other loop over fits has been warned of already.
_TOLD: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()


def _warning_text(outcome: Outcome, estimator, collapse: Collapse | None) -> str | None:
    why, reason = estimator.stop_message_, outcome.reason
    if reason == stopping.INTERRUPTED:
        kept = "last epoch"
        if estimator.early_stopping:
            kept = f"best epoch, {estimator.best_iteration_},"
        return (
            f"Training was interrupted after {estimator.n_iter_} epochs. The "
            f"parameters of the {kept} are kept; with warm_start=True, fit continues "
            "from here."
        )
    if collapse is not None and reason in (collapse.reason, stopping.ONE_EPOCH):
        return collapse.text
    if reason == stopping.DIVERGED:
        return f"{why[0].upper()}{why[1:]}. {cure(estimator)}"
    if reason in _FAILURES:
        return f"Training failed: {why}. {cure(estimator)}"
    if reason == stopping.ONE_CLASS:
        return (
            f"{why}: every row is predicted to be of class "
            f"{estimator.classes_.tolist()[0]!r}."
        )
    if outcome.converged or reason in (stopping.CALLBACK, stopping.ONE_EPOCH):
        return None
    advice = advice_at_max_iter(estimator)
    if not plan.is_stochastic(estimator):
        return f"lbfgs stopped before it converged: {why}. {advice}"
    if plan.schedule_of(estimator).spans_fit:  # is meant to end at max_iter
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and "
        f"the optimization hasn't converged yet. {advice}"
    )


# -- why training stopped --------------------------------------------------------------


def sentence(trained: Trained, estimator, record: FitRecord) -> str:
    """Return why training stopped, without a capital and a full stop.

    Parameters
    ----------
    trained : Trained
    estimator : BaseMLPRegularized
        Its parameters are quoted.
    record : FitRecord
        The curves so far.
    """
    entry = _SENTENCES[trained.outcome.reason]
    return entry if isinstance(entry, str) else entry(estimator, trained, record)


def cure(estimator) -> str:
    """Return the remedy for steps that are too large, or badly scaled."""
    if not plan.is_stochastic(estimator):
        return "Standardise the inputs, or choose an init with smaller weights."
    return (
        f"Lower learning_rate_init={estimator.learning_rate_init}, standardise the "
        "inputs (make_pipeline(InputStandardizer(), net)), or set max_grad_norm."
    )


def _converged(net, trained, record):
    if not plan.is_stochastic(net):
        return f"no component of the gradient is larger than tol={net.tol}"
    what = "the training cost has"
    if plan.schedule_of(net).lowers_on_stall:
        what = "the learning rate has fallen to 1e-6, and the training cost has"
    return f"{what} not fallen by more than {_patience(net)}"


def _early_stopping(net, trained, record):
    falls = plan.follows_cost(net)
    what = "cost has not fallen" if falls else "score has not risen"
    return (
        f"the dev {what} by more than {_patience(net)}; the parameters are those "
        f"of epoch {record.best_iteration_}"
    )


def _patience(net) -> str:
    return f"tol={net.tol} in n_iter_no_change={net.n_iter_no_change} epochs"


def _max_iter(net, trained, record):
    unit = "epochs" if plan.is_stochastic(net) else "iterations"
    return f"the limit of max_iter={net.max_iter} {unit} was reached"


def _rising(net, trained, record):
    first, last = trained.first_cost, trained.outcome.history[-1].cost
    return (
        f"the training cost rose from {first:.3g} in the first epoch to {last:.3g} in "
        "the last: the steps are too large"
    )


def _worse_than_constant(net, trained, record):
    if net.early_stopping and record.validation_loss_curve_:
        return (
            f"the dev cost never fell below {min(record.validation_loss_curve_):.3g}, "
            "which is above that of a constant prediction"
        )
    last = trained.outcome.history[-1].cost
    return (
        f"the training cost has stalled at {last:.3g}, which is above that of a "
        "constant prediction"
    )


_SENTENCES: dict[str, str | Callable[..., str]] = {
    stopping.CONVERGED: _converged,
    stopping.EARLY_STOPPING: _early_stopping,
    stopping.MAX_ITER: _max_iter,
    stopping.MAX_FUN: lambda net, trained, record: (
        f"the limit of max_fun={net.max_fun} evaluations of J was reached"
    ),
    stopping.LINE_SEARCH: lambda net, trained, record: (
        f"the line search found no lower J ({trained.outcome.message})"
    ),
    stopping.CALLBACK: "a callback requested it",
    stopping.ONE_EPOCH: "partial_fit trains for one epoch per call",
    stopping.ONE_CLASS: "y has one class only, so there is nothing to learn",
    stopping.INTERRUPTED: "it was interrupted (Ctrl-C)",
    stopping.LOST_TO_PENALTY: (
        "the penalty dominates: the minimum of J is near zero weights"
    ),
    stopping.CONSTANT: "every row gets almost the same prediction",
    stopping.RISING: _rising,
    stopping.WORSE_THAN_CONSTANT: _worse_than_constant,
    stopping.DIVERGED: lambda net, trained, record: (
        f"training diverged in epoch {trained.outcome.diverged_at}: the cost is no "
        "longer finite; the last parameters with a finite cost are kept"
    ),
}


def advice_at_max_iter(estimator) -> str:
    """Return what to do when training ran out of epochs, according to its curves."""
    more = f"max_iter={2 * estimator.max_iter}"
    if not plan.is_stochastic(estimator):
        return f"Standardise the inputs, or set {more} and increase max_fun."
    curve, best = estimator.validation_loss_curve_, estimator.best_iteration_
    patience = min(estimator.n_iter_no_change, _PATIENCE)
    if curve is None:
        return (
            f"Set {more} if the cost on held-out rows is still falling; "
            "early_stopping=True monitors it, and stops when it no longer falls."
        )
    if estimator.early_stopping:
        if len(estimator.loss_curve_) - best < patience / 2:
            falls = plan.follows_cost(estimator)
            what = "cost was still falling" if falls else "score was still rising"
            return f"The dev {what}: set {more}."
        return (
            f"The parameters are those of epoch {best}; more epochs would hardly help."
        )
    lowest = 1 + min(range(len(curve)), key=curve.__getitem__)
    if len(curve) - lowest < patience:
        return f"The dev cost was still falling: set {more}."
    return (
        f"The dev cost was lowest in epoch {lowest}: more epochs do not help; "
        "early_stopping=True keeps the parameters of that epoch."
    )
