"""The cost of other activations compared with ReLU, in whole training steps."""

from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.contestants import skdnn_epochs, skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most
from benchmarks.training import Training

ACTIVATIONS = ("relu", "tanh", "gelu", "silu")
_MOST = 1.15  # times ReLU's


def measure_activations(
    nets: Iterable[Net] = NETS, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield one result per network."""
    with threads_limited(1):
        for net in nets:
            X, y = data_for(net)
            runs = {name: _prepare(net, X, y, name) for name in ACTIVATIONS}
            seconds = alternate(runs, repetitions or net.repetitions)
            us = {name: s / net.n_steps * 1e6 for name, s in seconds.items()}
            yield _result(net, us)


def _prepare(net: Net, X, y, activation: str) -> Training:
    """Do the same as `contestants.prepare_skdnn`, with another activation."""
    model = skdnn_model(net, X, y, 1.0).set_params(activation=activation)
    model.partial_fit(X, y)  # builds the network with it
    return skdnn_epochs(net, X, y, model)


def _result(net: Net, us: dict[str, np.ndarray]) -> dict:
    ratios = {f"{name}/relu": us[name] / us["relu"] for name in ACTIVATIONS[1:]}
    return {
        "net": net.name,
        "batch_size": net.batch_size,
        "repetitions": len(us["relu"]),
        "us_per_step": {name: summary(values) for name, values in us.items()},
        "ratios": {name: summary(values) for name, values in ratios.items()},
        "targets": {name: at_most(_MOST) for name in ratios},
    }
