"""Peak memory that `fit` and `predict_proba` add to a process.

Each case runs in its own process, which this one polls through ``/proc/<pid>/status``:
Linux only. Polling from outside does not need the interpreter of the other process and
adds nothing to its memory. The kernel's own high-water mark (VmHWM) would miss nothing
between two polls, but covers only the total. The total includes pages of mapped files
that were read; they are the kernel's cache, which it reclaims when it needs the space.
Memory that the process itself has requested is anonymous (RssAnon); the target applies
to that. A temporary copy that matters takes far longer to write than the 2 ms between
two polls.
"""

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.measuring import summary
from benchmarks.memory_case import FITS, PREDICTION
from benchmarks.targets import at_most

IS_AVAILABLE = sys.platform == "linux"
UNAVAILABLE = "The memory benchmark reads /proc/<pid>/status, which only Linux has."

FIT_ROWS = 500_000
PREDICTION_ROWS = 100_000
_MAX_MEGABYTES = 50
_POLL_SECONDS = 0.002
_FIELDS = {"anonymous": "RssAnon", "total": "VmRSS"}
_ROOT = Path(__file__).resolve().parents[1]


def measure_memory(
    repetitions: int = 3,
    fit_rows: int = FIT_ROWS,
    prediction_rows: int = PREDICTION_ROWS,
    cases: Iterable[str] = (*FITS, PREDICTION),
) -> Iterator[dict]:
    """Yield one result per case."""
    if not IS_AVAILABLE:
        raise NotImplementedError(UNAVAILABLE)
    for case in cases:
        rows = fit_rows if case in FITS else prediction_rows
        runs = [_added(case, rows) for _ in range(repetitions)]
        yield {
            "case": case,
            "rows": rows,
            "repetitions": repetitions,
            "megabytes": {
                name: summary(np.array([run[name] for run in runs])) for name in _FIELDS
            },
            "targets": {"anonymous": at_most(_MAX_MEGABYTES)} if case in FITS else {},
        }


def _added(case: str, n_rows: int) -> dict[str, float]:
    """Return the megabytes that one run adds at its peak, beyond what it returns."""
    with tempfile.TemporaryDirectory() as folder, _start(case, n_rows, folder) as child:
        try:
            _answer(child)
            before = peak = _resident(child)
            _tell(child, "go")
            while not select.select([child.stdout], [], [], _POLL_SECONDS)[0]:
                now = _resident(child)
                peak = {name: max(peak[name], now[name]) for name in _FIELDS}
            returned = int(_answer(child))
            _tell(child, "end")
        except BaseException:
            child.kill()
            raise
    return {name: (peak[name] - before[name] - returned) / 1e6 for name in _FIELDS}


def _start(case: str, n_rows: int, folder: str) -> subprocess.Popen:
    """Start a case in a folder where it can write a file."""
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.memory_case", case, str(n_rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def _answer(child: subprocess.Popen) -> str:
    line = child.stdout.readline()
    if not line:
        raise RuntimeError("The process of the case ended; see its error above.")
    return line


def _tell(child: subprocess.Popen, word: str) -> None:
    child.stdin.write(f"{word}\n")
    child.stdin.flush()


def _resident(child: subprocess.Popen) -> dict[str, int]:
    """Return the resident bytes of a process, by kind."""
    text = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return {
        name: int(lines[field].split()[0]) * 1024 for name, field in _FIELDS.items()
    }
