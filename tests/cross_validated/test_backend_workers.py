"""Networks trained by the workers of a joblib backend: the bits of threads."""

import logging
import os
import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ParallelBackendBase
from scipy import sparse

from skdnn import Checkpoint
from skdnn.cross_validated import backend_workers
from tests.cross_validated.small import classifier, regressor, steps
from tests.cross_validated.test_checkpoints import assert_same, crashed
from tests.estimators.datasets import make_rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = make_rows()
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(e=np.array(list("uvw"))[Y])


class Far(ParallelBackendBase):
    """Workers at the end of a wire: all that they see has been pickled.

    There are two, which take turns. Each keeps networks of its own; some are lost.
    """

    supports_sharedmem = False
    default_n_jobs = 2
    kept: tuple[dict, dict] = ({}, {})
    n_bytes: list[int] = []  # noqa: RUF012 (of each job)
    loses_at = None  # the number of a job

    def effective_n_jobs(self, n_jobs):
        return 1 if n_jobs == 1 else 2

    def configure(self, n_jobs=1, parallel=None, **backend_args):
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func, callback=None):
        wire = pickle.dumps(func)
        self.n_bytes.append(len(wire))
        # The first five jobs are for one worker, the next ten for the other.
        backend_workers._kept = self.kept[(len(self.n_bytes) + 4) // 10 % 2]
        if len(self.n_bytes) == self.loses_at:
            backend_workers._kept.clear()
        return Answer(pickle.loads(pickle.dumps(pickle.loads(wire)())), callback)


class Answer:
    def __init__(self, value, callback):
        self.value = value
        callback(self)

    def get(self, timeout=None):
        return self.value


register_parallel_backend("far", Far)


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    steps(monkeypatch, 4, 8, 10, 16, 20)
    monkeypatch.setattr(backend_workers, "_kept", {})
    monkeypatch.setattr(Far, "kept", ({}, {}))
    monkeypatch.setattr(Far, "n_bytes", [])


CASES = {
    "dense": (classifier(alphas=[0.1, 1.0], keep_probs=0.8, cv=5, n_members=3), X, Y),
    "sparse, in place": (
        classifier(preprocess=False, cv=5),
        sparse.random_array((60, 30), density=0.05, format="csr", rng=0),
        Y,
    ),
    "frame": (classifier(encodings=["standard", "piecewise"], cv=5), FRAME, Y),
    "numbers": (regressor(n_members=2, preprocess=False, cv=5), X, X[:, 0]),
    "scored": (classifier(scoring="accuracy", refit=False, cv=5), X, Y),
}


def fit(case, **changes):
    model, *rows = pickle.loads(pickle.dumps(CASES[case]))
    model.set_params(**changes).fit(*rows)
    return model.set_params(n_jobs=None)


@pytest.mark.parametrize("case", CASES)
def test_far_networks_are_the_near_ones(case):
    near = fit(case, n_jobs=2)
    with parallel_config(backend="far"):
        far = fit(case)
    assert Far.n_bytes
    assert_same(far, near)


def test_rows_are_sent_to_a_worker_once():
    rows = np.random.default_rng(0).normal(size=(400, 50)), np.arange(400) % 2
    model = classifier(preprocess=False, cv=5, refit=False)
    with parallel_config(backend="far"):
        model.fit(*rows)
    with_rows = [n > 40_000 for n in Far.n_bytes]
    # The second worker misses five networks; the first still has them later.
    assert with_rows == [True] * 5 + [False] * 5 + [True] * 5 + [False] * 15


@pytest.mark.parametrize("loses_at", [3, 12, 31])
def test_a_worker_that_forgets_does_no_harm(loses_at, monkeypatch):
    near = fit("dense", n_jobs=2)
    monkeypatch.setattr(Far, "loses_at", loses_at)
    with parallel_config(backend="far"):
        assert_same(fit("dense"), near)


def test_without_such_a_backend_nothing_leaves_the_process(monkeypatch):
    for backend in ("threading", "sequential"):
        with parallel_config(backend=backend, n_jobs=2):
            fit("numbers")
    with parallel_config(backend="far"):
        fit("numbers", n_jobs=1)
    with parallel_config(n_jobs=2):
        monkeypatch.setattr("skdnn.cross_validated.workers.BackendWorkers", None)
        fit("numbers")
    assert Far.n_bytes == []


def test_a_choice_goes_on_elsewhere(tmp_path):
    model, *rows = CASES["dense"]
    with parallel_config(backend="far"):
        crashed(pickle.loads(pickle.dumps(model)), tmp_path / "a", *rows, at=7)
    with parallel_config(backend="far"):
        again = pickle.loads(pickle.dumps(model)).set_callbacks(
            Checkpoint(tmp_path / "a")
        )
        again.fit(*rows, resume_from=tmp_path / "a").set_callbacks()
    assert_same(again, fit("dense"))


# -- backends of others ----------------------------------------------------------------


@pytest.fixture
def cluster():
    """Return what starts a Dask cluster without a port of its own."""
    distributed = pytest.importorskip("distributed", reason="needs dask, distributed")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    clients = []

    def start(**options):
        client = distributed.Client(
            n_workers=2, threads_per_worker=1, dashboard_address=None, **options
        )
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


@pytest.mark.filterwarnings("ignore")  # what Dask warns of is its own affair
def test_dask_in_this_process(cluster):
    near = fit("dense", n_jobs=2)
    cluster(processes=False)
    with parallel_config(backend="dask"):
        assert_same(fit("dense", n_jobs=-1), near)


class KillsAWorker:
    """Ends a process of the cluster in the middle of a race."""

    def __init__(self, client):
        self.client, self.pid = client, None

    def setup(self, estimator, context):
        pass

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "checkpoint" and context.record.n_steps == 10:
            self.pid = min(self.client.run(os.getpid).values())
            os.kill(self.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.clients
@pytest.mark.filterwarnings("ignore")
def test_dask_in_processes_of_which_one_is_killed(cluster):
    near = fit("dense", n_jobs=2)
    client = cluster(processes=True)
    with parallel_config(backend="dask"):
        assert_same(fit("dense", n_jobs=-1), near)
        killer = KillsAWorker(client)
        model, *rows = pickle.loads(pickle.dumps(CASES["dense"]))
        model.set_params(n_jobs=-1).set_callbacks(killer).fit(*rows)
    assert killer.pid is not None
    assert_same(model.set_callbacks().set_params(n_jobs=None), near)


@pytest.mark.slow
@pytest.mark.clients
@pytest.mark.filterwarnings("ignore")
def test_ray():
    ray = pytest.importorskip("ray", reason="pip install ray")
    joblib_of_ray = pytest.importorskip("ray.util.joblib")
    near = fit("dense", n_jobs=2)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        joblib_of_ray.register_ray()
        with parallel_config(backend="ray"):
            assert_same(fit("dense", n_jobs=-1), near)
    finally:
        ray.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_processes_of_joblib(backend):
    near = fit("dense", n_jobs=2)
    with parallel_config(backend=backend, n_jobs=2):
        assert_same(fit("dense"), near)
        assert_same(fit("sparse, in place"), fit("sparse, in place", n_jobs=1))
