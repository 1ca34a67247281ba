"""Machine code is kept where possible, and as long as its sources are the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skdnn

_PROGRAM = """
import numpy as np
from skdnn.training.blocks import shuffle
shuffle(np.arange(5), np.full(5, 0.5))
print(sum(shuffle.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the rooms with compiled code that can be edited.

    Without what `import skdnn` brings in, a process starts in half the time.
    """
    folder = tmp_path / "site" / "skdnn"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(skdnn.__file__).parent, folder, ignore=ignore)
    (folder / "__init__.py").write_text("")
    return folder


@pytest.fixture
def read_only_package(package):
    """A copy whose folders cannot hold a __pycache__, not even root's."""
    for folder in [package, *(p for p in package.rglob("*") if p.is_dir())]:
        (folder / "__pycache__").touch()
    return package


def cache_hits(package, user_cache):
    """Run the program in a new process; it may not say anything on stderr."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NUMBA_CACHE_DIR", "PYTHONPATH")
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM],
        env={
            **environment,
            "PYTHONPATH": str(package.parent),
            "XDG_CACHE_HOME": str(user_cache),
        },
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="sets the folder as Linux does")
def test_the_users_cache_directory_is_used(read_only_package, tmp_path):
    assert cache_hits(read_only_package, tmp_path / "cache") == 0
    assert cache_hits(read_only_package, tmp_path / "cache") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="sets the folder as Linux does")
def test_without_any_place_it_compiles_anew(read_only_package, tmp_path):
    (tmp_path / "file").touch()
    for _ in range(2):
        assert cache_hits(read_only_package, tmp_path / "file" / "cache") == 0


def test_an_edit_of_any_file_with_compiled_code_is_noticed(package, tmp_path):
    """Also of one that the function which is called does not stand in."""
    assert cache_hits(package, tmp_path) == 0
    other = package / "network" / "losses.py"
    other.write_text(other.read_text(encoding="utf-8") + "\n# An edit.\n", "utf-8")
    assert cache_hits(package, tmp_path) == 0
    assert cache_hits(package, tmp_path) == 1
