"""Threads that train networks side by side: a step does not hold Python's lock."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

import numpy as np
from joblib import effective_n_jobs

from skdnn.cross_validated.nets import Leg, go

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Workers(AbstractContextManager):
    """Calls a function for several jobs at once.

    Parameters
    ----------
    n_jobs : int or None
        As in scikit-learn: -1 is one thread for each core, None is 1 unless
        :func:`joblib.parallel_config` says otherwise. One job is done by the caller's
        own thread, which may use several BLAS threads; each further thread uses one.
    """

    def __init__(self, n_jobs: int | None):
        self.n_threads = effective_n_jobs(n_jobs)
        self._pool = ThreadPoolExecutor(self.n_threads) if self.n_threads > 1 else None

    def map(
        self, function: Callable[[_Job], _Result], jobs: Iterable[_Job]
    ) -> list[_Result]:
        """Return what the function gives for each job, in order."""
        if self._pool is None:
            return [function(job) for job in jobs]
        return list(self._pool.map(function, jobs))

    def go(self, legs: list[Leg]) -> list[tuple[bool, np.ndarray | None]]:
        """Move networks on; return for each what `nets.go` says of it."""
        return self.map(go, legs)

    def __exit__(self, *error) -> None:
        """End the threads; what has not begun yet is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
