"""Peak memory of a CV fit on more rows than fit into memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
N_COLUMNS, CHUNK_ROWS = 50, 32768

FIT = """
import json, sys, warnings
from pathlib import Path
from skdnn import BatchSource, MLPRegularizedClassifierCV

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])

def resident(key="VmHWM"):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return 1024 * int(line.split()[1])

def fit(name):
    source = BatchSource.from_arrays(
        folder / f"X{name}.npy", folder / f"y{name}.npy", chunk_rows=int(sys.argv[2])
    )
    MLPRegularizedClassifierCV(
        (20,), encodings="standard", max_steps=500, random_state=0
    ).fit(source)

fit("_small")  # compiles
before = resident()
fit("")
print(json.dumps(resident() - before))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_a_sample_and_a_stated_number_of_chunks(tmp_path):
    """Fit two networks in turn on a table of one gigabyte."""
    n_rows, rng = 2**30 // (4 * N_COLUMNS), np.random.default_rng(0)
    for name, m in (("", n_rows), ("_small", 25_000)):
        X = np.lib.format.open_memmap(
            tmp_path / f"X{name}.npy", "w+", np.float32, (m, N_COLUMNS)
        )
        for start in range(0, m, 250_000):
            stop = min(start + 250_000, m)
            X[start:stop] = rng.standard_normal((stop - start, N_COLUMNS), np.float32)
        np.save(tmp_path / f"y{name}.npy", rng.integers(0, 2, m))
        del X
    done = subprocess.run(
        [sys.executable, "-c", FIT, str(tmp_path), str(CHUNK_ROWS)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    added = json.loads(done.stdout.splitlines()[-1])
    print(f"{added / 2**20:.0f} MB")
    # Targets and indices of 5 million rows, the sample and its encoding, and the
    # buffers of two networks: well below the gigabyte of the whole table.
    assert added < 640 * 2**20
