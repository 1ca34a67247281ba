"""Detect inputs and targets on a scale at which a network learns badly.

Of a large table only some thousands of entries are checked: a scale that is off by a
factor of ten or more shows in any part of it. For how the thresholds were measured, and
how often they are wrong, see docs/design/0012-input-checks.md.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse

from skdnn.estimators.reporting import warn_once_per_search
from skdnn.estimators.rows import Rows
from skdnn.network.losses import LOSSES

# Bounds on the number of rows to check, and on that of entries in a wide table.
_MAX_ROWS, _MIN_ROWS, _MAX_ENTRIES = 2048, 256, 2**18
# With fewer rows, only huge columns are reported: everything else may be chance.
_ENOUGH_ROWS = 10
# A column is huge above this root mean square. Digits have 13, ages 40, pixels 100.
_HUGE = 30.0
# All columns are tiny if the root mean squares of their nonzero entries are below this.
_TINY = 0.01
# Ratio of the largest column to the nonzero entries of the smallest.
_UNEVEN = 1000.0
# Targets with a smaller standard deviation, or with a larger ratio of mean to it.
_TINY_TARGETS, _OFF_CENTRE = 0.03, 10.0
_IQR = 1.349  # of the standard normal distribution
# Half of one part lies this many standard deviations of the other off its mean, and
# beyond its range: in one column, or in more than half of them. Within a table that is
# never more than 1.5 (Chebyshev), in small samples 4.
_FAR_OFF, _OFF = 10.0, 3.0
# Number of rows to compare, least number of dev rows, and the least number for which a
# standard deviation or a median is computed.
_COMPARED_ROWS, _MIN_DEV_ROWS, _ENOUGH_TO_MEASURE = 200, 5, 30
# Ratio of the typical entries of sparse rows.
_OFF_SPARSE = 5.0


class DataScaleWarning(UserWarning):
    """Warning that inputs or targets are on a scale at which a network learns badly.

    It is issued by `fit` and by the first `partial_fit`. The message names the array,
    what was measured, and the remedy. It ends with a code, which is the heading of a
    section on the page "Troubleshooting" of the user guide.

    See Also
    --------
    InputStandardizer : Standardises the inputs.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_wine
    >>> from skdnn import DataScaleWarning, MLPRegularizedClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> net = MLPRegularizedClassifier(max_iter=500)
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     _ = net.fit(X, y)
    >>> [warning.category.__name__ for warning in told][0]
    'DataScaleWarning'
    """


class InputFinding(NamedTuple):
    """A property of the inputs or targets that makes training worse."""

    code: str
    figure: float  # the number that was compared with the threshold
    text: str
    cure: str

    @property
    def message(self) -> str:
        """The finding and its remedy."""
        return f"{self.text} {self.cure}"


class Arrays(NamedTuple):
    """Names of arrays and model in messages."""

    X: str = "X"
    y: str = "y"
    dev: str = "X_val"
    model: str = "net"


_ARRAYS_OF_FIT = Arrays()


def warn_of_inputs(estimator, rows: Rows, dev: Rows | None) -> None:
    """Warn of each finding about the rows of a fit."""
    for finding in scale_findings(estimator, rows, dev):
        warn_once_per_search(finding.message, DataScaleWarning, finding.code)


def scale_findings(
    estimator, rows: Rows, dev: Rows | None = None, arrays: Arrays | None = None
) -> list[InputFinding]:
    """Return the findings about the rows of a fit.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Has the names of the columns, and the loss.
    rows, dev : Rows
        The validated training rows, and the caller's dev rows if there are any.
    arrays : Arrays, optional
        Names for the messages.
    """
    return check_scales(
        rows,
        dev,
        loss=_loss_on_raw_targets(estimator),
        names=getattr(estimator, "feature_names_in_", ()),
        arrays=arrays or Arrays(model=f"{type(estimator).__name__}(...)"),
    )


def _loss_on_raw_targets(estimator) -> str:
    is_on_raw = not getattr(estimator, "normalize_y", True)
    return estimator.loss if is_on_raw else ""


def check_scales(
    rows: Rows,
    dev: Rows | None = None,
    *,
    loss: str = "",
    names: Sequence[str] = (),
    arrays: Arrays = _ARRAYS_OF_FIT,
) -> list[InputFinding]:
    """Return the findings about the scale of rows.

    Parameters
    ----------
    rows : Rows
        Training rows, dense or sparse, in memory or on disk. Rows of weight 0 are
        ignored.
    dev : Rows, optional
        Rows that should be on the same scale.
    loss : str, optional
        Loss of a regressor that does not standardise its targets, which need unit scale
        with "squared_error" and "huber".
    names : sequence of str, optional
        Names of the columns.
    arrays : Arrays, optional
        Names of the arrays.

    Returns
    -------
    list of InputFinding
        "equal_rows" or "scale_of_columns", "scale_of_dev_columns", "scale_of_targets".
    """
    where = _spread(rows, _n_rows_to_check(rows.X))
    X = _picked(rows, where)
    # Squares may overflow to infinity, which is huge.
    with np.errstate(over="ignore", invalid="ignore"):
        found = [_equal_rows(X, arrays) or _scale_of_columns(X, names, arrays)]
        if dev is not None:
            found.append(_scale_of_dev_columns(X, dev, names, arrays))
        if loss and LOSSES[loss].depends_on_residual:
            found.append(_scale_of_targets(rows.y[where], loss, arrays))
    return [finding for finding in found if finding is not None]


# -- which rows ------------------------------------------------------------------------


def _n_rows_to_check(X) -> int:
    per_row = X.nnz / X.shape[0] if sparse.issparse(X) else X.shape[1]
    return min(_MAX_ROWS, max(_MIN_ROWS, int(_MAX_ENTRIES / max(per_row, 1))))


def _spread(rows: Rows, most: int) -> np.ndarray:
    """Return at most `most` positions, evenly spread, of rows of positive weight."""
    weight = rows.sample_weight
    n_rows = rows.X.shape[0] if rows.numbers is None else len(rows.numbers)
    counting = None if weight is None else np.flatnonzero(weight > 0)
    n = n_rows if counting is None else counting.size
    where = np.arange(n) if n <= most else np.arange(most) * n // most
    return where if counting is None else counting[where]


def _picked(rows: Rows, where: np.ndarray):
    """Return the rows of X at these positions in float64, dense or sparse."""
    numbers = where if rows.numbers is None else rows.numbers[where]
    if not sparse.issparse(rows.X):
        return np.asarray(rows.X[numbers], dtype=np.float64)
    X = rows.X.tocsr()[numbers].astype(np.float64)
    X.sum_duplicates()
    X.eliminate_zeros()
    return X


# -- the findings ----------------------------------------------------------------------


def _equal_rows(X, arrays: Arrays) -> InputFinding | None:
    n_rows = X.shape[0]
    if n_rows < _ENOUGH_ROWS or _differ(X[[0]], X[[n_rows - 1]]):
        return None
    if _differ(X[[0] * n_rows], X):
        return None
    return InputFinding(
        "equal_rows",
        float(n_rows),
        f"All {n_rows} rows of {arrays.X} that were checked are equal.",
        "Check how the columns were selected and scaled; in "
        f"make_pipeline(VarianceThreshold(), {arrays.model}) none would be left.",
    )


def _differ(A, B) -> bool:
    return bool((A != B).nnz) if sparse.issparse(A) else bool(np.any(A != B))


def _scale_of_columns(X, names, arrays: Arrays) -> InputFinding | None:
    squares = _sums_of_squares(X)
    size = np.sqrt(squares / X.shape[0])
    large = int(np.argmax(size))
    with_mean = "with_mean=False" if sparse.issparse(X) else ""
    cure = (
        "Standardise the columns: "
        f"make_pipeline(InputStandardizer({with_mean}), {arrays.model})."
    )
    if size[large] > _HUGE:
        n_huge = int(np.sum(size > _HUGE))
        text = (
            f"{arrays.X} is large: the root mean square of "
            f"{_column(large, names)} is {size[large]:.3g}, and above {_HUGE:g} in "
            f"{n_huge} of {size.size} columns."
        )
        return InputFinding("scale_of_columns", float(size[large]), text, cure)
    occurs = np.flatnonzero(size)
    if X.shape[0] < _ENOUGH_ROWS or not occurs.size:
        return None
    # Zeros do not count, for the sake of mostly-zero columns such as one-hot codes.
    entries = np.sqrt(squares[occurs] / _counts_of_nonzero(X)[occurs])
    if entries.max() < _TINY:
        text = (
            f"The entries of {arrays.X} are tiny: in no column is the root mean square "
            f"of the nonzero ones above {entries.max():.3g}."
        )
        return InputFinding("scale_of_columns", float(entries.max()), text, cure)
    small = int(np.argmin(entries))
    ratio = float(size[large] / entries[small])
    if ratio < _UNEVEN:
        return None
    text = (
        f"The columns of {arrays.X} differ greatly in scale: the root mean square "
        f"of {_column(large, names)} is {size[large]:.3g}, that of "
        f"{_column(occurs[small], names)} is {entries[small]:.3g}."
    )
    return InputFinding("scale_of_columns", ratio, text, cure)


def _scale_of_dev_columns(X, dev: Rows, names, arrays: Arrays) -> InputFinding | None:
    D = _picked(dev, _spread(dev, _COMPARED_ROWS))
    if X.shape[0] < _ENOUGH_ROWS or D.shape[0] < _MIN_DEV_ROWS:
        return None
    cure = "Give both in the same units, transformed by the same fitted steps."
    if arrays.dev == "X_val":
        cure = (
            "A Pipeline transforms X_val only on request: "
            'Pipeline(steps, transform_input=["X_val"]), with '
            "sklearn.set_config(enable_metadata_routing=True) and "
            f"{arrays.model}.set_fit_request(X_val=True, y_val=True)."
        )
    opening = f"{arrays.dev} is on another scale than {arrays.X}:"
    if sparse.issparse(X) or sparse.issparse(D):
        typical = _typical_entry(D), _typical_entry(X)
        ratio = max(typical) / min(typical) if all(typical) else 1.0
        if ratio < _OFF_SPARSE:
            return None
        text = (
            f"{opening} the typical nonzero entry is {typical[0]:.3g} there, and "
            f"{typical[1]:.3g} in {arrays.X}."
        )
        return InputFinding("scale_of_dev_columns", ratio, text, cure)
    some = X[np.arange(_COMPARED_ROWS) * len(X) // _COMPARED_ROWS]
    off = _standardised_distances(X, D)
    if len(D) >= _ENOUGH_TO_MEASURE:
        off = np.maximum(off, _standardised_distances(D, some))
    worst, n_off = int(np.argmax(off)), int(np.sum(off > _OFF))
    mostly = len(D) >= _ENOUGH_ROWS and n_off > off.size / 2
    if off[worst] < _FAR_OFF and not mostly:
        return None
    there, here = _mean_and_deviation(D[:, worst]), _mean_and_deviation(X[:, worst])
    text = (
        f"{opening} {_column(worst, names)} is {there} there (mean ± standard "
        f"deviation), and {here} in {arrays.X}; {n_off} of {off.size} columns are off."
    )
    return InputFinding("scale_of_dev_columns", float(off[worst]), text, cure)


def _scale_of_targets(y, loss: str, arrays: Arrays) -> InputFinding | None:
    y = y.toarray() if sparse.issparse(y) else y
    Y = y.astype(np.float64).reshape(len(y), -1)
    mean, deviation = Y.mean(axis=0), Y.std(axis=0)
    if LOSSES[loss].resists_outliers:
        low, mean, high = np.quantile(Y, [0.25, 0.5, 0.75], axis=0)
        deviation = np.where(high > low, (high - low) / _IQR, deviation)
    varies = deviation > 1e-9 * np.abs(Y).max(axis=0)
    size = np.hypot(mean, deviation)
    is_off = size > _HUGE
    if len(Y) >= _ENOUGH_ROWS:
        is_off |= deviation < _TINY_TARGETS
        is_off |= np.abs(mean) > _OFF_CENTRE * deviation
    off = np.flatnonzero(is_off & varies)
    if not off.size:
        return None
    worst = off[np.argmax(np.maximum(size[off], 1 / deviation[off]))]
    which = f" in column {worst}" if y.ndim == 2 else ""
    return InputFinding(
        "scale_of_targets",
        float(size[worst]),
        f"{arrays.y} is far from mean 0 and standard deviation 1, where the network "
        f"starts: its mean is {mean[worst]:.3g}, its standard deviation "
        f"{deviation[worst]:.3g}{which}.",
        "Set normalize_y=True.",
    )


# -- measuring -------------------------------------------------------------------------


def _sums_of_squares(X) -> np.ndarray:
    if sparse.issparse(X):
        return np.bincount(X.indices, np.square(X.data), minlength=X.shape[1])
    return np.einsum("ij,ij->j", X, X)


def _counts_of_nonzero(X) -> np.ndarray:
    if sparse.issparse(X):
        return np.bincount(X.indices, minlength=X.shape[1])
    return np.count_nonzero(X, axis=0)


def _standardised_distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return how far the median of B is from the mean of A, for each column.

    The unit is the standard deviation of A. The result is 0 if A is constant, or if the
    median is within its range: a category may be rare in one part and frequent in the
    other.
    """
    mean, deviation = A.mean(axis=0), A.std(axis=0)
    typical, low, high = np.median(B, axis=0), A.min(axis=0), A.max(axis=0)
    is_beyond = (typical < low) | (typical > high)
    varies = deviation > 1e-9 * np.maximum(np.abs(low), np.abs(high))
    off = np.abs(typical - mean)
    return np.divide(off, deviation, out=np.zeros_like(off), where=varies & is_beyond)


def _mean_and_deviation(x: np.ndarray) -> str:
    mean, deviation = x.mean(), x.std()
    return f"{0.0 if abs(mean) < 1e-6 * deviation else mean:.3g} ± {deviation:.3g}"


def _typical_entry(X) -> float:
    """Return the median of |x| over nonzero entries; 0 if there are few of them."""
    data = X.data if sparse.issparse(X) else X[X != 0]
    return float(np.median(np.abs(data))) if data.size >= _ENOUGH_TO_MEASURE else 0.0


def _column(number: int, names: Sequence[str]) -> str:
    """Return what to call a column: its number and, if it has one, its name."""
    name = f" ({names[number]!r})" if len(names) else ""
    return f"column {number}{name}"
