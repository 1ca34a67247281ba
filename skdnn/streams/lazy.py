"""Tables that are not in memory, and their conversion to sources of chunks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

_ON_WORKERS = {"dask": " The estimators of skdnn.dask keep it on the workers."}
_ARRAYS = "BatchSource.from_arrays(X, y)"
_FRAMES = 'BatchSource.from_frames(X, target="label")'
# What to pass instead of types that are not in memory, by package and class.
_ADAPTERS = {
    ("dask", "Array"): _ARRAYS,
    ("dask", "DataFrame"): _FRAMES,
    ("polars", "LazyFrame"): _FRAMES,
    ("h5py", "Dataset"): _ARRAYS,
    ("zarr", "Array"): _ARRAYS,
    ("pyarrow", "Dataset"): _FRAMES,
}


def refuse_lazy(X: Any) -> None:
    """Raise TypeError for a table that would have to be loaded whole.

    Arrays of Dask, zarr and h5py would silently become NumPy copies, lazy frames
    nothing of use.
    """
    for package, kind in _kinds(X):
        adapter = _ADAPTERS.get((package, kind))
        if adapter is not None:
            raise TypeError(
                f"X is a {kind} of {package}, which is not in memory and would be "
                f"loaded whole. Fit it in chunks: fit({adapter}); or load it first, "
                "if it fits into memory." + _ON_WORKERS.get(package, "")
            )


def frames_of(table: Any) -> Any:
    """Return the frames of a table that is not in memory; anything else unchanged."""
    for kind in _kinds(table):
        if kind in _FRAMES_OF:
            return _FRAMES_OF[kind](table)
    return table


class _Partitions(Sequence):
    """The partitions of a Dask data frame, computed as they are read."""

    def __init__(self, frame: Any):
        self._frame = frame

    def __len__(self) -> int:
        """Return the number of partitions."""
        return self._frame.npartitions

    def __getitem__(self, number):
        """Return a partition as a pandas data frame."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._frame.partitions[number].compute()


def _batches(method: str, options: dict, table: Any) -> Any:
    return getattr(table, method)(**options)


def _record_batches(dataset: Any) -> Any:
    """Return record batches, reading ahead by one at most.

    By default pyarrow reads far ahead: a pass over a Parquet file of 1 GB took 2.6 GB
    of memory; this way it takes 0.4 GB.
    """
    from pyarrow import dataset as ds

    options = {"batch_readahead": 1, "fragment_readahead": 1}
    if isinstance(getattr(dataset, "format", None), ds.ParquetFileFormat):
        scan = ds.ParquetFragmentScanOptions(pre_buffer=False)
        return dataset.to_batches(**options, fragment_scan_options=scan)
    return dataset.to_batches(**options)


def _reader(method: str, **options: Any) -> Callable:
    return lambda table: partial(_batches, method, options, table)


_FRAMES_OF: dict[tuple[str, str], Callable] = {
    ("dask", "DataFrame"): _Partitions,
    # the same order in each pass
    ("polars", "LazyFrame"): _reader("collect_batches", maintain_order=True),
    ("pyarrow", "Dataset"): lambda table: partial(_record_batches, table),
}


def _kinds(table: Any) -> list[tuple[str, str]]:
    """Return package and class of a table's type and of its base classes."""
    return [
        (kind.__module__.split(".")[0].removesuffix("_expr"), kind.__name__)
        for kind in type(table).__mro__
    ]
