"""Location and scale of each column of X, weighted, NaN left out."""

from copy import deepcopy

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

QUARTILES = np.array([0.25, 0.5, 0.75])


def update_moments(moments, X, sample_weight):
    """Return scikit-learn's running moments after X; `moments` stays as it is."""
    seen = _columns_with_values(X, sample_weight)
    if moments is None:
        return _first_moments(X, sample_weight, seen)

    n_before = np.broadcast_to(moments.n_samples_seen_, X.shape[1])
    if sample_weight is None and n_before.dtype.kind == "f":
        # StandardScaler 1.9 rounds the sum of weights down to an integer when a
        # piece without weights follows one with weights.
        sample_weight = np.ones(X.shape[0])
    after = deepcopy(moments)
    with np.errstate(invalid="ignore", divide="ignore"):
        after.partial_fit(X, sample_weight=sample_weight)
    # StandardScaler 1.9 gives NaN for good to a column that is all NaN in one piece.
    # Where this piece has no value the old moments hold ...
    _replace(after, moments, ~seen)
    # ... and where it has the first one its own do.
    first = seen & (n_before == 0)
    if first.any():
        _replace(after, _first_moments(X, sample_weight, seen), first)
    return after


def _first_moments(X, sample_weight, seen):
    # Mean and variance are always both kept, so with_mean and with_std are ours.
    moments = StandardScaler(with_mean=False)
    with np.errstate(invalid="ignore"):  # 0 / 0 in columns without a value
        moments.fit(X, sample_weight=sample_weight)
    # For sparse X with weights they come out as rounding errors instead of NaN.
    nothing = StandardScaler()
    nothing.mean_ = nothing.var_ = nothing.scale_ = np.nan
    nothing.n_samples_seen_ = 0
    _replace(moments, nothing, ~seen)
    return moments


def _columns_with_values(X, sample_weight):
    """Say for each column whether a row that counts has a value other than NaN."""
    counts = np.full(X.shape[0], True) if sample_weight is None else sample_weight > 0
    if not sparse.issparse(X):
        return ~np.isnan(X)[counts].all(axis=0)
    stored_nan = np.isnan(X.data).astype(np.int64)
    missing = type(X)((stored_nan, X.indices, X.indptr), shape=X.shape)
    return counts.astype(np.int64) @ missing < counts.sum()


def _replace(moments, others, columns):
    """Put the moments of others in the place of those of some columns."""
    if not columns.any():
        return
    for name in ("mean_", "var_", "scale_", "n_samples_seen_"):
        mine, other = getattr(moments, name), getattr(others, name)
        setattr(moments, name, np.where(columns, other, mine))


def robust_statistics(X, sample_weight):
    """Return median and scale of each column, two arrays of shape (n_features,)."""
    m, n = X.shape
    s = sample_weight
    center, scale = np.empty(n), np.empty(n)
    if sparse.issparse(X):
        s = np.ones(m) if s is None else s
        S = s.sum()
        X = X.tocsc()
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
    for j in range(n):
        if sparse.issparse(X):
            stored = slice(X.indptr[j], X.indptr[j + 1])
            rows = X.indices[stored]
            # All zeros that are not stored enter as one value with their weight,
            # unless that weight is the rounding error of the difference.
            rest = S - s[rows].sum()
            x = np.append(X.data[stored], 0)
            s_x = np.append(s[rows], rest if rest > 1e-12 * S else 0)
        else:
            x, s_x = X[:, j], s
        center[j], scale[j] = _median_and_scale(x, s_x)
    return center, scale


def _median_and_scale(x, s):
    counts = ~np.isnan(x) if s is None else ~np.isnan(x) & (s > 0)
    x = x[counts]
    if not x.size:
        return np.nan, np.nan
    eps = np.finfo(x.dtype).eps
    # F: the distribution function at the sorted values.
    if s is None:
        x = np.sort(x)  # several times faster than argsort
        F = np.arange(1, x.size + 1) / x.size
    else:
        order = np.argsort(x)
        x, F = x[order], np.cumsum(s[counts][order])
        F /= F[-1]
    # F carries rounding errors: a step this near to a quartile is taken to end on it.
    tie = 1e-10
    below = x[np.searchsorted(F, QUARTILES - tie)].astype(np.float64)
    above = x[np.searchsorted(F, QUARTILES + tie, side="right")]
    q1, median, q3 = 0.5 * below + 0.5 * above
    x_min, x_max = float(x[0]), float(x[-1])

    for low, high, width in (
        (q1, q3, q3 - q1),
        (x_min, x_max, 0.5 * x_max - 0.5 * x_min),
    ):
        # Differences of rounded values are noise below a few eps of their size.
        if width > 10 * eps * max(abs(low), abs(high)):
            return median, width
    return median, 1.0
