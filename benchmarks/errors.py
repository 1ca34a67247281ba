"""Test errors and times of fit with default settings, relative to scikit-learn's MLP.

Each table is split once per seed, 80 % of the rows for training, stratified by class.
Estimators with their own preprocessing get a data frame with missing values and columns
of dtype "category"; the others get the table of `quality`: standardised, one-hot
encoded. Only `fit` is timed, with one BLAS and OpenMP thread; the cross-validated
estimators have `n_jobs=2`. On a busy machine more OpenMP threads wait for each other.

A ratio is one of values plus `OFFSET`, so that tables with almost no error do not
dominate; times are compared as they are. Probabilities are compared in float32, as in
`quality`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks.journal import Journal
from benchmarks.quality_tables import (
    Table,
    as_frame,
    in_folder,
    prepared,
    shipped,
    shipped_for_regression,
)
from benchmarks.quality_trainers import quietly
from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressor,
    MLPRegularizedRegressorCV,
)

SEEDS = 2
REGRESSION_FOLDER = "reg"  # in the folder of tables
OFFSET = 0.01
_TRAIN_SHARE = 0.8
_N_BINS = 15
_N_JOBS = 2
_QUICK_ROWS = 1000


class Contestant(NamedTuple):
    """An estimator with default settings."""

    make: Callable[[int], Any]  # of a random state
    has_preprocessing: bool = True
    brief: dict[str, int] | None = None  # for a fit that only compiles


class Kind(NamedTuple):
    """Classification or regression; the first contestant is the reference."""

    name: str
    has_classes: bool
    contestants: dict[str, Contestant]
    metrics: tuple[str, ...]


def _mlp_regressor(seed: int) -> TransformedTargetRegressor:
    net = MLPRegressor(random_state=seed)
    return TransformedTargetRegressor(net, transformer=StandardScaler())


def _of(make: Callable, **settings) -> Callable[[int], Any]:
    return lambda seed: make(random_state=seed, **settings)


def _ours(plain: type, cv: type) -> dict[str, Contestant]:
    one, five = _of(cv, n_jobs=_N_JOBS), _of(cv, n_jobs=_N_JOBS, n_members=5)
    return {
        f"{plain.__name__}()": Contestant(_of(plain), False, {"max_iter": 1}),
        f"{cv.__name__}()": Contestant(one, brief={"max_steps": 24}),
        f"{cv.__name__}(n_members=5)": Contestant(five, brief={"max_steps": 24}),
    }


CLASSIFICATION = Kind(
    "classification",
    True,
    {
        "MLPClassifier()": Contestant(_of(MLPClassifier), False),
        **_ours(MLPRegularizedClassifier, MLPRegularizedClassifierCV),
        "HistGradientBoostingClassifier()": Contestant(
            _of(HistGradientBoostingClassifier)
        ),
    },
    ("error", "log_loss", "calibration"),
)
REGRESSION = Kind(
    "regression",
    False,
    {
        "MLPRegressor()": Contestant(_mlp_regressor, False),
        **_ours(MLPRegularizedRegressor, MLPRegularizedRegressorCV),
        "HistGradientBoostingRegressor()": Contestant(
            _of(HistGradientBoostingRegressor)
        ),
    },
    ("rmse",),
)
KINDS = (CLASSIFICATION, REGRESSION)


def tables_of(folder: Path | None) -> Iterator[tuple[Kind, Table]]:
    """Yield the tables of a folder and its subfolder `reg`, or those without a file."""
    for_classes = shipped() if folder is None else in_folder(folder)
    for table in for_classes:
        yield CLASSIFICATION, table
    if folder is None:
        targets = shipped_for_regression()
    elif (folder / REGRESSION_FOLDER).is_dir():
        targets = in_folder(folder / REGRESSION_FOLDER)
    else:
        return
    for table in targets:
        yield REGRESSION, table


def measure_errors(
    tables: Iterable[tuple[Kind, Table]],
    seeds: int = SEEDS,
    quick: bool = False,
    done: Journal | None = None,
) -> Iterator[dict]:
    """Yield one result per table, after the last seed.

    Parameters
    ----------
    tables : iterable of (Kind, Table)
    seeds : int
        Splits of each table. All tables are measured with the first seed before any is
        measured with the second.
    quick : bool
        Train on at most a thousand rows.
    done : Journal, optional
        Fits that it holds are not repeated; the others are added to it.
    """
    tables = list(tables)
    done = Journal() if done is None else done
    runs: dict[str, list[dict]] = {table.name: [] for _, table in tables}
    for seed in range(seeds):
        for kind, table in tables:
            run = _measure_split(kind, table, seed, quick, done)
            runs[table.name].append(run)
            print(f"measured {table.name}, seed {seed}", flush=True)
    for kind, table in tables:
        yield _result(kind, table, runs[table.name], quick)


def _measure_split(
    kind: Kind, table: Table, seed: int, quick: bool, done: Journal
) -> dict[str, dict[str, float]]:
    """Return the metrics and seconds of each contestant."""
    rows: dict[bool, tuple] = {}
    run = {}
    for name, contestant in kind.contestants.items():
        key = f"{table.name}, {name}, seed {seed}{', quick' if quick else ''}"
        if key not in done:
            rows = rows or _split(kind, table, seed, quick)
            of_it = rows[contestant.has_preprocessing]
            with threadpool_limits(limits=1):
                done[key] = quietly(_measure_fit, kind, contestant, seed, *of_it)
        run[name] = done[key]
    return run


def _split(kind: Kind, table: Table, seed: int, quick: bool) -> dict[bool, tuple]:
    """Return the rows of contestants with and without their own preprocessing."""
    y = table.y
    if kind.has_classes:
        y = np.unique(y, return_inverse=True)[1]
    train, test = train_test_split(
        np.arange(len(y)),
        train_size=n_train_rows(len(y), quick),
        stratify=y if kind.has_classes else None,
        random_state=seed,
    )
    frame = as_frame(table)
    arrays = prepared(table.X[train], table.X[test], table.is_category)
    return {
        True: (frame.iloc[train], frame.iloc[test], y[train], y[test]),
        False: (*arrays, y[train], y[test]),
    }


def n_train_rows(n_rows: int, quick: bool) -> int:
    """Return the number of training rows of a table."""
    n_train = int(_TRAIN_SHARE * n_rows)
    return min(n_train, _QUICK_ROWS) if quick else n_train


def _measure_fit(
    kind: Kind, contestant: Contestant, seed: int, X_train, X_test, y_train, y_test
) -> dict[str, float]:
    if contestant.brief is not None:
        contestant.make(seed).set_params(**contestant.brief).fit(X_train, y_train)
    model = contestant.make(seed)
    began = time.perf_counter()
    model.fit(X_train, y_train)
    seconds = time.perf_counter() - began
    if kind.has_classes:
        metrics = metrics_of_classes(y_test, model.predict_proba(X_test))
    else:
        rmse = root_mean_squared_error(y_test, model.predict(X_test))
        metrics = {"rmse": float(rmse / np.std(y_train))}
    return {**metrics, "seconds": seconds}


def metrics_of_classes(y: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return the metrics of predicted probabilities; classes are 0, 1, …"""
    probabilities = probabilities.astype(np.float32, copy=False)
    labels = np.arange(probabilities.shape[1])
    return {
        "error": float(np.mean(probabilities.argmax(axis=1) != y)),
        "log_loss": float(log_loss(y, probabilities, labels=labels)),
        "calibration": calibration_error(y, probabilities),
    }


def calibration_error(y: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error of the most probable class.

    The mean over bins of equal width, weighted by their rows, of the difference between
    the mean probability and the share of correct predictions.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    gap = confidence - (probabilities.argmax(axis=1) == y)
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    sums = np.bincount(bins, weights=gap, minlength=_N_BINS)
    return float(np.abs(sums).sum() / len(y))


def _result(kind: Kind, table: Table, runs: list[dict], quick: bool) -> dict:
    def each(metric: str) -> dict[str, list[float]]:
        return {name: [run[name][metric] for run in runs] for name in kind.contestants}

    result = {
        "table": table.name,
        "kind": kind.name,
        "rows": n_train_rows(len(table.y), quick),
        "columns": table.X.shape[1],
        "repetitions": len(runs),
        "by_seed": {metric: each(metric) for metric in (*kind.metrics, "seconds")},
    }
    if kind.has_classes:
        result["classes"] = len(np.unique(table.y))
    return result
