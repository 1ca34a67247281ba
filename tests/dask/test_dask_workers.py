"""Worker processes: neither their number nor a killed worker changes the fit."""

import os
import signal

import numpy as np
import pytest
from dask import array as da
from distributed import Client, LocalCluster
from numpy.testing import assert_allclose

from skdnn.dask import DaskMLPRegularizedClassifier
from skdnn.dask.objective import PartitionedObjective
from skdnn.dask.steps import PartitionedSteps

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:.*(max_iter|stopped).*:sklearn.exceptions.ConvergenceWarning"
    ),
]
SETTINGS = {
    "hidden_layer_sizes": (10, 5),
    "random_state": 0,
    "max_iter": 4,
    "batch_size": 40,
    "n_iter_no_change": np.inf,
    "dtype": "float64",
}
SOLVERS = [
    {"solver": "adam"},
    {"solver": "adam", "sync_every": 4},
    {"solver": "lbfgs", "max_iter": 20},
]


def theta_of(net):
    return np.concatenate([a.ravel() for a in net.coefs_ + net.intercepts_])


def fitted(client, how):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 6))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    on_workers = client.persist(da.from_array(X, chunks=(200, -1)))
    return DaskMLPRegularizedClassifier(**SETTINGS | how, client=client).fit(
        on_workers, y
    )


def cluster(n_workers):
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
    )


@pytest.fixture(scope="module")
def with_one_worker():
    with cluster(1) as workers, Client(workers) as client:
        yield [theta_of(fitted(client, how)) for how in SOLVERS]


def test_number_of_workers_changes_nothing(with_one_worker):
    with cluster(2) as workers, Client(workers) as client:
        for how, expected in zip(SOLVERS, with_one_worker, strict=True):
            assert_allclose(theta_of(fitted(client, how)), expected, rtol=1e-9)


@pytest.mark.parametrize("number", range(len(SOLVERS)))
def test_a_killed_worker_changes_nothing(with_one_worker, monkeypatch, number):
    killed = []

    def killing_submit(client, original, at_call):
        calls = []

        def submit(*arguments):
            calls.append(arguments)
            result = original(*arguments)
            if len(calls) == at_call:
                pid = sorted(client.run(os.getpid).values())[0]
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            return result

        return submit

    with cluster(2) as workers, Client(workers) as client:
        for kind, name, at_call in (
            (PartitionedSteps, "_steps_together", 30),
            (PartitionedSteps, "_steps_apart", 7),
            (PartitionedObjective, "_shares", 6),
        ):
            original = getattr(kind, name)
            monkeypatch.setattr(kind, name, killing_submit(client, original, at_call))
        net = fitted(client, SOLVERS[number])
        assert len(killed) == 1
        assert killed[0] not in client.run(os.getpid).values()
    assert_allclose(theta_of(net), with_one_worker[number], rtol=1e-9)
