"""Tables that are not in memory, and how they become a source of chunks."""

from typing import Any

_ON_WORKERS = {"dask": " The estimators of skdnn.dask leave it on the workers."}
_ARRAYS = "BatchSource.from_arrays(X, y)"
# Of types that are not in memory: what to write instead, by package and class.
_ADAPTERS = {
    ("dask", "Array"): _ARRAYS,
    ("dask", "DataFrame"): "BatchSource.from_frames(lambda: (part.compute() for part "
    "in frame.partitions), target=...)",
    ("polars", "LazyFrame"): "BatchSource.from_frames(frame.collect_batches, "
    "target=...)",
    ("h5py", "Dataset"): _ARRAYS,
    ("zarr", "Array"): _ARRAYS,
    ("pyarrow", "Dataset"): "BatchSource.from_frames(dataset.to_batches, target=...)",
}


def refuse_lazy(X: Any) -> None:
    """Raise TypeError for a table that would have to be loaded whole.

    Dask's, zarr's and h5py's arrays turn into a NumPy copy without a word, frames that
    are lazy into nothing of use.
    """
    for kind in type(X).__mro__:
        package = kind.__module__.split(".")[0].removesuffix("_expr")
        adapter = _ADAPTERS.get((package, kind.__name__))
        if adapter is not None:
            raise TypeError(
                f"X is a {kind.__name__} of {package}, which is not in memory, and "
                f"would be loaded whole. Fit it in chunks: fit({adapter}); or load it "
                "yourself, if it fits." + _ON_WORKERS.get(package, "")
            )
