"""Call scikit-learn's callbacks for a fit and each of its epochs."""

from typing import Any

from sklearn.callback import CallbackContext

from skdnn._sklearn import callback_context, has_callbacks
from skdnn.estimators.model import Model
from skdnn.estimators.progress import FitProgress
from skdnn.estimators.reporting import EpochPrinter
from skdnn.estimators.rows import Rows, mapped
from skdnn.training.history import EpochRecord
from skdnn.training.loop import OnEpoch


def data_for_hooks(estimator, rows: Rows) -> dict[str, Any]:
    """Return the arguments of each hook that hold the caller's rows."""
    weight = rows.sample_weight
    return {
        "estimator": estimator,
        "X": rows.X,
        "y": rows.y,
        "metadata": {} if weight is None else {"sample_weight": weight},
    }


class FitCallbacks:
    """The callbacks that `set_callbacks` has registered on an estimator.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        The estimator that is being fitted.
    rows : Rows
        The rows that the caller passed to `fit`.
    incremental : bool
        Whether partial_fit was called: a task of one epoch.

    Attributes
    ----------
    are_set : bool
        Whether there are any callbacks; if not, all methods return at once.
    """

    def __init__(self, estimator, rows: Rows, incremental: bool):
        self._estimator = estimator
        self._incremental = incremental
        self.are_set = has_callbacks(estimator)
        self._data = data_for_hooks(estimator, rows)
        self._fit: CallbackContext = None  # until begin_fit
        self._progress: FitProgress | None = None  # until begin_training
        self._dev_rows: Rows | None = None  # until begin_training
        self._model: Model
        self._attributes: dict[str, Any]

    def begin_fit(self) -> None:
        """Call the hooks for the start of the fit."""
        if self.are_set:
            self._fit = callback_context(
                self._estimator,
                task_name="partial_fit" if self._incremental else "fit",
                max_subtasks=1 if self._incremental else self._estimator.max_iter,
            )
            self._fit.fit_progress = None  # tells Checkpoint that this fit can be saved
            self._fit.call_on_fit_task_begin(**self._data)

    def begin_training(
        self,
        model: Model,
        attributes: dict[str, Any],
        dev_rows: Rows | None,
        progress: FitProgress,
    ) -> None:
        """Store what the hooks of each epoch are given.

        Parameters
        ----------
        model : Model
            Passed to hooks, at the θ of the epoch, as a fitted estimator.
        attributes : dict
            The other attributes that the estimator needs to predict.
        dev_rows : Rows or None
            The dev set.
        progress : FitProgress
            The progress of training; it is updated during training.
        """
        self._model, self._attributes, self._dev_rows = model, attributes, dev_rows
        self._progress = progress
        if hasattr(self._estimator, "feature_names_in_"):
            # Names of an earlier fit do not count if these rows have none.
            self._attributes = {"feature_names_in_": None, **attributes}

    def end_epoch(self, record: EpochRecord, theta) -> bool:
        """Call the hooks of an epoch; return whether a callback wants to stop.

        Both hooks are called at the end, because only then is the last epoch known to
        be the last. The costs, the score and the dev rows are on the context, as
        `record` and `dev_rows`: the hooks have no arguments for them, and `metadata` is
        passed on to scorers. `progress` can be saved.
        """
        epoch = self._fit.subcontext(task_name="epoch")
        dev_rows = self._dev_rows
        epoch.record = record
        epoch.dev_rows = None if dev_rows is None else mapped(dev_rows)
        epoch.fit_progress = self._progress
        epoch.call_on_fit_task_begin(**self._data)
        return epoch.call_on_fit_task_end(
            **self._data,
            reconstruction_attributes=lambda: {
                **self._attributes,
                "_model": self._model.with_theta(theta.copy()),
            },
        )

    def end_fit(self) -> None:
        """Call the hooks for the end of the fit."""
        if self.are_set:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes={})


def listener(printer: EpochPrinter | None, callbacks: FitCallbacks) -> OnEpoch | None:
    """Return the function to call after each epoch, or None if it would do nothing."""
    if printer is None and not callbacks.are_set:
        return None

    def on_epoch(record, theta):
        if printer is not None:
            printer.epoch(record)
        return callbacks.are_set and callbacks.end_epoch(record, theta)

    return on_epoch
