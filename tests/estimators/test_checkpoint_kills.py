"""Fits killed by kill -9 lose at most one interval and resume bit for bit.

One process forks and kills the fits and resumes them itself, so that all run the same
machine code and none has to compile it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import itertools, os, pathlib, random, signal, sys, tempfile, time, warnings
import numpy as np
from scipy import sparse
from skdnn import Checkpoint, MLPRegularizedClassifier
from skdnn.estimators import checkpoint_files
from tests.estimators.datasets import make_rows

warnings.simplefilter("ignore")
EVERY = 2
folder = pathlib.Path(tempfile.mkdtemp(dir=sys.argv[2]))
random.seed(int(sys.argv[3]))
X, y = make_rows(n_rows=200)
words = sparse.random_array((200, 40), density=0.05, format="csr", rng=0)
CASES = {
    "dense": ({"solver": "sgd", "momentum": 0.8}, X),
    "sparse": ({}, words),
    "early stopping": ({"early_stopping": True, "keep_prob": 0.8}, X),
}


class ReportEpoch:
    def __init__(self, pipe):
        self.pipe = pipe

    def setup(self, estimator, context):
        pass

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            os.write(self.pipe, bytes([context.record.epoch]))


def fit(case, path, *others):
    options, rows = CASES[case]
    net = MLPRegularizedClassifier(
        (6,), max_iter=24, random_state=0, n_iter_no_change=24, **options
    )
    net.set_callbacks(Checkpoint(path, EVERY), *others)
    return net.fit(rows, y, resume_from=path)


def snapshot(net):
    state = net._state
    return (
        net.predict_proba(CASES[case][1]).tobytes(), net.loss_curve_,
        net.validation_loss_curve_, net.validation_scores_, state.theta.tobytes(),
        state.optimizer.m.tobytes(), state.optimizer.v.tobytes(),
        state.rng.bit_generator.state, net.best_iteration_, net.stop_reason_,
    )


def killed(case, path, seconds):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        fit(case, path, ReportEpoch(write))
        os._exit(0)
    os.close(write)
    time.sleep(random.uniform(0, seconds))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(read, "rb") as pipe:
        return max(pipe.read(), default=0)


def epoch_saved(path):
    before = checkpoint_files.previous(path)
    found = [p for p in (path, before) if p.exists()]
    assert all(map(checkpoint_files.is_intact, found)), found
    return len(checkpoint_files.read(found[0])["history"]) if found else 0


whole, seconds = {}, {}
for case in CASES:
    fit(case, folder / f"warm {case}")
    began = time.perf_counter()
    whole[case] = snapshot(fit(case, folder / case))
    seconds[case] = time.perf_counter() - began
for k, case in zip(range(int(sys.argv[1])), itertools.cycle(CASES)):
    path, n_done = folder / f"{case} {k}", 0
    for _ in range(1 + k % 2):  # every second fit is killed again after resuming
        n_done = max(n_done, killed(case, path, seconds[case]))
        assert n_done - epoch_saved(path) < EVERY, (case, n_done, epoch_saved(path))
    assert snapshot(fit(case, path)) == whole[case], (case, n_done)
    print(case, n_done)
"""


def _survives(n_kills, seed, folder):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(n_kills), str(folder), str(seed)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == n_kills


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks its fits")


def test_fits_survive_kill_9(tmp_path):
    _survives(3, 1, tmp_path)


@pytest.mark.slow
def test_fits_survive_kill_9_fifty_times(tmp_path):
    _survives(50, 2, tmp_path)
