"""Who has called a fit: the line to blame in a warning, and the loop it is part of.

Read from the calling frames: why, and what else was tried, is in
docs/design/0016-why-training-stopped.md.
"""

import sys
from types import FrameType

from joblib import Parallel
from sklearn.base import BaseEstimator

# These call fit once for their caller: fit's own decorators, and estimators around one.
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
# All else in these packages that calls fit calls it many times.
_CALLERS_OF_MANY_FITS = ("joblib", "sklearn", "skdnn")
# A warning blames who called these: a line of the user, or of a search.
_PASSED_BY_WARNINGS = (*_WRAPPERS, "joblib", "skdnn", "sklearn.utils")


class _Process:
    """Stands for this process where it is one of joblib's workers."""


_PROCESS = _Process()


def caller_of_many_fits(
    packages: tuple[str, ...] = _CALLERS_OF_MANY_FITS,
) -> object | None:
    """Return the search, ensemble or other loop over fits that has called this fit.

    Of several the outermost: an estimator; else joblib's Parallel; else, in a worker,
    an object that stands for the process. None if nothing but this fit was called.

    Parameters
    ----------
    packages : tuple of str
        Whose loops count. A loop by joblib alone is one of the user's own.
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
    """Return the stacklevel with which to warn where skdnn was called."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_in(frame, _PASSED_BY_WARNINGS):
        level, frame = level + 1, frame.f_back
    return level


def _is_in(frame: FrameType, packages: tuple[str, ...]) -> bool:
    module = frame.f_globals.get("__name__", "")
    return any(module == p or module.startswith(f"{p}.") for p in packages)
