"""Raw tables: frames, text, missing values, sparse rows, lists, dtypes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from tests.cross_validated.small import classifier, regressor, thetas
from tests.estimators.datasets import KINDS, make_rows

N = 60
X, Y = make_rows()
LABELS = np.array(list("abc"))
# Fits of this module take few steps; other modules test what they learn.
SHORT = {"max_steps": 3, "cv": 2, "encodings": ("standard", "piecewise")}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def frame():
    """Return a table with every kind of column."""
    return pd.DataFrame(
        {
            "number": X[:, 0],
            "hole": np.where(X[:, 1] > 1, np.nan, X[:, 1]),
            "nullable": pd.array(np.arange(N), dtype="Int64"),
            "category": pd.Categorical(LABELS[Y]),
            "text": np.array(list("uvw"), dtype=object)[np.arange(N) % 3],
            "yes": X[:, 2] > 0,
            "constant": 1.0,
        }
    )


def frame_of_polars():
    columns = frame().drop(columns="nullable").to_dict("list")
    return pl.DataFrame(columns).with_columns(pl.col("category").cast(pl.Categorical))


@pytest.fixture(scope="module")
def fitted():
    """Fit a classifier with both encodings as candidates to the frame."""
    model = classifier(**(SHORT | {"max_steps": 40}))
    return model.fit(frame(), LABELS[Y])


# -- frames ----------------------------------------------------------------------------


def test_a_frame_with_all_kinds_of_columns(fitted):
    X = frame()
    assert fitted.feature_names_in_.tolist() == X.columns.tolist()
    assert fitted.n_features_in_ == 7
    assert fitted.score(X, LABELS[Y]) > 0.9  # one of the columns determines the label
    names = fitted.preprocessor_.get_feature_names_out().tolist()
    assert any("category_a" in name for name in names)
    assert not any("constant" in name for name in names)


def test_unseen_categories_and_missing_values(fitted):
    other = frame()
    other["category"] = other["category"].astype(object)
    other.loc[:9, "category"] = "new"
    other.loc[5:15, "text"] = None
    other.loc[3, "number"] = np.nan
    assert np.isfinite(fitted.predict_proba(other)).all()
    assert_allclose(fitted.predict_proba(other).sum(axis=1), 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.drop(columns="text"), "now missing:\n- text"),
        (lambda X: X[X.columns[::-1]], "must be in the same order"),
        (lambda X: X.assign(other=1.0), "unseen at fit time:\n- other"),
        (lambda X: X.assign(number=np.inf), "infinity in column 'number', first in"),
        (lambda X: X.assign(number="x"), "column 'number' holds 'x'"),
        (lambda X: X.to_numpy(dtype=object), "must be a data frame with the columns"),
        (lambda X: X.assign(number=pd.Timestamp("2020")), "dates .* column 'number'"),
    ],
    ids=["missing", "order", "more", "infinity", "text", "array", "dates"],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_what_predict_refuses(fitted, change, words):
    before = thetas(fitted)
    with pytest.raises(ValueError, match=words) as info:
        fitted.predict(change(frame()))
    assert str(info.value).startswith("X")
    assert_array_equal(thetas(fitted), before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X.assign(number=-np.inf), "infinity in column 'number', first in"),
        (lambda X: X.assign(hole=pd.Timestamp("2020")), "dates .* column 'hole'"),
        (lambda X: X.set_axis(["a"] * 7, axis=1), "duplicate column names: 'a' 7"),
        (lambda X: X.set_axis([1, 2, 3, 4, *"abc"], axis=1), "only supported if all"),
        (lambda X: X.iloc[:0], "X: Found 0 sample"),
        (lambda X: X[[]], "X: Found 0 feature"),
    ],
    ids=["infinity", "dates", "repeated", "mixed names", "no rows", "no columns"],
)
def test_frames_that_fit_refuses(fitted, change, words):
    model = clone(fitted).fit(frame(), Y)
    before = thetas(model)
    with pytest.raises((ValueError, TypeError), match=words):
        given = change(frame())
        model.fit(given, Y[: len(given)])
    assert_array_equal(thetas(model), before)
    assert model.feature_names_in_.tolist() == frame().columns.tolist()


def test_frames_of_polars():
    given = frame_of_polars()
    model = classifier(**(SHORT | {"max_steps": 40})).fit(given, pl.Series(LABELS[Y]))
    assert model.score(given, LABELS[Y]) > 0.9
    assert model.feature_names_in_.tolist() == given.columns
    as_pandas = frame().drop(columns="nullable")
    assert_allclose(model.predict_proba(as_pandas), model.predict_proba(given))
    with pytest.raises(ValueError, match="infinity in column 'number'"):
        model.predict(given.with_columns(number=pl.lit(np.inf)))


def test_an_array_without_feature_names_raises_a_warning():
    named = pd.DataFrame(X, columns=list("abcd"))
    model = classifier(**SHORT).fit(named, Y)
    with pytest.warns(UserWarning, match="does not have valid feature names") as caught:
        P = model.predict_proba(X)
    assert len(caught) == 1
    assert_array_equal(P, model.predict_proba(named))
    with pytest.warns(UserWarning, match="does not have valid feature names") as caught:
        classifier(**SHORT).fit(named, Y, X_val=X, y_val=Y)
    assert len([w for w in caught if "names" in str(w.message)]) == 1


def test_refitting_forgets_feature_names():
    model = classifier(**SHORT).fit(pd.DataFrame(X, columns=list("abcd")), Y)
    assert hasattr(model, "feature_names_in_")
    assert not hasattr(model.fit(X, Y), "feature_names_in_")


def test_categorical_features_named_by_the_user():
    columns = np.column_stack([X[:, 0], Y + 10.0])
    model = classifier(categorical_features=[1], max_steps=40).fit(columns, Y)
    assert "x1_12.0" in model.preprocessor_.get_feature_names_out()
    assert model.score(columns, Y) > 0.9
    with pytest.raises(ValueError, match="has names that are not columns"):
        classifier(categorical_features=["no"]).fit(frame(), Y)
    with pytest.raises(ValueError, match="Column 'text' of X holds text"):
        classifier(categorical_features=["category"]).fit(frame(), Y)


def test_without_preprocessing_a_table_is_numbers():
    with pytest.raises(ValueError, match="X has text in columns 'category', 'text'"):
        classifier(preprocess=False).fit(frame(), Y)
    with pytest.raises(ValueError, match="X contains NaN in column 0"):
        classifier(preprocess=False).fit(np.where(X > 1, np.nan, X), Y)
    model = classifier(**SHORT, preprocess=False).fit(frame()[["number", "yes"]], Y)
    assert model.encoding_ is None
    assert model.members_ == model._nets


# -- arrays ----------------------------------------------------------------------------


def test_object_arrays_and_lists_with_text():
    rows = frame()[["number", "category", "text"]].to_numpy(dtype=object)
    by_array = classifier(**SHORT).fit(rows, Y)
    assert by_array.predict(rows).shape == (N,)
    assert by_array.predict([[0.0, "new", "u"]]).shape == (1,)
    lists = [["a", "1.5"], ["b", "2"]] * 30
    assert classifier(**SHORT).fit(lists, Y).predict(lists).shape == (N,)


def test_lists_are_arrays():
    by_list = classifier(**SHORT).fit(X.tolist(), Y.tolist())
    assert_array_equal(thetas(by_list), thetas(classifier(**SHORT).fit(X, Y)))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (X[:, 0], r"X must be a table of shape .* got shape \(60,\)"),
        (X[:, :, np.newaxis], "got 3 dimensions"),
        ([[1, 2], [3]] * 30, "rows of X have different lengths"),
        (np.where(X > 1, np.inf, X), "X contains infinity in column 0, first in row"),
        (X + 1j, "complex"),
        (None, "X must be a table"),
        ("table", "X must be a table"),
        ({"a": X[:, 0]}, "X must be a table"),
        (X[:0], "0 sample"),
        (X[:, :0], "0 feature"),
        (X[:9], "X has 9 rows, y has 60"),
        (1e300 * X, "column 0 that are too large"),
    ],
    ids=list("abcdefghijkl"),
)
def test_arrays_that_fit_refuses(rows, words):
    with pytest.raises((ValueError, TypeError), match=words):
        classifier(**SHORT).fit(rows, Y)


@pytest.mark.parametrize("preprocess", [True, False])
def test_numbers_that_predict_refuses(preprocess):
    model = classifier(**SHORT, preprocess=preprocess, n_members=2).fit(X, Y)
    bad = X[:5].copy()
    bad[2, 1] = np.inf
    with pytest.raises(
        ValueError, match="X contains infinity in column 1, first in ro"
    ):
        model.predict(bad)
    bad[2, 1] = 1e300
    with pytest.raises(ValueError, match=r"X contains 1.*e\+300, a value too large"):
        model.predict_proba(bad)
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 4"):
        model.predict(X[:, :3])
    bad[2, 1] = np.nan
    if preprocess:
        assert np.isfinite(model.predict_proba(bad)).all()
    else:
        with pytest.raises(ValueError, match="X contains NaN in column 1"):
            model.predict(bad)


@pytest.mark.parametrize("encoding", ["standard", "piecewise"])
@pytest.mark.parametrize("kind", ["csr_matrix", "csc_array", "coo_array"])
def test_sparse_rows(encoding, kind):
    rows = np.where(np.abs(X) > 0.8, X, 0)
    as_sparse = getattr(sparse, kind)(rows)
    options = SHORT | {"encodings": encoding}
    model = classifier(**options).fit(as_sparse, Y)
    assert_allclose(model.predict_proba(rows), model.predict_proba(as_sparse), 1e-5)
    dense = classifier(**options).fit(rows, Y, X_val=as_sparse, y_val=Y)
    assert_allclose(dense.predict_proba(as_sparse), dense.predict_proba(rows), 1e-5)
    ready = classifier(**options, preprocess=False).fit(as_sparse, Y)
    assert_allclose(ready.predict_proba(rows), ready.predict_proba(as_sparse), 1e-5)
    assert_allclose(
        ready.predict_proba(rows),
        classifier(**options, preprocess=False).fit(rows, Y).predict_proba(rows),
        rtol=1e-4,
    )


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("type_in", ["float32", "float64", "float16", "int64", "bool"])
def test_output_dtype_follows_input_dtype(type_in, n_members):
    rows = (9 * X).astype(type_in)
    expected = np.float32 if type_in == "float32" else np.float64
    model = classifier(**SHORT, n_members=n_members).fit(rows, Y)
    for ask in (model.predict_proba, model.predict_log_proba, model.decision_function):
        assert ask(rows).dtype == expected
    numbers = regressor(**SHORT, n_members=n_members).fit(rows, X[:, 0])
    assert numbers.predict(rows).dtype == expected
    if type_in != "float32":
        assert_allclose(model.predict_proba(rows).sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["auto", "float32", "float64"])
def test_dtype_parameter(dtype):
    model = classifier(**SHORT, dtype=dtype).fit(X, Y)
    expected = np.float64 if dtype == "float64" else np.float32
    assert model._nets[0]._model.theta.dtype == expected


@pytest.mark.parametrize(
    "rows",
    [
        np.ones((N, 3)),
        X[:, :1],
        np.column_stack([np.ones(N), X[:, 0], np.full(N, np.nan)]),
        np.random.default_rng(0).normal(size=(N, 300)),
    ],
    ids=["constant", "one column", "constant columns", "wide"],
)
def test_odd_shapes(rows):
    model = classifier(**SHORT).fit(rows, Y)
    assert np.isfinite(model.predict_proba(rows)).all()
    numbers = regressor(**SHORT).fit(rows, X[:, 0])
    assert np.isfinite(numbers.predict(rows)).all()


# -- labels ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        LABELS[Y],
        LABELS[Y].astype(object),
        pd.Series(LABELS[Y], dtype="category"),
        Y > 0,
        Y - 5.0,
    ],
    ids=["text", "objects", "category", "bool", "floats"],
)
def test_labels_of_any_kind(labels):
    model = classifier(**SHORT, n_members=2).fit(X, labels)
    expected = np.unique(np.asarray(labels))
    assert model.classes_.tolist() == expected.tolist()
    assert set(model.predict(X)) <= set(expected)
    assert model.predict(X).dtype == expected.dtype
    assert 0 <= model.score(X, labels) <= 1


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("encoding", ["standard", "piecewise"])
def test_sparse_indicators(refit, encoding):
    _, y = make_rows("multilabel")
    options = SHORT | {"refit": refit, "encodings": encoding, "max_steps": 24}
    dense = classifier(**options).fit(X, y)
    fitted = classifier(**options).fit(X, sparse.csr_array(y))
    assert_array_equal(thetas(fitted), thetas(dense))
    assert fitted.predict(X).shape == fitted.predict_proba(X).shape == y.shape
    assert fitted.score(X, sparse.csr_array(y)) == dense.score(X, y)


@pytest.mark.parametrize("n_members", [1, 2])
def test_one_class(n_members):
    model = classifier(n_members=n_members)
    with pytest.warns(UserWarning, match="y has one class only.* class 'a'") as caught:
        model.fit(X, np.full(N, "a"))
    assert len(caught) == 1 and caught[0].filename == __file__
    assert set(model.predict(X)) == {"a"}
    assert_array_equal(model.predict_proba(X), np.ones((N, 1)))
    assert model.temperature_ == 1.0
    assert model.best_n_steps_ == 1


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.where(Y > 1, np.nan, Y), "y contains NaN, first in row"),
        (Y + 0.5, "Unknown label type: continuous"),
        (None, "requires y to be passed"),
        (Y[:9], "X has 60 rows, y has 9"),
    ],
    ids=["NaN", "numbers", "None", "few"],
)
def test_labels_that_fit_refuses(y, words):
    with pytest.raises(ValueError, match=words):
        classifier(**SHORT).fit(X, y)


# -- dev set ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_dev_set_replaces_the_folds(kind):
    rows, y = make_rows(kind)
    val = {"X_val": rows[40:], "y_val": y[40:]}
    model = classifier(**SHORT, n_members=2).fit(rows[:40], y[:40], **val)
    assert len(model.members_) == 2
    assert model.scores_.shape[2] == 1
    assert len(model.oof_decision_function_) == 20
    alone = classifier(**SHORT, refit=False).fit(rows[:40], y[:40], **val)
    assert len(alone.members_) == 1
    assert alone.preprocessor_ is alone.members_[0][0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"X_val": X}, "must be given together .* missing: y_val"),
        ({"sample_weight_val": Y}, "must be given together"),
        ({"X_val": X, "y_val": Y + 7}, "y_val has labels that are not among the clas"),
        ({"X_val": X[:, :3], "y_val": Y}, "X_val has 3 features, but X has 4"),
        ({"X_val": X, "y_val": Y[:9]}, "X_val has 60 rows, y_val has 9"),
        ({"X_val": np.where(X > 1, np.inf, X), "y_val": Y}, "X_val contains infinity"),
        (
            {"X_val": X, "y_val": Y, "sample_weight_val": 0 * Y},
            "sample_weight_val must be positive",
        ),
        (
            {"X_val": pd.DataFrame(X, columns=list("dcba")), "y_val": Y},
            "X_val: The feature names should match",
        ),
    ],
    ids=["alone", "weights", "labels", "columns", "rows", "infinity", "zeros", "names"],
)
def test_dev_sets_that_fit_refuses(given, words):
    rows = pd.DataFrame(X, columns=list("abcd")) if "names" in words else X
    with pytest.raises(ValueError, match=words):
        classifier(**SHORT).fit(rows, Y, **given)


def test_an_error_names_x_val_only_where_there_is_one():
    """A dev value that overflows once standardised by the training rows."""
    huge = X.copy()
    huge[50, 2] = 1e200
    with pytest.raises(ValueError, match=r"^X contains .*e\+199, a value too large"):
        classifier(cv=[(np.arange(40), np.arange(40, N))]).fit(huge, Y)
    with pytest.raises(
        ValueError, match=r"^X_val contains .*e\+199, a value too large"
    ):
        classifier().fit(X, Y, X_val=huge, y_val=Y)
