"""Mixed tables: the kinds of columns, and the features that a network gets."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skdnn import InputStandardizer, PiecewiseLinearEncoder
from skdnn.preprocessing import mixed_tables
from skdnn.preprocessing.mixed_tables import (
    ENCODINGS,
    UniformMissing,
    VaryingColumns,
    columns_of,
    preprocessor_for,
)

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=40)
WORDS = ["a", "b", "c", None] * 10
NAMES = ["x_a", "x_b", "x_c", "x_nan"]


def dense(Z):
    return Z.toarray() if sparse.issparse(Z) else Z


def prepared(table, encoding="standard", categorical_features="from_dtype"):
    columns = columns_of(table, categorical_features)
    is_sparse = sparse.issparse(table)
    return preprocessor_for(columns, encoding, is_sparse=is_sparse).fit(table)


# -- kinds of columns ------------------------------------------------------------------

CATEGORIES = {
    "text of pandas 3": pd.Series(WORDS, dtype="str"),
    "text with NA": pd.Series(WORDS, dtype="string"),
    "objects with None and NaN": pd.Series([*WORDS[:-1], np.nan], dtype=object),
    "objects with NA": pd.Series(["a", "b", "c", pd.NA] * 10, dtype=object),
    "categories": pd.Series(WORDS, dtype="category"),
    "categories of text with NA": pd.Series(WORDS, dtype="string").astype("category"),
    "String": pl.Series(WORDS),
    "Categorical": pl.Series(WORDS, dtype=pl.Categorical),
    "Enum": pl.Series(WORDS, dtype=pl.Enum(["a", "b", "c"])),
}


@pytest.mark.parametrize("words", CATEGORIES.values(), ids=CATEGORIES.keys())
def test_categories_of_frames(words):
    frame = pl.DataFrame if isinstance(words, pl.Series) else pd.DataFrame
    table = frame({"n": NUMBERS, "x": words})
    assert columns_of(table) == (["n"], ["x"])
    preprocessor = prepared(table)
    Z = preprocessor.transform(table)
    assert_array_equal(Z[:, 1:], np.tile(np.eye(4), (10, 1)))
    assert list(preprocessor.get_feature_names_out()) == ["n", *NAMES]
    assert_allclose(Z[:, 0], (NUMBERS - NUMBERS.mean()) / NUMBERS.std())


NUMERIC = {
    "bool": pd.Series([True, False] * 20),
    "boolean": pd.Series([True, False, None, True] * 10, dtype="boolean"),
    "bools in objects": pd.Series([True, False, None, True] * 10, dtype=object),
    "numbers in objects": pd.Series([1, 2.5, None, pd.NA] * 10, dtype=object),
    "Int64": pd.Series([1, 5, None, 7] * 10, dtype="Int64"),
    "Float32": pd.Series([1, 5, None, 7.5] * 10, dtype="Float32"),
    "Boolean": pl.Series([True, False, None, True] * 10),
    "Int64 of polars": pl.Series([1, 5, None, 7] * 10),
}


@pytest.mark.parametrize("numbers", NUMERIC.values(), ids=NUMERIC.keys())
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_numbers_of_frames(numbers, encoding):
    frame = pl.DataFrame if isinstance(numbers, pl.Series) else pd.DataFrame
    table = frame({"x": numbers, "t": WORDS})
    assert columns_of(table) == (["x"], ["t"])
    preprocessor = prepared(table, encoding)
    Z = preprocessor.transform(table)
    names = list(preprocessor.get_feature_names_out())
    is_missing = np.array([value is None or value is pd.NA for value in numbers])
    assert_allclose(Z[~is_missing, 0].mean(), 0, atol=1e-7)
    assert_array_equal(Z[is_missing, 0], 0)
    indicator = {"standard": "missingindicator_x", "piecewise": "x_missing"}[encoding]
    assert (indicator in names) == is_missing.any()
    if is_missing.any():
        assert_array_equal(Z[:, names.index(indicator)], is_missing)


@pytest.mark.parametrize(
    ("array", "categorical"),
    [
        (np.ones((3, 2)), []),
        (np.ones((3, 2), dtype=bool), []),
        ([[1, 2], [3, None]], []),
        ([[1, "a"], [None, "b"]], [1]),
        (np.array([[1, "a"], [None, None]], dtype=object), [1]),
        (np.array([["1", "a"], ["nan", "2"]]), [1]),
        (np.array([["1", "2"]], dtype=object), [0, 1]),
        (np.array([[{}, 2]], dtype=object), []),
        (sparse.csr_array(np.ones((3, 2))), []),
    ],
)
def test_categories_of_arrays(array, categorical):
    columns = columns_of(array)
    assert columns.categorical == categorical
    assert columns.numeric == [j for j in range(2) if j not in categorical]


def test_names_that_are_not_text_become_positions():
    table = pd.DataFrame({3: NUMBERS, 1: WORDS})
    assert columns_of(table) == ([0], [1])
    assert prepared(table).transform(table).shape == (40, 5)


@pytest.mark.parametrize(
    "chosen", [["b"], np.array(["b"]), [1], np.array([1]), [False, True, False]]
)
def test_chosen_categories(chosen):
    table = pd.DataFrame({"a": NUMBERS, "b": [1, 2, 3, np.nan] * 10, "c": NUMBERS})
    assert columns_of(table, chosen) == (["a", "c"], ["b"])
    names = prepared(table, "standard", chosen).get_feature_names_out()
    assert list(names) == ["a", "c", "b_1.0", "b_2.0", "b_3.0", "b_nan"]
    if not isinstance(chosen[0], str):
        array = table.to_numpy()
        assert columns_of(array, chosen) == ([0, 2], [1])
        Z = prepared(array, "standard", chosen).transform(array)
        assert_array_equal(Z[:, 2:], np.tile(np.eye(4), (10, 1)))


def test_no_categories():
    table = pd.DataFrame({"a": NUMBERS, "b": [1, 2] * 20})
    for chosen in (None, [], "from_dtype", [False, False]):
        assert columns_of(table, chosen) == (["a", "b"], [])
    table["b"] = table["b"].astype("category")
    assert columns_of(table, None) == (["a", "b"], [])


FRAME = pd.DataFrame({"a": NUMBERS, "x": WORDS})
DAYS = pd.date_range("2020-01-01", periods=40)


@pytest.mark.parametrize(
    ("table", "chosen", "error", "message"),
    [
        (FRAME, "auto", ValueError, "must be 'from_dtype', None, .* Got 'auto'"),
        (FRAME, 1, ValueError, "must be 'from_dtype', None, .* Got 1"),
        (FRAME, [0.5], ValueError, r"must be 'from_dtype', None, .* Got \[0.5\]"),
        (FRAME, ["a", 1], ValueError, r"must be 'from_dtype'.* Got \['a', 1\]"),
        (
            FRAME,
            ["z"],
            ValueError,
            r"names that are not columns of X: \['z'\].*\['a', 'x'\]",
        ),
        (FRAME, [-1, 2], ValueError, r"positions that are not columns of X: \[-1, 2\]"),
        (FRAME, [True], ValueError, "mask of length 1, but X has 2 columns"),
        (
            FRAME,
            None,
            ValueError,
            "'x' of X holds text .*'a'.*None does not include it",
        ),
        (FRAME, ["a"], ValueError, "Column 'x' of X holds text"),
        (pl.DataFrame({"x": WORDS}), [], ValueError, "'x' of X holds text"),
        (np.ones((2, 2)), ["a"], ValueError, "X has no column names"),
        (sparse.csr_array(np.eye(2)), [0], ValueError, "cannot be used with sparse X"),
        (
            FRAME.assign(x=[1, "b"] * 20),
            "from_dtype",
            ValueError,
            r"Column 'x' of X holds both text and other values \('b' and 1\)",
        ),
        (
            FRAME.assign(x=pd.Categorical([1, "b"] * 20)),
            "from_dtype",
            ValueError,
            "Column 'x' of X holds both text",
        ),
        (FRAME.assign(x=DAYS), "from_dtype", ValueError, "dates or times in column"),
        (FRAME.assign(x=DAYS), ["x"], ValueError, "Convert them to numbers first"),
        (FRAME.assign(x=DAYS.date), None, ValueError, "in column 'x'"),
        (
            pl.DataFrame({"d": [datetime.date(2020, 1, 1)]}),
            None,
            ValueError,
            "dates or times in column 'd'",
        ),
        (DAYS.to_numpy()[:, None], None, ValueError, "dates or times in column 0"),
        (pd.DataFrame(np.eye(2), columns=["a", "a"]), None, ValueError, "named 'a'"),
        (None, None, TypeError, "X must be a table"),
        ({"a": [1]}, None, TypeError, "X must be a table"),
        (np.ones(3), None, ValueError, "Expected 2D array, got 1D.*Reshape your data"),
        ([[1, 2], [3]], None, ValueError, r"must have shape \(n_samples, n_features\)"),
    ],
)
def test_refused(table, chosen, error, message):
    with pytest.raises(error, match=message):
        columns_of(table, chosen)


def test_the_name_of_the_table_in_messages():
    with pytest.raises(ValueError, match="columns of X_val"):
        columns_of(FRAME, ["z"], name="X_val")


def test_unknown_encoding():
    with pytest.raises(ValueError, match=r"one of \('standard', .* got 'robust'"):
        preprocessor_for(columns_of(FRAME), "robust")


# -- the output ------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_numeric_tables_give_the_output_of_the_transformer(encoding):
    X = RNG.normal(3, 2, size=(300, 4)).astype(np.float32)
    own = {"standard": InputStandardizer(), "piecewise": PiecewiseLinearEncoder()}
    expected = own[encoding].fit_transform(X)
    for table in (X, pd.DataFrame(X), X.astype(np.float64)):
        Z = prepared(table, encoding).transform(table)
        assert_allclose(Z, expected, atol=1e-5)
        assert Z.dtype == np.asarray(table).dtype


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_float32_with_categories(encoding):
    table = FRAME.astype({"a": np.float32})
    assert prepared(table, encoding).transform(table).dtype == np.float32
    assert prepared(FRAME, encoding).transform(FRAME).dtype == np.float64


def test_rare_unknown_and_missing_categories():
    categories = ["much"] * 20 + ["more"] * 12 + ["few"] * 4 + ["one"] + [None] * 7
    table = pd.DataFrame({"x": categories})
    preprocessor = prepared(table)
    names = list(preprocessor.get_feature_names_out())
    assert names == ["x_more", "x_much", "x_nan", "x_infrequent_sklearn"]
    rows = pd.DataFrame({"x": ["few", "one", "never seen", "much", None, np.nan]})
    expected = np.eye(4)[[3, 3, 3, 1, 2, 2]]
    assert_array_equal(preprocessor.transform(rows), expected)
    # Without rare categories, an unknown one is encoded as zeros.
    preprocessor = prepared(pd.DataFrame({"x": ["a", "b"] * 10}))
    rows = pd.DataFrame({"x": ["never seen", "b"]})
    assert_array_equal(preprocessor.transform(rows), [[0, 0], [0, 1]])


def test_a_column_with_one_row_per_category_is_dropped():
    table = pd.DataFrame({"a": NUMBERS, "id": [f"row {k}" for k in range(40)]})
    assert list(prepared(table).get_feature_names_out()) == ["a"]


def test_intervals_are_categories():
    table = pd.DataFrame({"x": pd.cut(NUMBERS, [-3, 0, 3]), "y": NUMBERS})
    Z = prepared(table).transform(table)
    assert_array_equal(Z[:, 2], NUMBERS > 0)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_that_do_not_vary_are_dropped(encoding):
    X = np.column_stack([np.full(40, 0.1), NUMBERS, np.full(40, np.nan), NUMBERS**3])
    table = pd.DataFrame(X, columns=["one", "n", "gaps", "m"]).assign(t="always")
    names = [name.split("_bin")[0] for name in preprocessor_names(table, encoding)]
    assert sorted(set(names)) == ["m", "n"]
    # New values in these columns change nothing.
    later = table.assign(one=5.0, gaps=7.0, t="never")
    fitted = prepared(table, encoding)
    assert_array_equal(fitted.transform(later), fitted.transform(table))


def preprocessor_names(table, encoding):
    return list(prepared(table, encoding).get_feature_names_out())


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "table",
    [
        np.ones((20, 3)),
        np.full((20, 2), np.nan),
        np.full((1, 2), 7.0),
        pd.DataFrame({"n": [1] * 20, "c": ["a"] * 20}),
        pd.DataFrame({"c": ["a"] * 20}),
        sparse.csr_array((20, 3)),
    ],
    ids=["ones", "missing", "one row", "frame", "category", "sparse"],
)
def test_one_column_is_kept_where_none_varies(table, encoding):
    Z = dense(prepared(table, encoding).transform(table))
    assert Z.shape == (table.shape[0], 1)
    assert np.ptp(Z) == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_missing_numbers(encoding):
    X = np.column_stack([NUMBERS, [7.0, np.nan] * 20, NUMBERS])
    X[:5, 0] = np.nan
    preprocessor = prepared(X, encoding)
    names = list(preprocessor.get_feature_names_out())
    assert sum("missing" in name for name in names) == 2
    # Apart from missing values x1 is constant: only its indicator is kept.
    assert "x1" not in names
    Z = preprocessor.transform(X)
    assert np.isfinite(Z).all()
    indicators = Z[:, ["missing" in name for name in names]]
    assert_array_equal(indicators, np.isnan(X[:, :2]))
    # A missing value in a column that had none in training is filled, not indicated.
    rows = np.array([[0.0, 7.0, np.nan]])
    assert preprocessor.transform(rows)[0, names.index("x2")] == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_tables_stay_sparse(form, encoding):
    X = sparse.random_array((200, 8), density=0.2, rng=0, dtype=np.float32).tolil()
    X[:, [3]] = 0
    Z = prepared(form(X.tocsr()), encoding).transform(form(X.tocsr()))
    assert sparse.issparse(Z) and Z.format == "csr" and Z.dtype == np.float32
    expected = X.toarray() / np.where(
        X.toarray().std(axis=0) > 0, X.toarray().std(0), 1
    )
    if encoding == "standard":
        assert_allclose(Z.toarray(), np.delete(expected, 3, axis=1), rtol=1e-5)


def test_many_categories_stay_sparse():
    table = pd.DataFrame({"n": NUMBERS, "x": [f"{k % 8}" for k in range(40)]})
    assert not sparse.issparse(prepared(table).transform(table))
    table = pd.concat([table] * 25).assign(x=[f"{k % 100}" for k in range(1000)])
    Z = prepared(table).transform(table)
    assert sparse.issparse(Z) and Z.shape == (1000, 101)


def test_one_hot_columns_can_be_standardised(monkeypatch):
    monkeypatch.setattr(mixed_tables, "STANDARDIZE_ONE_HOT", True)
    Z = prepared(FRAME).transform(FRAME)
    assert_allclose(Z.mean(axis=0), 0, atol=1e-6)
    assert_allclose(Z.std(axis=0), 1, rtol=1e-6)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_infinite_values_are_refused(encoding):
    X = np.array([[1.0], [np.inf]])
    fitted = prepared(np.array([[1.0], [2.0]]), encoding)
    for call in (lambda: prepared(X, encoding), lambda: fitted.transform(X)):
        with pytest.raises(ValueError, match="X contains infinity"):
            call()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "table",
    [FRAME, FRAME[["a"]], sparse.csr_array(np.eye(6, 3)), NUMBERS.reshape(-1, 2)],
    ids=["mixed", "numbers", "sparse", "array"],
)
def test_clone_pickle_and_output_settings(table, encoding):
    preprocessor = preprocessor_for(
        columns_of(table), encoding, is_sparse=sparse.issparse(table)
    )
    assert repr(clone(preprocessor)) == repr(preprocessor)
    expected = preprocessor.fit_transform(table)
    again = pickle.loads(pickle.dumps(preprocessor)).transform(table)
    assert_array_equal(dense(again), dense(expected))
    with sklearn.config_context(transform_output="pandas"):
        found = clone(preprocessor).fit_transform(table)
    assert type(found) is type(expected) and found.dtype == expected.dtype
    assert_array_equal(dense(found), dense(expected))
    assert len(preprocessor.get_feature_names_out()) == expected.shape[1]


def test_the_table_is_not_changed():
    table = pd.DataFrame({"a": [1, pd.NA] * 10, "x": ["u", None] * 10}, dtype=object)
    before = table.copy()
    prepared(table).transform(table)
    pd.testing.assert_frame_equal(table, before)


# -- the parts -------------------------------------------------------------------------


def test_one_marker_for_missing_values():
    X = np.array([["a", None], [np.nan, pd.NA], ["b", 3]], dtype=object)
    Z = UniformMissing().fit(X).transform(X)
    assert [type(each) for each in Z.ravel()] == [str, float, float, float, str, int]
    assert X[0, 1] is None
    codes = np.array([[1], [2]])
    assert UniformMissing().fit(codes).transform(codes) is codes


def test_varying_columns():
    X = np.array([[0.0, 1.0, 2.0], [0.0, 3.0, 2.0 + 1e-9]])
    varying = VaryingColumns().fit(X)
    assert_array_equal(varying.columns_, [1])
    assert list(varying.get_feature_names_out()) == ["x1"]
    assert_array_equal(varying.transform(X), X[:, [1]])
    with pytest.raises(ValueError, match="NaN"):
        varying.transform(X * np.nan)
