"""The output columns of an encoder, as one formula."""

from typing import NamedTuple

import numpy as np
from scipy import sparse


class Components(NamedTuple):
    """The output columns: clip((x[source] - origin) / width, low, high).

    Each parameter is an array of shape (n_features_out,). NaN is encoded as `filling`.
    `rest` is the rounding error of `origin`.
    """

    source: np.ndarray
    origin: np.ndarray
    rest: np.ndarray
    width: np.ndarray
    low: np.ndarray
    high: np.ndarray
    filling: np.ndarray


def encoded(x, parts: Components, dtype: np.dtype) -> np.ndarray:
    """Return the output columns of a few rows."""
    Z = np.empty((x.shape[0], len(parts.source)), dtype)
    encode(x, parts, Z)
    return Z


def encode(x, parts: Components, out: np.ndarray) -> None:
    """Write the output columns of a few rows to `out`; they are computed in float64."""
    x = (x.toarray() if sparse.issparse(x) else x).astype(np.float64, copy=False)
    Z = out if out.dtype == np.float64 else np.empty(out.shape)
    # All indices are in range. With mode="raise", NumPy would buffer the output.
    np.take(x, parts.source, axis=1, out=Z, mode="clip")
    has_rest = np.flatnonzero(parts.rest)
    # Extreme values may overflow to infinity, which is clipped below.
    with np.errstate(over="ignore"):
        Z -= parts.origin
        if has_rest.size:
            Z[:, has_rest] -= parts.rest[has_rest]
        Z /= parts.width
    # A column without any number has NaN as its mean, which shows in every row.
    may_miss = np.isnan(x).any() or np.isnan(Z[:1]).any()
    is_missing = np.isnan(Z) if may_miss else None
    # This is faster than np.clip with arrays.
    np.maximum(Z, parts.low, out=Z)
    np.minimum(Z, parts.high, out=Z)
    if is_missing is not None:
        np.copyto(Z, parts.filling, where=is_missing)
    if Z is not out:
        out[...] = Z
