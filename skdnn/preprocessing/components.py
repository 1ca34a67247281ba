"""The columns that an encoder makes of a table, as one formula."""

from typing import NamedTuple

import numpy as np
from scipy import sparse


class Components(NamedTuple):
    """The columns that come out: clip((x[source] - origin) / width, low, high).

    Each is an array of shape (n_features_out,). Where x is NaN, `filling` comes out.
    `rest` is what rounding has left out of `origin`.
    """

    source: np.ndarray
    origin: np.ndarray
    rest: np.ndarray
    width: np.ndarray
    low: np.ndarray
    high: np.ndarray
    filling: np.ndarray


def encoded(x, parts: Components, dtype: np.dtype) -> np.ndarray:
    """Return the components of a few rows."""
    Z = np.empty((x.shape[0], len(parts.source)), dtype)
    encode(x, parts, Z)
    return Z


def encode(x, parts: Components, out: np.ndarray) -> None:
    """Write the components of a few rows; they are computed in float64."""
    x = (x.toarray() if sparse.issparse(x) else x).astype(np.float64, copy=False)
    Z = out if out.dtype == np.float64 else np.empty(out.shape)
    # All numbers are in range: without "clip", NumPy would make a copy to be sure.
    np.take(x, parts.source, axis=1, out=Z, mode="clip")
    has_rest = np.flatnonzero(parts.rest)
    # Far values overflow to the infinity that they are clipped from.
    with np.errstate(over="ignore"):
        Z -= parts.origin
        if has_rest.size:
            Z[:, has_rest] -= parts.rest[has_rest]
        Z /= parts.width
    # A column without a number has no mean: it shows in each row.
    may_miss = np.isnan(x).any() or np.isnan(Z[:1]).any()
    is_missing = np.isnan(Z) if may_miss else None
    # Faster than np.clip with arrays.
    np.maximum(Z, parts.low, out=Z)
    np.minimum(Z, parts.high, out=Z)
    if is_missing is not None:
        np.copyto(Z, parts.filling, where=is_missing)
    if Z is not out:
        out[...] = Z
