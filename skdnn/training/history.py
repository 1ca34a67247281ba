"""Records of training: results on the dev set, of each epoch, and of a whole fit."""

from dataclasses import dataclass, field
from typing import NamedTuple

from skdnn.training.stopping import CONVERGED, EARLY_STOPPING, MAX_ITER


class DevResult(NamedTuple):
    """Results on the dev set after an epoch."""

    cost: float  # without penalty and dropout
    score: float  # the higher the better
    monitored: float  # what early stopping follows, the lower the better


class EpochRecord(NamedTuple):
    """One epoch of the history."""

    epoch: int  # counted from 1 over all epochs so far
    cost: float  # J, each batch at the θ of its step
    learning_rate: float  # of the epoch's last step
    seconds: float  # without compiling
    dev: DevResult | None
    compile_seconds: float = 0.0

    def in_units(self, unit: float) -> "EpochRecord":
        """Return the record with its costs multiplied by `unit`."""
        dev = self.dev and self.dev._replace(cost=unit * self.dev.cost)
        return self._replace(cost=unit * self.cost, dev=dev)


@dataclass
class Run:
    """A fit from its first epoch on, however often it was interrupted."""

    began: float  # `time` of the state when the fit began
    history: list[EpochRecord] = field(default_factory=list)  # J in units of training


@dataclass
class Outcome:
    """How a fit went."""

    history: list[EpochRecord] = field(default_factory=list)
    reason: str = MAX_ITER  # why training stopped: a code of training/stopping.py
    diverged_at: int | None = None  # the first epoch in which J was not finite
    interrupted_by: KeyboardInterrupt | None = None  # after at least one full epoch
    message: str = ""  # of the solver

    @property
    def converged(self) -> bool:
        """Whether training stopped because it no longer improved."""
        return self.reason in (CONVERGED, EARLY_STOPPING)
