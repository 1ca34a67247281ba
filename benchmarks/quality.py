"""The time to the final test log-loss of MLPClassifier.

For each table and seed, MLPClassifier trains with its defaults until it stops. Its test
log-loss is then the bar. For each contestant, the first epoch is determined after which
its own test log-loss (that of `predict_proba` if training ended there) is at or below
the bar. Then plain calls with that number of epochs are timed, without test rows: `fit`
with `max_iter`, including input checks, initialisation and averaging of parameters.

A contestant that ends above the bar never reaches it. If that is skdnn, the ratio is 0.
PyTorch, which has no stopping rule, counts with the time of `MAX_EPOCHS`, which is too
short: in its favour.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.measuring import no_garbage_collection, summary, threads_limited
from benchmarks.quality_tables import Rows, Table, shipped, split
from benchmarks.quality_trainers import (
    COMPILED,
    TRAINERS,
    Trainer,
    loss_on_test_rows,
    quietly,
)
from benchmarks.targets import at_least

SEEDS = 5
THREADS = (1, 2)
# Short runs are repeated up to these limits, so that single outliers do not count.
_REPETITIONS, _ENOUGH_SECONDS = 5, 1.0
_OURS, _BAR = "skdnn", "sklearn"
_WHOLE = "whole "  # a fit until it stops by its own rule
MIN_RATIOS = {"sklearn/skdnn": 8, "torch/skdnn": 15}


class Reached(NamedTuple):
    """When a contestant reaches the bar, by its own learning curve."""

    losses: list[float]  # after each epoch
    epochs: int | None  # to the bar; None if it was never reached

    @classmethod
    def of(cls, losses: list[float], bar: float) -> "Reached":
        epochs = (k for k, loss in enumerate(losses, 1) if loss <= bar)
        return cls(losses, next(epochs, None))

    @property
    def epochs_to_time(self) -> int:
        return self.epochs or len(self.losses)


def measure_quality(
    tables: Iterable[Table] | None = None,
    seeds: int = SEEDS,
    trainers: dict[str, Trainer] | None = None,
    compiled: bool = False,
) -> Iterator[dict]:
    """Yield one result per table, and one over all tables at the end.

    Parameters
    ----------
    tables : iterable of Table
        By default those that need no file.
    seeds : int
        Repetitions, each with its own split, initial weights and order of rows.
    trainers : dict of str to Trainer
        The contestants; by default all that are installed.
    compiled : bool
        Whether PyTorch may also compile its step; the faster way counts.
    """
    trainers = dict(trainers or {n: t for n, t in TRAINERS.items() if t.is_available})
    results = []
    for table in shipped() if tables is None else tables:
        results.append(_measure_table(table, seeds, trainers, compiled))
        yield results[-1]
    yield _over_all(results)


def _measure_table(table, seeds, trainers, compiled) -> dict:
    ways = {name: [(trainer, n) for n in THREADS] for name, trainer in trainers.items()}
    if compiled and "torch" in ways:
        ways["torch"] += [(COMPILED, n) for n in THREADS]
    runs = []
    for seed in range(seeds):
        rows = split(table, seed)
        reached = _curves(rows, seed, trainers)
        if seed == 0:  # compiles, untimed
            for trainer, threads in (way for these in ways.values() for way in these):
                _run(rows, seed, trainer, threads, 1)()
        runs.append((reached, *_seconds(rows, seed, ways, reached)))
    return _result(table, rows, list(trainers), runs)


def _curves(rows: Rows, seed: int, trainers: dict[str, Trainer]) -> dict[str, Reached]:
    with threads_limited(1):
        own = quietly(trainers[_BAR].curve, rows, seed, -np.inf)
        bar = own[-1]
        curves = {_BAR: own}
        for name in trainers.keys() - {_BAR}:
            curves[name] = quietly(trainers[name].curve, rows, seed, bar)
    return {name: Reached.of(losses, bar) for name, losses in curves.items()}


def _run(rows, seed, trainer, threads, n_epochs) -> Callable:
    """Return a function that trains and returns the seconds and the test log-loss."""

    def run():
        with threads_limited(threads):
            began = time.perf_counter()
            predict_proba = quietly(trainer.fit, rows, seed, n_epochs)
            seconds = time.perf_counter() - began
            return seconds, loss_on_test_rows(predict_proba, rows)

    return run


def _seconds(rows, seed, ways, reached: dict[str, Reached]) -> tuple[dict, dict]:
    """Return the seconds of each to the bar and to its own stop, and its setting.

    For each contestant the setting (above all the number of threads) that is fastest to
    the bar counts.
    """
    to_bar = {
        (name, way): _run(rows, seed, *way, reached[name].epochs_to_time)
        for name in ways
        for way in ways[name]
    }
    taken = _in_turn(to_bar, seed, lambda key, loss: _check(*key, loss, reached))
    fastest = {n: min(ways[n], key=lambda way: taken[n, way]) for n in ways}
    whole = {
        _WHOLE + name: _run(rows, seed, *fastest[name], len(reached[name].losses))
        for name in (_OURS, _BAR)
    }
    seconds = {name: taken[name, way] for name, way in fastest.items()}
    return seconds | _in_turn(whole, seed), fastest


def _in_turn(runs: dict, seed: int, check: Callable | None = None) -> dict:
    """Return the median seconds of each; pass the first final loss to `check`."""
    taken: dict = {key: [] for key in runs}
    orders = random.Random(seed)
    with no_garbage_collection():
        for _ in range(_REPETITIONS):
            for key in orders.sample(list(runs), len(runs)):
                if sum(taken[key]) > _ENOUGH_SECONDS:
                    continue
                seconds, loss = runs[key]()
                if check is not None and not taken[key]:
                    check(key, loss)
                taken[key].append(seconds)
    return {key: float(np.median(values)) for key, values in taken.items()}


def _check(name: str, way: tuple, loss: float, all_reached: dict) -> None:
    """Raise RuntimeError unless a timed run ended at the loss of the curve.

    The curve is of one thread; with two, sums are rounded differently.
    """
    reached, (_, threads) = all_reached[name], way
    expected = reached.losses[reached.epochs_to_time - 1]
    if not np.isclose(loss, expected, rtol=1e-3 if threads == 1 else 0.1):
        raise RuntimeError(
            f"{name}: the timed run ended at a log-loss of {loss:.6f}, its curve is at "
            f"{expected:.6f} after the same {reached.epochs_to_time} epochs."
        )


def _result(table: Table, rows: Rows, names: list[str], runs: list[tuple]) -> dict:
    def each(of: Callable) -> dict:
        return {n: np.array([of(reached[n]) for reached, *_ in runs]) for n in names}

    seconds = {key: np.array([s[key] for _, s, _ in runs]) for key in runs[0][1]}
    epochs = each(lambda r: r.epochs_to_time)
    epochs |= {_WHOLE + n: each(lambda r: len(r.losses))[n] for n in (_OURS, _BAR)}
    losses = {n: each(lambda r: r.losses[-1])[n] for n in (_BAR, _OURS)}
    is_reached = each(lambda r: r.epochs is not None)
    ratios = _ratios(names, seconds, epochs, is_reached[_OURS])
    return {
        "table": table.name,
        "rows": len(rows.X_train),
        "columns": rows.X_train.shape[1],
        "classes": rows.n_classes,
        "repetitions": len(runs),
        "threads": {name: [way[name][1] for *_, way in runs] for name in names},
        "compiled": [COMPILED in (t for t, _ in way.values()) for *_, way in runs],
        "reached": {name: int(is_reached[name].sum()) for name in names},
        "log_loss": _summaries(losses),
        "epochs": _summaries(epochs),
        "ms": _summaries({key: 1e3 * values for key, values in seconds.items()}),
        "ratios": _summaries(ratios),
    }


def _ratios(names, seconds, epochs, is_reached) -> dict[str, np.ndarray]:
    """Return the speed-ups and their factors.

    The ratio sklearn/skdnn is "an epoch" times "fewer epochs". Times "stopping", it is
    the ratio of MLPClassifier's whole fit.
    """
    ours = np.where(is_reached, seconds[_OURS], np.inf)
    ratios = {f"{n}/skdnn": seconds[n] / ours for n in names if n != _OURS}
    ratios["whole sklearn/skdnn"] = seconds[_WHOLE + _BAR] / ours
    ratios["whole sklearn/whole skdnn"] = (
        seconds[_WHOLE + _BAR] / seconds[_WHOLE + _OURS]
    )
    per_epoch = {n: seconds[n] / epochs[n] for n in names}
    if "torch" in names:  # it has no stopping rule: MLPClassifier's epochs
        whole = per_epoch["torch"] * epochs[_WHOLE + _BAR]
        ratios["whole torch/skdnn"] = whole / ours
    ratios["an epoch"] = per_epoch[_BAR] / per_epoch[_OURS]
    ratios["fewer epochs"] = epochs[_BAR] / np.where(is_reached, epochs[_OURS], np.inf)
    ratios["stopping"] = seconds[_WHOLE + _BAR] / seconds[_BAR]
    return ratios


def _summaries(values: dict[str, np.ndarray]) -> dict[str, dict]:
    return {name: summary(v) for name, v in values.items()}


def _over_all(results: list[dict]) -> dict:
    """Return medians and quartiles of the tables' medians."""
    names = results[0]["ratios"]
    ratios = {n: np.array([r["ratios"][n]["median"] for r in results]) for n in names}
    return {
        "table": "all tables",
        "repetitions": len(results),
        "ratios": _summaries(ratios),
        "targets": {n: at_least(x) for n, x in MIN_RATIOS.items() if n in names},
    }
