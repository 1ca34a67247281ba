"""Seconds per step and accuracy of `skdnn.dask` on local worker processes."""

import time
import warnings

import numpy as np

WORKERS = (1, 2)
MODES = (1, 10, "epoch")
_ROWS, _COLUMNS, _PARTITIONS, _BATCH = 20_000, 20, 2, 500


def rows(n_rows: int = _ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two classes that are not linearly separable."""
    X = np.random.default_rng(seed).normal(size=(n_rows, _COLUMNS)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)


def measure_dask(n_rows: int = _ROWS, epochs: int = 5, workers=WORKERS):
    """Yield a result for each number of workers and each `sync_every`."""
    from dask import array as da
    from distributed import Client, LocalCluster

    from skdnn.dask import DaskMLPRegularizedClassifier

    X, y = rows(n_rows)
    X_test, y_test = rows(5000, seed=1)
    for n_workers in workers:
        how = {"threads_per_worker": 1, "dashboard_address": ":0"}
        with (
            LocalCluster(n_workers=n_workers, processes=True, **how) as cluster,
            Client(cluster) as client,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # too few epochs to converge
            cut = da.from_array(X, chunks=(-(-n_rows // _PARTITIONS), -1))
            cut = client.persist(cut)
            for every in MODES:
                net = DaskMLPRegularizedClassifier(
                    batch_size=_BATCH, sync_every=every, random_state=0, max_iter=1
                )
                net.fit(cut, y)  # compiles
                net.set_params(max_iter=epochs, n_iter_no_change=np.inf)
                began = time.perf_counter()
                net.fit(cut, y)
                seconds = time.perf_counter() - began
                yield {
                    "workers": n_workers,
                    "sync_every": every,
                    "seconds_per_step": seconds / net.optimizer_state_.t,
                    "accuracy": net.score(X_test, y_test),
                    "cost": net.loss_,
                }


def table(results: list[dict]) -> str:
    """Return the results as a table in Markdown."""
    lines = [
        "| workers | sync_every | ms per step | J | accuracy |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r['workers']} | {r['sync_every']} | {1000 * r['seconds_per_step']:.1f} "
        f"| {r['cost']:.3f} | {r['accuracy']:.3f} |"
        for r in results
    ]
    return "\n".join(lines)
