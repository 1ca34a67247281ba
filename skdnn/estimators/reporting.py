"""What a fit says: lines while it runs, and why it stopped, in a sentence or a warning.

The codes of reasons are those of training/stopping.py. A sentence may say more than the
code: what to do about it in this fit.
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
# What is said of a training that cannot have worked.
_FAILURES = (stopping.RISING, stopping.WORSE_THAN_CONSTANT, stopping.DIVERGED)
# A dev cost that has not fallen for so many epochs does not fall any more.
_PATIENCE = 10


class Collapse(NamedTuple):
    """A network that gives one prediction for all rows."""

    reason: str  # a code of training/stopping.py
    text: str  # what happened, and what to do


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
        """Remember an epoch, and print a line about it if one is due."""
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
    """Raise an error if nothing was reached that is worth keeping.

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


def warn_about(outcome: Outcome, estimator, collapse: Collapse | None) -> None:
    """Warn if training failed, was interrupted, or ran out of epochs.

    Parameters
    ----------
    outcome : Outcome
        How it went.
    estimator : BaseMLPRegularized
        Fitted.
    collapse : Collapse or None
        What to say of a network that gives one prediction for all rows.
    """
    text, reason = _warning_text(outcome, estimator, collapse), outcome.reason
    if text is not None:
        is_harmless = reason == stopping.ONE_CLASS
        tell(text, UserWarning if is_harmless else ConvergenceWarning, reason)


def tell(text: str, category: type[Warning], reason: str) -> None:
    """Warn the caller of fit; a search or another loop over fits, once per reason.

    The reason ends the text: docs/user_guide/does_not_learn.md has a section for each.
    """
    larger = caller_of_many_fits()
    told: set[str] = set() if larger is None else _TOLD.setdefault(larger, set())
    if reason in told:
        return
    text += f" [{reason}]"
    if larger is not None:
        text += " (One of several fits; of the others no more is said.)"
    warnings.warn(text, category, stacklevel=level_of_caller())
    told.add(reason)  # where warnings are errors, each fit fails by itself


# The reasons that a search or another loop over fits has been warned of: that many of
# its fits ran out of epochs is worth one warning.
_TOLD: WeakKeyDictionary[object, set[str]] = WeakKeyDictionary()


def _warning_text(outcome: Outcome, estimator, collapse: Collapse | None) -> str | None:
    why, reason = estimator.stop_message_, outcome.reason
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
    if reason in _FAILURES:
        return f"Training failed: {why}. {cure(estimator)}"
    if reason == stopping.ONE_CLASS:
        return (
            f"{_capitalised(why)}: every row is predicted to be of the class "
            f"{estimator.classes_.tolist()[0]!r}."
        )
    if outcome.converged or reason in (stopping.CALLBACK, stopping.ONE_EPOCH):
        return None
    advice = advice_at_max_iter(estimator)
    if not plan.is_stochastic(estimator):
        return f"lbfgs stopped before it converged: {why}. {advice}"
    if plan.schedule_of(estimator).spans_fit:  # it is meant to end with max_iter
        return None
    return (
        f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and "
        f"the optimization hasn't converged yet. {advice}"
    )


def _capitalised(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


# -- why training stopped --------------------------------------------------------------


def sentence(trained: Trained, estimator, record: FitRecord) -> str:
    """Return why training stopped.

    Parameters
    ----------
    trained : Trained
    estimator : BaseMLPRegularized
        Its parameters are named.
    record : FitRecord
        The curves up to now.
    """
    said = _SENTENCES[trained.outcome.reason]
    return said if isinstance(said, str) else said(estimator, trained, record)


def cure(estimator) -> str:
    """Return the cure for steps that are too long or of very different lengths."""
    if not plan.is_stochastic(estimator):
        return "Standardise the inputs, or draw smaller first weights with init."
    return (
        f"Lower learning_rate_init={estimator.learning_rate_init}, standardise the "
        "inputs (make_pipeline(StandardScaler(), net)), or set max_grad_norm."
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
    return f"max_iter={net.max_iter} {unit} are over"


def _rising(net, trained, record):
    first, last = trained.first_cost, trained.outcome.history[-1].cost
    return (
        f"the training cost rose from {first:.3g} in the first epoch to {last:.3g} in "
        "the last: the steps are too long"
    )


def _worse_than_constant(net, trained, record):
    if net.early_stopping and record.validation_loss_curve_:
        return (
            f"the dev cost stayed at {min(record.validation_loss_curve_):.3g} or "
            "more, above that of a network that predicts the same for every row"
        )
    last = trained.outcome.history[-1].cost
    return (
        f"the training cost has stalled at {last:.3g}, above that of a network that "
        "predicts the same for every row"
    )


_SENTENCES: dict[str, str | Callable[..., str]] = {
    stopping.CONVERGED: _converged,
    stopping.EARLY_STOPPING: _early_stopping,
    stopping.MAX_ITER: _max_iter,
    stopping.MAX_FUN: lambda net, trained, record: (
        f"max_fun={net.max_fun} evaluations of J are over"
    ),
    stopping.LINE_SEARCH: lambda net, trained, record: (
        f"lbfgs found no lower J along its direction ({trained.outcome.message})"
    ),
    stopping.CALLBACK: "a callback asked for it",
    stopping.ONE_EPOCH: "partial_fit trains for one epoch in each call",
    stopping.ONE_CLASS: "y has one class only, so there is nothing to learn",
    stopping.INTERRUPTED: "it was interrupted (Ctrl-C)",
    stopping.LOST_TO_PENALTY: (
        "the penalty has taken the network: its minimum is near zero weights"
    ),
    stopping.CONSTANT: "every row gets almost the same prediction",
    stopping.RISING: _rising,
    stopping.WORSE_THAN_CONSTANT: _worse_than_constant,
    stopping.DIVERGED: lambda net, trained, record: (
        f"training diverged in epoch {trained.outcome.diverged_at}: the cost is no "
        "longer finite; the last parameters of a finite cost are kept"
    ),
}


def advice_at_max_iter(estimator) -> str:
    """Return what to do about a training that ran out of epochs, by its curves."""
    more = f"max_iter={2 * estimator.max_iter}"
    if not plan.is_stochastic(estimator):
        return f"Standardise the inputs, or set {more} and max_fun as high."
    curve, best = estimator.validation_loss_curve_, estimator.best_iteration_
    patience = min(estimator.n_iter_no_change, _PATIENCE)
    if curve is None:
        return (
            f"If the cost of rows that are not trained on still falls, set {more}; "
            "early_stopping=True watches some rows and stops when it does not."
        )
    if estimator.early_stopping:
        if len(estimator.loss_curve_) - best < patience / 2:
            return f"The dev set was still gaining: set {more}."
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
