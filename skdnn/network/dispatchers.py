"""What Numba makes of the functions that `compiled.py` marks: it is imported here.

This page is read when the first of them is called.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event
from numba.core.dispatcher import Dispatcher
from numba.extending import overload

from skdnn.network.code_cache import CodeCache, NoCache
from skdnn.network.compile_time import CLOCK
from skdnn.network.linking import OnlyLinked, SelfContained

_LINKED: dict[str, Any] = {"pipeline_class": OnlyLinked, "no_cpython_wrapper": True}


@cache
def hash_of_sources() -> str:
    """Return a hash of all files that hold compiled code."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for room in ("network", "training", "augmentation"):
        for path in sorted((package / room).rglob("*.py")):
            name = path.relative_to(package).as_posix().encode()
            digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def entry(function, options: dict[str, Any]):
    """Return a function that Python calls, with a cache of its machine code."""
    compiled = njit(pipeline_class=SelfContained, **options)(function)
    if isinstance(compiled, Dispatcher):  # not under NUMBA_DISABLE_JIT
        private: Any = compiled
        try:
            private._cache = CodeCache(function, hash_of_sources())
        except RuntimeError:  # "cannot cache function: no locator available"
            private._cache = NoCache()
    return compiled


def linked(function, options: dict[str, Any]):
    """Return a function that entries link in; one that is pasted, they do not."""
    return njit(**options, **({} if "inline" in options else _LINKED))(function)


def alone(function, options: dict[str, Any]):
    """Return a function that Python calls, of which nothing is kept."""
    return njit(**options)(function)


def declare(overloads: list) -> None:
    """Tell Numba of functions with another body for compiled code; empty the list."""
    while overloads:
        function, body, options = overloads.pop(0)
        overload(function, jit_options={**options, **_LINKED})(body)


class _CompileTime(event.Listener):
    """Has the clock run while Numba compiles."""

    def on_start(self, event):
        CLOCK.begin()

    def on_end(self, event):
        CLOCK.end()


event.register("numba:compile", _CompileTime())
