"""A cache of machine code that belongs to one state of the sources."""

import hashlib
import os
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "skdnn"


def sources_hash() -> str:
    """Return a hash of the path and content of each source file of skdnn."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def use_fresh_kernels() -> None:
    """Never measure yesterday's kernels; to be called before Numba is imported.

    Numba's cache does not notice an edit in another file that a kernel calls into, so
    each state of the sources gets a folder of its own.
    """
    folder = Path(tempfile.gettempdir()) / f"skdnn-numba-{sources_hash()}"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
