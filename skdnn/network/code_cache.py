"""Where compiled code is kept for other processes: whole, and told from damaged code.

Numba's own cache takes what it finds for machine code, raises what goes wrong while it
writes, and has an index that two processes may leave pointing at each other's code.
Here each signature has a file of its own, with a checksum and what it was made for.
What cannot be read is compiled anew, what cannot be written is compiled again by the
next process, and a warning says so once.
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

_CURE = "Set NUMBA_CACHE_DIR to a folder that can be written to."
_HASH_BYTES = hashlib.sha256().digest_size
_told: set[str] = set()


def _tell_once(text: str, kind: str) -> None:
    """Warn once in a process for each kind of trouble: there are many functions."""
    if kind not in _told:
        _told.add(kind)
        warnings.warn(text, UserWarning, stacklevel=2)


class CodeCache(FunctionCache):
    """The cache of one function.

    Parameters
    ----------
    function : function
        What is compiled.
    stamp : str
        Of all sources that are linked in: code of another stamp is compiled anew.

    Raises
    ------
    RuntimeError
        If no folder can be written to.
    """

    def __init__(self, function, stamp: str):
        super().__init__(function)
        self._cache_file = _Files(
            Path(self._cache_path),
            self._impl.filename_base,
            f"numba {numba.__version__} {stamp}",
        )

    def _index_key(self, sig, codegen):
        """Return what names the code of a signature.

        Numba would also hash what a function has from around it, by pickling: of a
        kernel that another function makes that is a compiled function, whose bytes are
        others in each process. It is of the sources, and the stamp is of all of them.
        """
        code = hashlib.sha256(self._py_func.__code__.co_code).hexdigest()
        return sig, codegen.magic_tuple(), code

    def load_overload(self, sig, target_context):
        """Return the code of a signature, or None.

        Numba would first load all that it can compile, for longer than it takes to load
        the code. What runs needs only the runtime that it is linked to; to compile what
        is not found, Numba loads the rest.
        """
        with compiling():
            rtsys.initialize(target_context)
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)

    def save_overload(self, sig, data):
        """Keep compiled code, if there is room for it."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _tell_once(
                f"Compiled code cannot be kept in {self._cache_path} ({error}); other "
                f"processes will compile anew, for some seconds. {_CURE}",
                "not kept",
            )


class NoCache(NullCache):
    """Stands in where no folder can be written to."""

    def save_overload(self, sig, cres):
        """Say that nothing is kept."""
        _tell_once(
            "There is no folder to keep compiled code in; each process compiles anew, "
            f"for some seconds. {_CURE}",
            "not kept",
        )


class _Files:
    """The files of one function; Numba asks for `load`, `save` and `flush`.

    A file holds a checksum of the rest, a hash of whom it is for, and the code.
    """

    def __init__(self, folder: Path, name: str, made_for: str):
        self._folder, self._name = folder, name
        self._made_for = _hash(made_for.encode())

    def load(self, key: tuple) -> Any:
        """Return the code of a signature, or None to have it compiled."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _tell_once(f"Compiled code cannot be read: {error}.", "not read")
            return None
        checksum, rest = data[:_HASH_BYTES], data[_HASH_BYTES:]
        if checksum != _hash(rest):
            _tell_once(
                f"The compiled code in {path} is damaged; it is compiled anew, and "
                "replaced.",
                "damaged",
            )
            return None
        if rest[:_HASH_BYTES] != self._made_for:  # and perhaps by other classes
            return None
        its_key, code = pickle.loads(rest[_HASH_BYTES:])
        return code if its_key == key else None

    def save(self, key: tuple, code: Any) -> None:
        """Write a file whole: others may be reading it, or writing the same."""
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
        """Forget all code of this function."""
        for path in self._folder.glob(f"{self._name}-*.nbc"):
            path.unlink()

    def _path(self, key: tuple) -> Path:
        """Return one file for each signature and processor."""
        signature, processor, _ = key
        of = _hash(repr((signature, processor)).encode()).hex()[:16]
        return self._folder / f"{self._name}-{of}.nbc"


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
