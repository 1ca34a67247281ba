"""Standardise the inputs: training mean to 0, training deviation to 1."""

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
# The state behind them, as plain types that files can hold: see `Moments`.
RUNNING = ("_moments", "_shift", "_rest_of_mean")


def _has_running_moments(estimator):
    """Return whether `partial_fit` exists: medians cannot be updated in pieces."""
    if estimator.method == "robust":
        raise AttributeError(
            "partial_fit needs method='standard', got method='robust': medians and "
            "quartiles cannot be updated piece by piece."
        )
    return True


class InputStandardizer(
    CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, SkdnnEstimator
):
    r"""Centre and scale each input column with statistics of the training rows.

    .. math::

        x := \frac{x - \mu}{\sigma},
        \qquad \mu = \frac{1}{S} \sum_{i=1}^{m} s_i x_i,
        \qquad \sigma^2 = \frac{1}{S} \sum_{i=1}^{m} s_i (x_i - \mu)^2,
        \qquad S = \sum_{i=1}^{m} s_i,

    column by column, with :math:`s_i = 1` without `sample_weight`. Fit on the
    training rows and apply the same :math:`\mu` and :math:`\sigma` to dev, test and
    production rows. With ``method="robust"``, :math:`\mu` is the median and
    :math:`\sigma` the interquartile range. With ``smooth_clip=c`` outliers are then
    pulled smoothly into :math:`(-c, c)`:

    .. math::

        z := \frac{x}{\sqrt{1 + (x / c)^2}},
        \qquad x = \frac{z}{\sqrt{1 - (z / c)^2}}.

    Parameters
    ----------
    method : {"standard", "robust"}, default="standard"
        "standard" is mean and standard deviation, as in
        :class:`~sklearn.preprocessing.StandardScaler`. "robust" is median and
        interquartile range, which a few outliers do not move.

    with_mean : bool, default=True
        Subtract the mean (the median). Sparse `X` needs ``with_mean=False``, since
        centred zeros would have to be stored.

    with_std : bool, default=True
        Divide by the standard deviation (the interquartile range).

    smooth_clip : float or None, default=None
        The bound c > 0 of the smooth clipping, in units of the scaled inputs.
        None clips nothing; RealMLP [1]_ uses 3 with ``method="robust"``.

    copy : bool, default=True
        If False, `transform` and `inverse_transform` write into `X` where they can
        (a float array or sparse matrix).

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of each column, in its units. Only with ``method="standard"``.

    var_ : ndarray of shape (n_features,)
        Variance of each column (ddof = 0). Only with ``method="standard"``.

    n_samples_seen_ : int, float or ndarray of shape (n_features,)
        Rows seen, or the sum of their weights; one number per column where values
        are missing. Only with ``method="standard"``.

    center_ : ndarray of shape (n_features,) or None
        Median of each column; None if ``with_mean=False``. Only with
        ``method="robust"``.

    scale_ : ndarray of shape (n_features,) or None
        What each column is divided by; 1 for a constant column (see Notes), None if
        ``with_std=False``.

    n_features_in_ : int
        Number of columns seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` had names that are all strings.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : Mean and standard deviation only.
    sklearn.preprocessing.RobustScaler : Median and quantile range, without weights.

    Notes
    -----
    NaN is a missing value: ignored in `fit`, kept in `transform`. A column that has
    only NaN becomes NaN. float32 stays float32, everything else becomes float64.

    A column whose values are all the same becomes exactly 0, however large they are.
    Columns that vary little beside their mean, such as timestamps, are scaled by
    their differences from one of their values, which are exact. A spread below 10 eps
    of the mean is taken for rounding noise; such a column is divided by 1, or by its
    spread where that is more than 1, so that noise is never blown up.

    `fit` reads a dense table by blocks and copies none of it: a memory map may be
    larger than memory. Mean and deviation have the bits of `StandardScaler`'s; they
    differ by rounding with weights, and for columns of more than four million rows in
    a table that is stored column by column. Medians are found column by column, each
    of which is held in memory. `transform` returns an array as large as `X`; for rows
    that are more than memory holds, give it a `BatchSource`.

    Of a `BatchSource` with up to 65 536 rows, median and quartiles are those of all
    rows. Of a longer one they are those of a random sample of 32 000 to 65 536 rows,
    the same in each fit: what is taken for the quartile of level 0.25 is, at one
    standard error, of a level between 0.2476 and 0.2524 of all rows, the median of one
    between 0.497 and 0.503.

    Quartiles invert the weighted distribution function and average the two sides of
    a step (definition 2 of [2]_, ``method="averaged_inverted_cdf"`` of
    :func:`numpy.quantile`). It is the usual definition under which a weight means
    a repeated row and only ratios of weights count. `RobustScaler` interpolates
    (definition 7): the medians are the same, the quartiles differ by less than the
    distance of neighbouring values, and not at all for 4k + 1 rows.

    If the interquartile range of a column is 0 (say, mostly zeros), half of the
    range from minimum to maximum takes its place, as in RealMLP [1]_. A column with
    no range is constant; unlike in RealMLP its scale is then 1, as in
    `StandardScaler`.

    After `smooth_clip` the relative rounding error of the inverse grows as
    :math:`1 + (x/c)^2`: far outliers come back, but with fewer digits. No finite x
    belongs to :math:`|z| \ge c`, which rounding (or a network's output) can
    produce; `inverse_transform` reads it as the largest value below c, which gives
    about 7e7 c for float64 and 3e3 c for float32.

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
        """Learn location and scale of each column; forget earlier fits.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training rows. Or a `BatchSource`, whose chunks are read once, with the
            weights that they have. ``method="robust"`` then takes medians and quartiles
            from a sample of its rows (see Notes).

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            A weight ≥ 0 per row; a weight of 2 counts as the row twice.

        Returns
        -------
        self : InputStandardizer
            The fitted transformer.

        Raises
        ------
        ValueError, TypeError
            If a parameter, `X` or `sample_weight` is not allowed (columns of the same
            name, dates, text, complex numbers, values whose variance overflows, ...),
            or if `X` is sparse and ``with_mean=True``. An earlier fit then stays as it
            was.
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
        """Update mean and variance with more training rows.

        Several calls with pieces give what one `fit` on all rows gives. Only with
        ``method="standard"``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            More training rows.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            A weight ≥ 0 per row; None counts each row once, also after pieces that
            had weights.

        Returns
        -------
        self : InputStandardizer
            The fitted transformer.

        Raises
        ------
        AttributeError
            If ``method="robust"``.
        ValueError, TypeError
            As in `fit`. The pieces seen so far then stay as they were.
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
        """Centre, scale and, with `smooth_clip`, clip smoothly.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows in the units of the training rows. Or a `BatchSource`.

        copy : bool, default=None
            Overrides the parameter `copy` for this call.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The standardised rows; of a `BatchSource`, another one, whose chunks are
            copied and standardised as they are read.
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
            # In place and with mean and scale left in float64: NumPy computes in
            # float64 buffers, so a large mean costs a float32 column no further digits.
            if (location := self._location()) is not None:
                X -= location
                self._add_rest_of_mean(X, -1)
            if self.scale_ is not None:
                X /= self.scale_
        if self.smooth_clip is not None:
            values = X.data[:, np.newaxis] if sparse.issparse(X) else X
            step = max(1, ROWS_AT_ONCE // max(1, values.shape[1]))
            for start in range(0, values.shape[0], step):  # it makes copies
                clip_smoothly(values[start : start + step], self.smooth_clip)
        return X

    def inverse_transform(self, X: Any, copy: bool | None = None) -> Any:
        """Give standardised rows their units back.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Standardised rows. With `smooth_clip`, values at or beyond ±c are read
            as the largest value below c (see the Notes of the class).

        copy : bool, default=None
            Overrides the parameter `copy` for this call.

        Returns
        -------
        X_original : {ndarray, sparse matrix} of shape (n_samples, n_features)
            Rows in the units of the training rows.
        """
        check_is_fitted(self, "scale_")
        copy = self._checked_copy(copy)
        X = checked_table(X)
        # Not validate_data: it would warn that the plain array that transform gave
        # has no feature names.
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
        """Tell scikit-learn what input is accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = not self.with_mean
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_parameters(self):
        check_choices(self, method=METHODS)
        check_bools(self, "with_mean", "with_std", "copy")
        c: Any = self.smooth_clip
        # True would count as c = 1, which nobody means by it.
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
                "Sparse X cannot be centred (its zeros would have to be stored), but "
                "with_mean=True: pass with_mean=False to scale without centring, or "
                "a dense X."
            )

    def _location(self):
        if not self.with_mean:
            return None
        return self.center_ if hasattr(self, "center_") else self.mean_

    def _add_rest_of_mean(self, X, sign):
        """Add the rounding error of `mean_` to X with this sign, where there is one."""
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
        # Attributes of an earlier fit with the other method must not survive.
        for name in FITTED + RUNNING:
            self.__dict__.pop(name, None)
        self.__dict__.update(fitted)
