"""scikit-learn's callbacks, told of a fit and of each of its epochs."""

from sklearn.callback import CallbackContext

from skdnn.estimators.rows import Rows


class FitCallbacks:
    """The callbacks that `set_callbacks` has put on an estimator.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        The estimator that is being fitted.
    rows : Rows
        The rows that the caller gave to fit.
    is_fit : bool
        Whether it is fit that was called; partial_fit tells nobody.

    Attributes
    ----------
    are_set : bool
        Whether there are any to be told; if not, nothing here costs anything.
    """

    def __init__(self, estimator, rows: Rows, is_fit: bool):
        self._estimator = estimator
        self.are_set = is_fit and bool(getattr(estimator, "_skl_callbacks", None))
        weight = rows.sample_weight
        self._data = {
            "estimator": estimator,
            "X": rows.X,
            "y": rows.y,
            "metadata": {} if weight is None else {"sample_weight": weight},
        }
        self._fit: CallbackContext = None  # until begin_fit

    def begin_fit(self) -> None:
        """Tell that the fit begins."""
        if self.are_set:
            self._fit = self._estimator._init_callback_context(
                max_subtasks=self._estimator.max_iter
            )
            self._fit.call_on_fit_task_begin(**self._data)

    def end_epoch(self, theta) -> bool:
        """Tell that an epoch is over; return whether a callback wants to stop.

        Which epoch is the last is known at its end, so that its beginning is told then,
        too.
        """
        epoch = self._fit.subcontext(task_name="epoch")
        epoch.call_on_fit_task_begin(**self._data)
        return epoch.call_on_fit_task_end(
            **self._data,
            reconstruction_attributes=lambda: {"_theta": theta.copy()},
        )

    def end_fit(self) -> None:
        """Tell that the estimator is fitted."""
        if self.are_set:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes={})
