"""What training has reached, and the way back to the last full epoch."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from skdnn.training.averaging import nothing
from skdnn.training.history import Outcome
from skdnn.training.optimizers import OptimizerState
from skdnn.training.parts import InPlace, StatePart
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.stopping import Monitor


@dataclass
class TrainingState(StatePart):
    """All that training needs again to go on as if it had never stopped."""

    theta: InPlace
    optimizer: OptimizerState
    rng: np.random.Generator  # shuffles and augments rows
    mask_seed: int  # names dropout masks
    split_seed: int  # cuts the dev set
    solver: str | None = None  # whose memory `optimizer` is
    n_epochs: int = 0
    time: float = 0.0  # passes over the training set so far: what schedules count
    rows_seen: RowsSeen = field(default_factory=RowsSeen)
    rate_factor: float = 1.0  # what stalls have made of the learning rate
    schedule_start: float = 0.0  # the time that schedules count from
    first_cost: float | None = None  # J in the first epoch
    is_over: bool = False  # patience has run out
    monitor: Monitor | None = None  # patience, and the best θ
    average: InPlace = field(default_factory=nothing)  # of θ, empty if there is none
    n_averaged: int = 0  # steps in it

    @property
    def to_predict(self) -> np.ndarray:
        """The average, where there is one, else θ."""
        return self.average if self.n_averaged else self.theta

    def begin_averaging(self, is_on: bool) -> None:
        """Go on with the average, begin one, or forget it."""
        if not is_on:
            self.average, self.n_averaged = nothing(self.theta.dtype), 0
        elif not self.n_averaged:
            self.average = self.theta.copy()

    def moved_to(self, theta: np.ndarray) -> "TrainingState":
        """Return this at another θ: the moments stay, average and best θ are gone."""
        return replace(
            self,
            theta=theta,
            monitor=None,
            average=nothing(theta.dtype),
            n_averaged=0,
        )

    def hand_to(self, solver: str) -> None:
        """Forget the steps of another solver: it means something else by them."""
        if solver != self.solver:
            self.optimizer = OptimizerState.start(self.theta)
            self.solver = solver

    def begin_anew(self) -> None:
        """Begin another training from this θ: fresh patience, and the first rate."""
        self.schedule_start, self.rate_factor = self.time, 1.0
        self.first_cost, self.is_over = None, False
        if self.monitor is not None and self.monitor.follows_dev:
            self.monitor.reset_patience()
        else:
            self.monitor = None


class _Epoch(NamedTuple):
    """Training as it was where an epoch began."""

    state: TrainingState | None  # None if nobody goes back to it
    n_records: int
    reason: str


class LastEpochs:
    """Training as it was where this epoch began, and where the one before did.

    An interrupt finds an epoch half done, in θ and in all that goes with it.

    Parameters
    ----------
    state : TrainingState
        The one that moves.
    outcome : Outcome
        Its history grows.
    is_one : bool, default=False
        Whether this epoch is the only one. A training that fails in it has reached
        nothing, so that no copy of the state is needed.
    """

    def __init__(self, state: TrainingState, outcome: Outcome, is_one: bool = False):
        self._state, self._outcome, self._is_one = state, outcome, is_one
        self._last: _Epoch | None = None
        self._before: _Epoch | None = None
        self._is_over = True  # the epoch that `_last` is the beginning of

    def epoch_begins(self) -> None:
        """Take note of the state; two copies of it take turns.

        They share the moments: nobody goes back to those of the epoch before the last.
        """
        spare, self._before = self._before, self._last
        state = None if self._is_one else self._copied(spare)
        self._last = self._now(state)
        self._is_over = False  # an interrupt before found nothing half done

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
        """Take note that nothing is half done until the next epoch begins."""
        self._is_over = True

    def put_back(self) -> None:
        """Undo what has been done since the last full epoch."""
        if not self._is_over and self._last is not None:
            self._restore(self._last)
            self._outcome.reason = self._last.reason

    def step_back(self) -> None:
        """Undo the last full epoch, too: the next began, and diverged, where it ended.

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
