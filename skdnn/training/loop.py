"""Epochs: train, look at the dev set, tell whoever listens, stop in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from skdnn.network.memory import aligned_copy, empty_aligned
from skdnn.network.penalties import ElasticNet
from skdnn.network.propagation import Network, Workspace
from skdnn.training.batches import Augment, BatchReader, Examples, random_order
from skdnn.training.epoch import Gathered, train_block
from skdnn.training.optimizers import OptimizerState, Regularization, Rule
from skdnn.training.schedules import (
    ADAPTIVE_FACTOR,
    ADAPTIVE_LEAST_RATE,
    SCHEDULES,
    Progress,
)
from skdnn.training.stopping import Monitor


@dataclass
class TrainingState:
    """All that training needs again to go on as if it had never stopped."""

    theta: np.ndarray
    optimizer: OptimizerState
    rng: np.random.Generator  # shuffles and augments rows
    mask_seed: np.uint64  # names dropout masks
    split_seed: int  # cuts the dev set
    n_epochs: int = 0
    rate_factor: float = 1.0  # what "adaptive" has made of the learning rate


class Recipe(NamedTuple):
    """How to train: everything that does not change while training."""

    network: Network
    penalty: ElasticNet
    rule: Rule
    extra: Regularization
    keep_prob: np.ndarray  # float64, for the input and each hidden layer
    batch_size: int
    shuffle: bool
    schedule: str
    learning_rate_init: float
    power_t: float
    n_epochs: int  # to train for
    schedule_start: int  # the epoch, of all so far, that the schedule counts from
    horizon: int  # the epochs that the schedule is laid out for
    augment: Augment | None = None  # what alters each block of training rows


class DevResult(NamedTuple):
    """What the dev set said after an epoch."""

    cost: float  # without penalty and dropout
    score: float  # the higher the better
    monitored: float  # what early stopping follows, the lower the better


class EpochRecord(NamedTuple):
    """One line of the history."""

    epoch: int  # counted from 1 in this fit
    cost: float  # J, each batch at the θ of its step
    learning_rate: float  # of the epoch's last step
    seconds: float
    dev: DevResult | None


@dataclass
class Outcome:
    """How a fit went."""

    history: list[EpochRecord] = field(default_factory=list)
    converged: bool = False
    told_to_stop: bool = False  # by whoever was told of an epoch
    diverged_at: int | None = None  # the epoch in which J was no longer finite
    message: str = ""


Evaluate = Callable[[np.ndarray], DevResult]
OnEpoch = Callable[[EpochRecord, np.ndarray], bool | None]


def train_epochs(
    state: TrainingState,
    examples: Examples,
    recipe: Recipe,
    monitor: Monitor,
    evaluate: Evaluate | None = None,
    on_epoch: OnEpoch | None = None,
) -> Outcome:
    """Train for up to `recipe.n_epochs` epochs, in place on `state`.

    Parameters
    ----------
    state : TrainingState
        Where to start; holds the last θ afterwards.
    examples : Examples
        The training rows.
    recipe : Recipe
        How to train.
    monitor : Monitor
        Says when training has stalled.
    evaluate : callable (theta) -> DevResult, optional
        Looks at the dev set.
    on_epoch : callable (EpochRecord, theta) -> bool, optional
        Told of each epoch; a true answer stops the training.

    Returns
    -------
    Outcome
    """
    outcome = Outcome()
    steps = _Steps(state, examples, recipe)
    safe = state.theta.copy()
    for epoch in range(1, recipe.n_epochs + 1):
        began = time.perf_counter()
        cost, rate = steps.run_epoch()
        if not (np.isfinite(cost) and np.all(np.isfinite(state.theta))):
            state.theta[:] = safe
            state.optimizer.restart()  # the moments hold what made it diverge
            outcome.diverged_at = epoch
            return outcome
        safe[:] = state.theta
        state.n_epochs += 1
        dev = evaluate(state.theta) if evaluate else None
        record = EpochRecord(epoch, cost, rate, time.perf_counter() - began, dev)
        outcome.history.append(record)
        told_to_stop = on_epoch(record, state.theta) if on_epoch else False
        stalled = monitor.update(record, state.theta)
        if stalled and not _lower_rate(state, recipe, monitor):
            outcome.converged = True
            return outcome
        if told_to_stop:
            outcome.told_to_stop = True
            return outcome
    return outcome


def _lower_rate(state: TrainingState, recipe: Recipe, monitor: Monitor) -> bool:
    """Answer a stall as "adaptive" does; return whether training goes on."""
    rate = recipe.learning_rate_init * state.rate_factor
    if recipe.schedule != "adaptive" or rate <= ADAPTIVE_LEAST_RATE:
        return False
    state.rate_factor /= ADAPTIVE_FACTOR
    monitor.be_patient_again()
    return True


class _Steps:
    """Runs epochs; owns the buffers that all of them share."""

    def __init__(self, state: TrainingState, examples: Examples, recipe: Recipe):
        self.state = state
        self.recipe = recipe
        self.n_rows = examples.n_rows
        self.reader = BatchReader(
            examples, recipe.batch_size, recipe.augment, state.rng
        )
        batch_rows, dtype = self.reader.batch_rows, state.theta.dtype
        # Sparse rows are neither dropped nor gathered in these buffers.
        n_columns = 0 if self.reader.is_sparse else examples.table.n_columns
        drops_inputs = bool(recipe.keep_prob[0] < 1) and n_columns > 0
        self.work = Workspace.of(recipe.network, batch_rows, dtype, drops_inputs)
        rows = 0 if self.reader.copies else batch_rows
        self.gathered = Gathered.of(rows, n_columns, examples.Y.shape[1], dtype)
        # What has been copied or unpickled may start anywhere.
        state.theta = aligned_copy(state.theta)
        state.optimizer.m = aligned_copy(state.optimizer.m)
        state.optimizer.v = aligned_copy(state.optimizer.v)
        self.grad = empty_aligned(state.theta.size, state.theta.dtype)

    def run_epoch(self) -> tuple[float, float]:
        """Return J over the epoch and the last learning rate."""
        state, recipe = self.state, self.recipe
        # One batch of all rows has nothing to shuffle.
        shuffled = recipe.shuffle and self.reader.n_batches > 1
        order = random_order(state.rng, self.n_rows) if shuffled else None
        rates = self._rates()
        # The penalty, too, is that of before the steps: with one batch of all rows,
        # this is J at one θ.
        weights = state.theta[: recipe.network.layout.n_weights]
        penalty = recipe.penalty.value(weights)
        total, step = 0.0, 0
        for block in self.reader.epoch(order):
            n_steps = block.bounds.size - 1
            value, finite = train_block(
                recipe.network,
                recipe.rule,
                recipe.extra,
                state.theta,
                state.optimizer.m,
                state.optimizer.v,
                state.optimizer.t,
                block,
                rates[step : step + n_steps],
                recipe.keep_prob,
                state.mask_seed,
                self.gathered,
                self.work,
                self.grad,
            )
            if not finite:
                return np.nan, rates[-1]
            state.optimizer.t += n_steps
            step += n_steps
            total += value
        return total / self.n_rows + penalty, rates[-1]

    def _rates(self) -> np.ndarray:
        """Return the learning rate of each step of an epoch."""
        recipe, n_batches = self.recipe, self.reader.n_batches
        times = self.state.n_epochs + np.arange(n_batches) / n_batches
        progress = Progress(
            times - recipe.schedule_start, recipe.horizon, recipe.power_t
        )
        factor = self.state.rate_factor * SCHEDULES[recipe.schedule](progress)
        return recipe.learning_rate_init * factor
