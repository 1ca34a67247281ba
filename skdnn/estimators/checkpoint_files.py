"""Checkpoint files, written atomically.

A file is an .npz archive, which NumPy can open, followed by a checksum. It holds arrays
of numbers, and names and numbers as JSON, so reading one executes no code.
"""

import contextlib
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

_TEXT = "json"  # the entry with everything but arrays
_ARRAY, _GENERATOR = "<array>", "<generator>"
_DIGEST_BYTES = 32


class Damaged(Exception):
    """A file is not as it was written."""


def previous(path: Path) -> Path:
    """Return the path of the previous checkpoint."""
    return path.with_name(path.name + ".before")


def write(path: Path, content: dict[str, Any], keep: bool) -> None:
    """Write a checkpoint; a crash at any time leaves a complete one.

    Parameters
    ----------
    path : Path
        The file to write.
    content : dict
        Names, numbers, arrays and generators, nested.
    keep : bool
        Whether to keep the existing checkpoint, as the previous one.
    """
    new = path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(_packed(content))
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            os.replace(path, previous(path))
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):  # the first error is raised
            new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renames survive a power failure, where a folder can be synced.

    It cannot on Windows and some network file systems; the files are complete anyway.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_intact(path: Path) -> bool:
    """Return whether there is a complete checkpoint."""
    try:
        _body(path.read_bytes())
    except (OSError, Damaged):
        return False
    return True


def read(path: Path) -> dict[str, Any]:
    """Return the content of a file.

    Raises
    ------
    OSError
        If it does not exist or cannot be read.
    Damaged
        If it is not as it was written.
    """
    with np.load(io.BytesIO(_body(path.read_bytes())), allow_pickle=False) as archive:
        arrays = dict(archive)
    content: dict[str, Any] = _joined(json.loads(str(arrays[_TEXT])), arrays)
    return content


def _packed(content: dict[str, Any]) -> bytes:
    arrays: dict[str, Any] = {}
    text = json.dumps(_split(content, "checkpoint", arrays))
    arrays[_TEXT] = np.array(text)
    archive = io.BytesIO()
    np.savez(archive, **arrays)
    body = archive.getvalue()
    return body + _digest(body)


def _body(data: bytes) -> bytes:
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not body or digest != _digest(body):
        raise Damaged("its checksum does not match")
    return body


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()


def _split(value: Any, name: str, arrays: dict[str, Any]) -> Any:
    """Return a value for JSON; its arrays are put into `arrays`, by name."""
    if isinstance(value, dict):
        return {k: _split(v, f"{name}.{k}", arrays) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_split(v, f"{name}.{i}", arrays) for i, v in enumerate(value)]
    if isinstance(value, np.random.Generator):
        state = value.bit_generator.state
        return {_GENERATOR: _split(state, name, arrays)}
    if isinstance(value, np.ndarray | np.generic):
        arrays[name] = value
        return {_ARRAY: name}
    return value


def _joined(value: Any, arrays: dict[str, Any]) -> Any:
    """Undo `_split`."""
    if isinstance(value, list):
        return [_joined(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return arrays[value[_ARRAY]][()]  # a scalar if 0-d
    if _GENERATOR in value:
        bits = np.random.PCG64(0)  # as in default_rng
        bits.state = value[_GENERATOR]
        return np.random.Generator(bits)
    return {k: _joined(v, arrays) for k, v in value.items()}
