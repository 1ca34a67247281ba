"""What trains networks side by side: threads here, or the workers of a backend."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

import numpy as np
from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend

from skdnn.cross_validated.elsewhere import Elsewhere
from skdnn.cross_validated.nets import Leg, go

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Workers(AbstractContextManager):
    """Calls a function for several jobs at once, and moves networks on.

    These are threads of this process: a step does not hold Python's lock. Where
    :func:`joblib.parallel_config` names a backend whose workers do not share its
    memory, they train the networks, and threads do the rest.

    Parameters
    ----------
    n_jobs : int or None
        As in scikit-learn: -1 is one thread for each core, None is 1 unless
        :func:`joblib.parallel_config` says otherwise. One job is done by the caller's
        own thread, which may use several BLAS threads; each further thread uses one.
    """

    def __init__(self, n_jobs: int | None):
        n_threads = effective_n_jobs(n_jobs)
        self._pool: ThreadPoolExecutor | None = None
        self._elsewhere: Elsewhere | None = None
        self._open = ExitStack()
        # As of joblib.Parallel(prefer="threads"): a backend that is named comes first.
        backend, _ = get_active_backend(prefer="threads")
        if n_threads > 1 and not getattr(backend, "supports_sharedmem", False):
            self._elsewhere = self._open.enter_context(Elsewhere(n_jobs))
            n_threads = min(n_threads, cpu_count())
        if n_threads > 1:
            self._pool = ThreadPoolExecutor(n_threads)

    def map(
        self, function: Callable[[_Job], _Result], jobs: Iterable[_Job]
    ) -> list[_Result]:
        """Return what the function gives for each job, in order."""
        if self._pool is None:
            return [function(job) for job in jobs]
        return list(self._pool.map(function, jobs))

    def go(self, legs: list[Leg]) -> list[tuple[bool, np.ndarray | None]]:
        """Move networks on; return for each what `nets.go` says of it."""
        if self._elsewhere is not None:
            return self._elsewhere.go(legs)
        return self.map(go, legs)

    def __exit__(self, *error) -> None:
        """End the threads; what has not begun yet is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._open.__exit__(*error)
