"""How every compiled function of skdnn is compiled, said in one place.

Four decorators. `entry` marks the few functions that Python calls: Numba keeps their
machine code in its cache, with everything they call linked in. `inlined` marks what
those call; it needs no cache of its own. `spliced` marks functions that only arrange
others: Numba pastes their source into the caller, so that all they arrange is not
compiled once more for them. `exact` is for arithmetic whose order matters, such as the
range reduction of exp.

No option lets the compiler assume that numbers are finite: a diverging training must
show its NaN.
"""

import hashlib
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.dispatcher import Dispatcher

from skdnn.network.code_cache import CodeCache, NoCache
from skdnn.network.linking import SelfContained

_ANY_ORDER = {"nsz", "arcp", "contract", "afn", "reassoc"}
_COMMON = {
    "nogil": True,
    "error_model": "numpy",  # division by zero gives infinity, not an exception
    "no_cfunc_wrapper": True,  # nobody calls these from C; a tenth of the compile time
}
COMPILE_OPTIONS = {**_COMMON, "fastmath": _ANY_ORDER}
EXACT_OPTIONS = {**_COMMON, "fastmath": {"contract"}}


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
    options: Any = {"pipeline_class": SelfContained, **COMPILE_OPTIONS}
    compiled = njit(**options)(function)
    if isinstance(compiled, Dispatcher):  # not under NUMBA_DISABLE_JIT
        private: Any = compiled
        try:
            private._cache = CodeCache(function, SOURCES_HASH)
        except RuntimeError:  # "cannot cache function: no locator available"
            private._cache = NoCache()
    return compiled


inlined = njit(**COMPILE_OPTIONS)
spliced = njit(inline="always", **COMPILE_OPTIONS)
exact = njit(**EXACT_OPTIONS)
