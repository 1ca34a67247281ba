"""Edges of the bins of one column: quantiles, or the splits of a small tree on y."""

from typing import Any

import numpy as np

from skdnn.preprocessing.column_statistics import (
    averaged_at,
    averaged_inverse,
    is_rounding_noise,
    ranks,
)

# n_bins="auto": about this many rows a bin, between these bounds, and no more bins than
# this in all columns together unless that leaves less than the least: each is an input
# of the network, and costs time.
ROWS_PER_BIN = 100
MIN_BINS, MAX_BINS = 4, 48
MAX_COMPONENTS = 512
# Columns with so few different values, such as one-hot columns, have no bins.
FEW_VALUES = 3
# So many rows say, for most columns, that they have more.
_SOME_ROWS = 1000
# A leaf of a tree holds at least this share of what a bin of quantiles holds.
MIN_LEAF = 0.25


def automatic_n_bins(n_rows: int, n_columns: int) -> int:
    """Return a number of bins: few for few rows, fewer still in wide tables."""
    rows_per_bin = max(ROWS_PER_BIN, n_columns)
    most = np.clip(MAX_COMPONENTS // max(n_columns, 1), MIN_BINS, MAX_BINS)
    return int(np.clip(n_rows // rows_per_bin, MIN_BINS, most))


def quantile_edges(
    x: np.ndarray, sample_weight: np.ndarray | None, n_bins: int
) -> np.ndarray:
    """Return edges between which the rows have equal weight.

    Parameters
    ----------
    x : ndarray of shape (n_samples,)
        The column, finite.
    sample_weight : ndarray of shape (n_samples,) or None
        Positive.
    n_bins : int
        At most so many bins.

    Returns
    -------
    ndarray of shape (n_edges,)
        Increasing float64, from the least value to the largest; empty where the column
        has few values or no spread, or where there would be one bin.
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
    """Return the same without weights: only some ranks are put in order."""
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
    """Return edges where a tree of `n_bins` leaves on this column splits y.

    As `quantile_edges`; a continuous y should have a mean near 0.
    """
    # The tree sees ranks: only the order of the values matters to it, and ranks keep
    # the digits that its float32 would drop.
    values, rank = np.unique(x, return_inverse=True)
    values = values.astype(np.float64)
    if not _has_bins(values):
        return np.empty(0)
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind: Any = DecisionTreeRegressor if is_continuous else DecisionTreeClassifier
    tree = kind(
        max_leaf_nodes=n_bins,
        # A little less, so that rounding of weights cannot decide.
        min_weight_fraction_leaf=MIN_LEAF / n_bins * (1 - 1e-9),
        random_state=0,
    ).fit(rank[:, np.newaxis], y, sample_weight=sample_weight)
    splits = tree.tree_.threshold[tree.tree_.feature >= 0]
    k = np.sort(splits.astype(np.int64))
    return _from_end_to_end(values, 0.5 * values[k] + 0.5 * values[k + 1])


def _has_bins(values: np.ndarray) -> bool:
    """Whether sorted values are many, and spread wider than rounding noise."""
    return values.size > FEW_VALUES and _is_spread(values[[0, -1]])


def _is_spread(ends: np.ndarray) -> bool:
    """Whether the least and the largest value are further apart than rounding noise."""
    return not is_rounding_noise(ends[1] - ends[0], np.abs(ends).max())


def _from_end_to_end(values: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Add the least and the largest value; leave out edges that are not apart."""
    edges = np.concatenate([values[:1], inner, values[-1:]])
    apart = ~is_rounding_noise(np.diff(edges), np.abs(edges[1:]))
    edges = np.append(edges[:-1][apart], edges[-1])
    return edges if edges.size > 2 else np.empty(0)
