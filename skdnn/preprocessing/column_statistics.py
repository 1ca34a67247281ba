"""Location and scale of each column of X, with weights; NaN is ignored."""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from skdnn.preprocessing.blocks import COLUMNS_AT_ONCE, columns_in_memory
from skdnn.preprocessing.dense_moments import first_values, updated_scaler
from skdnn.preprocessing.tables import refuse_overflow

QUARTILES = np.array([0.25, 0.5, 0.75])


# A column is shifted if rounding could change its mean by more than this many standard
# deviations (see `_is_lost_in_rounding`).
_NEGLIGIBLE = 1e-6


class Moments(NamedTuple):
    """Mean and variance of the rows seen so far.

    If the standard deviation of a column is lost in the rounding error of its mean, as
    for timestamps, they are those of x - shift. The shift is one of the column's
    values: differences of nearby values are exact.
    """

    scaler: StandardScaler  # of X - shift; always has both mean and variance
    shift: np.ndarray  # 0 for all other columns

    @property
    def mean(self):
        """Return the mean and its rounding error: their sum is exact."""
        rounded = self.shift + self.scaler.mean_
        left = self.scaler.mean_ - (rounded - self.shift)
        return rounded, np.where(self.shift == 0, 0.0, left)

    @property
    def variance(self):
        """Return the variance, at least 0; StandardScaler's can be around -1e-45."""
        return np.maximum(self.scaler.var_, 0)

    @property
    def scale(self):
        """Return the standard deviation, or 1 for constant columns."""
        shifted = scale_or_one(np.sqrt(self.variance), np.abs(self.mean[0]))
        return np.where(self.shift == 0, self.scaler.scale_, shifted)


def update_moments(moments, X, sample_weight):
    """Return the moments updated with X; `moments`, None at first, is not changed.

    Raises
    ------
    ValueError
        If the values of a column are so large that its variance overflows.
    """
    # Overflow is checked below.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        after = (
            _first_moments(X, sample_weight)
            if moments is None
            else _next_moments(moments, X, sample_weight)
        )
        after = _without_needless_shifts(after)
    counts = after.scaler.n_samples_seen_
    if np.ndim(counts) and (counts == counts[0]).all():
        after.scaler.n_samples_seen_ = counts[0]
    overflows = (counts > 0) & ~np.isfinite(after.scaler.var_)
    if overflows.any():
        refuse_overflow(np.flatnonzero(overflows)[0], "variance")
    return after


def scale_or_one(width, size):
    """Return the width of each column, or 1 if it is 0 or rounding noise.

    Noise is below 10 eps of the column's size. Noise wider than 1, as for integers
    above 1e16, is returned as it is.
    """
    is_noise = is_rounding_noise(width, size)
    return np.where(is_noise, np.maximum(width, 1.0), width)


def is_rounding_noise(width, size):
    """Whether a difference between values of this size can be float64 rounding."""
    return width <= 10 * np.finfo(np.float64).eps * size


def _next_moments(moments, X, sample_weight):
    seen = _columns_with_values(X, sample_weight)
    n_before = np.broadcast_to(moments.scaler.n_samples_seen_, X.shape[1])
    if sample_weight is None and n_before.dtype.kind == "f":
        # StandardScaler 1.9 rounds the sum of weights down to an integer if a batch
        # without weights follows one with weights.
        sample_weight = np.ones(X.shape[0])
    after = _updated(moments.scaler, X, sample_weight)
    shift = moments.shift.copy()
    for few, x, inside in _picked(X, np.flatnonzero(shift)):
        part = _of_columns(moments.scaler, few)
        part = updated_scaler(part, x, sample_weight, inside, shift[few])
        _put(after, part, few)
    # In StandardScaler 1.9 a column that is all NaN in one batch stays NaN. If this
    # batch has no value in a column, keep the old moments ...
    _replace(after, moments.scaler, ~seen)
    # ... and if it has the first value, use only its own.
    first = seen & (n_before == 0)
    if first.any():
        begun = _first_moments(X, sample_weight)
        _replace(after, begun.scaler, first)
        shift[first] = begun.shift[first]
    return Moments(after, shift)


