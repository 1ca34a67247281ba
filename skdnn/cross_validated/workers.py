"""What trains networks side by side: threads here, or the workers of a backend."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from queue import SimpleQueue
from typing import TypeVar

from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend

from skdnn.cross_validated.elsewhere import Elsewhere
from skdnn.cross_validated.nets import End, Leg, go
from skdnn.training.threads import one_blas_thread

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
        self._n_threads = n_threads
        if n_threads > 1:
            self._pool = ThreadPoolExecutor(n_threads)

    @property
    def are_near(self) -> bool:
        """Whether they share this process's memory: no leg costs a transfer."""
        return self._elsewhere is None

    def map(
        self, function: Callable[[_Job], _Result], jobs: Iterable[_Job]
    ) -> list[_Result]:
        """Return what the function gives for each job, in order."""
        if self._pool is None:
            return [function(job) for job in jobs]
        return list(self._pool.map(function, jobs))

    def go_on(
        self,
        legs: list[Leg],
        follow: Callable[[Leg, End], list[Leg]],
        ahead: Callable[[], Leg | None] = lambda: None,
    ) -> None:
        """Move networks on, by these legs and by those that follow from them.

        Which thread is done first decides the order in which legs are asked for, and
        must decide nothing else.

        Parameters
        ----------
        legs : list of Leg
            What can be begun at once.
        follow : callable (leg, end) -> list of Leg
            Told, by this thread, what `nets.go` says of each; returns what can be begun
            now.
        ahead : callable () -> Leg or None, optional
            Asked by this thread what else can be begun, where one will soon be idle.
        """
        if self._elsewhere is not None:
            while legs:
                ends = zip(legs, self._elsewhere.go(legs), strict=True)
                legs = [leg for end in ends for leg in follow(*end)]
        elif self._pool is not None:
            self._go_on_by_threads(self._pool, legs, follow, ahead)
        else:
            waiting = deque(legs)
            while waiting:
                leg = waiting.popleft()
                waiting += follow(leg, go(leg))

    def _go_on_by_threads(self, pool, legs, follow, ahead) -> None:
        ended: SimpleQueue[tuple[Leg, Future[End]]] = SimpleQueue()
        n_begun = 0

        def begin(leg: Leg) -> None:
            nonlocal n_begun
            n_begun += 1
            future = pool.submit(go, leg)
            future.add_done_callback(lambda future: ended.put((leg, future)))

        with one_blas_thread():  # each of them would set the limit for each leg
            for leg in legs:
                begin(leg)
            while n_begun:
                # As many wait as run: threads go on while this one judges.
                while n_begun < 2 * self._n_threads and (leg := ahead()) is not None:
                    begin(leg)
                leg, future = ended.get()
                n_begun -= 1
                for further in follow(leg, future.result()):
                    begin(further)

    def __exit__(self, *error) -> None:
        """End the threads; what has not begun yet is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._open.__exit__(*error)
