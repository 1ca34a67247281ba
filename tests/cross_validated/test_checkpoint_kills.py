"""CV fits killed by kill -9 at random moments resume bit for bit.

As in tests/estimators/test_checkpoint_kills.py, a process forks the fits it kills.
"""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import itertools, os, pathlib, pickle, random, signal, sys, tempfile, time, warnings
import numpy as np
import pandas as pd
from scipy import sparse
from skdnn import Checkpoint, MLPRegularizedClassifierCV
from skdnn.estimators import checkpoint_files
from tests.estimators.datasets import make_rows

warnings.simplefilter("ignore")
EVERY = 2
folder = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[2]))
random.seed(int(sys.argv[3]))
X, y = make_rows(n_rows=120)
words = sparse.random_array((120, 40), density=0.05, format="csr", rng=0)
frame = pd.DataFrame(X, columns=list("abcd")).assign(e=np.array(list("uvw"))[y])
frame.loc[::7, "a"] = np.nan
CASES = {
    "dense": ({"alphas": [0.1, 1.0]}, X),
    "sparse": ({"preprocess": False}, words),
    "mixed frame": ({}, frame),
}


class ReportingCheckpoint(Checkpoint):
    pipe = None

    def offer(self, progress):
        super().offer(progress)
        if self.pipe is not None:
            os.write(self.pipe, bytes([progress.count, progress.refit is not None]))


def fit(case, path, pipe=None):
    options, rows = CASES[case]
    model = MLPRegularizedClassifierCV(
        (6,), max_steps=200, random_state=0, cv=3, n_members=2, batch_size=32, **options
    )
    saver = ReportingCheckpoint(path, EVERY)
    saver.pipe = pipe
    return model.set_callbacks(saver).fit(rows, y, resume_from=path)


def snapshot(model):
    states = [net._state for net in model._nets]
    return (
        model.predict_proba(CASES[case][1]).tobytes(), model.temperature_,
        model.oof_decision_function_.tobytes(), model.scores_.tobytes(),
        model.candidates_, model.best_n_steps_, model.oof_score_,
        [(s.theta.tobytes(), s.optimizer.m.tobytes(), s.optimizer.v.tobytes(),
          s.average.tobytes(), s.rng.bit_generator.state) for s in states],
        [net.loss_curve_ for net in model._nets],
    )


def killed(case, path, seconds):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        fit(case, path, write)
        os._exit(0)
    os.close(write)
    time.sleep(random.uniform(0, seconds))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(read, "rb") as pipe:
        reported = pipe.read()
    return tuple(reported[-2:]) if reported else (0, 0)


def count_saved(path):
    before = checkpoint_files.previous(path)
    found = [p for p in (path, before) if p.exists()]
    assert all(map(checkpoint_files.is_intact, found)), found
    if not found:
        return 0
    content = checkpoint_files.read(found[0])
    return content["race"]["n_looks"] + (content["refit"] or {}).get("n_looks", 0)


whole, seconds = {}, {}
for case in CASES:
    fit(case, folder / f"warm {case}")
    began = time.perf_counter()
    whole[case] = snapshot(fit(case, folder / case))
    seconds[case] = time.perf_counter() - began
for k, case in zip(range(int(sys.argv[1])), itertools.cycle(CASES)):
    path, n_done, last = folder / f"{case} {k}", 0, (0, 0)
    for _ in range(1 + k % 2):  # every second fit is killed again after resuming
        last = max(last, killed(case, path, seconds[case]))
        assert last[0] - count_saved(path) < EVERY, (case, last, count_saved(path))
    assert snapshot(fit(case, path)) == whole[case], (case, last)
    print(case, *last)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="forks its fits")
def test_choices_survive_kill_9_fifty_times(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "50", str(tmp_path), "2"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 50
    assert {phase for *_, phase in lines} == {"0", "1"}  # search, refit
