"""What training has reached, what it tells of each epoch, and how it went."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from skdnn.training.optimizers import OptimizerState
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.stopping import CONVERGED, EARLY_STOPPING, MAX_ITER, Monitor


@dataclass
class TrainingState:
    """All that training needs again to go on as if it had never stopped."""

    theta: np.ndarray
    optimizer: OptimizerState
    rng: np.random.Generator  # shuffles and augments rows
    mask_seed: np.uint64  # names dropout masks
    split_seed: int  # cuts the dev set
    n_epochs: int = 0
    time: float = 0.0  # passes over the training set so far: what schedules count
    rows_seen: RowsSeen = field(default_factory=RowsSeen)
    rate_factor: float = 1.0  # what "adaptive" has made of the learning rate
    schedule_start: float = 0.0  # the time that schedules count from
    first_cost: float | None = None  # J in the first epoch
    is_over: bool = False  # patience has run out
    monitor: Monitor | None = None  # patience, and the best θ
    solver: str = ""  # the one whose moments `optimizer` holds

    def begin_anew(self) -> None:
        """Begin another training from this θ: fresh patience, and the first rate."""
        self.schedule_start, self.rate_factor = self.time, 1.0
        self.first_cost, self.is_over = None, False
        if self.monitor is not None and self.monitor.follows_dev:
            self.monitor.be_patient_again()
        else:
            self.monitor = None


class DevResult(NamedTuple):
    """What the dev set said after an epoch."""

    cost: float  # without penalty and dropout
    score: float  # the higher the better
    monitored: float  # what early stopping follows, the lower the better


class EpochRecord(NamedTuple):
    """One line of the history."""

    epoch: int  # counted from 1 over all epochs so far
    cost: float  # J, each batch at the θ of its step
    learning_rate: float  # of the epoch's last step
    seconds: float  # without those of compiling
    dev: DevResult | None
    compile_seconds: float = 0.0


@dataclass
class Outcome:
    """How a fit went."""

    history: list[EpochRecord] = field(default_factory=list)
    reason: str = MAX_ITER  # why training stopped: a code of training/stopping.py
    diverged_at: int | None = None  # the epoch in which J was no longer finite
    interrupted_by: KeyboardInterrupt | None = None  # at least one epoch was over
    message: str = ""  # what the solver says

    @property
    def converged(self) -> bool:
        """Whether training stopped because there was nothing more to gain."""
        return self.reason in (CONVERGED, EARLY_STOPPING)


class LastEpoch:
    """Training as it was after the last full epoch.

    An interrupt finds an epoch half done, in θ and in all that goes with it.
    """

    def __init__(self, state: TrainingState, monitor: Monitor, outcome: Outcome):
        self._state, self._monitor, self._outcome = state, monitor, outcome
        self._arrays = [array.copy() for array in self._moving()]
        self._theta_before = state.theta.copy()
        self._watched, self._n_records = vars(monitor).copy(), 0
        self._numbers = self._moving_numbers()
        self.is_now()

    def _moving(self) -> tuple[np.ndarray, ...]:
        return self._state.theta, self._state.optimizer.m, self._state.optimizer.v

    def _moving_numbers(self) -> dict:
        names = ("n_epochs", "time", "rate_factor", "first_cost", "is_over")
        return {name: getattr(self._state, name) for name in names}

    def is_now(self) -> None:
        """Take down that an epoch is over."""
        state = self._state
        self._in_full = True  # an interrupt while copying finds nothing half done
        # θ changes places with the one before: two buffers are enough.
        self._theta_before, self._arrays[0] = self._arrays[0], self._theta_before
        self._before = self._watched, self._n_records, self._numbers
        for copied, array in zip(self._arrays, self._moving(), strict=True):
            copied[:] = array
        self._steps, self._numbers = state.optimizer.t, self._moving_numbers()
        self._rng = state.rng.bit_generator.state
        self._watched = vars(self._monitor).copy()
        self._n_records = len(self._outcome.history)
        self._reason = self._outcome.reason
        self._in_full = False

    def put_back(self) -> None:
        """Undo what has been done since."""
        if self._in_full:
            return
        state = self._state
        for copied, array in zip(self._arrays, self._moving(), strict=True):
            array[:] = copied
        state.optimizer.t = self._steps
        vars(state).update(self._numbers)
        state.rng.bit_generator.state = self._rng
        vars(self._monitor).update(self._watched)
        del self._outcome.history[self._n_records :]
        self._outcome.reason = self._reason

    def step_back(self) -> None:
        """Undo the last full epoch, too: the next began, and diverged, where it ended.

        Its θ may be finite and yet too large for a finite cost.
        """
        state, history = self._state, self._outcome.history
        watched, n_records, numbers = self._before
        state.theta[:] = self._theta_before
        state.optimizer.restart()  # the moments hold what made it diverge
        vars(state).update(numbers)
        vars(self._monitor).update(watched)
        del history[n_records:]
