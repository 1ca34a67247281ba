"""What training tells: of the dev set, of each epoch, and how it went in all."""

from dataclasses import dataclass, field
from typing import NamedTuple

from skdnn.training.stopping import CONVERGED, EARLY_STOPPING, MAX_ITER


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

    def in_units(self, unit: float) -> "EpochRecord":
        """Return the record with its costs in multiples of another unit."""
        dev = self.dev and self.dev._replace(cost=unit * self.dev.cost)
        return self._replace(cost=unit * self.cost, dev=dev)


@dataclass
class Run:
    """A call of fit, from its first epoch on, however often it was broken off."""

    began: float  # the state's time at its beginning
    history: list[EpochRecord] = field(default_factory=list)  # J as training has it


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
