"""Large tables, many classes, frames and sparse text, and the memory they take.

`test_classifier_inputs` covers small tables, which are converted once; this module
covers tables that are read in blocks.
"""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
MIB = 2**20


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (6,),
        "batch_size": 16,
        "max_iter": 4,
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


def _memmap(X, folder):
    file = folder / f"{len(X)} rows.npy"
    np.save(file, X)
    return np.load(file, mmap_mode="r")


def _read_only(X, folder):
    X = X.copy()
    X.flags.writeable = False
    return X


# -- reading in blocks -----------------------------------------------------------------

# Small integers, which every dtype represents exactly.
FORMS = {
    "float64": lambda X, folder: X,
    "float32": lambda X, folder: X.astype(np.float32),
    "read-only": _read_only,
    "Fortran": lambda X, folder: np.asfortranarray(X),
    "Fortran float32": lambda X, folder: np.asfortranarray(X, dtype=np.float32),
    "memory map": _memmap,
    "memory map, float32": lambda X, folder: _memmap(X.astype(np.float32), folder),
    "strided": lambda X, folder: np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "int64": lambda X, folder: X.astype(np.int64),
    "uint8": lambda X, folder: X.astype(np.uint8),
    "CSR array": lambda X, folder: sparse.csr_array(X),
    "CSR matrix, float32": lambda X, folder: sparse.csr_matrix(X.astype(np.float32)),
    "CSC array": lambda X, folder: sparse.csc_array(X),
    "CSR of int": lambda X, folder: sparse.csr_array(X.astype(np.int32)),
    "CSC of bool": lambda X, folder: sparse.csc_array(X > 0),
    "pandas": lambda X, folder: pd.DataFrame(X.astype(np.float32)),
    "polars": lambda X, folder: pl.DataFrame(X),
}


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_reading_in_blocks_changes_nothing(form, early_stopping, tmp_path, monkeypatch):
    """Simulate tables of more than 16 MB."""
    X, y = make_rows(n_rows=90)
    X = np.maximum(0, np.round(2 * X))
    if "bool" in form:
        X = (X > 0).astype(np.float64)
    dev = np.arange(90) % 7 == 0
    options = {"early_stopping": early_stopping, "shuffle": True, "max_iter": 6}
    expected = _net(**options).fit(X, y)
    watched = _net().fit(X, y, X_val=X[dev], y_val=y[dev])
    monkeypatch.setattr("skdnn.training.tables._SMALL_TABLE_BYTES", 0)
    given = FORMS[form](X, tmp_path)
    names = "feature_names_in_" if form == "polars" else "n_features_in_"
    net = _net(**options).fit(given, y)
    assert hasattr(net, names)
    assert_array_equal(parameters(net), parameters(expected))
    assert_array_equal(net.validation_scores_, expected.validation_scores_)
    assert_array_equal(net.decision_function(given), expected.decision_function(X))
    assert net.cost(given, y) == expected.cost(X, y)
    given_dev = FORMS[form](X[dev], tmp_path)
    again = _net().fit(given, y, X_val=given_dev, y_val=y[dev])
    assert again.validation_loss_curve_ == watched.validation_loss_curve_
    partial = [
        _net().partial_fit(each, y, classes=[0, 1, 2]).partial_fit(each, y)
        for each in (given, X)
    ]
    assert_array_equal(*map(parameters, partial))


