"""The loop over epochs: train, evaluate on the dev set, call back, stop in time."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from skdnn.network.compile_time import compile_seconds
from skdnn.training.blocks import Reader
from skdnn.training.history import DevResult, EpochRecord, Outcome
from skdnn.training.recipe import Recipe
from skdnn.training.schedules import MIN_RATE, STALL_FACTOR
from skdnn.training.state import LastEpochs, TrainingState
from skdnn.training.steps import Steps
from skdnn.training.stopping import (
    ABOVE_CONSTANT,
    CALLBACK,
    CONVERGED,
    DIVERGED,
    EARLY_STOPPING,
    INTERRUPTED,
    MAX_ITER,
    RISES_BY,
    RISING,
    WORSE_THAN_CONSTANT,
    Monitor,
)

Evaluate = Callable[[np.ndarray], DevResult]
OnEpoch = Callable[[EpochRecord, np.ndarray], bool | None]
MakeSteps = Callable[[TrainingState, Any, Recipe], Steps]


def train_epochs(
    state: TrainingState,
    reader: Reader,
    recipe: Recipe,
    evaluate: Evaluate | None = None,
    on_epoch: OnEpoch | None = None,
    history: list[EpochRecord] | None = None,
    make_steps: MakeSteps = Steps,
) -> Outcome:
    """Train for up to `recipe.n_epochs` epochs, in place on `state`.

    An interrupt (Ctrl-C) ends training at the last full epoch, from which it can resume
    as if nothing had happened; before the end of the first it is raised again. If the
    only epoch fails, the state is left incomplete: there is nothing to keep.

    Parameters
    ----------
    state : TrainingState
        Where to start; holds the last θ afterwards. Its monitor decides when training
        has stalled.
    reader : Reader
        Yields the training rows, epoch by epoch.
    recipe : Recipe
        How to train.
    evaluate : callable (theta) -> DevResult, optional
        Evaluates θ on the dev set.
    on_epoch : callable (EpochRecord, theta) -> bool, optional
        Called after each epoch; a true result stops training.
    history : list of EpochRecord, optional
        The epochs of this fit that have led to `state`: they count towards
        `recipe.n_epochs`, and new ones are appended.
    make_steps : callable (state, reader, recipe) -> Steps, optional
        Returns the object that takes the steps.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If `state` has no monitor.
    """
    outcome = Outcome([] if history is None else history)
    steps = make_steps(state, reader, recipe)
    is_one = recipe.n_epochs == 1 and not outcome.history
    last = LastEpochs(state, outcome, is_one)
    is_over = bool(outcome.history) and state.is_over
    if is_over:
        outcome.reason = _reason_of_stall(state)
    try:
        while len(outcome.history) < recipe.n_epochs and not is_over:
            is_over = _train_epoch(steps, outcome, last, evaluate)
            if outcome.diverged_at is None and on_epoch is not None:
                told_to_stop = on_epoch(outcome.history[-1], state.to_predict)
                if told_to_stop and not is_over:
                    outcome.reason, is_over = CALLBACK, True
        if outcome.diverged_at is None and not steps.end_is_finite():
            last.restore_previous()
            outcome.reason, outcome.diverged_at = DIVERGED, state.n_epochs + 1
    except KeyboardInterrupt as interrupt:
        last.restore()
        if not outcome.history:
            raise
        outcome.reason, outcome.interrupted_by = INTERRUPTED, interrupt
    outcome.reason = _reason_given_cost(state, recipe, outcome)
    return outcome


def _reason_given_cost(state: TrainingState, recipe: Recipe, outcome: Outcome) -> str:
    """Return why training stopped, or that it failed if the cost shows so."""
    reason, first_cost, monitor = outcome.reason, state.first_cost, _monitor(state)
    ran_out = reason == MAX_ITER and recipe.is_whole
    if first_cost is None or not (outcome.converged or ran_out):
        return reason
    cost = outcome.history[-1].cost
    if cost > RISES_BY * first_cost + monitor.tol:
        return RISING
    if ran_out:
        return reason
    return WORSE_THAN_CONSTANT if _is_lost(recipe, monitor, outcome) else reason


def _monitor(state: TrainingState) -> Monitor:
    if state.monitor is None:
        raise ValueError("state.monitor must be a Monitor, got None.")
    return state.monitor


def _is_lost(recipe: Recipe, monitor: Monitor, outcome: Outcome) -> bool:
    """Whether training stalled at a higher cost than that of a constant prediction."""
    constant, history = recipe.constant_cost(), outcome.history
    if monitor.follows_dev:  # whose cost has no penalty, and is of other rows
        best = min((r.dev.cost for r in history if r.dev is not None), default=0.0)
        return best > RISES_BY * constant + monitor.tol
    cost = history[-1].cost
    # With a coarse tol, patience may run out while J still falls.
    is_falling = cost <= min(record.cost for record in history)
    if is_falling and monitor.tol > 1e-3 * constant:
        return False
    return cost > ABOVE_CONSTANT * constant + monitor.tol


def _train_epoch(
    steps: Steps,
    outcome: Outcome,
    last: LastEpochs,
    evaluate: Evaluate | None,
) -> bool:
    """Train for one epoch and record it; return whether training is over."""
    state, recipe, monitor = steps.state, steps.recipe, _monitor(steps.state)
    last.epoch_begins()
    epoch, began, compiled = state.n_epochs + 1, time.perf_counter(), compile_seconds()
    cost, rate = steps.run_epoch()
    if not (np.isfinite(cost) and np.all(np.isfinite(state.theta))):
        last.restore_previous()
        outcome.reason, outcome.diverged_at = DIVERGED, state.n_epochs + 1
        return True
    state.n_epochs = epoch
    state.time += recipe.epoch_length
    if state.first_cost is None:
        state.first_cost = cost
    dev = evaluate(state.to_predict) if evaluate else None
    compiling = compile_seconds() - compiled
    seconds = time.perf_counter() - began - compiling
    record = EpochRecord(epoch, cost, rate, seconds, dev, compiling)
    outcome.history.append(record)
    stalled = monitor.update(record, state.to_predict)
    state.is_over = stalled and not _lower_rate(state, recipe, monitor)
    if state.is_over:
        outcome.reason = _reason_of_stall(state)
    last.epoch_is_over()
    return state.is_over


def _reason_of_stall(state: TrainingState) -> str:
    return EARLY_STOPPING if _monitor(state).follows_dev else CONVERGED


def _lower_rate(state: TrainingState, recipe: Recipe, monitor: Monitor) -> bool:
    """Lower the rate at a stall, if the schedule does so; return whether it was."""
    rate = recipe.learning_rate_init * state.rate_factor
    if not recipe.schedule.lowers_on_stall or rate <= MIN_RATE:
        return False
    state.rate_factor /= STALL_FACTOR
    monitor.reset_patience()
    return True
