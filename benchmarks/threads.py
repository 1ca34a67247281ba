"""The gain of the training step from a second BLAS thread.

The process allows one thread or two; the estimator then chooses how many a network uses
(skdnn.training.threads). So small networks show that the choice does no harm, large
ones what it gains.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from threadpoolctl import ThreadpoolController

from benchmarks.contestants import prepare_skdnn
from benchmarks.measuring import alternate, summary
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import Target, at_least
from benchmarks.training import Training

_ALLOWED = {"one": 1, "two": 2}
_LARGE = 100_000  # weights; smaller networks should merely not be slower


def measure_threads(
    nets: Iterable[Net] = NETS, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield one result per network."""
    blas = ThreadpoolController().select(user_api="blas")
    for net in nets:
        epochs = prepare_skdnn(net, *data_for(net), 1.0)
        runs = {name: _allowing(n, blas, epochs) for name, n in _ALLOWED.items()}
        seconds = alternate(runs, repetitions or net.repetitions)
        us = {name: s / net.n_steps * 1e6 for name, s in seconds.items()}
        yield _result(net, us)


def _allowing(threads: int, blas: ThreadpoolController, training: Training) -> Training:
    def run():
        with blas.limit(limits=threads):
            training.run()

    return replace(training, run=run)


def _result(net: Net, us: dict[str, np.ndarray]) -> dict:
    return {
        "net": net.name,
        "batch_size": net.batch_size,
        "repetitions": len(us["one"]),
        "us_per_step": {name: summary(values) for name, values in us.items()},
        "ratios": {"one/two": summary(us["one"] / us["two"])},
        "targets": {"one/two": _target(net)},
    }


def _target(net: Net) -> Target:
    n_weights = int(np.dot(net.sizes[:-1], net.sizes[1:]))
    return at_least(1.6 if n_weights >= _LARGE else 1.0)
