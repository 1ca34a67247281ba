"""What every test relies on; the first lines run before NumPy is imported."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import pytest

for variable in (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ.setdefault(variable, "1")
os.environ["MPLBACKEND"] = "Agg"


def _sources_hash(package):
    """Hash the path and content of each source file of the package."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


# Numba's cache does not notice an edit in another file that a kernel calls into, so
# each state of the sources gets a folder of its own.
if "NUMBA_CACHE_DIR" not in os.environ:
    package = Path(__file__).resolve().parents[1] / "skdnn"
    folder = f"skdnn-numba-{_sources_hash(package)[:16]}"
    os.environ["NUMBA_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / folder)


@pytest.fixture(autouse=True)
def _close_figures():
    """Close the figures of a test, where it opened any."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
