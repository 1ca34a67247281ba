"""The time of a search: `GridSearchCV` on the digits, in parallel.

Twelve candidates, five folds, fifty epochs each, two jobs with one BLAS thread each.
Processes (loky) are measured twice in each repetition: in new workers, which have to
start and import first, and in the same workers again. Threads do not need to start.
"""

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from benchmarks.measuring import summary, threads_limited
from benchmarks.targets import at_least
from skdnn import MLPRegularizedClassifier

_ESTIMATORS = {"skdnn": MLPRegularizedClassifier, "sklearn": MLPClassifier}
_LOKY = {"backend": "loky", "inner_max_num_threads": 1}
# In this order: the second reuses the workers of the first.
BACKENDS = {
    "loky, new workers": _LOKY,
    "loky, same workers": _LOKY,
    "threading": {"backend": "threading"},
}
_MIN_RATIO = 4


@dataclass(frozen=True)
class Search:
    """The candidates, folds and jobs of a search."""

    alphas: tuple[float, ...] = (1e-4, 1e-2, 1.0, 10.0)
    hidden: tuple[tuple[int, ...], ...] = ((50,), (100,), (100, 50))
    folds: int = 5
    epochs: int = 50
    n_jobs: int = 2
    n_rows: int | None = None  # of the digits; all by default


def measure_search(repetitions: int = 5, search: Search = Search()) -> list[dict]:
    """Return one result per backend."""
    X, y = load_digits(return_X_y=True)
    X, y = X[: search.n_rows] / 16, y[: search.n_rows]
    runs = {name: _run(make, search, X, y) for name, make in _ESTIMATORS.items()}
    seconds = {(n, b): [] for n in _ESTIMATORS for b in BACKENDS}
    with threads_limited(1), _no_convergence_warnings():
        for make in _ESTIMATORS.values():
            _model(make, search).fit(X, y).predict(X)  # fills the cache
        for repetition in range(repetitions):
            for name in list(runs)[:: -1 if repetition % 2 else 1]:
                _stop_workers()
                for backend, config in BACKENDS.items():
                    with parallel_config(n_jobs=search.n_jobs, **config):
                        began = time.perf_counter()
                        runs[name]()
                        seconds[name, backend].append(time.perf_counter() - began)
        _stop_workers()
    return _results({key: np.array(values) for key, values in seconds.items()})


def _model(make: type, search: Search):
    return make(
        batch_size=200,
        max_iter=search.epochs,
        tol=0,
        n_iter_no_change=search.epochs + 1,  # never stops early
        random_state=0,
    )


def _run(make: type, search: Search, X, y) -> Callable[[], object]:
    grid = {"alpha": search.alphas, "hidden_layer_sizes": search.hidden}
    return lambda: GridSearchCV(_model(make, search), grid, cv=search.folds).fit(X, y)


def _stop_workers() -> None:
    get_reusable_executor().shutdown(wait=True)


@contextmanager
def _no_convergence_warnings():
    """Ignore them here and, as scikit-learn passes its filters on, in the workers."""
    with catch_warnings():
        simplefilter("ignore", ConvergenceWarning)
        yield


def _results(seconds: dict[tuple[str, str], np.ndarray]) -> list[dict]:
    """Compare each backend with the one where scikit-learn is fastest."""
    best = min((seconds["sklearn", b] for b in BACKENDS), key=np.median)
    results = []
    for backend in BACKENDS:
        own = {name: seconds[name, backend] for name in _ESTIMATORS}
        results.append(
            {
                "backend": backend,
                "repetitions": len(best),
                "seconds": {name: summary(values) for name, values in own.items()},
                "ratios": {
                    "sklearn/skdnn": summary(own["sklearn"] / own["skdnn"]),
                    "best sklearn/skdnn": summary(best / own["skdnn"]),
                },
                "targets": {"best sklearn/skdnn": at_least(_MIN_RATIO)},
            }
        )
    return results
