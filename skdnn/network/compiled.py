"""How the functions of skdnn are compiled, in one place.

Two kinds of functions become machine code, cached on disk with everything that they
call linked in: an `entry`, which Python calls, and a kernel (`Addressed`;
network/kernels.py), which compiled code calls by its address. `inlined` marks the
functions that these call; they get no machine code of their own. `exact` is for
arithmetic whose order matters, such as the range reduction of exp. `overload` gives a
function another body for compiled callers.

Numba is imported when an entry is first called: the import takes longer than that of
all of skdnn, and importing or pickling an estimator does not need it. Only
`dispatchers.py` and the modules that it imports use Numba; no other module may import
it at module level.

No option lets the compiler assume that numbers are finite: training that diverges must
show its NaN.
"""

import threading
from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any, cast

from skdnn.network.compile_time import compiling

_ANY_ORDER = {"nsz", "arcp", "contract", "afn", "reassoc"}
_COMMON: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",  # division by zero gives infinity, not an exception
    "no_cfunc_wrapper": True,  # not called from C; saves a tenth of the compile time
}
# For `entry`, kernels, `inlined` and `overload`; and for `exact`.
COMPILE_OPTIONS: dict[str, Any] = {**_COMMON, "fastmath": _ANY_ORDER}
EXACT_OPTIONS: dict[str, Any] = {**_COMMON, "fastmath": {"contract"}}

# Functions with another body for compiled code, not registered with Numba yet.
OVERLOADS: list[tuple[Callable, Callable, dict[str, Any]]] = []

_LOCK = threading.RLock()  # several threads may make the first call
_module: Any = None  # dispatchers.py, once it has been imported


def _dispatchers() -> Any:
    """Return the module that uses Numba, with all overloads registered."""
    global _module
    with _LOCK:
        if _module is None:
            with compiling():
                from skdnn.network import dispatchers
            _module = dispatchers
        _module.declare(OVERLOADS)
    return _module


class _Compiled:
    """A function that Numba compiles when it is first called or inspected."""

    def __init__(self, function: Callable, options: dict[str, Any]):
        update_wrapper(cast(Any, self), function)
        self.py_func, self.targetoptions = function, options

    @property
    def _numba_type_(self) -> Any:
        """The Numba type of this function, for compiled callers."""
        return self._linked._numba_type_

    @cached_property
    def _linked(self) -> Any:
        """The function in the form that its callers link in."""
        with _LOCK:
            return _dispatchers().linked(self.py_func, self.targetoptions)


class Entry(_Compiled):
    """A function that Python calls."""

    def __call__(self, *arguments):
        """Run the machine code."""
        return self.dispatcher(*arguments)

    @cached_property
    def dispatcher(self) -> Any:
        """Numba's dispatcher; under NUMBA_DISABLE_JIT, the function."""
        with _LOCK:
            return _dispatchers().entry(self.py_func, self.targetoptions)

    @property
    def _linked(self) -> Any:
        return self.dispatcher


class Addressed(_Compiled):
    """A function (op, now, at, T) that compiled code calls by its address."""

    def address(self, op: Any, now: Any, dtype: Any) -> Any:
        """Return the address of the machine code for these types; compile it if needed.

        Under NUMBA_DISABLE_JIT, return the function.
        """
        with _LOCK:
            return _dispatchers().address(self._linked, (op, now), dtype)

    @cached_property
    def _linked(self) -> Any:
        with _LOCK:
            options = {**self.targetoptions, "no_cpython_wrapper": True}
            return _dispatchers().entry(self.py_func, options)


def address_type() -> type:
    """Return the type of what `Addressed.address` returns."""
    return _dispatchers().ADDRESS


class Inlined(_Compiled):
    """A function that is linked into the entries that call it.

    It has no machine code of its own, unless Python calls it, as tests do.
    """

    def __call__(self, *arguments):
        """Run the version that is compiled on its own."""
        return self.alone(*arguments)

    @cached_property
    def alone(self) -> Any:
        """The function compiled on its own, for calls from Python."""
        with _LOCK:
            return _dispatchers().alone(self.py_func, self.targetoptions)


def entry(function: Callable) -> Any:
    """Compile a function that Python calls; cache its machine code on disk.

    The cache is next to the source or, if that is read-only, in the user's cache
    directory. If neither is writable, every process recompiles.

    Numba's own cache is valid until the file of this function changes. But code of
    other files is linked in: after an update of an editable installation, stale code
    would run. Hence a cache of our own, keyed by a hash of all sources.
    """
    return Entry(function, COMPILE_OPTIONS)


def inlined(function: Callable) -> Any:
    """Compile a function into the entries that call it."""
    return Inlined(function, COMPILE_OPTIONS)


def exact(function: Callable) -> Any:
    """Do the same as `inlined`, without reordering the arithmetic."""
    return Inlined(function, EXACT_OPTIONS)


def overload(function: Callable, jit_options: dict[str, Any]) -> Callable:
    """Register what compiled code runs instead of `function`.

    As with numba.extending.overload, the decorated function receives the types of the
    arguments and returns the other body.
    """

    def note(body: Callable) -> Callable:
        OVERLOADS.append((function, body, jit_options))
        return body

    return note
