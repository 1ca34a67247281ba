"""From a table of numbers and categories, as it comes, to the inputs of a network.

`columns_of` tells which columns of a table are what, `preprocessor_for` makes the
transformer of such tables. Fit it on training rows only.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted, validate_data

from skdnn._estimator import SkdnnEstimator
from skdnn._sklearn import check_feature_names_in
from skdnn.preprocessing.encoder import PiecewiseLinearEncoder
from skdnn.preprocessing.standardizer import InputStandardizer
from skdnn.preprocessing.table_columns import TableColumns, columns_of
from skdnn.preprocessing.tables import is_frame, is_missing

__all__ = [
    "ENCODINGS",
    "TableColumns",
    "UniformMissing",
    "VaryingColumns",
    "columns_of",
    "preprocessor_for",
]

ENCODINGS = ("standard", "piecewise")

# Levels of a category with fewer training rows than this share one column.
MIN_ROWS_PER_CATEGORY = 5
# Whether one-hot columns are standardised as numbers are, or stay 0 and 1.
STANDARDIZE_ONE_HOT = False
# Below this density a network trains on sparse rows as they are.
SPARSE_BELOW = 1 / 8
# Columns come standardised, so that one that varies has a range of 1 or more. What
# is far below is the rounding of a constant.
MIN_RANGE = 1e-6


def preprocessor_for(
    columns: TableColumns,
    encoding: str,
    *,
    is_sparse: bool = False,
    target_type: str = "classes",
) -> Pipeline:
    """Return the transformer that makes inputs of a network of a table, unfitted.

    Numbers are standardised, or encoded piecewise linearly. A missing number is 0
    there, which is the mean, beside a column that says so if the training rows had
    any missing; the weights of that column take up what another filling would
    change. Categories are one-hot: levels of few rows share a column, a missing value
    is a level, and a level unknown in training counts as one of few rows or, where
    there are none, is 0 in all columns. Columns that do not vary in the training rows
    are dropped: their weights would never learn what another value means.

    Parameters
    ----------
    columns : TableColumns
        From `columns_of`.

    encoding : {"standard", "piecewise"}
        How numbers enter: by InputStandardizer, or by PiecewiseLinearEncoder, which
        keeps the standardised columns beside the bins.

    is_sparse : bool, default=False
        Whether the table is sparse. It then stays so: numbers are scaled, not centred.

    target_type : {"classes", "continuous", "auto"}, default="classes"
        What y holds, for the encoder.

    Returns
    -------
    Pipeline
        Its output is float32 where the table is and float64 otherwise; sparse CSR for
        a sparse table, and where categories of many levels make it thin.

    Raises
    ------
    ValueError
        If the encoding is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, "a"], [2.0, "b"], [np.nan, "a"], [6.0, "b"]] * 3, object)
    >>> columns = columns_of(X)
    >>> columns
    TableColumns(numeric=[0], categorical=[1])
    >>> preprocessor = preprocessor_for(columns, "standard").fit(X)
    >>> preprocessor.get_feature_names_out(["age", "town"])
    array(['age', 'missingindicator_age', 'town_a', 'town_b'], dtype=object)
    >>> preprocessor.transform([[3.0, "a"], [None, "c"]])
    array([[0., 0., 1., 0.],
           [0., 1., 0., 0.]])
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {ENCODINGS}. Got {encoding!r}.")
    steps = _steps_for_numbers(encoding, is_sparse, target_type)
    if columns.categorical:
        parts = [("categories", Pipeline(_steps_for_categories()), columns.categorical)]
        if columns.numeric:
            parts.insert(0, ("numbers", Pipeline(steps), columns.numeric))
        # Names without the part's: "age", not "numbers__age".
        by_column = ColumnTransformer(
            parts, sparse_threshold=SPARSE_BELOW, verbose_feature_names_out=False
        )
        steps = [("columns", by_column)]
    preprocessor = Pipeline([*steps, ("varying", VaryingColumns())])
    # Whatever scikit-learn is set to give its callers, a network takes arrays.
    return preprocessor.set_output(transform="default")


