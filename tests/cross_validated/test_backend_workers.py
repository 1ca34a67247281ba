"""Workers of a joblib backend train the same networks as threads, bit for bit."""

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


class RemoteBackend(ParallelBackendBase):
    """A simulated remote backend: its two workers receive pickled jobs only.

    Each worker keeps its own networks between jobs and may lose them.
    """

    supports_sharedmem = False
    default_n_jobs = 2
    kept: tuple[dict, dict] = ({}, {})
    n_bytes: list[int] = []  # noqa: RUF012 (one per job)
    loses_at = None  # job number before which a worker loses its networks

    def effective_n_jobs(self, n_jobs):
        return 1 if n_jobs == 1 else 2

    def configure(self, n_jobs=1, parallel=None, **backend_args):
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func, callback=None):
        job = pickle.dumps(func)
        self.n_bytes.append(len(job))
        # Jobs 1-5 go to one worker, the next ten to the other, and so on.
        backend_workers._kept = self.kept[(len(self.n_bytes) + 4) // 10 % 2]
        if len(self.n_bytes) == self.loses_at:
            backend_workers._kept.clear()
        return Result(pickle.loads(pickle.dumps(pickle.loads(job)())), callback)


class Result:
    def __init__(self, value, callback):
        self.value = value
        callback(self)

    def get(self, timeout=None):
        return self.value


register_parallel_backend("remote", RemoteBackend)


@pytest.fixture(autouse=True)
def _no_kept_networks(monkeypatch):
    steps(monkeypatch, 4, 8, 10, 16, 20)
    monkeypatch.setattr(backend_workers, "_kept", {})
    monkeypatch.setattr(RemoteBackend, "kept", ({}, {}))
    monkeypatch.setattr(RemoteBackend, "n_bytes", [])


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
def test_remote_networks_equal_local_ones(case):
    local = fit(case, n_jobs=2)
    with parallel_config(backend="remote"):
        remote = fit(case)
    assert RemoteBackend.n_bytes
    assert_same(remote, local)


def test_rows_are_sent_to_a_worker_once():
    rows = np.random.default_rng(0).normal(size=(400, 50)), np.arange(400) % 2
    model = classifier(preprocess=False, cv=5, refit=False)
    with parallel_config(backend="remote"):
        model.fit(*rows)
    with_rows = [n > 40_000 for n in RemoteBackend.n_bytes]
    # The second worker lacks five networks; the first still has them later.
    assert with_rows == [True] * 5 + [False] * 5 + [True] * 5 + [False] * 15


@pytest.mark.parametrize("loses_at", [3, 12, 31])
def test_a_worker_that_loses_its_networks_changes_nothing(loses_at, monkeypatch):
    local = fit("dense", n_jobs=2)
    monkeypatch.setattr(RemoteBackend, "loses_at", loses_at)
    with parallel_config(backend="remote"):
        assert_same(fit("dense"), local)


def test_other_backends_send_nothing_to_workers(monkeypatch):
    for backend in ("threading", "sequential"):
        with parallel_config(backend=backend, n_jobs=2):
            fit("numbers")
    with parallel_config(backend="remote"):
        fit("numbers", n_jobs=1)
    with parallel_config(n_jobs=2):
        monkeypatch.setattr("skdnn.cross_validated.workers.BackendWorkers", None)
        fit("numbers")
    assert RemoteBackend.n_bytes == []


def test_a_choice_resumes_on_backend_workers(tmp_path):
    model, *rows = CASES["dense"]
    with parallel_config(backend="remote"):
        crashed(pickle.loads(pickle.dumps(model)), tmp_path / "a", *rows, at=7)
    with parallel_config(backend="remote"):
        again = pickle.loads(pickle.dumps(model)).set_callbacks(
            Checkpoint(tmp_path / "a")
        )
        again.fit(*rows, resume_from=tmp_path / "a").set_callbacks()
    assert_same(again, fit("dense"))


# -- third-party backends --------------------------------------------------------------


@pytest.fixture
def cluster():
    """Return a function that starts a Dask cluster without a dashboard port."""
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


@pytest.mark.filterwarnings("ignore")  # Dask's own warnings
def test_dask_in_this_process(cluster):
    local = fit("dense", n_jobs=2)
    cluster(processes=False)
    with parallel_config(backend="dask"):
        assert_same(fit("dense", n_jobs=-1), local)


class WorkerKiller:
    """Kill a process of the cluster in the middle of a fit."""

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
def test_dask_with_a_killed_worker_process(cluster):
    local = fit("dense", n_jobs=2)
    client = cluster(processes=True)
    with parallel_config(backend="dask"):
        assert_same(fit("dense", n_jobs=-1), local)
        killer = WorkerKiller(client)
        model, *rows = pickle.loads(pickle.dumps(CASES["dense"]))
        model.set_params(n_jobs=-1).set_callbacks(killer).fit(*rows)
    assert killer.pid is not None
    assert_same(model.set_callbacks().set_params(n_jobs=None), local)


@pytest.mark.slow
@pytest.mark.clients
@pytest.mark.filterwarnings("ignore")
def test_ray():
    ray = pytest.importorskip("ray", reason="pip install ray")
    joblib_of_ray = pytest.importorskip("ray.util.joblib")
    local = fit("dense", n_jobs=2)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        joblib_of_ray.register_ray()
        with parallel_config(backend="ray"):
            assert_same(fit("dense", n_jobs=-1), local)
    finally:
        ray.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_joblib_processes(backend):
    local = fit("dense", n_jobs=2)
    with parallel_config(backend=backend, n_jobs=2):
        assert_same(fit("dense"), local)
        assert_same(fit("sparse, in place"), fit("sparse, in place", n_jobs=1))
