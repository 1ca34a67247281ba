"""How long this process has been compiling: that is not the time of an epoch."""

import time

from numba.core import event


class _CompileTime(event.Listener):
    """Adds up the seconds of Numba's compilations, each with those it calls for."""

    def __init__(self):
        self.seconds = 0.0
        self._depth, self._began = 0, 0.0

    def on_start(self, event):
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event):
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


_TIME = _CompileTime()
event.register("numba:compile", _TIME)


def compile_seconds() -> float:
    """Return the seconds of all compilations so far."""
    return _TIME.seconds
