"""Fitting to a batch source: moments of all rows, quantiles of a sample."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from skdnn.preprocessing.column_statistics import Moments, update_moments
from skdnn.preprocessing.tables import ALL_ZERO, checked_weights
from skdnn.streams import (
    BatchSource,
    RowSample,
    in_chunk,
    parts_of_chunk,
    refuse_separate_weights,
)

# A q-quantile of n sampled rows has a level of q ± sqrt(q (1 - q) / n) among all rows.
# RowSample keeps at least half of these rows, which gives ± 0.003 or less.
MAX_SAMPLED_ROWS = 2**16


def process_chunks(
    source: BatchSource, sample_weight: Any, check: Callable, add: Callable
) -> None:
    """Check each chunk that has rows, and add it to the statistics.

    Parameters
    ----------
    source : BatchSource
        The source, which is read once.
    sample_weight : None
        The argument of `fit`; weights come with the chunks.
    check : callable (X, y, reset) -> (X, y)
        Checks the rows of a chunk; `reset` is True for the first chunk.
    add : callable (X, y, sample_weight) -> None
        Receives the checked rows. All weights of a chunk may be 0.

    Raises
    ------
    ValueError
        If there are no rows, none has a weight, or only some chunks have weights.
    """
    refuse_separate_weights(sample_weight)
    weighted, counts = None, False
    for number, chunk in enumerate(source):
        with in_chunk(number):
            X, y, weight = parts_of_chunk(chunk)
            del chunk
            if hasattr(X, "shape") and not X.shape[0]:
                continue
            X, y = check(X, y, weighted is None)
            if weighted not in (None, weight is not None):
                raise ValueError(
                    f"it has {'' if weight is not None else 'no '}sample_weight, "
                    "unlike the first chunk: either all chunks need weights, or none."
                )
            weighted = weight is not None
            weight = _weights(weight, X.shape[0])
            counts = counts or weight is None or bool(weight.any())
            add(X, y, weight)
    if weighted is None:
        raise ValueError(
            "The batch source has no rows: found 0 samples, while a minimum of 1 is "
            "required."
        )
    if not counts:
        raise ValueError(ALL_ZERO)


def _weights(weight: Any, n_rows: int) -> np.ndarray | None:
    if weight is not None:
        given = np.asarray(weight)
        if given.shape == (n_rows,) and not given.any():
            return np.zeros(n_rows)
    return checked_weights(weight, n_rows)


class ChunkStatistics:
    """Statistics of the chunks of a batch source.

    Parameters
    ----------
    moments, sample : bool
        Whether to compute the moments of all rows, and to keep a sample of rows.

    Attributes
    ----------
    moments : Moments or None
        The moments of all rows.
    n_counting : int
        Number of rows with a weight above 0.
    has_missing : ndarray of bool of shape (n_features,)
        Which columns have NaN in a row with a weight above 0.
    sample : RowSample
        A sample of X and, if there are any, of y and the weights.
    """

    def __init__(self, *, moments: bool = False, sample: bool = False):
        self.moments: Moments | None = None
        self.sample = RowSample(MAX_SAMPLED_ROWS)
        self.n_counting = 0
        self.has_missing: Any = False
        self._wants_moments, self._wants_sample = moments, sample
        self._has: tuple[bool, bool] = (False, False)

    def add(self, X: Any, y: Any, weight: np.ndarray | None) -> None:
        """Add checked rows."""
        if self._wants_moments:
            self.moments = update_moments(self.moments, X, weight)
        if self._wants_sample:
            counts: Any = slice(None) if weight is None else np.flatnonzero(weight)
            self.n_counting += X.shape[0] if weight is None else len(counts)
            self.has_missing = self.has_missing | _columns_with_nan(X, counts)
            self._has = (y is not None, weight is not None)
            parts = (each for each in (X, y, weight) if each is not None)
            self.sample.add(*parts)

    @property
    def rows(self) -> tuple[Any, Any, Any]:
        """The sample: X, y or None, and weights or None."""
        X, *others = self.sample.arrays
        has_y, has_weights = self._has
        y = others[0] if has_y else None
        return X, y, others[-1] if has_weights else None


def _columns_with_nan(X: Any, rows: Any) -> np.ndarray:
    if not sparse.issparse(X):
        return np.isnan(X)[rows].any(axis=0)
    X = X.tocsr()[rows]
    return np.bincount(X.indices[np.isnan(X.data)], minlength=X.shape[1]) > 0
