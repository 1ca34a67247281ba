"""How every compiled function of skdnn is compiled, said in one place.

Four decorators. `entry` marks the few functions that Python calls: Numba keeps their
machine code in its cache, with everything they call linked in. `inlined` marks what
those call; no machine code is made of it alone. `spliced` marks functions that only
arrange others: Numba pastes their source into the caller, so that all they arrange is
not compiled once more for them. `exact` is for arithmetic whose order matters, such as
the range reduction of exp.

No option lets the compiler assume that numbers are finite: a diverging training must
show its NaN.
"""

import hashlib
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.dispatcher import Dispatcher

from skdnn.network.code_cache import CodeCache, NoCache
from skdnn.network.linking import OnlyLinked, SelfContained

_ANY_ORDER = {"nsz", "arcp", "contract", "afn", "reassoc"}
_COMMON: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",  # division by zero gives infinity, not an exception
    "no_cfunc_wrapper": True,  # nobody calls these from C; a tenth of the compile time
}
_FAST = {**_COMMON, "fastmath": _ANY_ORDER}
_EXACT = {**_COMMON, "fastmath": {"contract"}}
_LINKED: dict[str, Any] = {"pipeline_class": OnlyLinked, "no_cpython_wrapper": True}
# Of compiled twins of functions that Python has its own of (numba.extending.overload).
COMPILE_OPTIONS, EXACT_OPTIONS = {**_FAST, **_LINKED}, {**_EXACT, **_LINKED}


def _hash_of_sources() -> str:
    """Return a hash of all files that hold compiled code."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for room in ("network", "training", "augmentation"):
        for path in sorted((package / room).rglob("*.py")):
            name = path.relative_to(package).as_posix().encode()
            digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


SOURCES_HASH = _hash_of_sources()


def entry(function):
    """Compile a function that Python calls; keep its machine code for other processes.

    It is kept beside the source or, where that is read-only, in the user's cache
    directory. Without a place for it every process compiles anew.

    By itself Numba would go on using it as long as the file of this very function does
    not change. But linked in is code of other files: after an update of a package that
    is installed in editable mode, yesterday's would run. So the cache is one of ours,
    which goes by a stamp of all sources.
    """
    return _cached(function, {})


def by_address(function):
    """Do the same for a function that only compiled code calls, by its address."""
    return _cached(function, {"no_cpython_wrapper": True})


def _cached(function, more_options: dict[str, Any]):
    options: Any = {"pipeline_class": SelfContained, **_FAST, **more_options}
    compiled = njit(**options)(function)
    if isinstance(compiled, Dispatcher):  # not under NUMBA_DISABLE_JIT
        private: Any = compiled
        try:
            private._cache = CodeCache(function, SOURCES_HASH)
        except RuntimeError:  # "cannot cache function: no locator available"
            private._cache = NoCache()
    return compiled


class Inlined:
    """A function that becomes a part of the entries that call it.

    No machine code is made of it alone, unless Python calls it, as tests do.
    """

    def __init__(self, function, options):
        update_wrapper(self, function)
        self.py_func, self.targetoptions = function, options
        self._linked: Any = njit(**options, **_LINKED)(function)
        self._numba_type_ = self._linked._numba_type_

    def __call__(self, *arguments):
        """Run what is compiled of this function alone."""
        return self.alone(*arguments)

    @cached_property
    def alone(self) -> Any:
        """The function compiled as one that Python calls."""
        return njit(**self.targetoptions)(self.py_func)


def inlined(function) -> Any:
    """Compile a function into the entries that call it."""
    return function if config.DISABLE_JIT else Inlined(function, _FAST)


def exact(function) -> Any:
    """Do the same where the order of the arithmetic matters."""
    return function if config.DISABLE_JIT else Inlined(function, _EXACT)


spliced = njit(inline="always", **_FAST)
