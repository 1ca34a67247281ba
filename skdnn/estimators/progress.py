"""The progress of a fit of one network, and resuming from it."""

from functools import cached_property
from typing import Any

import numpy as np

from skdnn.estimators.preparation import Start
from skdnn.estimators.resuming import Saved, described_rows, header_fields
from skdnn.training.history import DevResult, EpochRecord, Run
from skdnn.training.state import TrainingState


class FitProgress:
    """The progress of a fit; it is updated during training.

    Attributes
    ----------
    state : TrainingState
        Updated in place.
    run : Run
        Its history grows.
    """

    every: int = 10  # default number of epochs between two checkpoints

    def __init__(self, estimator, start: Start, saved: Saved | None):
        self._estimator, self._start = estimator, start
        self._n_before = start.state.n_epochs
        self.state, self.run = start.state, Run(start.state.time)
        if saved is not None:
            content = saved.content
            saved.refuse_other(content["rows"], self._rows)
            self.state = TrainingState.unpack(content["state"])
            self.run = Run(content["began"], _records(content["history"]))

    @cached_property
    def _rows(self) -> dict[str, str]:
        start = self._start
        dev: dict[str, str] = {}
        if start.evaluate is not None:
            dev = described_rows(start.evaluate.examples, "_val")
        return {
            **described_rows(start.examples, ""),
            **dev,
            "the network": f"{start.model.network.sizes} in {start.state.theta.dtype}",
            "the epochs before this fit": str(self._n_before),
        }

    @property
    def count(self) -> int:
        """The number of epochs so far."""
        return self.state.n_epochs

    @property
    def where(self) -> str:
        """The current point, as messages call it."""
        return f"epoch {self.count}"

    def is_last(self) -> bool:
        """Return whether no further epoch is possible."""
        is_last = len(self.run.history) >= self._estimator.max_iter
        return is_last or self.state.is_over

    def pack(self) -> dict[str, Any]:
        """Return names, numbers, arrays and generators."""
        return {
            **header_fields(self._estimator),
            "state": self.state.pack(),
            "began": self.run.began,
            "history": _columns(self.run.history),
            "rows": self._rows,
        }


def split_seed_of(saved: Saved | None) -> int | None:
    """Return the seed of the saved dev split."""
    return None if saved is None else saved.content["state"]["split_seed"]


def _columns(history: list[EpochRecord]) -> np.ndarray:
    """Return the history as an array with one row for each epoch."""
    return np.array([(*r[:4], r.compile_seconds, *(r.dev or ())) for r in history])


def _records(columns: np.ndarray) -> list[EpochRecord]:
    return [
        EpochRecord(
            int(epoch),
            cost,
            rate,
            seconds,
            DevResult(*dev) if dev else None,
            compiling,
        )
        for epoch, cost, rate, seconds, compiling, *dev in columns.tolist()
    ]
