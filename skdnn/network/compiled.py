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

entry = njit(cache=True, nogil=True, error_model="numpy", fastmath=_ANY_ORDER)
inlined = njit(nogil=True, error_model="numpy", fastmath=_ANY_ORDER)
spliced = njit(inline="always", nogil=True, error_model="numpy", fastmath=_ANY_ORDER)
exact = njit(nogil=True, error_model="numpy", fastmath={"contract"})
EXACT_OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
