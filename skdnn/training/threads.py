"""How many BLAS threads a network uses.

A second thread costs a synchronisation per matrix product, so small products are slower
with it. The number of threads therefore depends on the work per product; it is set for
fit and predict and restored afterwards. Outside the main thread (a search with the
threading backend) each fit uses one, so that n_jobs is the only source of parallelism.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

from skdnn.network.architecture import Network

# Multiplications in one matrix product below which a second thread does not pay. With
# an idle second core it gained 1.2x at 1e6 and 1.75x at 8e6; with a busy one a network
# of 1e6 took 1.7 times as long (docs/performance.md).
_MIN_WORK_FOR_THREADS = 8_000_000
# Up to here OpenBLAS starts no second thread anyway, and setting a limit takes longer
# than predicting a row.
_MIN_WORK_TO_CAP = 2**18


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    # Finding the libraries takes milliseconds; they are all loaded by now.
    return ThreadpoolController().select(user_api="blas")


def _let_any_thread_set_limits() -> None:
    # Since threadpoolctl 3.8 only the thread that has set a limit can change it, and
    # the last out need not be the first in.
    for library in _blas().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


class _SharedLimit:
    """One process-wide limit, however many fits run concurrently.

    If every thread saved and restored the limit on its own, one could restore what
    another had set; so the first to enter saves it, and the last to leave restores it.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._users = 0
        self._limiter: Any = None

    def enter(self, limit: int) -> None:
        with self._lock:
            if self._users == 0:
                self._limiter = _blas().limit(limits=limit)
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                _let_any_thread_set_limits()
                self._limiter.restore_original_limits()
                _let_any_thread_set_limits()
                self._limiter = None


_LIMIT = _SharedLimit()


def most_work(network: Network, rows: int) -> int:
    """Return the multiplications of the largest matrix product."""
    return int(rows * (network.layers["n_in"] * network.layers["n_out"]).max())


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Cap the BLAS threads at one, because other work uses the other cores."""
    _LIMIT.enter(1)
    try:
        yield
    finally:
        _LIMIT.leave()


@contextmanager
def blas_threads_for(network: Network, rows: int) -> Iterator[None]:
    """Cap the BLAS threads at one, unless products of `rows` rows are worth more."""
    work = most_work(network, rows)
    in_main_thread = threading.current_thread() is threading.main_thread()
    uses_threads = in_main_thread and work >= _MIN_WORK_FOR_THREADS
    if uses_threads or work < _MIN_WORK_TO_CAP:
        yield
        return
    with one_blas_thread():
        yield
