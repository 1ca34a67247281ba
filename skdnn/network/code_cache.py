"""A disk cache of compiled code that recognises damaged files.

Numba's own cache runs whatever it finds as machine code, raises errors of writing, and
has an index that two processes may leave pointing at each other's code. Here each
signature has its own file, with a checksum and a hash of what it was compiled for. Code
that cannot be read is recompiled; code that cannot be written is recompiled by the next
process; a warning says so once.
"""

import hashlib
import os
import pickle
import uuid
import warnings
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, NullCache
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from skdnn.network.compile_time import compiling

_CURE = "Set NUMBA_CACHE_DIR to a writable folder."
_HASH_BYTES = hashlib.sha256().digest_size
_warned: set[str] = set()


def _warn_once(text: str, kind: str) -> None:
    """Warn once per process for each kind of problem: there are many functions."""
    if kind not in _warned:
        _warned.add(kind)
        warnings.warn(text, UserWarning, stacklevel=2)


class CodeCache(FunctionCache):
    """The disk cache of one function.

    Parameters
    ----------
    function : function
        The function to compile.
    stamp : str
        Hash of all sources that are linked in; code with another stamp is recompiled.

    Raises
    ------
    RuntimeError
        If no folder is writable.
    """

    def __init__(self, function, stamp: str):
        super().__init__(function)
        self._cache_file = _Files(
            Path(self._cache_path),
            self._impl.filename_base,
            f"numba {numba.__version__} {stamp}",
        )

    def _index_key(self, sig, codegen):
        """Return the key of a signature.

        Numba would also hash the closure of the function, by pickling it. The closure
        of a generated kernel holds a compiled function, whose pickle differs between
        processes. It depends on the sources only, which the stamp covers.
        """
        code = hashlib.sha256(self._py_func.__code__.co_code).hexdigest()
        return sig, codegen.magic_tuple(), code

    def load_overload(self, sig, target_context):
        """Return the code of a signature, or None.

        Numba would first load everything that it can compile, which takes longer than
        loading the code. Running needs only the runtime that the code is linked to;
        Numba loads the rest when it has to compile.
        """
        with compiling():
            rtsys.initialize(target_context)
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)

    def save_overload(self, sig, data):
        """Save compiled code, or warn that it cannot be written."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn_once(
                f"Compiled code cannot be saved in {self._cache_path} ({error}); other "
                f"processes will recompile it, which takes some seconds. {_CURE}",
                "not saved",
            )


class NoCache(NullCache):
    """Replaces the cache if no folder is writable."""

    def save_overload(self, sig, cres):
        """Warn that nothing is saved."""
        _warn_once(
            "There is no writable folder for compiled code; each process recompiles, "
            f"which takes some seconds. {_CURE}",
            "not saved",
        )


class _Files:
    """The files of one function; Numba calls `load`, `save` and `flush`.

    A file holds a checksum of the rest, a hash of what it was compiled for, and the
    code.
    """

    def __init__(self, folder: Path, name: str, made_for: str):
        self._folder, self._name = folder, name
        self._made_for = _hash(made_for.encode())

    def load(self, key: tuple) -> Any:
        """Return the code of a signature, or None if it must be compiled."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _warn_once(f"Compiled code cannot be read: {error}.", "not read")
            return None
        checksum, rest = data[:_HASH_BYTES], data[_HASH_BYTES:]
        if checksum != _hash(rest):
            _warn_once(
                f"The compiled code in {path} is damaged; it is recompiled and "
                "replaced.",
                "damaged",
            )
            return None
        if rest[:_HASH_BYTES] != self._made_for:  # might not even unpickle
            return None
        its_key, code = pickle.loads(rest[_HASH_BYTES:])
        return code if its_key == key else None

    def save(self, key: tuple, code: Any) -> None:
        """Write a file atomically: other processes may read or write the same one."""
        rest = self._made_for + dumps((key, code))
        path = self._path(key)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}")
        try:
            new.write_bytes(_hash(rest) + rest)
            os.replace(new, path)
        except OSError:
            if new.exists():
                new.unlink()
            raise

    def flush(self) -> None:
        """Delete all cached code of this function."""
        for path in self._folder.glob(f"{self._name}-*.nbc"):
            path.unlink()

    def _path(self, key: tuple) -> Path:
        """Return the path of the file, one per signature and processor."""
        signature, processor, _ = key
        of = _hash(repr((signature, processor)).encode()).hex()[:16]
        return self._folder / f"{self._name}-{of}.nbc"


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
