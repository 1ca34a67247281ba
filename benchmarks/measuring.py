"""Time functions in alternation, and summarise the times."""

import gc
import random
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 (only a loaded BLAS can be limited)
from threadpoolctl import ThreadpoolController

from benchmarks.training import Training


def alternate(
    contestants: dict[Hashable, Callable[[], object]], repetitions: int
) -> dict[Hashable, np.ndarray]:
    """Return the seconds that each took in each repetition.

    All run once in each repetition, in a new random order, so that a slow phase of the
    machine affects all of them, and none always follows the same one; compare ratios
    within a repetition. Each run of a `Training` is checked: it must have taken all its
    steps, to a finite cost.
    """
    names = list(contestants)
    seconds: dict[Hashable, list[float]] = {name: [] for name in names}
    for run in contestants.values():
        _timed(run)  # warm up
    orders = random.Random(0)
    with no_garbage_collection():
        for _ in range(repetitions):
            for name in orders.sample(names, len(names)):
                seconds[name].append(_timed(contestants[name]))
    return {name: np.array(values) for name, values in seconds.items()}


def _timed(run: Callable[[], object]) -> float:
    steps_before = run.steps() if isinstance(run, Training) else 0
    began = time.perf_counter()
    run()
    seconds = time.perf_counter() - began
    if isinstance(run, Training):
        run.check(steps_before)
    return seconds


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect garbage now, then pause the collector."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def summary(values: np.ndarray) -> dict[str, float]:
    """Return the median and the quartiles."""
    lower, median, upper = np.percentile(values, [25, 50, 75])
    return {"median": float(median), "lower": float(lower), "upper": float(upper)}


@contextmanager
def threads_limited(threads: int) -> Iterator[None]:
    """Limit BLAS, and PyTorch if it is installed, to `threads` threads."""
    if find_spec("torch") is not None:
        import torch

        torch.set_num_threads(threads)
    with _blas().limit(limits=threads):
        yield


@cache
def _blas() -> ThreadpoolController:
    """Return the controller of BLAS threads; finding BLAS takes milliseconds."""
    return ThreadpoolController().select(user_api="blas")
