"""Training networks in parallel: in threads, or on the workers of a joblib backend."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from queue import SimpleQueue
from typing import TypeVar

from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend

from skdnn.cross_validated.backend_workers import BackendWorkers
from skdnn.cross_validated.nets import End, Leg, run_leg
from skdnn.training.threads import one_blas_thread

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Workers(AbstractContextManager):
    """Trains networks in parallel, and calls functions in parallel.

    By default these are threads of this process: a training step releases the global
    interpreter lock. If :func:`joblib.parallel_config` selects a backend whose workers
    do not share memory, they train the networks, and threads do the rest.

    Parameters
    ----------
    n_jobs : int or None
        As in scikit-learn: -1 is one thread per core; None is 1 unless
        :func:`joblib.parallel_config` says otherwise. With one job, the caller's thread
        does all the work and may use several BLAS threads; of several threads, each
        uses one.
    """

    def __init__(self, n_jobs: int | None):
        n_threads = effective_n_jobs(n_jobs)
        self._pool: ThreadPoolExecutor | None = None
        self._backend_workers: BackendWorkers | None = None
        self._open = ExitStack()
        # As in joblib.Parallel(prefer="threads"), a selected backend takes precedence.
        backend, _ = get_active_backend(prefer="threads")
        if n_threads > 1 and not getattr(backend, "supports_sharedmem", False):
            self._backend_workers = self._open.enter_context(BackendWorkers(n_jobs))
            n_threads = min(n_threads, cpu_count())
        self._n_threads = n_threads
        if n_threads > 1:
            self._pool = ThreadPoolExecutor(n_threads)

    @property
    def share_memory(self) -> bool:
        """Whether the workers share this process's memory, so that legs are cheap."""
        return self._backend_workers is None

    def map(
        self, function: Callable[[_Job], _Result], jobs: Iterable[_Job]
    ) -> list[_Result]:
        """Return the function's result for each job, in order."""
        if self._pool is None:
            return [function(job) for job in jobs]
        return list(self._pool.map(function, jobs))

    def advance(
        self,
        legs: list[Leg],
        follow: Callable[[Leg, End], list[Leg]],
        ahead: Callable[[], Leg | None] = lambda: None,
    ) -> None:
        """Train networks over these legs and over those that follow from them.

        The order in which threads finish affects the order in which legs start, and
        must not affect anything else.

        Parameters
        ----------
        legs : list of Leg
            The legs to start with.
        follow : callable (leg, end) -> list of Leg
            Called in this thread with each leg and the result of `nets.run_leg`;
            returns the legs that can start now.
        ahead : callable () -> Leg or None, optional
            Called in this thread when a thread would soon be idle; returns a leg that
            can already start.
        """
        if self._backend_workers is not None:
            while legs:
                ends = zip(legs, self._backend_workers.advance(legs), strict=True)
                legs = [leg for end in ends for leg in follow(*end)]
        elif self._pool is not None:
            self._advance_in_threads(self._pool, legs, follow, ahead)
        else:
            waiting = deque(legs)
            while waiting:
                leg = waiting.popleft()
                waiting += follow(leg, run_leg(leg))

    def _advance_in_threads(self, pool, legs, follow, ahead) -> None:
        ended: SimpleQueue[tuple[Leg, Future[End]]] = SimpleQueue()
        n_begun = 0

        def begin(leg: Leg) -> None:
            nonlocal n_begun
            n_begun += 1
            future = pool.submit(run_leg, leg)
            future.add_done_callback(lambda future: ended.put((leg, future)))

        with one_blas_thread():  # once here, so that no leg has to set the limit
            for leg in legs:
                begin(leg)
            while n_begun:
                # As many legs are queued as run: threads stay busy during scoring.
                while n_begun < 2 * self._n_threads and (leg := ahead()) is not None:
                    begin(leg)
                leg, future = ended.get()
                n_begun -= 1
                for further in follow(leg, future.result()):
                    begin(further)

    def __exit__(self, *error) -> None:
        """Stop the threads; jobs that have not started are cancelled."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._open.__exit__(*error)
