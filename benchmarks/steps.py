"""Time per training step: skdnn, the floor, scikit-learn, PyTorch."""

from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.contestants import CONTESTANTS
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for

KEEP_PROBS = (1.0, 0.8)

# name: (numerator, denominator)
RATIOS = {
    "step/floor": ("skdnn", "floor"),
    "step/(floor + memory)": ("skdnn", "memory"),
    "sklearn/skdnn": ("sklearn", "skdnn"),
    "torch/skdnn": ("torch", "skdnn"),
    "partial_fit sklearn/skdnn": ("sklearn", "skdnn_partial_fit"),
}


def measure_steps(
    nets: Iterable[Net] = NETS,
    repetitions: int | None = None,
    threads: int = 1,
    names: Iterable[str] = tuple(CONTESTANTS),
) -> Iterator[dict]:
    """Yield one result per network and keep_prob.

    Parameters
    ----------
    nets : iterable of Net
        What to measure.
    repetitions : int, optional
        By default those of each network.
    threads : int
        Threads of BLAS and of PyTorch.
    names : iterable of str
        The contestants; those that are not installed are left out.
    """
    names = [name for name in names if CONTESTANTS[name].is_available]
    with threads_limited(threads):
        for net in nets:
            seconds = alternate(_prepared(net, names), repetitions or net.repetitions)
            for keep_prob in KEEP_PROBS:
                by_name = {
                    name: seconds[_key(name, keep_prob)] / net.n_steps * 1e6
                    for name in names
                }
                yield _result(net, keep_prob, by_name)


def _key(name: str, keep_prob: float) -> tuple[str, float]:
    """Return which measurement of a contestant stands for this keep_prob."""
    return name, keep_prob if CONTESTANTS[name].drops else 1.0


def _prepared(net: Net, names: list[str]) -> dict:
    X, y = data_for(net)
    keys = dict.fromkeys(_key(name, p) for p in KEEP_PROBS for name in names)
    return {(name, p): CONTESTANTS[name].prepare(net, X, y, p) for name, p in keys}


def _result(net: Net, keep_prob: float, by_name: dict[str, np.ndarray]) -> dict:
    return {
        "net": net.name,
        "batch_size": net.batch_size,
        "keep_prob": keep_prob,
        "steps": net.n_steps,
        "repetitions": len(next(iter(by_name.values()))),
        "us_per_step": {name: summary(values) for name, values in by_name.items()},
        "ratios": {
            name: summary(by_name[over] / by_name[under])
            for name, (over, under) in RATIOS.items()
            if over in by_name and under in by_name
        },
    }