def _peak(function, *arguments):
    """Return the peak memory that a call allocates."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "convert",
    [
        lambda X, folder: X.astype(np.float64),
        lambda X, folder: np.asfortranarray(X, dtype=np.float64),
        lambda X, folder: np.asfortranarray(X),
        lambda X, folder: _memmap(X, folder),
        lambda X, folder: _memmap(X.astype(np.float64), folder),
        lambda X, folder: X[:, ::-1],
        lambda X, folder: (9 * X).astype(np.int64),
        lambda X, folder: (9 * X).astype(np.int8),
        lambda X, folder: X > 0,
        lambda X, folder: X.astype(np.float16),
    ],
    ids=[
        "float64",
        "Fortran",
        "Fortran float32",
        "memmap",
        "memmap float64",
        "strided",
        "int64",
        "int8",
        "bool",
        "float16",
    ],
)
def test_a_large_table_is_never_copied_whole(convert, early_stopping, tmp_path):
    X = np.random.default_rng(0).normal(size=(8_000, 600)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    given = convert(X, tmp_path)
    net = _net(batch_size=200, max_iter=1, early_stopping=early_stopping)
    net.fit(given[:500], y[:500])  # compiles
    # The dev set is a tenth of the rows, converted once: 1.9 MB from 3.8 MB.
    assert _peak(net.fit, given, y) < (9 if early_stopping else 5) * MIB
    assert _peak(net.predict_proba, given) < 5 * MIB
    assert X.nbytes > 18 * MIB


# -- sparse ----------------------------------------------------------------------------


@pytest.mark.parametrize("convert", ["bsr", "coo", "dia", "dok", "lil"])
def test_other_sparse_formats(convert):
    X, y = make_rows()
    X[X < 0.3] = 0
    given = sparse.csr_array(X).asformat(convert)
    net, expected = _net().fit(given, y), _net().fit(X, y)
    assert_array_equal(parameters(net), parameters(expected))
    assert_array_equal(net.decision_function(given), expected.decision_function(X))


def test_unsorted_and_duplicate_sparse_entries():
    """Explicit zeros, unsorted columns and duplicate entries."""
    X, y = make_rows()
    X[X < 0] = 0
    X[7] = 0
    rows, columns = np.indices(X.shape)
    columns = columns[:, ::-1]
    halves = X[rows, columns] / 2
    given = sparse.csr_array(
        (
            np.stack([halves, halves], axis=2).ravel(),
            np.stack([columns, columns], axis=2).ravel().astype(np.int64),
            8 * np.arange(61, dtype=np.int64),
        ),
        shape=X.shape,
    )
    assert given.nnz == 2 * X.size and not given.has_sorted_indices
    before = given.copy()
    net, expected = _net().fit(given, y), _net().fit(X, y)
    assert_array_equal(parameters(net), parameters(expected))
    assert_array_equal(net.decision_function(given), expected.decision_function(X))
    assert_array_equal(given.indices, before.indices)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("form", ["csr_array", "csc_matrix"])
def test_sparse_rows_are_not_densified_and_train_the_same(
    form, kind, early_stopping, solver
):
    X, y = make_rows(kind, n_rows=90, n_columns=40)
    X = np.where(np.random.default_rng(0).uniform(size=X.shape) < 0.1, X, 0)
    given = getattr(sparse, form)(X)
    dev = np.arange(90) % 7 == 0
    options = {"dtype": "float64", "early_stopping": early_stopping, "solver": solver}
    weight = np.arange(90) % 4 / 2
    net, expected = (
        _net(**options).fit(each, y, weight, X_val=each[dev], y_val=y[dev])
        for each in (given, X)
    )
    assert_allclose(parameters(net), parameters(expected), rtol=1e-6, atol=1e-9)
    assert_allclose(net.validation_loss_curve_, expected.validation_loss_curve_)
    assert_allclose(net.predict_proba(given), expected.predict_proba(X), rtol=1e-6)
    assert_array_equal(net.predict(given), expected.predict(X))
    assert_allclose(net.cost(given, y), expected.cost(X, y))
    cut = _net(**options).fit(given, y)
    assert_allclose(
        parameters(cut), parameters(_net(**options).fit(X, y)), rtol=1e-6, atol=1e-9
    )
    assert net.gradient_check(given, y).passed


def test_dropout_of_sparse_inputs():
    X, y = _text(400, 2000, 30, seed=0)
    net = _net(input_keep_prob=0.7, max_iter=30, learning_rate_init=0.01)
    fits = [clone(net).fit(X, y) for _ in range(2)]
    assert_array_equal(*map(parameters, fits))
    assert not np.array_equal(
        parameters(fits[0]), parameters(clone(net).set_params(random_state=1).fit(X, y))
    )
    X_test, y_test = _text(300, 2000, 30, seed=1)
    assert fits[0].score(X_test, y_test) > 0.8


def _text(n_rows, n_columns, n_words, seed):
    """Return word counts, and which of two topics uses some words more often."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n_rows)
    words = rng.integers(0, n_columns, (n_rows, n_words))
    words[:, ::5] = 20 * y[:, np.newaxis] + rng.integers(0, 40, words[:, ::5].shape)
    rows = np.repeat(np.arange(n_rows), n_words)
    counts = np.ones(rows.size, np.float32)
    X = sparse.coo_array((counts, (rows, words.ravel())), shape=(n_rows, n_columns))
    return X.tocsr(), y


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"keep": 0.9}])
def test_memory_for_text_depends_on_stored_entries(options):
    X, y = _text(1000, 100_000, 50, seed=0)
    net = _net(
        hidden_layer_sizes=(4,),
        batch_size=200,
        max_iter=12,
        learning_rate_init=0.01,
        averaging=None,  # an average is another array like θ, and lags behind
        early_stopping=options.get("early_stopping", False),
        input_keep_prob=options.get("keep", 1.0),
    )
    net.fit(X, y).predict(X[:5])  # compiles
    entries = 8 * X.nnz
    parameters = 4 * (100_000 * 4)
    dense_batch = 4 * 200 * 100_000
    # θ, the moments and the gradient; a copy in case of an interrupt; the best θ.
    most = 11 * parameters + 4 * entries
    assert _peak(net.fit, X, y) < most < 8 * parameters + dense_batch
    X_test, y_test = _text(300, 100_000, 50, seed=1)
    assert _peak(net.predict, X_test) < MIB
    assert net.score(X_test, y_test) > 0.9


