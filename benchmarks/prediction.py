"""The time of predictions: of a single row, and of many.

A single row shows the overhead of a call; many rows are read in blocks. Both are
compared with the floor: the products of the same rows in the same blocks, in one
compiled loop, into preallocated buffers. Their memory is a case of `memory`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from sklearn.neural_network import MLPClassifier

from benchmarks.contestants import skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most
from skdnn import MLPRegularizedClassifier
from skdnn.network.objective import rows_per_block

_CALLS = 500  # of one row; they are timed together
_REPETITIONS = 15


@dataclass(frozen=True)
class Setting:
    """A network and the rows that it predicts at once."""

    net: Net
    n_rows: int


SETTINGS = (Setting(NETS[1], 100_000), Setting(NETS[2], 20_000))


@njit(error_model="numpy")
def run_products(X, sizes, weight_at, theta, work, out, block_rows):
    """Multiply all rows through the layers, which alternate between two buffers."""
    n_layers = sizes.size - 1
    for start in range(0, X.shape[0], block_rows):
        stop = min(start + block_rows, X.shape[0])
        before = X[start:stop]
        for layer in range(n_layers):
            n_in, n_out = sizes[layer], sizes[layer + 1]
            W = theta[weight_at[layer] : weight_at[layer + 1]].reshape(n_in, n_out)
            after = out[start:stop]
            if layer < n_layers - 1:
                buffer = work[layer % 2, : (stop - start) * n_out]
                after = buffer.reshape(stop - start, n_out)
            np.dot(before, W, after)
            before = after


def measure_prediction(
    settings: tuple[Setting, ...] = SETTINGS,
    repetitions: int = _REPETITIONS,
    calls: int = _CALLS,
) -> Iterator[dict]:
    """Yield one result for a single row and one for many, for each network."""
    with threads_limited(1):
        for setting in settings:
            yield from _measure(setting, repetitions, calls)


def _measure(setting: Setting, repetitions: int, calls: int) -> Iterator[dict]:
    ours, theirs = _models(setting.net)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((setting.n_rows, setting.net.sizes[0]), dtype=np.float32)
    runs = {
        "floor": _repeated(_floor(ours, X[:1]), calls),
        "skdnn": _repeated(lambda: ours.predict_proba(X[:1]), calls),
        "sklearn": _repeated(lambda: theirs.predict_proba(X[:1]), calls),
    }
    seconds = alternate(runs, repetitions)
    yield _single(setting.net, {n: s / calls * 1e6 for n, s in seconds.items()})
    runs = {
        "floor": _floor(ours, X),
        "decision_function": lambda: ours.decision_function(X),
        "predict_proba": lambda: ours.predict_proba(X),
        "sklearn": lambda: theirs.predict_proba(X),
    }
    seconds = alternate(runs, repetitions)
    yield _many(setting, {name: s * 1e3 for name, s in seconds.items()})


def _models(net: Net) -> tuple[MLPRegularizedClassifier, MLPClassifier]:
    """Return both estimators after an epoch on float32 rows."""
    X, y = data_for(Net(net.sizes, net.batch_size, n_batches=2, repetitions=1))
    theirs = MLPClassifier(net.hidden, batch_size=net.batch_size, random_state=0)
    theirs.partial_fit(X, y, classes=np.arange(net.sizes[-1]))
    return skdnn_model(net, X, y, 1.0), theirs


def _repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    def run():
        for _ in range(times):
            call()

    return run


def _floor(model: MLPRegularizedClassifier, X) -> Callable[[], None]:
    theta = np.concatenate([W.ravel() for W in model.coefs_])
    network = model._model.network
    rows = min(rows_per_block(network), len(X))
    sizes = np.array(network.sizes)
    weight_at = np.cumsum([0, *(sizes[:-1] * sizes[1:])])
    work = np.empty((2, rows * int(sizes[1:-1].max())), np.float32)
    out = np.empty((len(X), sizes[-1]), np.float32)
    return lambda: run_products(X, sizes, weight_at, theta, work, out, rows)


def _single(net: Net, us: dict[str, np.ndarray]) -> dict:
    return {
        "net": net.name,
        "rows": 1,
        "repetitions": len(us["skdnn"]),
        "us": {name: summary(values) for name, values in us.items()},
        "ratios": {
            "skdnn/floor": summary(us["skdnn"] / us["floor"]),
            "skdnn/sklearn": summary(us["skdnn"] / us["sklearn"]),
        },
        "targets": {"skdnn/sklearn": at_most(0.5)},
    }


def _many(setting: Setting, ms: dict[str, np.ndarray]) -> dict:
    ratios = {
        "decision_function/floor": ms["decision_function"] / ms["floor"],
        "predict_proba/floor": ms["predict_proba"] / ms["floor"],
        "sklearn/skdnn": ms["sklearn"] / ms["predict_proba"],
    }
    return {
        "net": setting.net.name,
        "rows": setting.n_rows,
        "repetitions": len(ms["floor"]),
        "ms": {name: summary(values) for name, values in ms.items()},
        "ratios": {name: summary(values) for name, values in ratios.items()},
        "targets": {"predict_proba/floor": at_most(1.1)},
    }
