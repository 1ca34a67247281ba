"""Epochs: train, look at the dev set, tell whoever listens, stop in time."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.compile_time import compile_seconds
from skdnn.network.memory import empty_aligned
from skdnn.network.objective import forward_by_blocks, rows_per_block
from skdnn.network.penalties import ElasticNet
from skdnn.network.propagation import Workspace, cost_of_logits
from skdnn.training.averaging import OFF, Averaging
from skdnn.training.blocks import Reader
from skdnn.training.epoch import Gathered, train_block
from skdnn.training.history import DevResult, EpochRecord, Outcome
from skdnn.training.optimizers import Regularization, Rule
from skdnn.training.schedules import LEAST_RATE, STALL_FACTOR, Progress, Schedule
from skdnn.training.state import LastEpochs, TrainingState
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

# Parameters of this size may give outputs that are not finite.
_FAR = 100.0


class Recipe(NamedTuple):
    """How to train: everything that does not change while training."""

    network: Network
    penalty: ElasticNet
    rule: Rule
    regularization: Regularization
    keep_prob: np.ndarray  # float64, for the input and each hidden layer
    schedule: Schedule
    learning_rate_init: float
    power_t: float
    n_epochs: int  # to train for
    epoch_length: float  # the part of the training set that an epoch goes through
    schedule_start: float  # the time, of all so far, that the schedule counts from
    horizon: int  # the epochs that the schedule is laid out for
    constant_cost: Callable[[], float]  # J of a network that predicts a constant
    averaging: Averaging = OFF
    is_whole: bool = True  # whether no more epochs are to come, in other calls


Evaluate = Callable[[np.ndarray], DevResult]
OnEpoch = Callable[[EpochRecord, np.ndarray], bool | None]


def train_epochs(
    state: TrainingState,
    reader: Reader,
    recipe: Recipe,
    evaluate: Evaluate | None = None,
    on_epoch: OnEpoch | None = None,
) -> Outcome:
    """Train for up to `recipe.n_epochs` epochs, in place on `state`.

    An interrupt (Ctrl-C) ends the training with the last full epoch, from which it can
    go on as if nothing had happened; before the end of the first it is raised again.

    Parameters
    ----------
    state : TrainingState
        Where to start; holds the last θ afterwards. Its monitor says when training has
        stalled.
    reader : Reader
        Yields the training rows, epoch by epoch.
    recipe : Recipe
        How to train.
    evaluate : callable (theta) -> DevResult, optional
        Looks at the dev set.
    on_epoch : callable (EpochRecord, theta) -> bool, optional
        Told of each epoch; a true answer stops the training.

    Returns
    -------
    Outcome
    """
    outcome = Outcome()
    steps = _Steps(state, reader, recipe)
    last = LastEpochs(state, outcome)
    try:
        for _ in range(recipe.n_epochs):
            is_over = _train_epoch(steps, outcome, last, evaluate)
            if outcome.diverged_at is None and on_epoch is not None:
                told_to_stop = on_epoch(outcome.history[-1], state.to_predict)
                if told_to_stop and not is_over:
                    outcome.reason, is_over = CALLBACK, True
            if is_over:
                break
        if outcome.diverged_at is None and not steps.end_is_finite():
            last.step_back()
            outcome.reason, outcome.diverged_at = DIVERGED, state.n_epochs + 1
    except KeyboardInterrupt as interrupt:
        last.put_back()
        if not outcome.history:
            raise
        outcome.reason, outcome.interrupted_by = INTERRUPTED, interrupt
    outcome.reason = _reason_in_view_of_the_cost(state, recipe, outcome)
    return outcome


def _reason_in_view_of_the_cost(
    state: TrainingState, recipe: Recipe, outcome: Outcome
) -> str:
    """Return why training stopped, or that it failed, where the cost says so."""
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
        raise ValueError("state.monitor must be a Monitor: it says when to stop")
    return state.monitor


def _is_lost(recipe: Recipe, monitor: Monitor, outcome: Outcome) -> bool:
    """Whether training stalled at a higher cost than a constant prediction has."""
    constant, history = recipe.constant_cost(), outcome.history
    if monitor.follows_dev:  # whose cost knows no penalty, and is of other rows
        best = min((r.dev.cost for r in history if r.dev is not None), default=0.0)
        return best > RISES_BY * constant + monitor.tol
    cost = history[-1].cost
    # With a coarse tol, patience may be over while J still falls.
    is_falling = cost <= min(record.cost for record in history)
    if is_falling and monitor.tol > 1e-3 * constant:
        return False
    return cost > ABOVE_CONSTANT * constant + monitor.tol


def _train_epoch(
    steps: "_Steps",
    outcome: Outcome,
    last: LastEpochs,
    evaluate: Evaluate | None,
) -> bool:
    """Train for an epoch and record it; return whether training is over."""
    state, recipe, monitor = steps.state, steps.recipe, _monitor(steps.state)
    last.epoch_begins()
    epoch, began, compiled = state.n_epochs + 1, time.perf_counter(), compile_seconds()
    cost, rate = steps.run_epoch()
    if not (np.isfinite(cost) and np.all(np.isfinite(state.theta))):
        last.step_back()
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
        outcome.reason = EARLY_STOPPING if monitor.follows_dev else CONVERGED
    last.epoch_is_over()
    return state.is_over


def _lower_rate(state: TrainingState, recipe: Recipe, monitor: Monitor) -> bool:
    """Lower the rate at a stall, if the schedule does; return whether it was."""
    rate = recipe.learning_rate_init * state.rate_factor
    if not recipe.schedule.lowers_on_stall or rate <= LEAST_RATE:
        return False
    state.rate_factor /= STALL_FACTOR
    monitor.reset_patience()
    return True


class _Steps:
    """Runs epochs; owns the buffers that all of them share."""

    def __init__(self, state: TrainingState, reader: Reader, recipe: Recipe):
        self.state, self.recipe, self.reader = state, recipe, reader
        batch_rows, dtype = reader.batch_rows, state.theta.dtype
        # Sparse rows are neither dropped nor gathered in these buffers.
        n_columns = 0 if reader.is_sparse else reader.n_columns
        drops_inputs = bool(recipe.keep_prob[0] < 1) and n_columns > 0
        self.work = Workspace.of(recipe.network, batch_rows, dtype, drops_inputs)
        rows = 0 if reader.copies else batch_rows
        self.gathered = Gathered.of(rows, n_columns, reader.n_targets, dtype)
        state.begin_averaging(recipe.averaging.is_on)
        state.align()
        self.grad = empty_aligned(state.theta.size, dtype)

    def run_epoch(self) -> tuple[float, float]:
        """Return J over the epoch and the last learning rate."""
        state, recipe, rates = self.state, self.recipe, self._rates()
        # The penalty, too, is that of before the steps: with one batch of all rows,
        # this is J at one θ.
        penalty = recipe.penalty.value(state.theta, recipe.network.groups)
        total, step = 0.0, 0
        for block in self.reader.epoch():
            n_steps = block.bounds.size - 1
            value, finite = train_block(
                recipe.network,
                recipe.rule,
                recipe.regularization,
                recipe.averaging,
                state.theta,
                state.optimizer.m,
                state.optimizer.v,
                state.average,
                state.optimizer.t,
                state.n_averaged,
                block,
                rates[step : step + n_steps],
                recipe.keep_prob,
                np.uint64(state.mask_seed),
                self.gathered,
                self.work,
                self.grad,
            )
            if not finite:
                return np.nan, rates[-1]
            state.optimizer.t += n_steps
            state.n_averaged += n_steps if recipe.averaging.is_on else 0
            step += n_steps
            total += value
        return total / self.reader.n_rows + penalty, rates[-1]

    def end_is_finite(self) -> bool:
        """Whether the cost is finite where the last step has led to.

        No next step finds out. It takes a look at all rows, but for parameters of a
        usual size, which have not been led far.
        """
        theta, network = self.state.theta, self.recipe.network
        if max(theta.max(), -theta.min()) < _FAR:
            return True
        block_rows, cost = rows_per_block(network, self.reader.is_sparse), 0.0
        for X, Y, s in self.reader.in_order(block_rows):
            (Z,) = forward_by_blocks(network, theta, [X], X.shape[0])
            cost += cost_of_logits(network, Z, Y, s, 1.0)
        return bool(np.isfinite(cost))

    def _rates(self) -> np.ndarray:
        """Return the learning rate of each step of an epoch."""
        recipe, n_batches = self.recipe, self.reader.n_batches
        within = np.arange(n_batches) / n_batches
        times = self.state.time + within * recipe.epoch_length
        progress = Progress(
            times - recipe.schedule_start, recipe.horizon, recipe.power_t
        )
        factor = self.state.rate_factor * recipe.schedule.factor(progress)
        return recipe.learning_rate_init * factor
