"""How long this process has been compiling, which does not count as time of an epoch.

Importing Numba, loading machine code and compiling create hundreds of thousands of
small objects that are kept. Meanwhile the garbage collector would scan all objects of
scikit-learn again and again, for a third of the time; so it is paused.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Clock:
    """Adds up the seconds of intervals; nested intervals count once."""

    def __init__(self):
        self.seconds = 0.0
        self._depth, self._began = 0, 0.0

    def begin(self):
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def end(self):
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


CLOCK = _Clock()


def compile_seconds() -> float:
    """Return the seconds spent importing Numba, loading code and compiling so far."""
    return CLOCK.seconds


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector, then restore its state."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def compiling() -> Iterator[None]:
    """Count this time as compile time, with the garbage collector paused."""
    CLOCK.begin()
    try:
        with collector_paused():
            yield
    finally:
        CLOCK.end()
