"""BLAS threads: limited for small nets, and restored afterwards."""

import threading

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from skdnn.training.threads import blas_threads_for, most_work
from tests.problems import network_of

SMALL, LARGE = network_of((64, 100, 10)), network_of((784, 1024, 1024, 10))
ROWS = 200


def blas_threads():
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


@pytest.fixture(autouse=True)
def two_threads():
    """Start with two BLAS threads on any machine."""
    with threadpool_limits(2, user_api="blas"):
        if not blas_threads() or set(blas_threads()) != {2}:
            pytest.skip("this BLAS has no second thread")
        # as if the limit came from the environment: no thread has set it
        for library in ThreadpoolController().lib_controllers:
            if hasattr(library, "clear_controlling_thread"):
                library.clear_controlling_thread(force=True)
        yield


def test_most_work_is_the_largest_product():
    assert most_work(network_of((3, 5, 2)), 7) == 7 * 15
    assert most_work(network_of((3, 5, 20)), 7) == 7 * 100
    assert most_work(SMALL, ROWS) < most_work(LARGE, ROWS)


def test_small_nets_run_with_one_thread():
    with blas_threads_for(SMALL, ROWS):
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_large_nets_keep_what_the_user_has_set():
    with blas_threads_for(LARGE, ROWS):
        assert set(blas_threads()) == {2}


def test_nested_limits():
    with blas_threads_for(SMALL, ROWS):
        with blas_threads_for(SMALL, 1):
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_an_error_restores_the_limit():
    with pytest.raises(ZeroDivisionError), blas_threads_for(SMALL, ROWS):
        _ = 1 / 0
    assert set(blas_threads()) == {2}


def test_a_limit_that_the_user_changes_is_found_again():
    with threadpool_limits(1, user_api="blas"):
        with blas_threads_for(SMALL, ROWS):
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    with blas_threads_for(SMALL, ROWS):
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


class Fit(threading.Thread):
    """A fit in a separate thread that lasts until `end` is called.

    The thread outlives the fit, as in a thread pool.
    """

    def __init__(self, network=LARGE):
        super().__init__(daemon=True)
        self.network, self.threads = network, None
        self.began, self.may_end, self.ended, self.may_die = (
            threading.Event() for _ in range(4)
        )

    def run(self):
        with blas_threads_for(self.network, ROWS):
            self.began.set()
            self.may_end.wait(30)
            self.threads = set(blas_threads())
        self.ended.set()
        self.may_die.wait(30)

    def begin(self):
        self.start()
        assert self.began.wait(30)

    def end(self):
        self.may_end.set()
        assert self.ended.wait(30)


@pytest.fixture
def fits():
    """Return four fits of large nets, outside the main thread."""
    fits = [Fit() for _ in range(4)]
    yield fits
    for fit in fits:
        fit.may_end.set()
        fit.may_die.set()
        if fit.is_alive():
            fit.join(30)


@pytest.mark.parametrize("order", [1, -1], ids=["first out", "last out"])
def test_fits_side_by_side(order, fits):
    """However they overlap: one thread while any runs, two when the last is done."""
    for fit in fits:
        fit.begin()
        assert set(blas_threads()) == {1}
    for fit in fits[::order]:
        assert set(blas_threads()) == {1}
        fit.end()
    assert [fit.threads for fit in fits] == [{1}] * 4
    assert set(blas_threads()) == {2}


def test_a_fit_that_outlasts_one_in_the_main_thread(fits):
    with blas_threads_for(SMALL, ROWS):
        fits[0].begin()
    assert set(blas_threads()) == {1}
    fits[0].end()
    assert set(blas_threads()) == {2}
    with threadpool_limits(1, user_api="blas"):
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_fits_one_after_the_other_in_different_threads(fits):
    for fit in fits:
        fit.begin()
        assert set(blas_threads()) == {1}
        fit.end()
        assert set(blas_threads()) == {2}