def test_memory_does_not_grow_with_the_rows_of_sparse_x():
    peaks = []
    for n_rows in (500, 500, 2000):  # the first compiles
        X, y = _text(n_rows, 20_000, 20, seed=0)
        peaks.append(_peak(_net(max_iter=1).fit, X, y))
    per_row = (peaks[2] - peaks[1]) / 1500
    assert per_row < 20 * 8 + 400  # one copy of a row's entries, and its part of y


# -- many classes, few rows, few columns -----------------------------------------------


def test_ten_thousand_classes():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10_000), 2)[rng.permutation(20_000)]
    X = rng.normal(size=(10_000, 12))[y] + 0.01 * rng.normal(size=(20_000, 12))
    net = _net(
        hidden_layer_sizes=(16,),
        batch_size=100,
        learning_rate_init=0.02,
        alpha=1e-3,
        max_iter=3,
    )

    def fit():
        net.fit(X, 3 * y, X_val=X[:300], y_val=3 * y[:300])

    # Targets are class indices; one-hot they would take 800 MB.
    assert _peak(fit) < 60 * MIB
    assert_array_equal(net.classes_, 3 * np.arange(10_000))
    # Logits of all rows would also take 800 MB.
    assert _peak(net.predict, X) < 10 * MIB
    assert_array_equal(
        net.predict(X[:300]), net.classes_[net.decision_function(X[:300]).argmax(1)]
    )
    assert net.predict(X[:300]).max() > 10_000
    p = net.predict_proba(X[:300])
    assert p.shape == (300, 10_000)
    assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    cost = -np.mean(np.log(p[np.arange(300), y[:300]].astype(np.float64)))
    assert_allclose(net.validation_loss_curve_[-1], cost, rtol=1e-4)
    assert cost < 0.5 * np.log(10_000)  # half the cost of a uniform prediction


def test_few_rows_and_columns():
    X, y = make_rows("binary")
    one_column = _net(max_iter=60, learning_rate_init=0.02).fit(
        X[:, :1] - 9, X[:, 0] > 0
    )
    assert one_column.coefs_[0].shape == (1, 6)
    two = _net(batch_size="auto", max_iter=300, learning_rate_init=0.05, alpha=0.01)
    two.fit([[0.0], [1.0]], ["no", "yes"])
    assert_array_equal(two.predict([[0.0], [1.0]]), ["no", "yes"])
    net = _net().fit(X, y)
    for rows in (X[:1], sparse.csr_array(X[:1]), X[:1].tolist()):
        assert_allclose(net.predict_proba(rows), net.predict_proba(X)[:1], rtol=1e-5)
    watched = _net().fit(X, y, X_val=X[:1], y_val=y[:1])
    (cost,) = -watched.predict_log_proba(X[:1])[0, y[:1]]
    assert_allclose(watched.validation_loss_curve_[-1], cost, rtol=1e-5)
    alone = _net(batch_size="auto").partial_fit(X[:1], y[:1], classes=[0, 1])
    assert alone.t_ == 1


# -- frames ----------------------------------------------------------------------------

COLUMNS = {
    "count": np.arange(60) // 3,
    "size": np.linspace(-1, 1, 60),
    "yes": np.arange(60) % 3 == 0,
    "single": np.sin(np.arange(60)).astype(np.float32),
    "byte": np.arange(60, dtype=np.uint8) % 7,
}
MIXED_FRAMES = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas, nullable": lambda: pd.DataFrame(COLUMNS).convert_dtypes(),
    "pandas, objects": lambda: pd.DataFrame(COLUMNS).astype(object),
    "pandas, categories": lambda: pd.DataFrame(COLUMNS).astype({"byte": "category"}),
    "polars": lambda: pl.DataFrame(COLUMNS),
}


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("frame", MIXED_FRAMES.values(), ids=MIXED_FRAMES)
def test_columns_of_different_types(frame, early_stopping):
    _, y = make_rows()
    frame, X = frame(), np.column_stack([c.astype(float) for c in COLUMNS.values()])
    options = {"early_stopping": early_stopping, "scoring": "accuracy"}
    net, expected = _net(**options).fit(frame, y), _net(**options).fit(X, y)
    assert_array_equal(net.feature_names_in_, list(COLUMNS))
    assert_array_equal(net.decision_function(frame), expected.decision_function(X))
    assert net.validation_scores_ == expected.validation_scores_
    net.fit(frame, y, X_val=frame, y_val=y)
    expected.fit(X, y, X_val=X, y_val=y)
    assert net.validation_loss_curve_ == expected.validation_loss_curve_
    assert net.cost(frame, y) == expected.cost(X, y)


