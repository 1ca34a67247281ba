"""PiecewiseLinearEncoder: piecewise linear encoding of numeric columns."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn import get_config
from sklearn.base import TransformerMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from skdnn._estimator import SkdnnEstimator
from skdnn._sklearn import check_feature_names_in, with_callbacks
from skdnn.preprocessing.bin_edges import (
    automatic_n_bins,
    quantile_edges,
    tree_edges,
)
from skdnn.preprocessing.blocks import columns_in_memory, validated_by_blocks
from skdnn.preprocessing.chunk_fits import ChunkStatistics, process_chunks
from skdnn.preprocessing.column_statistics import update_moments
from skdnn.preprocessing.components import Components, encode, encoded
from skdnn.preprocessing.fitting import (
    callback_fit_task,
    check_bools,
    check_choices,
    refuse_parameter,
    restored_on_error,
)
from skdnn.preprocessing.tables import checked_table, checked_weights
from skdnn.streams import BatchSource

STRATEGIES = ("quantile", "tree")
TARGET_TYPES = ("auto", "continuous", "classes")
MISSING = ("bin", "error")
# Number of float64 values that are encoded at a time, to stay in the processor's cache.
_AT_ONCE = 2**16


class PiecewiseLinearEncoder(CallbackSupportMixin, TransformerMixin, SkdnnEstimator):
    r"""Encode each numeric column by how far its value fills each of several bins.

    With the bin edges :math:`b_0 < b_1 < \ldots < b_T` of a column, a value :math:`x`
    is encoded as the :math:`T` components [1]_

    .. math::

        e_t = \min\left(1, \max\left(0,
            \frac{x - b_{t-1}}{b_t - b_{t-1}}\right)\right),
        \qquad t = 1 \ldots T,

    in addition to the standardised value :math:`(x - \mu) / \sigma`. Bins below
    :math:`x` are full, bins above it are empty, and the bin that contains :math:`x` is
    partly filled. A linear map of the components is a piecewise linear function of
    :math:`x` with one slope per bin, which a network would otherwise have to build
    from ReLUs.

    Parameters
    ----------
    n_bins : int or "auto", default="auto"
        Maximum number T ≥ 2 of bins of each column. "auto" is the number of rows
        divided by 100, or by the number of columns if that is greater, but at least 4
        and at most 48 per column; with many columns, at most 512 bins in total as far
        as 4 per column allow.

    strategy : {"quantile", "tree"}, default="quantile"
        How to choose the edges. With "quantile", all bins have the same total weight of
        rows. "tree" uses the splits of a decision tree that predicts `y` from this
        column alone with `n_bins` leaves, so that bins are narrow where `y` changes;
        it needs `y` in `fit`.

    target_type : {"auto", "continuous", "classes"}, default="auto"
        The type of `y` for ``strategy="tree"``. "auto" considers integers to be
        classes, as :func:`~sklearn.utils.multiclass.type_of_target` does; choose
        "continuous" for counts.

    keep_scaled : bool, default=True
        Whether to put the standardised column before its components. Otherwise, the
        output does not show how far a value lies beyond the first or last edge.

    with_mean : bool, default=True
        Whether to subtract the mean from the standardised columns.
        ``sparse_output=True`` needs ``with_mean=False``, because centring would make
        the output dense.

    missing : {"bin", "error"}, default="bin"
        How to handle NaN. "bin" adds an indicator for each column that has NaN in
        `fit`: it is 1 for NaN and 0 for numbers, and all other outputs of the column
        are 0 for NaN. "error" raises an error.

    sparse_output : bool, default=False
        Whether to return a sparse CSR matrix (a CSR array if scikit-learn's setting
        ``sparse_interface`` is "sparray").

    Attributes
    ----------
    bin_edges_ : list of ndarray of shape (n_bins_[j] + 1,)
        The increasing edges of each column; an empty array for a column without bins.

    n_bins_ : ndarray of shape (n_features,)
        The number of bins of each column; 0 for a column without bins.

    has_missing_ : ndarray of bool of shape (n_features,)
        Which columns have an indicator for NaN.

    mean_ : ndarray of shape (n_features,)
        Mean of each column, in its units.

    scale_ : ndarray of shape (n_features,)
        Standard deviation of each column; 1 for a constant column.

    n_features_out_ : int
        Number of output columns.

    n_features_in_ : int
        Number of columns seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names seen in `fit`, defined only if they are all strings.

    See Also
    --------
    InputStandardizer : Only standardises the columns.
    sklearn.preprocessing.SplineTransformer : With ``degree=1``, a local basis of the
        same functions, for linear models.
    sklearn.preprocessing.KBinsDiscretizer : Encodes only the bin, not the position in
        it.

    Notes
    -----
    Columns with at most three distinct values (such as binary and one-hot columns) and
    constant columns have no bins. They are only standardised, even with
    ``keep_scaled=False``. Equal quantiles are merged into one edge, so a column with
    many equal values has fewer bins.

    Beyond the first and last edge, components are clipped to [0, 1], whereas the
    encoding of [1]_ continues linearly: the outer bins can be narrow, and an outlier
    would become a huge input. The standardised column extends linearly instead.

    A weight is equivalent to repeating a row, and only ratios of weights matter, except
    that ``n_bins="auto"`` counts the rows with a weight above 0. Quantiles are defined
    as in `InputStandardizer`. A leaf of a tree holds at least a quarter of the weight
    of a quantile bin. Trees use `y`, so fit the encoder on training rows only, inside a
    pipeline.

    For a `BatchSource`, the mean, the standard deviation and the columns with NaN are
    exact. So are the edges for up to 65 536 rows. For more rows, the edges are those of
    a random sample of 32 000 to 65 536 rows, which is the same in each fit. At one
    standard error, a quantile of level q of the sample has a level within 0.003 of q;
    the first and last edge are the extremes of the sample.

    NaN in a column that had none in `fit` makes all its outputs 0. float32 is
    preserved; all other types become float64. A sparse `X` is converted to dense a few
    rows at a time (in `fit`, column by column). For a dense `X`, `fit` keeps only a few
    columns in memory, so a memory-mapped file may be larger than memory; the output of
    `transform` is larger than `X`.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko, "On Embeddings for Numerical Features
       in Tabular Deep Learning", NeurIPS 2022, arXiv:2203.05556.

    Examples
    --------
    >>> from skdnn import PiecewiseLinearEncoder
    >>> X_train = [[0.0], [1.0], [2.0], [4.0], [8.0]]
    >>> encoder = PiecewiseLinearEncoder(n_bins=2, keep_scaled=False).fit(X_train)
    >>> encoder.bin_edges_
    [array([0., 2., 8.])]
    >>> encoder.transform([[1.0], [5.0], [9.0]])
    array([[0.5, 0. ],
           [1. , 0.5],
           [1. , 1. ]])
    >>> PiecewiseLinearEncoder(n_bins=2).fit(X_train).get_feature_names_out()
    array(['x0', 'x0_bin_0', 'x0_bin_1'], dtype=object)
    """

    def __init__(
        self,
        n_bins: int | str = "auto",
        *,
        strategy: str = "quantile",
        target_type: str = "auto",
        keep_scaled: bool = True,
        with_mean: bool = True,
        missing: str = "bin",
        sparse_output: bool = False,
    ) -> None:
        self.n_bins = n_bins
        self.strategy = strategy
        self.target_type = target_type
        self.keep_scaled = keep_scaled
        self.with_mean = with_mean
        self.missing = missing
        self.sparse_output = sparse_output

    @with_callbacks
    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Compute the edges, the mean and the standard deviation of each column.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training rows. Or a `BatchSource`, whose chunks are read once, with
            their y and weights, if any; the edges may then be those of a sample of its
            rows (see Notes).

        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets: classes or numbers. Only used with ``strategy="tree"``.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights ≥ 0 of the rows. A weight of 2 is equivalent to repeating the row.

        Returns
        -------
        self : PiecewiseLinearEncoder
            The fitted transformer.

        Raises
        ------
        ValueError, TypeError
            If a parameter, `X`, `y` or `sample_weight` is invalid (``strategy="tree"``
            without y, infinite values, NaN with ``missing="error"``, dates, text,
            values whose variance overflows, …). An earlier fit is then kept.
        """
        self._check_parameters()
        with callback_fit_task(self, X, y, sample_weight), restored_on_error(self):
            if isinstance(X, BatchSource):
                return self._fit_chunks(X, y, sample_weight)
            X, y = self._checked_rows(X, y)
            return self._fit_rows(X, y, checked_weights(sample_weight, X.shape[0]))

    def _fit_rows(self, X, y, s):
        m = X.shape[0] if s is None else np.count_nonzero(s)
        self._fit_bins(X, y, s, m, update_moments(None, X, s))
        return self

    def _fit_chunks(self, source, y, sample_weight):
        """Fit to a batch source: moments of all rows, edges of a sample."""
        if y is not None:
            raise ValueError(
                "y must not be passed with a batch source, whose chunks (X, y) contain "
                "the targets."
            )
        found = ChunkStatistics(moments=True, sample=True)
        process_chunks(source, sample_weight, self._checked_rows, found.add)
        if found.sample.is_whole:
            return self._fit_rows(*found.rows)
        self._fit_bins(*found.rows, found.n_counting, found.moments)
        self.has_missing_ |= found.has_missing
        self.n_features_out_ = len(self._components().source)
        return self

    def _fit_bins(self, X, y, s, n_counting, moments):
        n_bins = self.n_bins
        if n_bins == "auto":
            n_bins = automatic_n_bins(n_counting, X.shape[1])
        self.mean_, self._rest_of_mean = moments.mean
        self.scale_ = moments.scale
        self._find_bins(X, y, s, n_bins)
        self.n_features_out_ = len(self._components().source)

    def transform(self, X: Any) -> Any:
        """Encode rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows in the units of the training rows. Or a `BatchSource`.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features_out)
            For each column: its standardised values, its components and its indicator
            for NaN, as far as it has them. For a `BatchSource`, a new `BatchSource`
            that encodes each chunk when it is read.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError, TypeError
            If `X` is invalid or has other columns than in `fit`.
        """
        check_is_fitted(self)
        if isinstance(X, BatchSource):
            return X.map(self)
        X = self._validated(X, reset=False)
        parts = self._components()
        m, n_out = X.shape[0], len(parts.source)
        n_rows = max(1, _AT_ONCE // max(n_out, 1))
        blocks = [slice(start, start + n_rows) for start in range(0, m, n_rows)]
        rows = X.tocsr() if sparse.issparse(X) else X
        if self.sparse_output:
            pieces = [
                sparse.csr_array(encoded(rows[block], parts, X.dtype))
                for block in blocks
            ]
            Z = sparse.vstack(pieces, format="csr")
            as_array = get_config()["sparse_interface"] == "sparray"
            return Z if as_array else sparse.csr_matrix(Z)
        Z = np.empty((m, n_out), X.dtype)
        for block in blocks:
            encode(rows[block], parts, Z[block])
        return Z

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the input columns. None means those seen in `fit`, or x0, x1, ….

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features_out,)
            For a column "age": "age" (its standardised values), "age_bin_0",
            "age_bin_1", … and "age_missing".
        """
        check_is_fitted(self)
        names: list[str] = []
        columns = check_feature_names_in(self, input_features)
        for name, is_kept, n_bins, has_missing in zip(
            columns, self._kept(), self.n_bins_, self.has_missing_, strict=True
        ):
            names += [name] if is_kept else []
            names += [f"{name}_bin_{t}" for t in range(n_bins)]
            names += [f"{name}_missing"] if has_missing else []
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        """Tell scikit-learn which inputs are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "bin"
        tags.input_tags.sparse = True
        tags.target_tags.required = self.strategy == "tree"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # -- fit ---------------------------------------------------------------------------

    def _check_parameters(self):
        n_bins: Any = self.n_bins
        is_count = isinstance(n_bins, Integral) and not isinstance(n_bins, bool)
        if not (is_count and n_bins >= 2) and not (
            isinstance(n_bins, str) and n_bins == "auto"
        ):
            refuse_parameter(self, "n_bins", "'auto' or an int >= 2")
        check_choices(
            self, strategy=STRATEGIES, target_type=TARGET_TYPES, missing=MISSING
        )
        check_bools(self, "keep_scaled", "with_mean", "sparse_output")
        if self.sparse_output and self.with_mean:
            raise ValueError(
                "sparse_output=True needs with_mean=False, because centring would make "
                "the output dense. Set with_mean=False to scale without centring."
            )

    def _checked_rows(self, X, y, reset=True):
        if self.strategy == "quantile":
            return self._training(X, reset=reset), None
        if y is None:
            raise ValueError(
                "PiecewiseLinearEncoder(strategy='tree') requires y to be passed, but "
                "the target y is None. Pass y to fit, or choose strategy='quantile'."
            )
        return self._training(X, y, multi_output=True, reset=reset)

    def _training(self, X, y="no_validation", **options):
        allow_nan = self.missing == "bin"
        return validated_by_blocks(self, X, y, allow_nan=allow_nan, **options)

    def _validated(self, X, y="no_validation", **options):
        X = checked_table(X)
        # scikit-learn's check for infinite values computes inf - inf.
        with np.errstate(invalid="ignore"):
            return validate_data(
                self,
                X,
                y,
                accept_sparse=("csr", "csc"),
                dtype=[np.float64, np.float32],
                ensure_all_finite="allow-nan" if self.missing == "bin" else True,
                **options,
            )

    def _find_bins(self, X, y, s, n_bins):
        counts = None
        if s is not None and not s.all():
            counts = s > 0
            s, y = s[counts], None if y is None else y[counts]
        is_continuous = y is not None and self._is_continuous(y)
        if is_continuous:
            # Centred, because sums of squares of large numbers would lose the digits
            # that distinguish splits.
            y = y.astype(np.float64)
            y -= np.average(y, axis=0, weights=s)
        self.bin_edges_ = []
        self.has_missing_ = np.zeros(X.shape[1], dtype=bool)
        for j, x in columns_in_memory(X):
            x = x if counts is None else x[counts]
            is_number = ~np.isnan(x)
            self.has_missing_[j] = not is_number.all()
            x, s_x, y_x = (
                each if each is None or not self.has_missing_[j] else each[is_number]
                for each in (x, s, y)
            )
            self.bin_edges_.append(
                quantile_edges(x, s_x, n_bins)
                if y_x is None
                else tree_edges(x, s_x, n_bins, y_x, is_continuous)
            )
        n_edges = np.array([len(edges) for edges in self.bin_edges_])
        self.n_bins_ = np.maximum(n_edges - 1, 0)

    def _is_continuous(self, y):
        """Whether y is continuous; raise an error if `target_type` does not match."""
        kind = type_of_target(y, input_name="y")
        first = y.ravel()[0]
        if kind == "unknown":
            raise ValueError(
                f"Unknown label type: y holds Python objects, such as {first!r}. "
                "Convert them, with y.astype(int), y.astype(float) or y.astype(str)."
            )
        looks_continuous = kind.startswith("continuous")
        if self.target_type == "classes" and looks_continuous:
            raise ValueError(
                f"y must hold classes for target_type='classes', but it holds {first}. "
                "Set target_type='continuous' for numbers."
            )
        if self.target_type == "continuous" and y.dtype.kind not in "biuf":
            raise ValueError(
                f"y must hold numbers for target_type='continuous', but it holds "
                f"{first!r}. Set target_type='classes' for classes."
            )
        return looks_continuous or self.target_type == "continuous"

    # -- output columns ----------------------------------------------------------------

    def _kept(self):
        """Return for each column whether its standardised values are in the output."""
        return (self.n_bins_ == 0) | bool(self.keep_scaled)

    def _components(self) -> Components:
        """Return the parameters of all output columns."""
        rows: list[tuple] = []
        mean = np.where(self.with_mean, [self.mean_, self._rest_of_mean], 0.0)
        is_kept = self._kept()
        for j, edges in enumerate(self.bin_edges_):
            if is_kept[j]:
                rows.append((j, *mean[:, j], self.scale_[j], -np.inf, np.inf, 0.0))
            for start, width in zip(edges[:-1], np.diff(edges), strict=True):
                rows.append((j, start, 0.0, width, 0.0, 1.0, 0.0))
            if self.has_missing_[j]:
                rows.append((j, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0))
        source, *others = np.array(rows, dtype=np.float64).T
        return Components(source.astype(np.int64), *others)
