"""The state of training, and how to return to the last full epoch."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from skdnn.training.averaging import no_average
from skdnn.training.history import Outcome
from skdnn.training.optimizers import OptimizerState
from skdnn.training.parts import InPlace, StatePart
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.stopping import Monitor


@dataclass
class TrainingState(StatePart):
    """Everything that training needs to resume as if it had never stopped."""

    theta: InPlace
    optimizer: OptimizerState
    rng: np.random.Generator  # shuffles and augments rows
    mask_seed: int  # of dropout masks
    split_seed: int  # of the split into training and dev rows
    solver: str | None = None  # the solver that `optimizer` belongs to
    n_epochs: int = 0
    time: float = 0.0  # passes over the training set so far: what schedules count
    rows_seen: RowsSeen = field(default_factory=RowsSeen)
    rate_factor: float = 1.0  # of the learning rate, after stalls
    schedule_start: float = 0.0  # the time that schedules count from
    first_cost: float | None = None  # J in the first epoch
    is_over: bool = False  # patience has run out
    monitor: Monitor | None = None  # patience, and the best θ
    average: InPlace = field(default_factory=no_average)  # of θ, empty if there is none
    n_averaged: int = 0  # steps in it

    @property
    def to_predict(self) -> np.ndarray:
        """The parameters to predict with: the average, if there is one, else θ."""
        return self.average if self.n_averaged else self.theta

    def begin_averaging(self, is_on: bool) -> None:
        """Continue the average, start one, or discard it."""
        if not is_on:
            self.average, self.n_averaged = no_average(self.theta.dtype), 0
        elif not self.n_averaged:
            self.average = self.theta.copy()

    def with_theta(self, theta: np.ndarray) -> "TrainingState":
        """Return the state at another θ: with its moments, but no average or best θ."""
        return replace(
            self,
            theta=theta,
            monitor=None,
            average=no_average(theta.dtype),
            n_averaged=0,
        )

    def switch_solver(self, solver: str) -> None:
        """Discard the moments of another solver, which have another meaning."""
        if solver != self.solver:
            self.optimizer = OptimizerState.start(self.theta)
            self.solver = solver

    def start_new_fit(self) -> None:
        """Start another fit from this θ: with full patience and the initial rate."""
        self.schedule_start, self.rate_factor = self.time, 1.0
        self.first_cost, self.is_over = None, False
        if self.monitor is not None and self.monitor.follows_dev:
            self.monitor.reset_patience()
        else:
            self.monitor = None


class _Epoch(NamedTuple):
    """Training as it was at the beginning of an epoch."""

    state: TrainingState | None  # None if it will not be restored
    n_records: int
    reason: str


class LastEpochs:
    """Training as it was at the beginning of this epoch, and of the one before.

    An interrupt leaves an epoch incomplete, in θ and in everything that goes with it.

    Parameters
    ----------
    state : TrainingState
        The state that training changes.
    outcome : Outcome
        Its history grows.
    is_one : bool, default=False
        Whether this epoch is the only one. If it fails, nothing has been reached, so
        that no copy of the state is needed.
    """

    def __init__(self, state: TrainingState, outcome: Outcome, is_one: bool = False):
        self._state, self._outcome, self._is_one = state, outcome, is_one
        self._last: _Epoch | None = None
        self._before: _Epoch | None = None
        self._is_over = True  # whether the epoch that began at `_last` is complete

    def epoch_begins(self) -> None:
        """Save the state, alternating between two copies.

        They share the moments: those of the epoch before the last are never restored.
        """
        spare, self._before = self._before, self._last
        state = None if self._is_one else self._copied(spare)
        self._last = self._now(state)
        self._is_over = False  # an interrupt before this line finds nothing incomplete

    def _copied(self, spare: _Epoch | None) -> TrainingState:
        if spare is not None and spare.state is not None:
            spare.state.take_over(self._state)
            return spare.state
        if self._before is None or self._before.state is None:
            return self._state.copy()
        moments = self._before.state.optimizer
        moments.take_over(self._state.optimizer)
        return self._state.copy(optimizer=moments)

    def epoch_is_over(self) -> None:
        """Note that nothing is incomplete until the next epoch begins."""
        self._is_over = True

    def restore(self) -> None:
        """Undo everything since the last full epoch."""
        if not self._is_over and self._last is not None:
            self._restore(self._last)
            self._outcome.reason = self._last.reason

    def restore_previous(self) -> None:
        """Undo the last full epoch as well, since training diverged right after it.

        Its θ may be finite and yet too large for a finite cost.
        """
        epoch = self._last if self._is_over else self._before or self._last
        if epoch is not None:
            self._restore(epoch)
            self._state.optimizer.restart()  # the moments hold what made it diverge

    def _now(self, state: TrainingState | None) -> _Epoch:
        return _Epoch(state, len(self._outcome.history), self._outcome.reason)

    def _restore(self, epoch: _Epoch) -> None:
        if epoch.state is not None:
            self._state.take_over(epoch.state)
        del self._outcome.history[epoch.n_records :]