def test_frame_of_sparse_columns_stays_sparse():
    X, y = _text(300, 3000, 10, seed=0)
    frame = pd.DataFrame.sparse.from_spmatrix(X)
    net, expected = (_net(batch_size=50).fit(each, y) for each in (frame, X))
    assert_array_equal(parameters(net), parameters(expected))
    assert_array_equal(net.decision_function(frame), expected.decision_function(X))


MISSING = {
    "pandas": pd.DataFrame({"a": pd.array([1.5, None] * 30, dtype="Float64")}),
    "pandas, int": pd.DataFrame({"a": pd.array([1, None] * 30, dtype="Int64")}),
    "polars": pl.DataFrame({"a": [1.5, None] * 30}),
}


@pytest.mark.parametrize("frame", MISSING.values(), ids=MISSING)
def test_missing_entries_are_refused(frame):
    _, y = make_rows()
    whole = pd.DataFrame({"a": np.linspace(-1, 1, 60)})
    with pytest.raises(ValueError, match="X contains NaN"):
        _net().fit(frame, y)
    with pytest.raises(ValueError, match="X_val contains NaN"):
        _net().fit(whole, y, X_val=frame, y_val=y)
    with pytest.raises(ValueError, match="X contains NaN"):
        _net().fit(whole, y).predict(frame)


LETTERS = np.array(["a", "b", "c"])
LABELS = {
    "str": lambda y: pd.Series(LETTERS[y], dtype="str"),
    "string": lambda y: pd.Series(LETTERS[y], dtype="string"),
    "category": lambda y: pd.Series(LETTERS[y]).astype("category"),
    "Int64": lambda y: pd.Series(y, dtype="Int64"),
    "boolean": lambda y: pd.Series(y > 0, dtype="boolean"),
    "polars": lambda y: pl.Series(y),
    "polars text": lambda y: pl.Series(LETTERS[y].tolist()),
    "polars category": lambda y: pl.Series(LETTERS[y].tolist(), dtype=pl.Categorical),
    "polars bool": lambda y: pl.Series(y > 0),
}


@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_labels_from_series_of_any_type(label, scoring):
    X, y = make_rows()
    series = label(y)
    plain = np.unique(np.asarray(series), return_inverse=True)[1]
    dev = {"X_val": X[::2], "y_val": series[::2]}
    net = _net(early_stopping=True, scoring=scoring).fit(X, series, **dev)
    dev = {"X_val": X[::2], "y_val": plain[::2]}
    expected = _net(early_stopping=True, scoring=scoring).fit(X, plain, **dev)
    assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    assert net.validation_scores_ == expected.validation_scores_
    assert_array_equal(net.classes_, np.unique(np.asarray(series)))
    assert net.score(X, series) == expected.score(X, plain)


INDICATORS = {
    "pandas": lambda Y: pd.DataFrame(Y, columns=list("pqr")),
    "pandas bool": lambda Y: pd.DataFrame(Y.astype(bool)),
    "pandas, nullable": lambda Y: pd.DataFrame(Y).astype("Int64"),
    "polars": lambda Y: pl.DataFrame(Y, schema=list("pqr")),
}


@pytest.mark.parametrize("frame", INDICATORS.values(), ids=INDICATORS)
def test_label_indicators_from_frames(frame):
    X, Y = make_rows("multilabel")
    net = _net(early_stopping=True).fit(X, frame(Y), X_val=X, y_val=frame(Y))
    expected = _net(early_stopping=True).fit(X, Y, X_val=X, y_val=Y)
    assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    assert net.validation_scores_ == expected.validation_scores_


WEIGHTS = {
    "pandas": pd.Series,
    "pandas, nullable": lambda w: pd.Series(w, dtype="Float64"),
    "polars": pl.Series,
    "list": np.ndarray.tolist,
    "float32": lambda w: w.astype(np.float32),
    "read-only": lambda w: np.frombuffer(w.tobytes()),
}


@pytest.mark.parametrize("convert", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_of_any_kind(convert):
    X, y = make_rows()
    weight = np.arange(60) % 5 / 4
    net = _net(early_stopping=True, class_weight="balanced")
    fits = [
        clone(net).fit(X, y, w, X_val=X, y_val=y, sample_weight_val=w)
        for w in (convert(weight), weight)
    ]
    assert_array_equal(*map(parameters, fits))
    assert fits[0].validation_loss_curve_ == fits[1].validation_loss_curve_
    unweighted = clone(net).fit(X, y, X_val=X, y_val=y)
    assert not np.allclose(parameters(unweighted), parameters(fits[0]), atol=1e-3)