def _first_moments(X, sample_weight):
    scaler = _updated(None, X, sample_weight)
    seen = _columns_with_values(X, sample_weight)
    # For sparse X with weights, StandardScaler gives rounding errors instead of NaN.
    nothing = StandardScaler()
    nothing.mean_ = nothing.var_ = nothing.scale_ = np.nan
    nothing.n_samples_seen_ = 0
    _replace(scaler, nothing, ~seen)
    lost = seen & _is_lost_in_rounding(scaler.mean_, scaler.var_, X.shape[0])
    shift = np.zeros(X.shape[1])
    columns = np.flatnonzero(lost)
    for few, x, inside in _picked(X, columns):
        shift[few] = first_values(x, sample_weight, inside)
    for few, x, inside in _picked(X, columns):
        part = updated_scaler(None, x, sample_weight, inside, shift[few])
        _put(scaler, part, few)
    return Moments(scaler, shift)


def _updated(scaler, X, sample_weight):
    """Return a copy of the scaler, updated with X."""
    if not sparse.issparse(X):
        return updated_scaler(scaler, X, sample_weight)
    # Its with_mean only allows sparse X: both mean and variance are always computed.
    after = deepcopy(scaler) if scaler else StandardScaler(with_mean=False)
    return after.partial_fit(X, sample_weight=sample_weight)


def _is_lost_in_rounding(mean, variance, n_rows):
    """Return for each column whether its deviation is lost in the error of its mean.

    The relative error of a sum of n numbers of one size is at most n eps. A column
    whose sum overflows counts as well, because its values may be equal.
    """
    error = n_rows * np.finfo(np.float64).eps * np.abs(mean)
    deviation = np.sqrt(np.maximum(variance, 0))
    return ~np.isfinite(mean + variance) | (error > _NEGLIGIBLE * deviation)


def _without_needless_shifts(moments):
    """Undo the shift of columns that turned out to vary with later rows."""
    scaler, shift = moments
    n_rows = np.maximum(scaler.n_samples_seen_, 1)
    varies = ~_is_lost_in_rounding(scaler.mean_ + shift, scaler.var_, n_rows)
    scaler.mean_ = np.where(varies, scaler.mean_ + shift, scaler.mean_)
    return Moments(scaler, np.where(varies, 0.0, shift))


