"""InputStandardizer: inputs of mean 0 and standard deviation 1."""

from functools import partial
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.sparsefuncs import inplace_column_scale
from sklearn.utils.validation import check_is_fitted, validate_data

from skdnn._estimator import SkdnnEstimator
from skdnn._sklearn import with_callbacks
from skdnn.preprocessing.blocks import ROWS_AT_ONCE, validated_by_blocks
from skdnn.preprocessing.chunk_fits import ChunkStatistics, process_chunks
from skdnn.preprocessing.column_statistics import (
    Moments,
    robust_statistics,
    update_moments,
)
from skdnn.preprocessing.fitting import (
    callback_fit_task,
    check_bools,
    check_choices,
    refuse_parameter,
    restored_on_error,
)
from skdnn.preprocessing.smooth_clipping import clip_smoothly, unclip_smoothly
from skdnn.preprocessing.tables import (
    checked_table,
    checked_weights,
    refuse_overflow,
)
from skdnn.streams import BatchSource

METHODS = ("standard", "robust")
INPUT = {
    "accept_sparse": ("csr", "csc"),
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": "allow-nan",
}
FITTED = ("mean_", "var_", "center_", "scale_", "n_samples_seen_")
# The running state of partial_fit (see `Moments`), as types that files can hold.
RUNNING = ("_moments", "_shift", "_rest_of_mean")


def _has_running_moments(estimator):
    """Return whether `partial_fit` exists: only moments can be updated in batches."""
    if estimator.method == "robust":
        raise AttributeError(
            "partial_fit needs method='standard', got method='robust': medians and "
            "quartiles cannot be updated in batches."
        )
    return True


