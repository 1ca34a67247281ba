"""What a fit does besides steps: each part should be at most 2 % of the whole.

The average of θ is measured as a share of a step, on the networks of `steps`: epochs
with and without it alternate. The others are shares of a fit with default settings to a
table of normal numbers: the input check, the scaling of a regressor's targets, and
piecewise-linear encoding (fit and transform), relative to the fit to encoded rows. The
large table is fitted for few epochs, so that its shares are larger than in a whole fit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np

from benchmarks.contestants import skdnn_epochs, skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from benchmarks.targets import at_most
from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    PiecewiseLinearEncoder,
)
from skdnn.estimators.checks.scales import check_scales
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets.numbers import RegressionTargets

_MOST = 2


@dataclass(frozen=True)
class TableOfRows:
    """A table, the number of measurements, and the options of its fits."""

    n_rows: int
    n_columns: int
    repetitions: int
    options: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.n_rows} × {self.n_columns}"


TABLES = (
    TableOfRows(150, 4, repetitions=9),
    TableOfRows(20_000, 30, repetitions=5),
    TableOfRows(500_000, 50, repetitions=3, options=(("max_iter", 3),)),
)


def measure_averaging(
    nets: Iterable[Net] = NETS, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield the share of the average in a step, one result per network."""
    with threads_limited(1):
        for net in nets:
            X, y = data_for(net)
            runs = {}
            for averaging in (None, "ema"):
                model = skdnn_model(net, X, y, 1.0).set_params(averaging=averaging)
                runs[averaging] = skdnn_epochs(net, X, y, model)
            seconds = alternate(runs, repetitions or net.repetitions)
            added = seconds["ema"] - seconds[None]
            yield {
                "net": net.name,
                "case": "average of θ, of a step",
                "repetitions": len(added),
                "us": {"with": summary(seconds["ema"] / net.n_steps * 1e6)},
                **_share(added / seconds[None]),
            }


def measure_of_fits(
    tables: Iterable[TableOfRows] = TABLES, repetitions: int | None = None
) -> Iterator[dict]:
    """Yield shares of a fit, several results per table."""
    with threads_limited(1), catch_warnings():
        simplefilter("ignore")
        for table in tables:
            yield from _of_table(table, repetitions or table.repetitions)


def _of_table(table: TableOfRows, repetitions: int) -> Iterator[dict]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((table.n_rows, table.n_columns))
    y = X[:, 0] * X[:, 1] + 0.1 * rng.standard_normal(table.n_rows)
    classes, rows = (y > 0).astype(int), Rows(X, y, None)
    encoder = PiecewiseLinearEncoder()
    Z, options = encoder.fit_transform(X), dict(table.options)
    raw = RegressionTargets.of(y, "squared_error")
    scaled, dtype = raw.standardizing(y, None), np.dtype(np.float32)
    regressor = MLPRegularizedRegressor(random_state=0, **options)
    runs = {
        "classifier": lambda: MLPRegularizedClassifier(random_state=0, **options).fit(
            X, classes
        ),
        "regressor": lambda: regressor.fit(X, y),
        "on encoded": lambda: MLPRegularizedClassifier(random_state=0, **options).fit(
            Z, classes
        ),
        "input check": lambda: check_scales(rows),
        "find scale": lambda: raw.standardizing(y, None),
        "raw targets": lambda: raw.encode(y, dtype),
        "scaled targets": lambda: scaled.encode(y, dtype),
        "encoding": lambda: encoder.fit_transform(X),
    }
    seconds = alternate(runs, repetitions)
    scaling = seconds["find scale"] + seconds["scaled targets"] - seconds["raw targets"]
    for case, part, fit in (
        ("input check", seconds["input check"], "classifier"),
        ("scaling of the targets", scaling, "regressor"),
        ("piecewise-linear encoding", seconds["encoding"], "on encoded"),
    ):
        yield {
            "case": f"{case}, of a fit",
            "rows": table.name,
            "repetitions": repetitions,
            "ms": {
                "part": summary(part * 1e3),
                "fit": summary(seconds[fit] * 1e3),
            },
            **_share(part / seconds[fit]),
        }


def _share(of: np.ndarray) -> dict:
    percent = {"share": summary(100 * of)}
    return {"percent": percent, "targets": {"share": at_most(_MOST)}}
