"""Peak memory of a fit on more rows than fit into memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
N_COLUMNS, CHUNK_ROWS, BUFFER_CHUNKS = 250, 16384, 4
CHUNK_BYTES = CHUNK_ROWS * N_COLUMNS * 4
N_ROWS = 2**32 // (4 * N_COLUMNS)  # 4 GB

FIT = """
import json, sys, time, warnings
from pathlib import Path
from sklearn.pipeline import make_pipeline
from skdnn import BatchSource, InputStandardizer, MLPRegularizedClassifier

warnings.simplefilter("ignore")
folder, kind = Path(sys.argv[1]), sys.argv[4]
chunk_rows, buffer_chunks = map(int, sys.argv[2:4])

def resident(key="VmHWM"):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])

def source(name):
    return BatchSource.from_arrays(
        folder / f"X{name}.npy", folder / f"y{name}.npy",
        chunk_rows=chunk_rows, buffer_chunks=buffer_chunks,
    )

def fit(chunks, *before):
    net = MLPRegularizedClassifier((50,), max_iter=1, random_state=0)
    return make_pipeline(*before, net).fit(chunks)

fit(source("_small"))  # compiles
before, began = resident(), time.perf_counter()
if kind == "standardised":
    fit(source(""), InputStandardizer())
else:
    fit(source(""))
print(json.dumps([resident() - before, time.perf_counter() - began]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write four gigabytes of rows in pieces."""
    folder = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(0)
    for name, m in (("", N_ROWS), ("_small", 1000)):
        path = folder / f"X{name}.npy"
        X = np.lib.format.open_memmap(path, "w+", np.float32, (m, N_COLUMNS))
        for start in range(0, m, 50_000):
            stop = min(start + 50_000, m)
            X[start:stop] = rng.standard_normal((stop - start, N_COLUMNS), np.float32)
        np.save(folder / f"y{name}.npy", rng.integers(0, 2, m))
        del X
    return folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["as it is", "standardised"])
def test_a_fit_holds_a_stated_number_of_chunks(folder, kind):
    arguments = [str(folder), str(CHUNK_ROWS), str(BUFFER_CHUNKS), kind]
    done = subprocess.run(
        [sys.executable, "-c", FIT, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    added, seconds = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind}: {added / 2**20:.0f} MB, {seconds:.1f} s")
    # The buffer, three chunks as read (standardised in float64: two more copies), and
    # targets, weights and row indices.
    n_chunks = BUFFER_CHUNKS + (3 if kind == "as it is" else 6)
    assert added < n_chunks * CHUNK_BYTES + 40 * N_ROWS + 2**20 * 50
