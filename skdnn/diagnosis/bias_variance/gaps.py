r"""Errors on the parts of the data, the gaps between them, and their intervals.

The error of a part is the mean of an error per row. Its interval is Wilson's for a
share of rows and Student's t for any other mean. A gap is the difference of the errors
of two parts. If their rows are independent, the two intervals :math:`[l_1, u_1]` and
:math:`[l_2, u_2]` combine to

.. math::

    (p_2 - p_1) - \sqrt{(p_2 - l_2)^2 + (u_1 - p_1)^2}
    \quad \text{to} \quad
    (p_2 - p_1) + \sqrt{(u_2 - p_2)^2 + (p_1 - l_1)^2} .

With Wilson's intervals this is Newcombe's hybrid score interval: R. Newcombe, "Interval
estimation for the difference between independent proportions", Statistics in Medicine
17, 1998, method 10. For any others: G. Zou and A. Donner, "Construction of confidence
limits about effect measures", Statistics in Medicine 27, 2008.

Out-of-fold errors are measured on the training rows themselves, so the two errors are
paired. With the correlation r of the two means, :math:`2 r a b` is subtracted from each
sum of squares :math:`a^2 + b^2` (R. Newcombe, "Improved confidence intervals for the
difference between binomial proportions based on paired data", the same volume).

Rows needed: if the errors stay the same, the interval tells a gap g from its threshold
T with a power of 80 % once

.. math::

    |g - T| \ge \sqrt{w_1^2 + z_{1 - \alpha/2}^2 \frac{v_T}{n}}
        + z_{0.8} \sqrt{\frac{v_1}{n_1} + \frac{v_2}{n}} ,

where v is the variance of the error of one row (p (1 - p) for a share), :math:`v_T`
that of the second part if the gap were T, as in the score test that Wilson's interval
inverts, and :math:`w_1` the width of the first part's interval on the side of T. If the
first part has too few rows, no n is enough. With paired rows the first part grows with
the second, and the variance is that of the difference.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

# The part of a cross-validated estimator in which each row is predicted by networks
# that were not trained on it.
OUT_OF_FOLD = "out-of-fold"
# Probability with which "rows needed" are enough, if the errors stay the same.
POWER = 0.8
# A gap that would need more rows is taken to lie on its threshold.
_MANY_ROWS = 1e12
# Differences of decimals, such as 0.05 - 0.03, have a rounding error.
_ROUNDING = 1e-12

Interval = tuple[float, float]


class PartError(NamedTuple):
    """The error on one part of the data."""

    name: str  # "Bayes", "train", "train-dev", "dev" or "out-of-fold", "test"
    error: float
    n_rows: int | None = None
    interval: Interval | None = None
    row_variance: float | None = None  # of the error of one row; None for a share
    # Between this error and that of the part before, if both have the same rows; None
    # if their rows differ.
    correlation: float | None = None

    def row_variance_at(self, error: float) -> float:
        """Return the variance of the error of one row, if the mean error were this."""
        if self.row_variance is not None:
            return self.row_variance
        # A share plus a threshold may exceed 1.
        return max(0.0, error * (1 - error))


class Gap(NamedTuple):
    """The error of one part minus that of the part before it."""

    name: str  # the attribute of the report
    size: float
    threshold: float
    before: PartError
    after: PartError
    interval: Interval | None = None
    rows_needed: int | None = None  # of `after`; None if decided or impossible

    @property
    def is_high(self) -> bool | None:
        """Whether the gap exceeds its threshold; None if it is undecided."""
        low, high = self.interval or (self.size, self.size)
        if low > self.threshold + _ROUNDING:
            return True
        return False if high <= self.threshold + _ROUNDING else None

    @property
    def verdict(self) -> str:
        """Return "high", "low" or "cannot tell"."""
        return {True: "high", False: "low", None: "cannot tell"}[self.is_high]


def share_of_rows(name, error, n_rows, confidence):
    """Return the error of a part whose rows are classified right or wrong."""
    if n_rows is None:
        return PartError(name, error)
    return PartError(name, error, n_rows, wilson_interval(error, n_rows, confidence))


def mean_over_rows(name, row_errors, confidence):
    """Return the error of a part whose rows have real-valued errors."""
    n_rows, error = len(row_errors), float(row_errors.mean())
    if n_rows < 2:
        return PartError(name, error, n_rows)
    row_variance = float(row_errors.var(ddof=1))
    quantile = float(special.stdtrit(n_rows - 1, 0.5 + confidence / 2))
    width = quantile * math.sqrt(row_variance / n_rows)
    return PartError(
        name, error, n_rows, (max(0.0, error - width), error + width), row_variance
    )


def correlation_of_means(before, after, is_in_both) -> float:
    """Return the correlation of two mean errors over partly identical rows.

    Parameters
    ----------
    before : ndarray of shape (n_rows,)
        Errors of the rows of the first part.
    after : ndarray of shape (n_rows_in_both,)
        Errors of the rows of the second part, a subset of those of the first.
    is_in_both : ndarray of bool, of shape (n_rows,)
        Mask of that subset.
    """
    x, y = (np.asarray(e, np.float64) for e in (before[is_in_both], after))
    scale = x.std() * y.std()
    if scale == 0:
        return 0.0
    of_rows = np.mean((x - x.mean()) * (y - y.mean())) / scale
    return float(of_rows * math.sqrt(len(after) / len(before)))


def wilson_interval(share, n_rows, confidence):
    """Return Wilson's interval for a share, which need not be a count over n_rows.

    E. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.
    """
    z = _normal_quantile(0.5 + confidence / 2)
    centre = share + z**2 / (2 * n_rows)
    width = z * math.sqrt(share * (1 - share) / n_rows + (z / (2 * n_rows)) ** 2)
    scale = 1 + z**2 / n_rows
    # Exactly 0 and 1 at the ends, where rounding could leave -1e-17.
    low = 0.0 if share == 0 else (centre - width) / scale
    return low, 1.0 if share == 1 else (centre + width) / scale


def gap_between(name, before, after, threshold, confidence):
    """Return the gap between two parts; the Bayes error is taken as exact."""
    size = after.error - before.error
    gap = Gap(name, size, threshold, before, after)
    is_exact = before.name == "Bayes"
    if after.interval is None or (before.interval is None and not is_exact):
        return gap
    gap = gap._replace(interval=_interval_of_difference(before, after))
    if gap.is_high is not None:
        return gap
    return gap._replace(rows_needed=_rows_needed(gap, confidence))


def _interval_of_difference(before, after):
    size, r = after.error - before.error, after.correlation or 0.0
    low_1, high_1 = before.interval or (before.error, before.error)
    low_2, high_2 = after.interval
    below = _combined(after.error - low_2, high_1 - before.error, r)
    above = _combined(high_2 - after.error, before.error - low_1, r)
    return size - below, size + above


def _combined(a, b, r):
    """Return the half-width of a difference from the half-widths of its terms."""
    return math.sqrt(max(0.0, a**2 + b**2 - 2 * r * a * b))


def _rows_needed(gap, confidence):
    """Return the rows of the later part needed to decide, None if none suffice."""
    before, after, distance = gap.before, gap.after, abs(gap.size - gap.threshold)
    z_interval = _normal_quantile(0.5 + confidence / 2)
    z_power = _normal_quantile(POWER)
    v_1 = before.row_variance_at(before.error) / before.n_rows if before.n_rows else 0.0
    low, high = before.interval or (before.error, before.error)
    r = after.correlation
    w_1 = high - before.error if gap.size > gap.threshold else before.error - low
    v_T = after.row_variance_at(before.error + gap.threshold)
    v_2 = after.row_variance_at(after.error)
    if r is not None:  # paired: the first part grows with the second
        share, v_1, w_1 = v_1 * after.n_rows, 0.0, 0.0
        v_T, v_2 = (v + share - 2 * r * math.sqrt(v * share) for v in (v_T, v_2))

    def missing(n_rows):
        width = math.hypot(w_1, z_interval * math.sqrt(v_T / n_rows))
        return width + z_power * math.sqrt(v_1 + v_2 / n_rows) - distance

    if missing(_MANY_ROWS) >= 0:
        return None
    too_few = after.n_rows
    if missing(too_few) <= 0:
        return too_few + 1
    return math.ceil(optimize.brentq(missing, too_few, _MANY_ROWS))


def _normal_quantile(probability):
    return float(special.ndtri(probability))
