"""How every compiled function of skdnn is compiled, said in one place.

Machine code is made of two kinds of functions, and kept in a cache with all that they
call linked in: of an `entry`, which Python calls, and of a kernel (`Addressed`;
network/kernels.py), which compiled code calls by its address. `inlined` marks what they
call; no machine code is made of it alone. `exact` is for arithmetic whose order
matters, such as the range reduction of exp. And `overload` gives a function another
body where compiled code calls it.

Numba is imported when an entry is called for the first time: it takes longer than all
of skdnn, and whoever only imports or pickles an estimator does not need it. All that
knows Numba is in `dispatchers.py` and in what that page imports; no other page may
import it at its head.

No option lets the compiler assume that numbers are finite: a diverging training must
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
    "no_cfunc_wrapper": True,  # nobody calls these from C; a tenth of the compile time
}
# For `entry`, kernels, `inlined` and `overload`; and for `exact`.
COMPILE_OPTIONS: dict[str, Any] = {**_COMMON, "fastmath": _ANY_ORDER}
EXACT_OPTIONS: dict[str, Any] = {**_COMMON, "fastmath": {"contract"}}

# Functions with another body for compiled code, that Numba has not been told of yet.
OVERLOADS: list[tuple[Callable, Callable, dict[str, Any]]] = []

_LOCK = threading.RLock()  # of the first call, which several threads may make
_page: Any = None  # dispatchers.py, once it has been imported


def _dispatchers() -> Any:
    """Return the page that knows Numba; it has been told of all overloads."""
    global _page
    with _LOCK:
        if _page is None:
            with compiling():
                from skdnn.network import dispatchers
            _page = dispatchers
        _page.declare(OVERLOADS)
    return _page


class _Compiled:
    """A function that Numba is asked to compile when it is called, or looked at."""

    def __init__(self, function: Callable, options: dict[str, Any]):
        update_wrapper(cast(Any, self), function)
        self.py_func, self.targetoptions = function, options

    @property
    def _numba_type_(self) -> Any:
        """What Numba takes this for where other compiled code calls it."""
        return self._linked._numba_type_

    @cached_property
    def _linked(self) -> Any:
        """The function as a part of the entries that call it."""
        with _LOCK:
            return _dispatchers().linked(self.py_func, self.targetoptions)


class Entry(_Compiled):
    """A function that Python calls."""

    def __call__(self, *arguments):
        """Run the machine code."""
        return self.dispatcher(*arguments)

    @cached_property
    def dispatcher(self) -> Any:
        """What Numba makes of the function; under NUMBA_DISABLE_JIT, the function."""
        with _LOCK:
            return _dispatchers().entry(self.py_func, self.targetoptions)

    @property
    def _linked(self) -> Any:
        return self.dispatcher


class Addressed(_Compiled):
    """A function (op, now, at, T) that compiled code calls, by its address."""

    def address(self, op: Any, now: Any, dtype: Any) -> Any:
        """Return where its machine code for these types is; it is compiled if need be.

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
    """A function that becomes a part of the entries that call it.

    No machine code is made of it alone, unless Python calls it, as tests do.
    """

    def __call__(self, *arguments):
        """Run what is compiled of this function alone."""
        return self.alone(*arguments)

    @cached_property
    def alone(self) -> Any:
        """The function compiled as one that Python calls."""
        with _LOCK:
            return _dispatchers().alone(self.py_func, self.targetoptions)


def entry(function: Callable) -> Any:
    """Compile a function that Python calls; keep its machine code for other processes.

    It is kept beside the source or, where that is read-only, in the user's cache
    directory. Without a place for it every process compiles anew.

    By itself Numba would go on using it as long as the file of this very function does
    not change. But linked in is code of other files: after an update of a package that
    is installed in editable mode, yesterday's would run. So the cache is one of ours,
    which goes by a stamp of all sources.
    """
    return Entry(function, COMPILE_OPTIONS)


def inlined(function: Callable) -> Any:
    """Compile a function into the entries that call it."""
    return Inlined(function, COMPILE_OPTIONS)


def exact(function: Callable) -> Any:
    """Do the same where the order of the arithmetic matters."""
    return Inlined(function, EXACT_OPTIONS)


def overload(function: Callable, jit_options: dict[str, Any]) -> Callable:
    """Say what compiled code runs instead of a function, as numba.extending.overload.

    The decorated function is given the types of the arguments, and returns the other
    body.
    """

    def note(body: Callable) -> Callable:
        OVERLOADS.append((function, body, jit_options))
        return body

    return note