class InputStandardizer(
    CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, SkdnnEstimator
):
    r"""Standardise each column with the mean and standard deviation of training rows.

    .. math::

        x := \frac{x - \mu}{\sigma},
        \qquad \mu = \frac{1}{S} \sum_{i=1}^{m} s_i x_i,
        \qquad \sigma^2 = \frac{1}{S} \sum_{i=1}^{m} s_i (x_i - \mu)^2,
        \qquad S = \sum_{i=1}^{m} s_i,

    for each column, with weights :math:`s_i`, which are 1 without `sample_weight`. Fit
    on the training rows and apply the same :math:`\mu` and :math:`\sigma` to dev, test
    and production rows. With ``method="robust"``, :math:`\mu` is the median and
    :math:`\sigma` the interquartile range.

    With ``smooth_clip=c``, the standardised values are then squashed smoothly into
    :math:`(-c, c)`:

    .. math::

        z := \frac{x}{\sqrt{1 + (x / c)^2}},
        \qquad x = \frac{z}{\sqrt{1 - (z / c)^2}}.

    Parameters
    ----------
    method : {"standard", "robust"}, default="standard"
        "standard" uses the mean and the standard deviation, like
        :class:`~sklearn.preprocessing.StandardScaler`. "robust" uses the median and the
        interquartile range, which are robust to outliers.

    with_mean : bool, default=True
        Whether to subtract the mean (or median). Sparse `X` needs ``with_mean=False``,
        because centring would make it dense.

    with_std : bool, default=True
        Whether to divide by the standard deviation (or interquartile range).

    smooth_clip : float or None, default=None
        The bound c > 0 of smooth clipping, in units of the scaled inputs. None disables
        clipping. RealMLP [1]_ uses 3 with ``method="robust"``.

    copy : bool, default=True
        If False, `transform` and `inverse_transform` work in place where possible, that
        is, if `X` is a float array or a float sparse matrix.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of each column, in its units. Only with ``method="standard"``.

    var_ : ndarray of shape (n_features,)
        Variance of each column (ddof = 0). Only with ``method="standard"``.

    n_samples_seen_ : int, float or ndarray of shape (n_features,)
        Number of rows seen, or the sum of their weights; an array if columns have
        different numbers of missing values. Only with ``method="standard"``.

    center_ : ndarray of shape (n_features,) or None
        Median of each column; None if ``with_mean=False``. Only with
        ``method="robust"``.

    scale_ : ndarray of shape (n_features,) or None
        Divisor of each column, which is 1 for constant columns (see Notes); None if
        ``with_std=False``.

    n_features_in_ : int
        Number of columns seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names seen in `fit`, defined only if they are all strings.

    See Also
    --------
    PiecewiseLinearEncoder : Adds piecewise linear components to standardised columns.
    sklearn.preprocessing.StandardScaler : Mean and standard deviation only.
    sklearn.preprocessing.RobustScaler : Median and quantile range, without weights.

    Notes
    -----
    NaN is treated as a missing value: it is ignored in `fit` and kept in `transform`. A
    column with only NaN stays NaN. float32 is preserved; all other types become
    float64.

    A constant column becomes exactly 0, however large its value is. If the spread of a
    column is tiny relative to its mean, as for timestamps, its statistics are computed
    from differences to one of its values, which are exact. A spread below 10 eps of the
    mean is considered rounding noise. Such a column is divided by 1, or by its spread
    if that is greater than 1, so that noise is never amplified.

    `fit` reads a dense table in blocks and makes no copy of it, so a memory-mapped file
    may be larger than memory. Mean and standard deviation are bit-identical to those of
    `StandardScaler`, except for rounding differences with weights, and for columns of
    more than four million rows in an array in column-major order. Medians are computed
    column by column, with one column at a time in memory. `transform` returns an array
    as large as `X`; pass a `BatchSource` for more rows than fit in memory.

    For a `BatchSource` with up to 65 536 rows, the median and the quartiles are exact.
    For a longer one they are those of a random sample of 32 000 to 65 536 rows, which
    is the same in each fit. At one standard error, the sample's quartile of level 0.25
    has a level between 0.2476 and 0.2524 among all rows, and its median a level between
    0.497 and 0.503.

    Quartiles invert the weighted distribution function and average the two sides of a
    step (definition 2 of [2]_, ``method="averaged_inverted_cdf"`` of
    :func:`numpy.quantile`). This is the usual definition under which a weight is
    equivalent to repeating a row and only ratios of weights matter. `RobustScaler`
    interpolates (definition 7): its medians are the same, and its quartiles differ by
    less than the distance between neighbouring values, or not at all for 4k + 1 rows.

    If the interquartile range of a column is 0 (for example, if most values are 0), it
    is replaced by half of the range from minimum to maximum, as in RealMLP [1]_. If
    that is 0 too, the column is constant and its scale is 1, as in `StandardScaler`
    (unlike in RealMLP).

    With `smooth_clip`, the relative rounding error of the inverse grows as
    :math:`1 + (x/c)^2`: extreme outliers are recovered with fewer digits. Values
    :math:`|z| \ge c`, which can result from rounding or come from a network, have no
    finite inverse; `inverse_transform` treats them as the largest value below c, which
    gives about 7e7 c for float64 and 3e3 c for float32.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024,
       arXiv:2407.04491 ("robust scale and smooth clip").
    .. [2] R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The
       American Statistician 50 (1996) 361-365.

    Examples
    --------
    >>> from skdnn.preprocessing import InputStandardizer
    >>> X_train = [[0.0, 10.0], [0.0, 10.0], [2.0, 30.0], [2.0, 30.0]]
    >>> standardizer = InputStandardizer().fit(X_train)
    >>> standardizer.mean_, standardizer.scale_
    (array([ 1., 20.]), array([ 1., 10.]))
    >>> standardizer.transform([[3.0, 20.0]])
    array([[2., 0.]])
    """

    def __init__(
        self,
        method: str = "standard",
        *,
        with_mean: bool = True,
        with_std: bool = True,
        smooth_clip: float | None = None,
        copy: bool = True,
    ) -> None:
        self.method = method
        self.with_mean = with_mean
        self.with_std = with_std
        self.smooth_clip = smooth_clip
        self.copy = copy

    @with_callbacks
    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Compute the location and scale of each column.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training rows. Or a `BatchSource`, whose chunks are read once, with
            their weights, if any; ``method="robust"`` then takes medians and quartiles
            from a sample of its rows (see Notes).

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows. A weight of 2 is equivalent to repeating the row.

        Returns
        -------
        self : InputStandardizer
            The fitted transformer.

        Raises
        ------
        ValueError, TypeError
            If a parameter, `X` or `sample_weight` is invalid (duplicate column names,
            dates, text, complex numbers, values whose variance overflows, …), or if `X`
            is sparse and ``with_mean=True``. An earlier fit is then kept.
        """
        self._check_parameters()
        with callback_fit_task(self, X, y, sample_weight), restored_on_error(self):
            if isinstance(X, BatchSource):
                return self._fit_chunks(X, sample_weight)
            X, sample_weight = self._check_training(X, sample_weight, reset=True)
            if self.method == "standard":
                self._store_moments(update_moments(None, X, sample_weight))
            else:
                self._store_quartiles(X, sample_weight)
        return self

    def _fit_chunks(self, source, sample_weight):
        is_robust = self.method == "robust"
        found = ChunkStatistics(moments=not is_robust, sample=is_robust)
        process_chunks(source, sample_weight, self._checked_rows, found.add)
        if is_robust:
            X, _, s = found.rows
            self._store_quartiles(X, s)
        else:
            self._store_moments(found.moments)
        return self

    def _checked_rows(self, X, y, reset):
        X = validated_by_blocks(self, X, allow_nan=True, reset=reset)
        self._refuse_sparse_centring(X)
        return X, None

    def _store_quartiles(self, X, sample_weight):
        center, scale = robust_statistics(X, sample_weight)
        if np.isinf(scale).any():
            refuse_overflow(np.isinf(scale).argmax(), "interquartile range")
        self._store(
            center_=center if self.with_mean else None,
            scale_=scale if self.with_std else None,
        )

    @available_if(_has_running_moments)
    def partial_fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Update the mean and variance with a batch of training rows.

        Calls with several batches give the same statistics as one `fit` on all rows, up
        to rounding. Only with ``method="standard"``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A batch of training rows.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows. None means a weight of 1 for each row, even if
            earlier batches had weights.

        Returns
        -------
        self : InputStandardizer
            The fitted transformer.

        Raises
        ------
        AttributeError
            If ``method="robust"``.
        ValueError, TypeError
            As in `fit`. The statistics are then unchanged.
        """
        self._check_parameters()
        with restored_on_error(self):
            moments = None
            if hasattr(self, "_moments"):
                moments = Moments(self._moments, self._shift)
            X, sample_weight = self._check_training(
                X, sample_weight, reset=moments is None
            )
            self._store_moments(update_moments(moments, X, sample_weight))
        return self

    def transform(self, X: Any, copy: bool | None = None) -> Any:
        """Centre and scale rows and, with `smooth_clip`, clip them smoothly.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows in the units of the training rows. Or a `BatchSource`.

        copy : bool or None, default=None
            Overrides the parameter `copy` for this call. Ignored for a `BatchSource`,
            whose chunks are always copied.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The standardised rows. For a `BatchSource`, a new `BatchSource` that
            standardises each chunk when it is read.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError, TypeError
            If `X` is invalid or has other columns than in `fit`.
        """
        check_is_fitted(self, "scale_")
        copy = self._checked_copy(copy)
        if isinstance(X, BatchSource):
            return X.map(partial(self.transform, copy=True))
        X = self._validated(X, reset=False, copy=copy, force_writeable=True)
        if sparse.issparse(X):
            if self.scale_ is not None:
                inplace_column_scale(X, 1 / self.scale_)
        else:
            # In place, with mean and scale in float64: NumPy computes in float64
            # buffers, so a float32 column with a large mean loses no further digits.
            if (location := self._location()) is not None:
                X -= location
                self._add_rest_of_mean(X, -1)
            if self.scale_ is not None:
                X /= self.scale_
        if self.smooth_clip is not None:
            values = X.data[:, np.newaxis] if sparse.issparse(X) else X
            step = max(1, ROWS_AT_ONCE // max(1, values.shape[1]))
            for start in range(0, values.shape[0], step):  # it makes temporary copies
                clip_smoothly(values[start : start + step], self.smooth_clip)
        return X

    def inverse_transform(self, X: Any, copy: bool | None = None) -> Any:
        """Convert standardised rows back to the original units.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Standardised rows. With `smooth_clip`, values at or beyond ±c are treated as
            the largest value below c (see the Notes of the class).

        copy : bool or None, default=None
            Overrides the parameter `copy` for this call.

        Returns
        -------
        X_original : {ndarray, sparse matrix} of shape (n_samples, n_features)
            Rows in the units of the training rows.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError, TypeError
            If `X` is invalid or has another number of columns than in `fit`.
        """
        check_is_fitted(self, "scale_")
        copy = self._checked_copy(copy)
        X = checked_table(X)
        # Not validate_data, which would warn that an array from transform has no
        # feature names.
        with np.errstate(invalid="ignore"):
            X = check_array(
                X,
                copy=copy,
                force_writeable=True,
                estimator=self,
                input_name="X",
                **INPUT,
            )
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        self._refuse_sparse_centring(X)
        if self.smooth_clip is not None:
            unclip_smoothly(X.data if sparse.issparse(X) else X, self.smooth_clip)
        if sparse.issparse(X):
            if self.scale_ is not None:
                inplace_column_scale(X, self.scale_)
        else:
            if self.scale_ is not None:
                X *= self.scale_
            if (location := self._location()) is not None:
                self._add_rest_of_mean(X, 1)
                X += location
        return X

    def __sklearn_tags__(self):
        """Tell scikit-learn which inputs are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = not self.with_mean
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_parameters(self):
        check_choices(self, method=METHODS)
        check_bools(self, "with_mean", "with_std", "copy")
        c: Any = self.smooth_clip
        # True is an int, but nobody means c = 1 by it.
        if c is not None and (
            isinstance(c, bool | np.bool_)
            or not isinstance(c, Real)
            or not 0 < float(c) < np.inf
        ):
            refuse_parameter(
                self, "smooth_clip", "None or a finite float greater than 0"
            )

    def _checked_copy(self, copy):
        if copy is not None and not isinstance(copy, bool | np.bool_):
            raise ValueError(f"copy must be a bool or None. Got {copy!r} instead.")
        return self.copy if copy is None else copy

    def _check_training(self, X, sample_weight, reset):
        X, _ = self._checked_rows(X, None, reset)
        return X, checked_weights(sample_weight, X.shape[0])

    def _validated(self, X, **options):
        X = checked_table(X)
        # inf - inf, in scikit-learn's check for infinite values.
        with np.errstate(invalid="ignore"):
            X = validate_data(self, X, **options, **INPUT)
        self._refuse_sparse_centring(X)
        return X

    def _refuse_sparse_centring(self, X):
        if self.with_mean and sparse.issparse(X):
            raise ValueError(
                "with_mean=True cannot be used with sparse X, because centring would "
                "make it dense: set with_mean=False to scale without centring, or "
                "convert X with toarray()."
            )

    def _location(self):
        if not self.with_mean:
            return None
        return self.center_ if hasattr(self, "center_") else self.mean_

    def _add_rest_of_mean(self, X, sign):
        """Add the rounding error of `mean_`, times `sign`, to X."""
        rest = getattr(self, "_rest_of_mean", None)
        if rest is not None and (columns := np.flatnonzero(rest)).size:
            X[:, columns] += sign * rest[columns]

    def _store_moments(self, moments):
        mean, rest = moments.mean
        self._store(
            mean_=mean,
            var_=moments.variance,
            scale_=moments.scale if self.with_std else None,
            n_samples_seen_=moments.scaler.n_samples_seen_,
            _moments=moments.scaler,
            _shift=moments.shift,
            _rest_of_mean=rest,
        )

    def _store(self, **fitted):
        # Remove the attributes of an earlier fit with the other method.
        for name in FITTED + RUNNING:
            self.__dict__.pop(name, None)
        self.__dict__.update(fitted)
