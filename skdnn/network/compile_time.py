"""How long this process has been compiling: that is not the time of an epoch.

To import Numba, to load machine code and to compile make hundreds of thousands of small
objects that are kept. The collector of garbage would look through all that scikit-learn
has made again and again meanwhile, for a third of the time; it pauses.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Clock:
    """Adds up the seconds of spells, each with those that it is made of."""

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
    """Return the seconds of importing Numba, loading code and compiling so far."""
    return CLOCK.seconds


@contextmanager
def collector_paused() -> Iterator[None]:
    """Have no garbage collected meanwhile; afterwards all is as it was."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def compiling() -> Iterator[None]:
    """Count this time as time of compiling, and collect no garbage in it."""
    CLOCK.begin()
    try:
        with collector_paused():
            yield
    finally:
        CLOCK.end()