def _picked(X, columns):
    """Yield column indices, a dense table with these columns, and their indices in it.

    A sparse X is converted to dense a few columns at a time.
    """
    if not len(columns):
        return
    if not sparse.issparse(X):
        yield columns, X, columns
        return
    n_at_once = max(1, COLUMNS_AT_ONCE // X.shape[0])
    for start in range(0, len(columns), n_at_once):
        few = columns[start : start + n_at_once]
        yield few, X[:, few].toarray().astype(np.float64), None


def _columns_with_values(X, sample_weight):
    """Return for each column whether it has a value in a row of positive weight."""
    if not sparse.issparse(X):
        return ~np.isnan(first_values(X, sample_weight))
    counts = np.full(X.shape[0], True) if sample_weight is None else sample_weight > 0
    stored_nan = np.isnan(X.data).astype(np.int64)
    missing = type(X)((stored_nan, X.indices, X.indptr), shape=X.shape)
    return counts.astype(np.int64) @ missing < counts.sum()


_MOMENTS = ("mean_", "var_", "scale_", "n_samples_seen_")


def _replace(moments, others, columns):
    """Replace the moments of some columns, a mask, by those of `others`."""
    if not columns.any():
        return
    for name in _MOMENTS:
        mine, other = getattr(moments, name), getattr(others, name)
        setattr(moments, name, np.where(columns, other, mine))


def _put(scaler, part, columns):
    """Replace the moments of some columns by those of `part`.

    The number of rows is the same in both, up to the rounding of weights.
    """
    for name in ("mean_", "var_", "scale_"):
        getattr(scaler, name)[columns] = getattr(part, name)


def _of_columns(scaler, columns):
    """Return a scaler with the moments of some columns."""
    part = StandardScaler(with_mean=False)
    for name in _MOMENTS:
        whole = np.broadcast_to(getattr(scaler, name), scaler.mean_.shape)
        setattr(part, name, whole[columns])
    part.n_features_in_ = len(columns)
    return part


def robust_statistics(X, sample_weight):
    """Return median and scale of each column, two arrays of shape (n_features,)."""
    center, scale = np.empty((2, X.shape[1]))
    if sparse.issparse(X):
        columns = _sparse_columns(X, sample_weight)
    else:
        columns = ((j, x, sample_weight) for j, x in columns_in_memory(X))
    for j, x, s in columns:
        center[j], scale[j] = _median_and_scale(x, s)
    return center, scale


def _sparse_columns(X, sample_weight):
    """Yield the index of each column, its values and their weights."""
    s = np.ones(X.shape[0]) if sample_weight is None else sample_weight
    S = s.sum()
    X = X.tocsc()
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    for j in range(X.shape[1]):
        stored = slice(X.indptr[j], X.indptr[j + 1])
        rows = X.indices[stored]
        # All zeros that are not stored become one value with their total weight, unless
        # that is only the rounding error of the difference.
        rest = S - s[rows].sum()
        s_x = np.append(s[rows], rest if rest > 1e-12 * S else 0)
        yield j, np.append(X.data[stored], 0), s_x


def _median_and_scale(x, s):
    """Return median and scale of a column, which may be sorted in place."""
    counts = ~np.isnan(x) if s is None else ~np.isnan(x) & (s > 0)
    if not counts.all():
        x, s = x[counts], None if s is None else s[counts]
    if not x.size:
        return np.nan, np.nan
    eps = np.finfo(x.dtype).eps
    if s is None:
        x.sort()  # several times faster than argsort
        middle = averaged_at(x, *ranks(x.size, QUARTILES))
    else:
        order = np.argsort(x)
        # F is the distribution function at the sorted values.
        x, F = x[order], np.cumsum(s[order])
        F /= F[-1]
        middle = averaged_inverse(x, F, QUARTILES)
    q1, median, q3 = map(float, middle)  # Python floats overflow without a warning
    x_min, x_max = float(x[0]), float(x[-1])

    for low, high, width in (
        (q1, q3, q3 - q1),
        (x_min, x_max, 0.5 * x_max - 0.5 * x_min),
    ):
        # A difference below a few eps of the values' size is rounding noise.
        if width > 10 * eps * max(abs(low), abs(high)):
            return median, width
    return median, max(1.0, width)


def averaged_inverse(x, F, levels):
    """Return quantiles as float64, averaging the two sides of a step.

    F is the distribution function at the sorted values x.
    """
    below = np.searchsorted(F, levels - _TIE)
    above = np.searchsorted(F, levels + _TIE, side="right")
    return averaged_at(x, below, above)


# F has rounding errors: a step this close to a level is considered equal to it.
_TIE = 1e-10


def ranks(n, levels):
    """Return the ranks that `averaged_inverse` finds in F = [1 / n, 2 / n, …, 1]."""
    below, above = [], []
    for level in levels:
        near = max(0, int(level * n) - 2 - int(_TIE * n))
        F = np.arange(near + 1, min(n, near + 6 + 2 * int(_TIE * n)) + 1) / n
        below.append(near + np.searchsorted(F, level - _TIE))
        above.append(near + np.searchsorted(F, level + _TIE, side="right"))
    return below, above


def averaged_at(x, below, above):
    """Return the means of the values at pairs of ranks, as float64."""
    below, above = x[below].astype(np.float64), x[above]
    # Halving subnormal numbers would round, so equal values are not averaged.
    return np.where(below == above, below, 0.5 * below + 0.5 * above)
