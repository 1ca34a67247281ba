"""Who called fit: the line that a warning points to, and the loop around the fit.

Both are read from the call stack; docs/design/0016-why-training-stopped.md explains
why, and what else was tried.
"""

import sys
from types import FrameType

from joblib import Parallel
from sklearn.base import BaseEstimator

# These call fit once for their caller: fit's decorators, and wrappers of one estimator.
_WRAPPERS = (
    "sklearn.base",
    "sklearn.callback",
    "sklearn.compose._target",
    "sklearn.pipeline",
    "sklearn.utils.metaestimators",
    "skdnn.cross_validated",
    "skdnn.dask",
    "skdnn.estimators",
)
# Anything else in these packages that calls fit calls it many times.
_CALLERS_OF_MANY_FITS = ("joblib", "sklearn", "skdnn")
# Warnings skip these frames and point to their caller: user code, or a search.
_PASSED_BY_WARNINGS = (*_WRAPPERS, "joblib", "skdnn", "sklearn.utils")


class _Process:
    """Stands for this process if it is a joblib worker."""


_PROCESS = _Process()


def caller_of_many_fits(
    packages: tuple[str, ...] = _CALLERS_OF_MANY_FITS,
) -> object | None:
    """Return the search, ensemble or other loop over fits that called this fit.

    That is the outermost estimator; without one, the outermost joblib.Parallel; else,
    in a worker, an object that stands for the process. None if there is no loop.

    Parameters
    ----------
    packages : tuple of str
        Packages whose loops count. A loop by joblib alone was written by the user.
    """
    loops = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_in(frame, packages) and not _is_in(frame, _WRAPPERS):
            loops.append(frame.f_locals.get("self"))
        frame = frame.f_back
    for kind in (BaseEstimator, Parallel):
        for caller in reversed(loops):
            if isinstance(caller, kind):
                return caller
    return _PROCESS if loops else None


def level_of_caller() -> int:
    """Return the stacklevel of a warning that points to the caller of skdnn."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_in(frame, _PASSED_BY_WARNINGS):
        level, frame = level + 1, frame.f_back
    return level


def _is_in(frame: FrameType, packages: tuple[str, ...]) -> bool:
    module = frame.f_globals.get("__name__", "")
    return any(module == p or module.startswith(f"{p}.") for p in packages)
