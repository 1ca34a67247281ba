"""`Checkpoint`: a callback that saves what a training has reached."""

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
    """What a fit has reached, as the contexts of its tasks have it."""

    every: int  # after so many of what it counts it is saved, if nothing else is said

    @property
    def count(self) -> int:
        """The epochs, or the checkpoints of a choice, so far."""

    @property
    def where(self) -> str:
        """How a message names the point that it is at."""

    def is_last(self) -> bool:
        """Whether there can be nothing more to count."""

    def pack(self) -> dict[str, Any]:
        """Return names, numbers, arrays and generators."""


class Checkpoint:
    """Saves what a fit has reached, so that it can go on after a crash.

    Set it on a network by ``set_callbacks``. After a crash, the same `fit` with
    ``resume_from=path`` goes on from the last checkpoint, bit for bit as if it had
    never stopped.

    A checkpoint is whole or not there: it is written beside the last one, reaches the
    disk, and then takes its place. The last two are kept, as `path` and as `path` with
    ``.before`` at its end. Each holds names, numbers and arrays, and no code.

    If a checkpoint cannot be written, for want of space, say, one warning is given in a
    fit and training goes on; the next one is tried as usual.

    Parameters
    ----------
    path : str or path-like
        The file to write. Its folder must exist.
    every : int or datetime.timedelta, default=None
        Save after so many epochs, or when so much time has passed at the end of an
        epoch; and after the last epoch, where training runs out of epochs or patience.
        `MLPRegularizedClassifierCV` and `MLPRegularizedRegressorCV` count the
        checkpoints at which they look at their networks: a few dozen in a fit, each
        after 1.2 times the steps of the one before, and then as many of the networks on
        all rows. None is 10 epochs, and each of these checkpoints.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described. When fit begins, if there is no such
        folder; if the fit is one of several, as in a search, which would overwrite each
        other's files; and if what is fitted cannot go on from a file: `partial_fit`,
        ``solver="lbfgs"``, estimators of others.

    Examples
    --------
    The same lines begin the training and, run again after a crash, end it:

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
        self._saved: str | None = None  # where
        self._has_warned = False

    def setup(self, estimator, context) -> None:
        """Begin anew with each fit."""
        self._begin()

    def on_fit_task_begin(self, estimator, context) -> None:
        """Refuse, before training, what cannot go on from a file."""
        if context.task_name in ("epoch", "checkpoint"):
            return
        name = type(estimator).__name__
        if not hasattr(context, "reached"):
            raise ValueError(
                "Checkpoint can save what the networks of skdnn have reached, but not "
                f"{name}."
            )
        if context.task_name != "fit":
            raise ValueError(
                f"Checkpoint is for fit. {context.task_name} trains for one epoch: "
                f"save the {name} between its calls, with joblib or skops."
            )
        check_can_go_on(estimator, "Checkpoint")
        larger = caller_of_many_fits(("sklearn", "skdnn"))
        if larger is not None:
            which = "this fit"
            if isinstance(larger, BaseEstimator):
                which = f"a fit in {type(larger).__name__}"
            raise ValueError(
                f"Checkpoint keeps one fit, but {which} is one of many, which would "
                f"all write to {str(self.path)!r}. Fit the best one by itself."
            )
        if not self.path.parent.is_dir() or self.path.is_dir():
            raise ValueError(
                f"path={str(self.path)!r} of Checkpoint must be a file in a folder "
                "that exists."
            )

    def on_fit_task_end(self, estimator, context) -> None:
        """Save after an epoch, if it is time."""
        if context.task_name in ("epoch", "checkpoint"):
            self.offer(context.reached)

    def offer(self, reached: Savable) -> None:
        """Save what a fit has reached, if it is time."""
        if self._is_due(reached) or reached.is_last():
            self._save(reached)

    def teardown(self, estimator, context) -> None:
        """Nothing is left to do."""

    def _is_due(self, reached: Savable) -> bool:
        if isinstance(self.every, timedelta):
            return time.monotonic() - self._saved_at >= self.every.total_seconds()
        return reached.count % (self.every or reached.every) == 0

    def _save(self, reached: Savable) -> None:
        self._saved_at = time.monotonic()
        # A damaged file must not push a good one out of its place.
        keep = self._saved is not None or files.is_good(self.path)
        try:
            files.write(self.path, reached.pack(), keep)
        except OSError as error:
            self._warn(reached.where, error)
        else:
            self._saved = reached.where

    def _warn(self, where: str, error: OSError) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        last = "There is none of this fit yet."
        if self._saved is not None:
            last = f"The last one is of {self._saved}."
        warnings.warn(
            f"The checkpoint of {where} could not be written: {error}. {last} "
            "Training goes on, and the next ones are tried; of those that fail no more "
            "is said. Free some space, or give another path.",
            UserWarning,
            stacklevel=level_of_caller(),
        )

    def __repr__(self) -> str:
        """Show the arguments."""
        return f"Checkpoint({str(self.path)!r}, every={self.every!r})"


def _checked(every: Any) -> int | timedelta | None:
    """Return an interval: epochs, or a time."""
    if every is None or (isinstance(every, timedelta) and every > timedelta(0)):
        return every
    if not isinstance(every, bool) and isinstance(every, Integral) and int(every) > 0:
        return int(every)
    raise ValueError(
        "every must be a number of epochs, an int > 0, a positive datetime.timedelta, "
        f"or None, got {every!r}."
    )
