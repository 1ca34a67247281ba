"""The bin edges of one column: quantiles, or the splits of a decision tree on y."""

from typing import Any

import numpy as np

from skdnn.preprocessing.column_statistics import (
    averaged_at,
    averaged_inverse,
    is_rounding_noise,
    ranks,
)

# n_bins="auto": about ROWS_PER_BIN rows per bin, MIN_BINS to MAX_BINS bins per column,
# and at most MAX_COMPONENTS bins in total, but never fewer than MIN_BINS per column:
# each bin is an input of the network and costs time.
ROWS_PER_BIN = 100
MIN_BINS, MAX_BINS = 4, 48
MAX_COMPONENTS = 512
# Columns with at most this many distinct values, such as one-hot columns, have no bins.
FEW_VALUES = 3
# The first rows show for most columns that they have more distinct values.
_SOME_ROWS = 1000
# Minimum weight of a leaf of the tree, relative to that of a quantile bin.
MIN_LEAF = 0.25


def automatic_n_bins(n_rows: int, n_columns: int) -> int:
    """Return the number of bins per column for ``n_bins="auto"``."""
    rows_per_bin = max(ROWS_PER_BIN, n_columns)
    most = np.clip(MAX_COMPONENTS // max(n_columns, 1), MIN_BINS, MAX_BINS)
    return int(np.clip(n_rows // rows_per_bin, MIN_BINS, most))


def quantile_edges(
    x: np.ndarray, sample_weight: np.ndarray | None, n_bins: int
) -> np.ndarray:
    """Return edges of bins that hold equal total weights of rows.

    Parameters
    ----------
    x : ndarray of shape (n_samples,)
        The column; finite values.
    sample_weight : ndarray of shape (n_samples,) or None
        Positive weights.
    n_bins : int
        Maximum number of bins.

    Returns
    -------
    ndarray of shape (n_edges,)
        Increasing float64 values, from the minimum of x to its maximum. Empty if the
        column has few distinct values or no spread, or would have a single bin.
    """
    levels = np.arange(1, n_bins) / n_bins
    if sample_weight is None:
        return _edges_of_equal_weights(x, levels)
    values, rank = np.unique(x, return_inverse=True)
    values = values.astype(np.float64)
    if not _has_bins(values):
        return np.empty(0)
    F = np.cumsum(np.bincount(rank, sample_weight))
    return _from_end_to_end(values, averaged_inverse(values, F / F[-1], levels))


def _edges_of_equal_weights(x: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the edges of an unweighted column, by a partial sort."""
    some = np.unique(x[:_SOME_ROWS])
    if some.size <= FEW_VALUES:
        some = np.unique(x)
    if not x.size or some.size <= FEW_VALUES:
        return np.empty(0)
    below, above = ranks(x.size, levels)
    x = np.partition(x, np.unique([0, x.size - 1, *below, *above]))
    ends = x[[0, -1]].astype(np.float64)
    if not _is_spread(ends):
        return np.empty(0)
    return _from_end_to_end(ends, averaged_at(x, below, above))


def tree_edges(
    x: np.ndarray,
    sample_weight: np.ndarray | None,
    n_bins: int,
    y: np.ndarray,
    is_continuous: bool,
) -> np.ndarray:
    """Return the splits of a decision tree with `n_bins` leaves on this column.

    The form is that of `quantile_edges`. A continuous y should have a mean near 0.
    """
    # The tree is fitted to ranks: only the order of the values matters to it, and its
    # float32 would drop digits of the values.
    values, rank = np.unique(x, return_inverse=True)
    values = values.astype(np.float64)
    if not _has_bins(values):
        return np.empty(0)
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind: Any = DecisionTreeRegressor if is_continuous else DecisionTreeClassifier
    tree = kind(
        max_leaf_nodes=n_bins,
        # Slightly less, so that rounding of weights does not matter.
        min_weight_fraction_leaf=MIN_LEAF / n_bins * (1 - 1e-9),
        random_state=0,
    ).fit(rank[:, np.newaxis], y, sample_weight=sample_weight)
    splits = tree.tree_.threshold[tree.tree_.feature >= 0]
    k = np.sort(splits.astype(np.int64))
    return _from_end_to_end(values, 0.5 * values[k] + 0.5 * values[k + 1])


def _has_bins(values: np.ndarray) -> bool:
    """Whether there are enough sorted values, with more spread than rounding noise."""
    return values.size > FEW_VALUES and _is_spread(values[[0, -1]])


def _is_spread(ends: np.ndarray) -> bool:
    """Whether minimum and maximum differ by more than rounding noise."""
    return not is_rounding_noise(ends[1] - ends[0], np.abs(ends).max())


def _from_end_to_end(values: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Add the minimum and the maximum; drop edges that only differ by rounding."""
    edges = np.concatenate([values[:1], inner, values[-1:]])
    apart = ~is_rounding_noise(np.diff(edges), np.abs(edges[1:]))
    edges = np.append(edges[:-1][apart], edges[-1])
    return edges if edges.size > 2 else np.empty(0)
