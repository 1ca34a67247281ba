"""`Checkpoint`: a callback that saves the progress of a fit."""

import time
import warnings
from datetime import timedelta
from numbers import Integral
from os import PathLike
from typing import Any, Protocol

from sklearn.base import BaseEstimator

from skdnn._callers import caller_of_many_fits, level_of_caller
from skdnn.estimators import checkpoint_files as files
from skdnn.estimators.resuming import check_can_go_on, path_of


class Savable(Protocol):
    """The progress of a fit, as found on the contexts of its tasks."""

    every: int  # default interval between saves, in the unit of `count`

    @property
    def count(self) -> int:
        """The number of epochs, or of checkpoints of a cross-validated fit, so far."""

    @property
    def where(self) -> str:
        """The current point, as messages call it."""

    def is_last(self) -> bool:
        """Return whether `count` cannot grow any further."""

    def pack(self) -> dict[str, Any]:
        """Return names, numbers, arrays and generators."""


class Checkpoint:
    """Callback that saves the progress of a fit, so that it can resume after a crash.

    Register it on an estimator with ``set_callbacks``. After a crash, the same `fit`
    with ``resume_from=path`` continues from the last checkpoint, bit for bit as if it
    had not been interrupted.

    Checkpoints are written atomically: to a new file, which is flushed to disk and then
    renamed. The last two are kept, as `path` and as `path` with the suffix ``.before``.
    A file holds names, numbers and arrays, and no code.

    If a checkpoint cannot be written, for example because the disk is full, training
    continues and later checkpoints are attempted as usual; a fit warns of it once.

    Parameters
    ----------
    path : str or path-like
        The file to write. Its folder must exist.
    every : int or datetime.timedelta, default=None
        Interval between two saves: a number of epochs, or a time, checked at the end of
        each epoch. The last epoch is saved, too, if training ends because it runs out
        of epochs or patience. For `MLPRegularizedClassifierCV` and
        `MLPRegularizedRegressorCV` the unit is not the epoch but the checkpoint at
        which they evaluate their networks: a few dozen in a fit, each after 1.2 times
        the steps of the one before, and then as many of the networks trained on all
        rows. None is 10 epochs, or every checkpoint.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid. At the start of a fit: if the folder does not exist;
        if the fit is one of many, as in a search, which would overwrite each other's
        files; or if it cannot be resumed from a file (`partial_fit`,
        ``solver="lbfgs"``, estimators of other packages).

    See Also
    --------
    MLPRegularizedClassifier.fit : Resumes from a checkpoint with `resume_from`.

    Examples
    --------
    The same lines start training and, run again after a crash, complete it:

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import Checkpoint, MLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> folder = TemporaryDirectory()
    >>> path = Path(folder.name) / "iris.ckpt"
    >>> net = MLPRegularizedClassifier(
    ...     max_iter=30, learning_rate="cosine", random_state=0
    ... )
    >>> net = net.set_callbacks(Checkpoint(path, every=10))
    >>> net = net.fit(X, y, resume_from=path)
    >>> sorted(file.name for file in path.parent.iterdir())
    ['iris.ckpt', 'iris.ckpt.before']
    >>> folder.cleanup()
    """

    def __init__(self, path: str | PathLike[str], every: int | timedelta | None = None):
        self.path = path_of(path, "path")
        self.every = _checked(every)
        self._begin()

    def _begin(self) -> None:
        self._saved_at = time.monotonic()
        self._saved: str | None = None  # `where` of the last save
        self._has_warned = False

    def setup(self, estimator, context) -> None:
        """Reset at the start of a fit."""
        self._begin()

    def on_fit_task_begin(self, estimator, context) -> None:
        """Raise an error before training if the fit cannot be resumed from a file."""
        if context.task_name in ("epoch", "checkpoint"):
            return
        name = type(estimator).__name__
        if not hasattr(context, "fit_progress"):
            raise ValueError(
                f"Checkpoint can save the networks of skdnn, but not {name}."
            )
        if context.task_name != "fit":
            raise ValueError(
                f"Checkpoint is for fit. {context.task_name} trains for one epoch: "
                f"save the {name} between calls, with joblib or skops."
            )
        check_can_go_on(estimator, "Checkpoint")
        larger = caller_of_many_fits(("sklearn", "skdnn"))
        if larger is not None:
            which = "this fit"
            if isinstance(larger, BaseEstimator):
                which = f"a fit in {type(larger).__name__}"
            raise ValueError(
                f"Checkpoint saves a single fit, but {which} is one of many, which "
                f"would all write to {str(self.path)!r}. Fit the best one separately."
            )
        if not self.path.parent.is_dir() or self.path.is_dir():
            raise ValueError(
                f"path={str(self.path)!r} of Checkpoint must be a file in a folder "
                "that exists."
            )

    def on_fit_task_end(self, estimator, context) -> None:
        """Save at the end of an epoch, if due."""
        if context.task_name in ("epoch", "checkpoint"):
            self.offer(context.fit_progress)

    def offer(self, progress: Savable) -> None:
        """Save the progress of a fit, if due."""
        if self._is_due(progress) or progress.is_last():
            self._save(progress)

    def teardown(self, estimator, context) -> None:
        """Do nothing."""

    def _is_due(self, progress: Savable) -> bool:
        if isinstance(self.every, timedelta):
            return time.monotonic() - self._saved_at >= self.every.total_seconds()
        return progress.count % (self.every or progress.every) == 0

    def _save(self, progress: Savable) -> None:
        self._saved_at = time.monotonic()
        # A damaged file must not replace a good previous one.
        keep = self._saved is not None or files.is_intact(self.path)
        try:
            files.write(self.path, progress.pack(), keep)
        except OSError as error:
            self._warn(progress.where, error)
        else:
            self._saved = progress.where

    def _warn(self, where: str, error: OSError) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        last = "There is no earlier one of this fit."
        if self._saved is not None:
            last = f"The last one is of {self._saved}."
        warnings.warn(
            f"The checkpoint of {where} could not be written: {error}. {last} "
            "Training continues, and later checkpoints are attempted without another "
            "warning. Free some space, or give another path.",
            UserWarning,
            stacklevel=level_of_caller(),
        )

    def __repr__(self) -> str:
        """Show the arguments."""
        return f"Checkpoint({str(self.path)!r}, every={self.every!r})"


def _checked(every: Any) -> int | timedelta | None:
    """Validate `every`: a number of epochs, or a time."""
    if every is None or (isinstance(every, timedelta) and every > timedelta(0)):
        return every
    if not isinstance(every, bool) and isinstance(every, Integral) and int(every) > 0:
        return int(every)
    raise ValueError(
        "every must be a number of epochs, an int > 0, a positive datetime.timedelta, "
        f"or None, got {every!r}."
    )
