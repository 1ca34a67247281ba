"""The Numba side of `compiled.py`: dispatchers for the functions that it marks.

This module is imported when the first of them is called.
"""

import hashlib
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numba import config, from_dtype, njit, types
from numba.core import event
from numba.core.dispatcher import Dispatcher
from numba.extending import overload

from skdnn.network.code_cache import CodeCache, NoCache
from skdnn.network.compile_time import CLOCK
from skdnn.network.instructions import ADDRESSES
from skdnn.network.linking import OnlyLinked, SelfContained

_LINKED: dict[str, Any] = {"pipeline_class": OnlyLinked, "no_cpython_wrapper": True}


@cache
def hash_of_sources() -> str:
    """Return a hash of all source files with compiled functions."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for room in ("network", "training", "augmentation"):
        for path in sorted((package / room).rglob("*.py")):
            name = path.relative_to(package).as_posix().encode()
            digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def entry(function, options: dict[str, Any]):
    """Return a function that Python calls, with its machine code cached on disk."""
    compiled = njit(pipeline_class=SelfContained, **options)(function)
    if isinstance(compiled, Dispatcher):  # not under NUMBA_DISABLE_JIT
        private: Any = compiled
        try:
            private._cache = CodeCache(function, hash_of_sources())
        except RuntimeError:  # "cannot cache function: no locator available"
            private._cache = NoCache()
    return compiled


# The type by which kernels are called; under NUMBA_DISABLE_JIT, they stay functions.
ADDRESS = object if config.DISABLE_JIT else np.int64


def address(compiled, records: tuple, dtype: np.dtype) -> Any:
    """Return the address of a kernel's machine code."""
    if config.DISABLE_JIT:
        return partial(compiled, T=dtype.type)
    number = types.NumberClass(from_dtype(dtype))
    takes = *map(from_dtype, records), ADDRESSES, number
    compiled.compile(takes)
    code = compiled.overloads[takes]
    return code.library.get_pointer_to_function(code.fndesc.llvm_func_name)


def linked(function, options: dict[str, Any]):
    """Return a function that is linked into entries."""
    return njit(**options, **_LINKED)(function)


def alone(function, options: dict[str, Any]):
    """Return a function that Python calls, without a disk cache."""
    return njit(**options)(function)


def declare(overloads: list) -> None:
    """Register overloads with Numba and empty the list."""
    while overloads:
        function, body, options = overloads.pop(0)
        overload(function, jit_options={**options, **_LINKED})(body)


class _CompileTime(event.Listener):
    """Runs the clock while Numba compiles."""

    def on_start(self, event):
        CLOCK.begin()

    def on_end(self, event):
        CLOCK.end()


event.register("numba:compile", _CompileTime())
