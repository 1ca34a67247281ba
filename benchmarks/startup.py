"""How long a new process takes until its first fit has ended.

Cold: nothing is compiled yet. Warm: the machine code is in Numba's cache. Each is
measured in processes of their own, with a cache folder of their own.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measuring import summary

PHASES = ("import scikit-learn", "import skdnn", "fit", "predict")

# scikit-learn comes first, so that its part of skdnn's import is seen apart.
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
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_run(cache))
            warm.append(_run(cache))
    return [_result("empty", cold), _result("filled", warm)]


def _run(cache: str) -> list[float]:
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _result(cache: str, runs: list[list[float]]) -> dict:
    columns = np.array(runs)
    seconds = dict(zip(PHASES, columns.T, strict=True))
    seconds["total"] = columns.sum(axis=1)
    return {
        "cache": cache,
        "repetitions": len(runs),
        "seconds": {name: summary(values) for name, values in seconds.items()},
    }
