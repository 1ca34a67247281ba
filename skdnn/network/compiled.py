"""How every compiled function of skdnn is compiled, said in one place.

Four decorators. `entry` marks the few functions that Python calls: Numba keeps their
machine code in its cache, with everything they call linked in. `inlined` marks what
those call; it needs no cache of its own. `spliced` marks functions that only arrange
others: Numba pastes their source into the caller, so that all they arrange is not
compiled once more for them. `exact` is for arithmetic whose order matters, such as the
range reduction of exp.

No option lets the compiler assume that numbers are finite: a diverging training must
show its NaN. Numba's cache notices an edit of the file an entry stands in, not of the
files it calls into; while developing, set NUMBA_CACHE_DIR to a folder named after a
hash of the sources, as ``tests/conftest.py`` does.
"""

from numba import njit

_ANY_ORDER = {"nsz", "arcp", "contract", "afn", "reassoc"}
_COMMON = {
    "nogil": True,
    "error_model": "numpy",  # division by zero gives infinity, not an exception
    "no_cfunc_wrapper": True,  # nobody calls these from C; a tenth of the compile time
}
COMPILE_OPTIONS = {**_COMMON, "fastmath": _ANY_ORDER}
EXACT_OPTIONS = {**_COMMON, "fastmath": {"contract"}}


def entry(function):
    """Compile a function that Python calls; keep its machine code for other processes.

    Numba keeps it beside the source or, where that is read-only, in the user's cache
    directory. Without a place for it every process compiles anew.
    """
    try:
        return njit(cache=True, **COMPILE_OPTIONS)(function)
    except RuntimeError:  # "cannot cache function: no locator available"
        return njit(**COMPILE_OPTIONS)(function)


inlined = njit(**COMPILE_OPTIONS)
spliced = njit(inline="always", **COMPILE_OPTIONS)
exact = njit(**EXACT_OPTIONS)
