"""The time of `fit` per epoch with default settings, on rows as users hold them.

Rows are float64, in a C-ordered array or in a pandas data frame built from columns,
whose `to_numpy()` is in Fortran order: every row that training picks is then scattered
over memory. The time includes everything that a public `fit` does: validation,
conversion, initialisation. For two classes both libraries have one output.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from warnings import catch_warnings, simplefilter

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net
from benchmarks.targets import at_least
from benchmarks.training import Training
from skdnn import MLPRegularizedClassifier

_ESTIMATORS = {"skdnn": MLPRegularizedClassifier, "sklearn": MLPClassifier}
_EPOCHS = 10
_REPETITIONS = 9


@dataclass(frozen=True)
class Setting:
    """A network, the number of rows that it is fitted to, and the target ratio."""

    net: Net
    n_rows: int
    least_ratio: float


SETTINGS = (
    Setting(NETS[0], n_rows=20_000, least_ratio=8),
    Setting(NETS[2], n_rows=5_000, least_ratio=2.5),
)


def measure_frames(
    settings: Iterable[Setting] = SETTINGS,
    repetitions: int = _REPETITIONS,
    epochs: int = _EPOCHS,
) -> Iterator[dict]:
    """Yield one result per network, container and batch size."""
    with threads_limited(1), catch_warnings():
        simplefilter("ignore", ConvergenceWarning)  # few epochs are intended
        for setting in settings:
            containers, y = _rows(setting)
            batch_sizes = (setting.net.batch_size, "auto")
            cases = list(product(containers, batch_sizes))
            fits = {
                (name, container, batch_size): _fit(
                    _ESTIMATORS[name](**_parameters(setting.net, batch_size, epochs)),
                    containers[container],
                    y,
                )
                for container, batch_size in cases
                for name in _ESTIMATORS
            }
            seconds = alternate(fits, repetitions)
            for case in cases:
                ms = {n: seconds[n, *case] / epochs * 1e3 for n in _ESTIMATORS}
                yield _result(setting, *case, ms)


def _rows(setting: Setting):
    """Return the rows in each container, and their classes."""
    import pandas as pd

    rng = np.random.default_rng(0)
    n_columns, n_classes = setting.net.sizes[0], setting.net.sizes[-1]
    X = rng.standard_normal((setting.n_rows, n_columns))
    y = rng.permutation(np.arange(setting.n_rows) % n_classes)
    frame = pd.DataFrame({f"x{j}": X[:, j].copy() for j in range(n_columns)})
    return {"array": X, "data frame": frame}, y


def _parameters(net: Net, batch_size, epochs: int) -> dict:
    return {
        "hidden_layer_sizes": net.hidden,
        "batch_size": batch_size,
        "max_iter": epochs,
        "n_iter_no_change": epochs + 1,  # never stops early
        "random_state": 0,
    }


def _fit(model, X, y) -> Training:
    epochs = [0]

    def run():
        epochs[0] += model.fit(X, y).n_iter_

    name = type(model).__name__
    return Training(
        name, run, model.max_iter, lambda: epochs[0], lambda: model.loss_, "epochs"
    )


def _result(setting: Setting, container, batch_size, ms: dict[str, np.ndarray]) -> dict:
    return {
        "net": setting.net.name,
        "rows": setting.n_rows,
        "container": container,
        "batch_size": batch_size,
        "repetitions": len(ms["skdnn"]),
        "ms_per_epoch": {name: summary(values) for name, values in ms.items()},
        "ratios": {"sklearn/skdnn": summary(ms["sklearn"] / ms["skdnn"])},
        "targets": {"sklearn/skdnn": at_least(setting.least_ratio)},
    }
