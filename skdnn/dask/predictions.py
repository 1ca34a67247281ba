"""What a fitted network says of a Dask collection, partition by partition, lazily."""

from typing import Any

import dask
import numpy as np
from dask import array as da

from skdnn.dask.collections import is_frame


def lazily(estimator, name: str, X: Any) -> Any:
    """Return an array or frame of Dask that will hold what a method says of X.

    Parameters
    ----------
    estimator : estimator
        A fitted one that knows nothing of Dask.
    name : str
        The name of its method.
    X : dask.array.Array or dask.dataframe.DataFrame
        Rows; the answer for a frame has its index and divisions.
    """
    shipped = dask.delayed(estimator, pure=True)
    if is_frame(X):
        meta = _in_frame(_answer(estimator, name, X._meta), X._meta.index, estimator)
        return X.map_partitions(_answer_in_frame, shipped, name, meta=meta)
    if X.ndim == 2 and X.numblocks[1] > 1:
        X = X.rechunk({1: -1})
    empty = np.empty((0, *X.shape[1:]), X.dtype)
    meta = _answer(estimator, name, empty)
    shape: dict[str, Any] = {"drop_axis": 1}
    if meta.ndim == 2:
        shape = {"chunks": (X.chunks[0], meta.shape[1:])}
    return da.map_blocks(
        _answer_to_block,
        X,
        estimator=shipped,
        method=name,
        meta=meta,
        dtype=meta.dtype,
        **shape,
    )


def _answer_to_block(X, estimator, method: str) -> np.ndarray:
    return _answer(estimator, method, X)


def _answer_in_frame(X, estimator, name: str):
    return _in_frame(_answer(estimator, name, X), X.index, estimator)


def _answer(estimator, name: str, X: Any) -> np.ndarray:
    """Return what a method says of rows in memory; of none, an empty array."""
    if X.shape[0]:
        return getattr(estimator, name)(X)
    one = np.zeros((1, X.shape[1]), getattr(X, "dtype", np.float64))
    if hasattr(X, "columns"):
        kinds = np.float32 if {str(t) for t in X.dtypes} == {"float32"} else np.float64
        one = type(X)(one.astype(kinds), columns=X.columns)
    return getattr(estimator, name)(one)[:0]


def _in_frame(answer: np.ndarray, index, estimator):
    import pandas as pd

    if answer.ndim == 1:
        return pd.Series(answer, index=index)
    classes: Any = getattr(estimator, "classes_", None)
    if classes is not None and len(classes) != answer.shape[1]:
        classes = None  # two classes have one logit
    return pd.DataFrame(answer, index=index, columns=classes)
