"""The time from the start of a process to the end of its first fit.

Cold: nothing is compiled yet. Warm: the machine code is in Numba's cache. Each is
measured in separate processes, with their own cache folder. The extra time of fit and
prediction in the cold process is compile time. Python's bytecode always exists, as for
an installed package: an earlier process has written it, even if PYTHONDONTWRITEBYTECODE
is set. What skdnn adds to the import of scikit-learn is called "all of skdnn".

A parallel search starts workers; the time from the start of one to the end of its first
fit is compared with that of scikit-learn, with the cache filled.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from sklearn.neural_network import MLPClassifier

from benchmarks.measuring import summary
from benchmarks.targets import Target, at_most
from skdnn import MLPRegularizedClassifier

PHASES = ("import scikit-learn", "import skdnn", "fit", "predict")

# scikit-learn comes first, so that its part of skdnn's import is timed separately.
_PROGRAM = """
import json, time
times = [time.perf_counter()]
import sklearn.neural_network
times.append(time.perf_counter())
from skdnn import MLPRegularizedClassifier
times.append(time.perf_counter())
import numpy as np
X = np.random.default_rng(0).standard_normal((1000, 20))
y = np.arange(1000) % 3
model = MLPRegularizedClassifier((32,), max_iter=2, tol=0.0, n_iter_no_change=2)
import warnings
warnings.simplefilter("ignore")
times.append(time.perf_counter())
model.fit(X, y)
times.append(time.perf_counter())
model.predict(X)
times.append(time.perf_counter())
seconds = [after - before for before, after in zip(times, times[1:])]
print(json.dumps([seconds[0], seconds[1], seconds[3], seconds[4]]))
"""


def measure_startup(repetitions: int = 3) -> list[dict]:
    """Return one result for an empty cache and one for a filled cache."""
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as bytecode:
        with tempfile.TemporaryDirectory() as cache:
            _run(cache, bytecode)  # writes the bytecode
        for _ in range(repetitions):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(_run(cache, bytecode))
                warm.extend(_run(cache, bytecode) for _ in range(3))
    empty, filled = _seconds(cold), _seconds(warm)
    compiled = ("fit", "predict")
    empty["compiling"] = sum(
        empty[phase] - np.median(filled[phase]) for phase in compiled
    )
    targets = {"import skdnn": at_most(0.15), "all of skdnn": at_most(0.3)}
    return [
        _result("empty", empty, {"compiling": at_most(10)}),
        _result("filled", filled, targets),
    ]


def measure_workers(repetitions: int = 5) -> list[dict]:
    """Return one result: seconds from the start of a worker to the end of its fit."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((1000, 20)), np.arange(1000) % 3
    options = {"hidden_layer_sizes": (32,), "max_iter": 2, "n_iter_no_change": 3}
    fits = {
        "skdnn": MLPRegularizedClassifier(**options).fit,
        "sklearn": MLPClassifier(**options).fit,
    }
    runs = {name: [] for name in fits}
    _first_fit_of_a_worker(fits["skdnn"], X, y)  # fills the cache
    for repetition in range(repetitions):
        for name in list(fits)[:: -1 if repetition % 2 else 1]:
            runs[name].append(_first_fit_of_a_worker(fits[name], X, y))
    seconds = {name: np.array(values) for name, values in runs.items()}
    result = _result("filled", seconds, {})
    ratios = {"skdnn/sklearn": summary(seconds["skdnn"] / seconds["sklearn"])}
    return [{"process": "worker of a search", **result, "ratios": ratios}]


def _first_fit_of_a_worker(fit, X, y) -> float:
    get_reusable_executor().shutdown(wait=True)
    began = time.perf_counter()
    # Few epochs are intended: ignore warnings of convergence.
    workers = get_reusable_executor(max_workers=1, env={"PYTHONWARNINGS": "ignore"})
    workers.submit(fit, X, y).result()
    seconds = time.perf_counter() - began
    workers.shutdown(wait=True)
    return seconds


def _run(cache: str, bytecode: str) -> list[float]:
    root = Path(__file__).resolve().parents[1]
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": cache,
        "PYTHONPYCACHEPREFIX": bytecode,
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _seconds(runs: list[list[float]]) -> dict[str, np.ndarray]:
    columns = np.array(runs)
    seconds = dict(zip(PHASES, columns.T, strict=True))
    seconds["all of skdnn"] = columns[:, 1:].sum(axis=1)
    seconds["total"] = columns.sum(axis=1)
    return seconds


def _result(
    cache: str, seconds: dict[str, np.ndarray], targets: dict[str, Target]
) -> dict:
    return {
        "cache": cache,
        "repetitions": len(next(iter(seconds.values()))),
        "seconds": {name: summary(values) for name, values in seconds.items()},
        "targets": targets,
    }
