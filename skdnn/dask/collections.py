"""Dask collections: recognise them, get their partitions, fetch them."""

from typing import Any

import dask
import numpy as np
from dask import array as da
from distributed import Client, Future, get_client

# Frames and series are recognised by the names of their classes: importing
# dask.dataframe takes a third of a second, and needs pandas.
_FRAMES, _SERIES = "DataFrame", "Series"


def is_dask(value: Any) -> bool:
    """Return whether this is a Dask array, data frame or series."""
    return isinstance(value, da.Array) or is_frame(value) or is_series(value)


def is_frame(value: Any) -> bool:
    """Return whether this is a Dask data frame."""
    return _is_called(value, _FRAMES)


def is_series(value: Any) -> bool:
    """Return whether this is a Dask series."""
    return _is_called(value, _SERIES)


def _is_called(value: Any, name: str) -> bool:
    return dask.is_dask_collection(value) and any(
        kind.__name__ == name and kind.__module__.startswith("dask")
        for kind in type(value).__mro__
    )


def client_of(estimator) -> Client:
    """Return the estimator's client, or the current one.

    Raises
    ------
    ValueError
        If there is none.
    TypeError
        If it is not a Client, or asynchronous.
    """
    client = estimator.client
    if client is None:
        try:
            client = get_client()
        except ValueError as error:
            raise ValueError(
                f"{type(estimator).__name__} needs a Dask cluster, but there is no "
                "current client. Create one before fit, for example: from "
                "dask.distributed import Client; client = Client(). Or pass client=..."
            ) from error
    if not isinstance(client, Client):
        raise TypeError(
            f"client must be a dask.distributed.Client or None, got {client!r}."
        )
    if client.asynchronous:
        raise TypeError(
            "client must not be asynchronous, because fit blocks until it is done. "
            "Create it with asynchronous=False."
        )
    return client


def partitions(client: Client, X: Any) -> list[Future]:
    """Return a future for each partition; persisted ones stay on their workers.

    The partitions of an array are its chunks of rows, with all columns in one chunk.
    """
    if isinstance(X, da.Array):
        if X.ndim == 2 and X.numblocks[1] > 1:
            X = X.rechunk({1: -1})
        delayed = X.to_delayed().ravel().tolist()
    else:
        delayed = X.to_delayed()
    return client.compute(delayed)


def fetched(client: Client, value: Any) -> Any:
    """Return the content of a Dask collection in memory; anything else as it is."""
    if not is_dask(value):
        return value
    held = client.compute(value).result()
    return held if hasattr(held, "iloc") else np.asarray(held)
