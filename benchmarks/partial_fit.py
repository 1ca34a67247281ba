"""The time of one call of `partial_fit` for few rows: one step, and its overhead.

The larger the network, the more the copy of its state costs compared with the step; the
smaller, the more the checks of the call. The floor is the matrix products of the step.
Settings are those of `steps`: the same for both libraries.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.contestants import (
    prepare_floor,
    prepare_skdnn_partial_fit,
    prepare_sklearn,
)
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most

# One batch of rows each.
CASES = (
    *(Net(net.sizes, net.batch_size, 1, repetitions=201) for net in NETS[:2]),
    Net(NETS[2].sizes, NETS[2].batch_size, 1, repetitions=51),
    Net((784, 1024, 1024, 10), batch_size=200, n_batches=1, repetitions=31),
)
_PREPARE = {
    "skdnn": prepare_skdnn_partial_fit,
    "sklearn": prepare_sklearn,
    "floor": prepare_floor,
}


def measure_partial_fit(
    nets: Iterable[Net] = CASES, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield one result per network."""
    with threads_limited(1):
        for net in nets:
            X, y = data_for(net)
            calls = {name: of(net, X, y, 1.0) for name, of in _PREPARE.items()}
            seconds = alternate(calls, repetitions or net.repetitions)
            yield _result(net, {name: s * 1e3 for name, s in seconds.items()})


def _result(net: Net, ms: dict[str, np.ndarray]) -> dict:
    return {
        "net": net.name,
        "rows": net.n_rows,
        "repetitions": len(ms["skdnn"]),
        "ms": {name: summary(values) for name, values in ms.items()},
        "ratios": {"skdnn/sklearn": summary(ms["skdnn"] / ms["sklearn"])},
        "targets": {"skdnn/sklearn": at_most(1)},
    }
