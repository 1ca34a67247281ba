"""Mean and variance of dense columns in blocks, bit-identical to StandardScaler's.

StandardScaler makes several float64 copies of a table. Here, the same sums are computed
block by block. NumPy sums the rows of a row-major table one after the other, so
continuing from the sum of the previous block gives the same bits.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import StandardScaler

from skdnn.preprocessing.blocks import Columns, blocks_of, type_read
from skdnn.preprocessing.tables import refuse_overflow


class _Sums(NamedTuple):
    """The count and two sums of the values of each column, without NaN.

    `total` is the sum of x, `squares` that of (x - total / n_values)².
    """

    n_values: np.ndarray
    total: np.ndarray
    squares: np.ndarray


def updated_scaler(
    scaler: StandardScaler | None,
    X: np.ndarray,
    sample_weight: np.ndarray | None,
    columns: np.ndarray | None = None,
    shift: np.ndarray | None = None,
) -> StandardScaler:
    """Return the result of StandardScaler.partial_fit on a dense X.

    Parameters
    ----------
    scaler : StandardScaler or None
        The scaler to update, which is not changed; None before the first rows.
    X : ndarray of shape (n_samples, n_features)
        Numbers of any type; NaN is ignored.
    sample_weight : ndarray of shape (n_samples,) or None
        As in StandardScaler.
    columns : ndarray of int or None
        The columns of X to use, in ascending order; None means all.
    shift : ndarray of shape (len(columns),) or None
        Subtracted from these columns.
    """
    n = X.shape[1] if columns is None else len(columns)
    sums = _Sums(*np.empty((3, n)))
    start = 0
    for part in blocks_of(X, columns):
        here = slice(start, start + len(part.numbers))
        moved = None if shift is None else shift[here]
        for mine, new in zip(sums, _sums(X, part, sample_weight, moved), strict=True):
            mine[here] = new
        start = here.stop
    before = (0.0, 0.0, 0.0)
    if scaler is not None:
        before = (scaler.mean_, scaler.var_, scaler.n_samples_seen_)
    return scaler_of(_merged(*before, sums), n)


def scaler_of(moments: tuple, n_features: int) -> StandardScaler:
    """Return a StandardScaler with this mean, variance and number of rows."""
    mean, variance, count = moments
    after = StandardScaler(with_mean=False)
    after.mean_, after.var_ = mean, variance
    is_one = count.size and count.max() == count.min()
    after.n_samples_seen_ = count[0] if is_one else count
    # StandardScaler's bound: a variance below it is the rounding error of a constant.
    eps = np.finfo(np.float64).eps
    n = after.n_samples_seen_
    is_constant = variance <= n * eps * variance + (n * mean * eps) ** 2
    after.scale_ = np.sqrt(variance)
    after.scale_[is_constant] = 1.0
    after.n_features_in_ = n_features
    return after


def _merged(mean, variance, count, sums: _Sums):
    """Return mean, variance and count of all rows by the Youngs and Cramer update."""
    count = np.asarray(count, np.float64)
    total = mean * count
    after = count + sums.n_values
    squares = variance * count
    ratio = count / sums.n_values
    squares = squares + sums.squares + ratio / after * (total / ratio - sums.total) ** 2
    squares = np.where(count == 0, sums.squares, squares)
    return (total + sums.total) / after, squares / after, after


def _sums(X: np.ndarray, part: Columns, sample_weight, shift) -> _Sums:
    # Like StandardScaler, which converts weights to the type of X.
    s = None
    if sample_weight is not None:
        kind = type_read(X) if shift is None else np.float64
        s = sample_weight.astype(kind).astype(np.float64)
    count: Any = None
    total: Any = None
    for rows in part.rows:
        x, is_nan = _read(X, part, rows, shift)
        s_x = None if s is None else s[rows]
        total = _added(total, x, s_x, part.in_order)
        if s_x is None:
            n_values = len(x) - is_nan.sum(axis=0, dtype=np.float64)
        else:
            n_values = (s_x[:, np.newaxis] * ~is_nan).sum(axis=0)
        count = n_values if count is None else count + n_values
    mean = total / count
    correction: Any = None
    squares: Any = None
    for rows in part.rows:
        x, is_nan = _read(X, part, rows, shift)
        s_x = None if s is None else s[rows]
        x = x - mean
        x[is_nan] = 0
        correction = _added(correction, x, s_x, part.in_order)
        squares = _added(squares, x**2, s_x, part.in_order)
    return _Sums(count, total, squares - correction**2 / count)


def _read(
    X: np.ndarray, part: Columns, rows: slice, shift: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a block, with 0 for NaN, and the mask of NaN."""
    x: Any = part.of(X, rows).astype(type_read(X), copy=False)
    if shift is not None:
        x = x.astype(np.float64) - shift
        overflows = np.isinf(x).any(axis=0)
        if overflows.any():
            refuse_overflow(part.numbers[overflows][0], "range")
    is_nan = np.isnan(x)
    return np.where(is_nan, 0, x), is_nan


def _added(before, x: np.ndarray, s, in_order: bool) -> np.ndarray:
    """Return the sum over rows, continued from that of the previous rows."""
    if s is not None:
        here = s @ x.astype(np.float64, copy=False)
        return here if before is None else before + here
    if before is not None and in_order:
        return np.concatenate([before[np.newaxis], x]).sum(axis=0)
    here = x.sum(axis=0, dtype=np.float64)
    return here if before is None else before + here


def first_values(
    X: np.ndarray, sample_weight: np.ndarray | None, columns: np.ndarray | None = None
) -> np.ndarray:
    """Return each column's first number in a row of positive weight, NaN if none."""
    n = X.shape[1] if columns is None else len(columns)
    found, start = np.full(n, np.nan), 0
    for part in blocks_of(X, columns):
        here = found[start : start + len(part.numbers)]  # a view
        start += len(part.numbers)
        for rows in part.rows:
            if not np.isnan(here).any():
                break
            x = part.of(X, rows).astype(np.float64)
            counts = ~np.isnan(x)
            if sample_weight is not None:
                counts &= (sample_weight[rows] > 0)[:, np.newaxis]
            first = x[counts.argmax(axis=0), range(len(here))]
            is_new = np.isnan(here) & counts.any(axis=0)
            here[is_new] = first[is_new]
    return found
