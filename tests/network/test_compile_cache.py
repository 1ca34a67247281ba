"""Machine code is cached where possible, while its sources are unchanged."""

import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import skdnn
from skdnn.network import code_cache

_PROGRAM = """
import numpy as np
from skdnn.training.blocks import shuffle
shuffle(np.arange(5), np.full(5, 0.5))
print(sum(shuffle.dispatcher.stats.cache_hits.values()))
"""


@pytest.fixture
def package(tmp_path):
    """Return a copy of the package that can be edited, with an empty __init__.

    Without the imports of `import skdnn`, a process starts in half the time.
    """
    folder = tmp_path / "site" / "skdnn"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(skdnn.__file__).parent, folder, ignore=ignore)
    (folder / "__init__.py").write_text("")
    return folder


@pytest.fixture
def read_only_package(package):
    """Return a copy whose folders cannot hold a __pycache__, not even for root."""
    for folder in [package, *(p for p in package.rglob("*") if p.is_dir())]:
        (folder / "__pycache__").touch()
    return package


def run(package, user_cache, program=_PROGRAM):
    """Run a program in a new process; return its output and the warnings in it."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NUMBA_CACHE_DIR", "PYTHONPATH")
    }
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program],
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
    assert done.returncode == 0, done.stderr
    return done.stdout, re.findall(r"Warning: (.*)", done.stderr)


def cache_hits(package, user_cache, warning=None):
    """Run the program; require the warning `warning` alone, or none."""
    printed, messages = run(package, user_cache)
    assert len(messages) == (warning is not None), messages
    assert warning is None or warning in messages[0]
    return int(printed)


@pytest.mark.skipif(sys.platform != "linux", reason="sets the folder as on Linux")
def test_the_users_cache_directory_is_used(read_only_package, tmp_path):
    assert cache_hits(read_only_package, tmp_path / "cache") == 0
    assert cache_hits(read_only_package, tmp_path / "cache") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="sets the folder as on Linux")
def test_without_a_writable_folder_it_recompiles(read_only_package, tmp_path):
    (tmp_path / "file").touch()
    warning = "There is no writable folder for compiled code"
    for _ in range(2):
        assert cache_hits(read_only_package, tmp_path / "file" / "cache", warning) == 0


def test_an_edit_of_any_file_with_compiled_code_is_noticed(package, tmp_path):
    """Also of a file other than that of the called function."""
    assert cache_hits(package, tmp_path) == 0
    other = package / "network" / "losses.py"
    other.write_text(other.read_text(encoding="utf-8") + "\n# An edit.\n", "utf-8")
    assert cache_hits(package, tmp_path) == 0
    assert cache_hits(package, tmp_path) == 1


_ANOTHER_TYPE = """
import sys
import numpy as np
from skdnn.training.blocks import shuffle
assert "numba" not in sys.modules
uniform = np.full(5, 0.5)
shuffle(np.arange(5), uniform)
print("numba.np.linalg" in sys.modules)
order = np.arange(5, dtype="int16")
shuffle(order, uniform)
print(order.tolist())
"""


def test_compiler_modules_are_loaded_only_to_compile(package, tmp_path):
    compiled, loaded = (run(package, tmp_path, _ANOTHER_TYPE)[0] for _ in range(2))
    assert compiled == "True\n[0, 3, 1, 4, 2]\n"
    assert loaded == "False\n[0, 3, 1, 4, 2]\n"
    third = _ANOTHER_TYPE.replace("int16", "int8")  # loads one, compiles the other
    assert run(package, tmp_path, third)[0] == loaded


_KERNELS = """
import numpy as np
from skdnn.network.activations import ON_LAYERS
from skdnn.network.dropout import drop
from skdnn.network.kernels import addresses
kernels = [ON_LAYERS["identity"], ON_LAYERS["relu"], drop]
addresses(np.array([kernel.code for kernel in kernels]), np.dtype("float32"))
print([sum(kernel._linked.stats.cache_hits.values()) for kernel in kernels])
"""


def test_kernels_are_loaded_also_those_that_a_function_creates(package, tmp_path):
    """Each of the two activations gets its own code."""
    assert run(package, tmp_path, _KERNELS)[0] == "[0, 0, 0]\n"
    assert run(package, tmp_path, _KERNELS)[0] == "[1, 1, 1]\n"


# -- what can go wrong -----------------------------------------------------------------


def code_files(package):
    return sorted((package / "training" / "__pycache__").glob("*shuffle*.nbc*"))


def test_damaged_code_is_recompiled(package, tmp_path):
    assert cache_hits(package, tmp_path) == 0
    (file,) = code_files(package)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    assert cache_hits(package, tmp_path, "is damaged; it is recompiled") == 0
    assert len(file.read_bytes()) > 0.9 * len(data)  # symbols vary in length
    assert code_files(package) == [file]


_FULL = """
import errno, os, pathlib
def no_space(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
pathlib.Path.write_bytes = no_space
import numpy as np
from skdnn.training.blocks import shuffle
for dtype in ("int64", "int32"):
    order = np.arange(5, dtype=dtype)
    shuffle(order, np.full(5, 0.5))
    print(order.tolist())
"""


def test_a_full_disk_gives_one_warning(package, tmp_path):
    printed, messages = run(package, tmp_path, _FULL)
    assert printed == 2 * "[0, 3, 1, 4, 2]\n"
    (message,) = messages
    assert "cannot be saved" in message and "No space left" in message
    assert "NUMBA_CACHE_DIR" in message
    assert code_files(package) == []


_ONE_OF_TWO = """
import time
import numpy as np
from skdnn.training.blocks import shuffle
numbers = np.arange(5, dtype="TYPE")
while time.time() < BEGIN:
    pass
shuffle(numbers, np.full(5, 0.5))
print(numbers.tolist(), sum(shuffle.dispatcher.stats.cache_hits.values()))
"""


@pytest.mark.slow
def test_processes_that_compile_at_once_leave_valid_code(package, tmp_path):
    """For equal and for different signatures."""
    types = ["int64", "int32", "int64"]
    for hits in (0, 1):
        begin = str(time.time() + 3 * (1 - hits))
        programs = [
            _ONE_OF_TWO.replace("TYPE", dtype).replace("BEGIN", begin)
            for dtype in types
        ]
        with ThreadPoolExecutor(3) as pool:
            ran = list(pool.map(lambda p: run(package, tmp_path, p), programs))
        assert ran == [(f"[0, 3, 1, 4, 2] {hits}\n", [])] * 3
    assert len(code_files(package)) == 2


# -- the files of one function ---------------------------------------------------------


@pytest.fixture
def nothing_warned_yet(monkeypatch):
    monkeypatch.setattr(code_cache, "_warned", set())


@pytest.fixture
def files(tmp_path, nothing_warned_yet):
    return code_cache._Files(tmp_path, "f", "sources")


KEY = (("int64",), ("cpu", "avx2"), ("hash",))


def test_code_is_that_of_its_signature_processor_and_sources(files, tmp_path):
    other = (("int32",), *KEY[1:])
    files.save(KEY, b"code")
    files.save(other, b"other")
    assert (files.load(KEY), files.load(other)) == (b"code", b"other")
    assert files.load((KEY[0], ("cpu", "sse"), KEY[2])) is None
    assert files.load((*KEY[:2], ("another hash",))) is None
    edited = code_cache._Files(tmp_path, "f", "edited sources")
    assert edited.load(KEY) is None
    edited.save(KEY, b"new")
    assert files.load(KEY) is None
    assert (edited.load(KEY), edited.load(other)) == (b"new", None)
    assert len(os.listdir(tmp_path)) == 2
    files.flush()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:70] + bytes([data[70] ^ 1]) + data[71:],
        lambda data: bytes(len(data)),
    ],
)
def test_damaged_files_are_recognised(files, tmp_path, damage):
    files.save(KEY, b"code")
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged; it is recompiled"):
        assert files.load(KEY) is None
    assert files.load(KEY) is None  # warned once
    files.save(KEY, b"code")
    assert files.load(KEY) == b"code"


def test_a_file_that_cannot_be_read_gives_one_warning(files, tmp_path):
    files.save(KEY, b"code")
    (path,) = tmp_path.iterdir()
    path.unlink()
    path.mkdir()
    with pytest.warns(UserWarning, match="Compiled code cannot be read"):
        assert files.load(KEY) is None
    with pytest.raises(IsADirectoryError):
        files.save(KEY, b"code")
    assert list(tmp_path.iterdir()) == [path]
