"""scikit-learn's callbacks, notified of a fit and of each of its checkpoints."""

from collections.abc import Callable
from typing import Any, NamedTuple

from skdnn._sklearn import callback_context, callbacks_of, has_callbacks
from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.resuming import ChoiceProgress
from skdnn.estimators.callbacks import data_for_hooks
from skdnn.estimators.checkpoint import Checkpoint
from skdnn.estimators.rows import Rows


class CheckpointRecord(NamedTuple):
    """The scores at a checkpoint: the `record` on a callback's context."""

    n_steps: int
    scores: dict[Any, float]  # of each candidate that is still in training
    best_score: float  # so far: the lowest for scoring="loss", else the highest
    best_n_steps: int


class RaceCallbacks:
    """The callbacks that were registered on an estimator with `set_callbacks`.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        The estimator that is being fitted.
    rows : Rows
        The rows that the caller passed to fit.
    n_checkpoints : int
        The maximum number of checkpoints.
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
        self._fit.fit_progress = None  # tells Checkpoint that a state will follow
        self._fit.call_on_fit_task_begin(**self._data)

    def checkpoint(
        self,
        record: CheckpointRecord,
        attributes: Callable[[], dict[str, Any]],
        progress: ChoiceProgress,
    ) -> bool:
        """Notify the callbacks; return whether one of them wants to stop.

        Parameters
        ----------
        record : CheckpointRecord
            The scores at this checkpoint.
        attributes : callable
            Returns the fitted attributes that an estimator needs to predict now.
        progress : ChoiceProgress
            The state of the fit, which can be saved.
        """
        if not self.are_set:
            return False
        task = self._fit.subcontext(task_name="checkpoint")
        task.record, task.fit_progress = record, progress
        task.call_on_fit_task_begin(**self._data)
        return bool(
            task.call_on_fit_task_end(
                **self._data, reconstruction_attributes=attributes
            )
        )

    def saver_of_members(self, progress: ChoiceProgress) -> Callable[[], None] | None:
        """Return a function that saves the refit, None without a `Checkpoint`.

        Other callbacks are not called during the refit.
        """
        if not self._savers:
            return None

        def save() -> None:
            for saver in self._savers:
                saver.offer(progress)

        return save

    def end_fit(self) -> None:
        """Notify the callbacks that the fit has ended."""
        if self.are_set:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes={})


def record_of(n_steps: int, running: list[Contender], all_: list[Contender]):
    """Return the record of a checkpoint; None if every candidate has diverged."""
    seen = [c.best for c in all_ if c.best is not None]
    if not seen:
        return None
    best = min(seen, key=lambda snapshot: snapshot.score.value)
    scores = {c.candidate: c.scores[-1].shown for c in running if not c.has_diverged}
    return CheckpointRecord(n_steps, scores, best.score.shown, best.n_steps)
