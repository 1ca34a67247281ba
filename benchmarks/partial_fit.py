"""What one call of `partial_fit` takes for few rows: one step, and all around it.

The larger the network, the more a copy of its state costs beside the step; the smaller,
the more the checks of the call. The floor is the matrix products of the step.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks import floor
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most
from skdnn import MLPRegularizedClassifier

_ESTIMATORS = {"skdnn": MLPRegularizedClassifier, "sklearn": MLPClassifier}
# One batch of rows each.
CASES = (
    *(Net(net.sizes, net.batch_size, 1, repetitions=51) for net in NETS[:3]),
    Net((784, 1024, 1024, 10), batch_size=200, n_batches=1, repetitions=31),
)


def measure_partial_fit(
    nets: Iterable[Net] = CASES, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield one result per network."""
    with threads_limited(1):
        for net in nets:
            X, y = data_for(net)
            calls = {name: _call(make, net, X, y) for name, make in _ESTIMATORS.items()}
            products = floor.buffers(net.sizes, net.batch_size)
            calls["floor"] = lambda products=products: floor.run_products(1, *products)
            seconds = alternate(calls, repetitions or net.repetitions)
            yield _result(net, {name: s * 1e3 for name, s in seconds.items()})


def _call(make: type, net: Net, X, y) -> Callable[[], object]:
    # Large nets would learn these rows by heart, and small numbers are slow.
    model = make(net.hidden, random_state=0, learning_rate_init=1e-5)
    classes = None if net.is_multilabel else np.arange(net.sizes[-1])
    model.partial_fit(X, y, classes=classes)
    return lambda: model.partial_fit(X, y)


def _result(net: Net, ms: dict[str, np.ndarray]) -> dict:
    return {
        "net": net.name,
        "rows": net.n_rows,
        "repetitions": len(ms["skdnn"]),
        "ms": {name: summary(values) for name, values in ms.items()},
        "ratios": {"skdnn/sklearn": summary(ms["skdnn"] / ms["sklearn"])},
        "targets": {"skdnn/sklearn": at_most(1)},
    }
