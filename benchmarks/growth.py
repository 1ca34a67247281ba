"""How the time grows with rows, width and depth, beside the floor of the same shapes.

Straight lines with the slope of the floor are what is hoped for; where the two come
apart is where something other than the products takes the time.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.contestants import prepare_floor, prepare_skdnn
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import Net, data_for

ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
WIDTHS = (64, 128, 256, 512, 1024, 2048)
DEPTHS = (1, 2, 4, 8, 16)
# What is timed, by what grows; both have groups of their own in a result.
GROUPS = {"rows": "ms_per_epoch", "width": "us_per_step", "depth": "us_per_step"}
_REPETITIONS = 7
_LEAST_ROWS = 40_000  # of the epochs that are timed together
_MULTIPLICATIONS = 2e9  # in the steps that are timed together


def points(rows=ROWS, widths=WIDTHS, depths=DEPTHS) -> Iterator[tuple[str, int, Net]]:
    """Yield what grows, how far, and the network."""
    for n in rows:
        n_epochs = max(1, _LEAST_ROWS // n)
        yield "rows", n, Net((64, 100, 10), 200, n // 200, _REPETITIONS, n_epochs)
    for w in widths:
        yield "width", w, _net((64, w, w, 10))
    for d in depths:
        yield "depth", d, _net((64, *[128] * d, 10))


def _net(sizes: tuple[int, ...]) -> Net:
    """Return a network with as many steps as make a measurable time."""
    rows = 256
    per_step = 3 * rows * int(np.dot(sizes[:-1], sizes[1:]))
    steps = int(np.clip(_MULTIPLICATIONS / per_step, 4, 200))
    return Net(sizes, rows, steps, _REPETITIONS)


def measure_growth(
    which: Iterable[tuple[str, int, Net]] | None = None,
    repetitions: int | None = None,
) -> Iterator[dict]:
    """Yield one result per point."""
    with threads_limited(1):
        for grows, value, net in points() if which is None else which:
            X, y = data_for(net)
            runs = {
                "skdnn": prepare_skdnn(net, X, y, 1.0),
                "floor": prepare_floor(net, X, y, 1.0),
            }
            seconds = alternate(runs, repetitions or net.repetitions)
            yield _result(grows, value, net, seconds)


def _result(grows: str, value: int, net: Net, seconds: dict) -> dict:
    group = GROUPS[grows]
    factor = 1e3 / net.n_epochs if grows == "rows" else 1e6 / net.n_steps
    times = {name: summary(values * factor) for name, values in seconds.items()}
    return {
        "grows": grows,
        "to": value,
        "batch_size": net.batch_size,
        "steps": net.n_steps,
        "repetitions": len(seconds["skdnn"]),
        group: times,
        "ratios": {"skdnn/floor": summary(seconds["skdnn"] / seconds["floor"])},
    }
