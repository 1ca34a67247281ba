"""How time grows with rows, columns, width and depth, compared with the floor.

The aim is straight lines with the slope of the floor; where the two diverge, something
other than the products takes the time. Rows are in memory, or in a file that a batch
source reads chunk by chunk; columns are dense, or sparse.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
from scipy import sparse

from benchmarks import floor
from benchmarks.contestants import (
    prepare_floor,
    prepare_skdnn,
    skdnn_model,
    trained_epochs,
)
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import Net, data_for
from skdnn import BatchSource
from skdnn.estimators.first_pass import rows_of_fit
from skdnn.estimators.rows import Rows
from skdnn.training.tables import Table

ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
FILE_ROWS = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
COLUMNS = (64, 200, 600, 2000, 6000, 20_000)
SPARSE_COLUMNS = (600, 2000, 6000, 20_000)
WIDTHS = (64, 128, 256, 512, 1024, 2048)
DEPTHS = (1, 2, 4, 8, 16)
# The group of the times in a result, by what grows.
GROUPS = {
    "rows": "ms_per_epoch",
    "rows of a file": "ms_per_epoch",
    "columns": "us_per_step",
    "sparse columns": "us_per_step",
    "width": "us_per_step",
    "depth": "us_per_step",
}
_REPETITIONS = 7
_MIN_ROWS = 40_000  # in the epochs that are timed together
_MULTIPLICATIONS = 2e9  # in the steps that are timed together
_MANY_ROWS, _REPETITIONS_OF_MANY = 3_000_000, 3
_WRITTEN_AT_ONCE = 100_000
ENTRIES = 50  # of a sparse row

Contestants = dict[str, Callable[[], object]]


def points(
    rows=ROWS,
    widths=WIDTHS,
    depths=DEPTHS,
    columns=COLUMNS,
    sparse_columns=SPARSE_COLUMNS,
    file_rows=FILE_ROWS,
) -> Iterator[tuple[str, int, Net]]:
    """Yield what grows, how far, and the network."""
    for kind, many in (("rows", rows), ("rows of a file", file_rows)):
        for n in many:
            repetitions = _REPETITIONS if n < _MANY_ROWS else _REPETITIONS_OF_MANY
            n_epochs = max(1, _MIN_ROWS // n)
            yield kind, n, Net((64, 100, 10), 200, n // 200, repetitions, n_epochs)
    for c in columns:
        yield "columns", c, _net((c, 100, 10), 200, least=10)
    for c in sparse_columns:
        yield "sparse columns", c, Net((c, 100, 10), 200, 50, _REPETITIONS)
    for w in widths:
        yield "width", w, _net((64, w, w, 10))
    for d in depths:
        yield "depth", d, _net((64, *[128] * d, 10))


def _net(sizes: tuple[int, ...], rows: int = 256, least: int = 4) -> Net:
    """Return a network with enough steps for a measurable time."""
    per_step = 3 * rows * int(np.dot(sizes[:-1], sizes[1:]))
    steps = int(np.clip(_MULTIPLICATIONS / per_step, least, 200))
    return Net(sizes, rows, steps, _REPETITIONS)


def measure_growth(
    which: Iterable[tuple[str, int, Net]] | None = None,
    repetitions: int | None = None,
) -> Iterator[dict]:
    """Yield one result per point, except those whose file does not fit on the disk."""
    with threads_limited(1):
        for grows, value, net in points() if which is None else which:
            prepare = _PREPARED.get(grows, _in_memory)
            if grows == "rows of a file" and not _has_room(net):
                print(f"left out {value} rows of a file: no space in {gettempdir()}")
                continue
            with prepare(net) as runs:
                seconds = alternate(runs, repetitions or net.repetitions)
            yield _result(grows, value, net, seconds)


def _in_memory(net: Net) -> AbstractContextManager[Contestants]:
    X, y = data_for(net)
    runs = {
        "skdnn": prepare_skdnn(net, X, y, 1.0),
        "floor": prepare_floor(net, X, y, 1.0),
    }
    return nullcontext(runs)


@contextmanager
def _in_a_file(net: Net) -> Iterator[Contestants]:
    """Write the rows to a temporary file, from which each epoch reads them."""
    few = Net(net.sizes, net.batch_size, 10, 1)
    model = skdnn_model(few, *data_for(few), 1.0)
    y = np.arange(net.n_rows) % net.sizes[-1]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        _write(path, (net.n_rows, net.sizes[0]))
        source = BatchSource.from_arrays(path, y)
        rows = rows_of_fit(model, Rows(source, None), reset=False)
        examples = rows.examples(model._model.targets, np.dtype(np.float32))
        yield {
            "skdnn": trained_epochs(net, model, examples),
            "floor": prepare_floor(net, None, None, 1.0),
        }


def _has_room(net: Net) -> bool:
    """Whether the file takes less than half of the free space."""
    n_bytes = 4 * net.n_rows * net.sizes[0]
    return 2 * n_bytes < shutil.disk_usage(gettempdir()).free


def _write(path: Path, shape: tuple[int, int]) -> None:
    """Write normal numbers without holding all of them in memory."""
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    for start in range(0, len(X), _WRITTEN_AT_ONCE):
        part = X[start : start + _WRITTEN_AT_ONCE]
        part[...] = rng.standard_normal(part.shape, np.float32)
    X.flush()


def _of_sparse_rows(net: Net) -> AbstractContextManager[Contestants]:
    """Train on rows with few entries; the floor reads those of one batch."""
    rng = np.random.default_rng(0)
    n_rows, n_columns = net.n_rows, net.sizes[0]
    # one entry in each of ENTRIES ranges of columns
    width = n_columns // ENTRIES
    columns = np.arange(ENTRIES) * width + rng.integers(0, width, (n_rows, ENTRIES))
    values = rng.standard_normal(columns.size, np.float32)
    bounds = np.arange(n_rows + 1) * ENTRIES
    shape = n_rows, n_columns
    X = sparse.csr_array((values, columns.ravel().astype(np.int32), bounds), shape)
    y = rng.permutation(np.arange(n_rows) % net.sizes[-1])
    sizes, rows, *arrays = floor.buffers(net.sizes, net.batch_size)
    batch = Table(X[:rows], values.dtype).ready
    runs: Contestants = {
        "skdnn": prepare_skdnn(net, X, y, 1.0),
        "floor": lambda: floor.run_sparse_products(
            net.n_steps, batch, sizes, rows, *arrays
        ),
    }
    return nullcontext(runs)


_PREPARED: dict[str, Callable[[Net], AbstractContextManager[Contestants]]] = {
    "rows of a file": _in_a_file,
    "sparse columns": _of_sparse_rows,
}


def _result(grows: str, value: int, net: Net, seconds: dict) -> dict:
    group = GROUPS[grows]
    is_epoch = group == "ms_per_epoch"
    factor = 1e3 / net.n_epochs if is_epoch else 1e6 / net.n_steps
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
