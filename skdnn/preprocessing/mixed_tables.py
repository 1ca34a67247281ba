"""The preprocessor of a raw table with numeric and categorical columns.

`columns_of` finds the kinds of the columns; `preprocessor_for` makes the transformer of
such tables. Fit it on training rows only.
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

# Categories with fewer training rows than this share one column.
MIN_ROWS_PER_CATEGORY = 5
# Whether one-hot columns are standardised like numbers, or stay 0 and 1.
STANDARDIZE_ONE_HOT = False
# Below this density, a network trains on sparse rows.
SPARSE_BELOW = 1 / 8
# Columns are standardised, so one that varies has a range of at least 1. A range far
# below is the rounding error of a constant.
MIN_RANGE = 1e-6


def preprocessor_for(
    columns: TableColumns,
    encoding: str,
    *,
    is_sparse: bool = False,
    target_type: str = "classes",
) -> Pipeline:
    """Return the unfitted transformer that converts a table to inputs of a network.

    Numeric columns are standardised, or encoded piecewise linearly. Missing numbers
    become 0, which is the mean, and are marked in an indicator column if the training
    rows had any; the weights of the indicator make up for any other imputed value.

    Categorical columns are one-hot encoded. Infrequent categories share a column, and a
    missing value is a category. A category that is not in the training rows is treated
    as infrequent or, if there are no infrequent ones, is 0 in all columns.

    Columns that are constant in the training rows are dropped, because their weights
    could not be learnt.

    Parameters
    ----------
    columns : TableColumns
        The result of `columns_of`.

    encoding : {"standard", "piecewise"}
        The encoding of numeric columns: by InputStandardizer, or by
        PiecewiseLinearEncoder, which adds components to the standardised columns.

    is_sparse : bool, default=False
        Whether the table is sparse. It then stays sparse: numbers are scaled but not
        centred.

    target_type : {"classes", "continuous", "auto"}, default="classes"
        The type of y, for the encoder.

    Returns
    -------
    Pipeline
        Its output is float32 for a float32 table, else float64. It is sparse CSR for a
        sparse table, and for a dense one if many categories make it sparse.

    Raises
    ------
    ValueError
        If `encoding` is not one of the two.

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
        raise ValueError(f"encoding must be one of {ENCODINGS}, got {encoding!r}.")
    steps = _steps_for_numbers(encoding, is_sparse, target_type)
    if columns.categorical:
        parts = [("categories", Pipeline(_steps_for_categories()), columns.categorical)]
        if columns.numeric:
            parts.insert(0, ("numbers", Pipeline(steps), columns.numeric))
        # Names without a prefix: "age", not "numbers__age".
        by_column = ColumnTransformer(
            parts, sparse_threshold=SPARSE_BELOW, verbose_feature_names_out=False
        )
        steps = [("columns", by_column)]
    preprocessor = Pipeline([*steps, ("varying", VaryingColumns())])
    # A network takes arrays, whatever scikit-learn's global transform_output is.
    return preprocessor.set_output(transform="default")


def _steps_for_numbers(encoding, is_sparse, target_type) -> list[tuple[str, Any]]:
    if encoding == "piecewise":
        encoder = PiecewiseLinearEncoder(
            target_type=target_type, with_mean=not is_sparse, sparse_output=is_sparse
        )
        return [("encode", encoder)]
    fill = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    # Not add_indicator=True: `set_output` does not reach the indicator of an imputer.
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
        dtype=np.float32,  # converted to float64 next to float64 numbers
    )
    steps = [("missing", UniformMissing()), ("one_hot", encoder)]
    if STANDARDIZE_ONE_HOT:
        steps.append(("standardize", InputStandardizer()))
    return steps


class UniformMissing(OneToOneFeatureMixin, TransformerMixin, SkdnnEstimator):
    """Replace missing categories (None, NaN or pandas.NA) by NaN.

    OneHotEncoder treats None and NaN as different categories, and cannot sort
    pandas.NA.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names seen in `fit`, defined only if they are all strings.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Set the number and the names of the columns.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Categorical columns.

        y : None
            Ignored.

        Returns
        -------
        self : UniformMissing
            The fitted transformer.
        """
        validate_data(self, X, skip_check_array=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Replace missing values by NaN.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Categorical columns.

        Returns
        -------
        X_tr : ndarray of shape (n_samples, n_features)
            An array of Python objects, or `X` itself if it is an array of another type.
        """
        check_is_fitted(self)
        validate_data(self, X, reset=False, skip_check_array=True)
        if is_frame(X):
            columns = [np.asarray(X[name]) for name in X.columns]
        else:
            X = np.asarray(X)
            if X.dtype.kind != "O":
                return X
            columns = list(X.T)
        out = np.empty((len(X), len(columns)), dtype=object, order="F")
        for j, column in enumerate(columns):
            out[:, j] = column
            if not set(map(type, column)) <= {str}:  # faster than checking each value
                out[[is_missing(value) for value in column], j] = np.nan
        return out

    def __sklearn_tags__(self):
        """Tell scikit-learn which inputs are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class VaryingColumns(TransformerMixin, SkdnnEstimator):
    """Drop constant columns of standardised data; keep the first if all are constant.

    Attributes
    ----------
    columns_ : ndarray of int of shape (n_features_out,)
        Indices of the columns that vary in the training rows; the first column if none
        does.

    n_features_in_ : int
        Number of columns seen in `fit`.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the columns that vary.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The training rows: standardised numbers, and one-hot columns.

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
            Rows with the same columns as in `fit`.

        Returns
        -------
        X_tr : {ndarray, sparse matrix} of shape (n_samples, n_features_out)
            The columns that vary; `X` itself if all do. CSR if `X` is sparse.
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
            Names of the input columns. None means those seen in `fit`, or x0, x1, ….

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features_out,)
            The names of the columns that vary.
        """
        check_is_fitted(self)
        return check_feature_names_in(self, input_features)[self.columns_]

    def __sklearn_tags__(self):
        """Tell scikit-learn which inputs are accepted."""
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