def _steps_for_numbers(encoding, is_sparse, target_type) -> list[tuple[str, Any]]:
    if encoding == "piecewise":
        encoder = PiecewiseLinearEncoder(
            target_type=target_type, with_mean=not is_sparse, sparse_output=is_sparse
        )
        return [("encode", encoder)]
    fill = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    # Not add_indicator=True: `set_output` does not reach the indicator in an imputer.
    fill_and_tell = FeatureUnion(
        [("fill", fill), ("tell", MissingIndicator(error_on_new=False))],
        verbose_feature_names_out=False,
    )
    return [
        ("standardize", InputStandardizer(with_mean=not is_sparse)),
        ("missing", fill_and_tell),
    ]


def _steps_for_categories() -> list[tuple[str, Any]]:
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=MIN_ROWS_PER_CATEGORY,
        sparse_output=not STANDARDIZE_ONE_HOT,
        dtype=np.float32,  # beside float64 numbers they become float64
    )
    steps = [("missing", UniformMissing()), ("one_hot", encoder)]
    if STANDARDIZE_ONE_HOT:
        steps.append(("standardize", InputStandardizer()))
    return steps


class UniformMissing(OneToOneFeatureMixin, TransformerMixin, SkdnnEstimator):
    """Make every missing category NaN, whether it was None, NaN or pandas.NA.

    An encoder takes None and NaN for different levels, and cannot sort pandas.NA.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` had names that are all strings.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Note how many columns there are.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Columns of categories.

        y : None
            Ignored.

        Returns
        -------
        self : UniformMissing
            The transformer.
        """
        validate_data(self, X, skip_check_array=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Replace what is missing.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Columns of categories.

        Returns
        -------
        X_tr : ndarray of shape (n_samples, n_features)
            Python objects, or numbers where `X` is an array of numbers.
        """
        check_is_fitted(self)
        validate_data(self, X, reset=False, skip_check_array=True)
        if is_frame(X):
            levels = [np.asarray(X[name]) for name in X.columns]
        else:
            X = np.asarray(X)
            if X.dtype.kind != "O":
                return X
            levels = list(X.T)
        out = np.empty((len(X), len(levels)), dtype=object, order="F")
        for j, column in enumerate(levels):
            out[:, j] = column
            if not set(map(type, column)) <= {str}:  # quicker than a look at each
                out[[is_missing(level) for level in column], j] = np.nan
        return out

    def __sklearn_tags__(self):
        """Tell scikit-learn what input is accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class VaryingColumns(TransformerMixin, SkdnnEstimator):
    """Drop standardised columns that are constant; keep one if all are.

    Attributes
    ----------
    columns_ : ndarray of int of shape (n_features_out,)
        Positions of the columns that vary in the training rows; the first where none
        does.

    n_features_in_ : int
        Number of columns seen in `fit`.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the columns that vary.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, of standardised numbers and of zeros and ones.

        y : None
            Ignored.

        Returns
        -------
        self : VaryingColumns
            The fitted transformer.
        """
        X = self._validated(X, reset=True)
        width = X.max(axis=0) - X.min(axis=0)
        if sparse.issparse(width):
            width = width.toarray().ravel()
        varying = np.flatnonzero(width > MIN_RANGE)
        self.columns_ = varying if varying.size else np.arange(1)
        return self

    def transform(self, X: Any) -> Any:
        """Return the columns that vary.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows as `fit` had them.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features_out)
            The rows themselves where all columns vary; CSR if they are sparse.
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        if len(self.columns_) < X.shape[1]:
            X = X[:, self.columns_]
        return X.tocsr() if sparse.issparse(X) else X

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Return the names of the columns that vary.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the columns. None takes those seen in `fit`, or x0, x1, ….

        Returns
        -------
        feature_names_out : ndarray of str of shape (n_features_out,)
            A part of them.
        """
        check_is_fitted(self)
        return check_feature_names_in(self, input_features)[self.columns_]

    def __sklearn_tags__(self):
        """Tell scikit-learn what input is accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _validated(self, X, **options):
        return validate_data(
            self,
            X,
            accept_sparse=("csr", "csc"),
            dtype=[np.float64, np.float32],
            **options,
        )
