"""scikit-learn's callbacks, told of a choice and of each of its checkpoints."""

from collections.abc import Callable
from typing import Any, NamedTuple

from skdnn._sklearn import callback_context, callbacks_of, has_callbacks
from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.resuming import ReachedChoice
from skdnn.estimators.callbacks import data_for_hooks
from skdnn.estimators.checkpoint import Checkpoint
from skdnn.estimators.rows import Rows


class CheckpointRecord(NamedTuple):
    """What a checkpoint has shown: the `record` on a callback's context."""

    n_steps: int
    scores: dict[Any, float]  # of each candidate that was still in training
    best_score: float  # of all so far: the lowest for "loss", else the highest
    best_n_steps: int


class RaceCallbacks:
    """The callbacks that `set_callbacks` has put on an estimator.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        The estimator that is being fitted.
    rows : Rows
        The rows that the caller gave to fit.
    n_checkpoints : int
        The most that there can be.
    """

    def __init__(self, estimator, rows: Rows, n_checkpoints: int):
        self.are_set = has_callbacks(estimator)
        self._savers = [
            each for each in callbacks_of(estimator) if isinstance(each, Checkpoint)
        ]
        if not self.are_set:
            return
        self._data = data_for_hooks(estimator, rows)
        self._fit = callback_context(
            estimator, task_name="fit", max_subtasks=n_checkpoints
        )
        self._fit.reached = None  # there will be something to save
        self._fit.call_on_fit_task_begin(**self._data)

    def checkpoint(
        self,
        record: CheckpointRecord,
        attributes: Callable[[], dict[str, Any]],
        reached: ReachedChoice,
    ) -> bool:
        """Tell of a checkpoint; return whether a callback wants to end the choice.

        `attributes` returns what an estimator needs to predict as it is now; `reached`
        is what can be saved.
        """
        if not self.are_set:
            return False
        task = self._fit.subcontext(task_name="checkpoint")
        task.record, task.reached = record, reached
        task.call_on_fit_task_begin(**self._data)
        return bool(
            task.call_on_fit_task_end(
                **self._data, reconstruction_attributes=attributes
            )
        )

    def saver_of_members(self, reached: ReachedChoice) -> Callable[[], None] | None:
        """Return what saves the members at each checkpoint, if there is a Checkpoint.

        Others are not told of these: the choice is over.
        """
        if not self._savers:
            return None

        def save() -> None:
            for saver in self._savers:
                saver.offer(reached)

        return save

    def end_fit(self) -> None:
        """Tell that the estimator is fitted."""
        if self.are_set:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes={})


def record_of(n_steps: int, running: list[Contender], all_: list[Contender]):
    """Return the record of a checkpoint; None where every candidate has diverged."""
    seen = [c.best for c in all_ if c.best is not None]
    if not seen:
        return None
    best = min(seen, key=lambda look: look.score.value)
    scores = {c.candidate: c.scores[-1].shown for c in running if not c.has_diverged}
    return CheckpointRecord(n_steps, scores, best.score.shown, best.n_steps)
