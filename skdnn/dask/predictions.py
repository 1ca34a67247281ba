"""Lazy predictions for a Dask collection, partition by partition."""

from typing import Any

import dask
import numpy as np
from dask import array as da

from skdnn.dask.collections import is_frame


def lazily(estimator, name: str, X: Any) -> Any:
    """Return a Dask array or frame of the results of a method for X.

    Parameters
    ----------
    estimator : estimator
        A plain fitted estimator.
    name : str
        The name of the method.
    X : dask.array.Array or dask.dataframe.DataFrame
        Inputs. The result for a frame has its index and divisions.
    """
    shipped = dask.delayed(estimator, pure=True)
    if is_frame(X):
        meta = _in_frame(_result(estimator, name, X._meta), X._meta.index, estimator)
        return X.map_partitions(_result_in_frame, shipped, name, meta=meta)
    if X.ndim == 2 and X.numblocks[1] > 1:
        X = X.rechunk({1: -1})
    empty = np.empty((0, *X.shape[1:]), X.dtype)
    meta = _result(estimator, name, empty)
    shape: dict[str, Any] = {"drop_axis": 1}
    if meta.ndim == 2:
        shape = {"chunks": (X.chunks[0], meta.shape[1:])}
    return da.map_blocks(
        _result_of_block,
        X,
        estimator=shipped,
        method=name,
        meta=meta,
        dtype=meta.dtype,
        **shape,
    )


def _result_of_block(X, estimator, method: str) -> np.ndarray:
    return _result(estimator, method, X)


def _result_in_frame(X, estimator, name: str):
    return _in_frame(_result(estimator, name, X), X.index, estimator)


def _result(estimator, name: str, X: Any) -> np.ndarray:
    """Return the result of a method for rows in memory, of which there may be none."""
    if X.shape[0]:
        return getattr(estimator, name)(X)
    one = np.zeros((1, X.shape[1]), getattr(X, "dtype", np.float64))
    if hasattr(X, "columns"):
        kinds = np.float32 if {str(t) for t in X.dtypes} == {"float32"} else np.float64
        one = type(X)(one.astype(kinds), columns=X.columns)
    return getattr(estimator, name)(one)[:0]


def _in_frame(result: np.ndarray, index, estimator):
    import pandas as pd

    if result.ndim == 1:
        return pd.Series(result, index=index)
    classes: Any = getattr(estimator, "classes_", None)
    if classes is not None and len(classes) != result.shape[1]:
        classes = None  # two classes have one logit
    return pd.DataFrame(result, index=index, columns=classes)
