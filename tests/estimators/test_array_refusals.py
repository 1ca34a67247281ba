"""Invalid arrays: every method refuses them with the same informative error."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows()
NUMBERS = X[:, 0] - X[:, 1]
TEXT = np.array(["a", "b", "c"])[Y3]
NAMES = list("abcd")
WITH_NAN = np.where(np.arange(240).reshape(60, 4) == 17, np.nan, X)  # row 4, column 1
SPARSE_FORMATS = ["csr", "csc", "coo", "dok", "lil", "bsr", "dia"]


def _net(**params):
    defaults = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


def _regressor(**params):
    defaults = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    return MLPRegularizedRegressor(**{**defaults, **params})


def _frame(column, name="c"):
    return pd.DataFrame(X, columns=NAMES).assign(**{name: column})


def _polars(column):
    return pl.DataFrame(X, schema=NAMES).with_columns(column.alias("c"))


# -- X and X_val -----------------------------------------------------------------------

IN_C = "in column 'c'"
DAYS = pd.date_range("2020", periods=60)
TABLES = {
    "text": (np.full((60, 4), "red"), ["text in columns 0, 1, 2, 3", "'red'"]),
    "objects of text": (np.full((60, 4), "red", object), ["text", "OneHotEncoder"]),
    "frame, text": (_frame("red"), [f"text {IN_C}, such as 'red'", "OneHotEncoder"]),
    "frame, category": (
        _frame(pd.Categorical(["red", "blue"] * 30)),
        [f"text {IN_C}", "OrdinalEncoder"],
    ),
    "frame, mixed": (_frame(pd.Series(["x", 1.0] * 30, dtype=object)), [IN_C, "'x'"]),
    "polars, text": (_polars(pl.lit("red")), [f"text {IN_C}, such as 'red'"]),
    "polars, category": (_polars(pl.lit("red").cast(pl.Categorical)), [f"text {IN_C}"]),
    "frame, dates": (_frame(DAYS), [f"dates or times {IN_C}", "days since"]),
    "frame, dates only": (
        pd.DataFrame(dict.fromkeys(NAMES, DAYS)),
        ["dates or times in columns 'a', 'b', 'c', 'd'"],
    ),
    "frame, time zone": (_frame(DAYS.tz_localize("UTC")), [f"dates or times {IN_C}"]),
    "frame, durations": (_frame(DAYS - DAYS[0]), [f"dates or times {IN_C}"]),
    "frame, periods": (_frame(DAYS.to_period("D")), [f"dates or times {IN_C}"]),
    "polars, dates": (
        _polars(pl.lit(datetime.date(2020, 1, 1))),
        [f"dates or times {IN_C}"],
    ),
    "dates": (np.full((60, 4), np.datetime64("2020")), ["dates or times"]),
    "durations": (np.full((60, 4), np.timedelta64(1, "D")), ["dates or times"]),
    "frame, NA": (
        _frame(pd.array([1, None] * 30, dtype="Int64")),
        [f"NaN {IN_C}, first in row 1", "SimpleImputer"],
    ),
    "polars, null": (_polars(pl.Series([1.0, None] * 30)), [f"NaN {IN_C}"]),
    "objects, None": (
        np.where(np.isnan(WITH_NAN), None, WITH_NAN.astype(object)),
        ["NaN in column 1, first in row 4"],
    ),
    "objects, NA": (
        np.where(np.isnan(WITH_NAN), pd.NA, WITH_NAN.astype(object)),
        ["NaN in column 1, first in row 4"],
    ),
    "duplicate name": (
        pd.DataFrame(X, columns=list("abca")),
        ["duplicate column names: 'a' 2 times"],
    ),
    "frame, lists": (_frame([[1, 2]] * 60), [f"a list {IN_C}"]),
    "complex": (X.astype(complex), ["complex numbers"]),
    "objects, complex": (X.astype(complex).astype(object), ["a complex in columns 0"]),
    "sparse complex": (sparse.csc_array(X.astype(complex)), ["complex numbers"]),
    "masked": (np.ma.masked_array(X, np.isnan(WITH_NAN)), ["1 masked entries"]),
    "structured": (np.zeros(60, dtype=[("a", float)]), ["structured"]),
    "huge ints": (np.full((60, 4), 10**400, object), ["too large for float64"]),
    "uneven": ([[1, 2], [1]] * 30, ["different lengths: 2 values in row 0, 1 value"]),
    "uneven inside": ([[1, [2, 3]], [1, [2]]] * 30, ["nested unevenly"]),
    "set": ({1, 2}, ["got a set"]),
    "dict": ({"a": [1, 2]}, ["got a dict"]),
    "generator": ((row for row in X), ["got a generator"]),
    "text alone": ("abc", ["got 'abc'"]),
    "number": (3.5, ["got 3.5"]),
    "class": (np.ndarray, ["got the class ndarray"]),
    "function": (len, ["got a builtin"]),
    "one axis": (X[:, 0], ["2D array", r"shape \(60,\)", "reshape"]),
    "series": (pd.Series(X[:, 0]), ["2D array", r"shape \(60,\)", "to_frame"]),
    "sparse, one axis": (sparse.coo_array(X[:, 0]), ["2D array", r"shape \(60,\)"]),
    "three axes": (X[:, :, None], [r"shape \(60, 4, 1\)", "flatten"]),
    "no rows": (X[:0], [r"0 sample"]),
    "no columns": (X[:, :0], [r"0 feature"]),
    **{
        f"{form} NaN": (
            sparse.coo_array(WITH_NAN).asformat(form),
            ["NaN in column 1, first in row 4"],
        )
        for form in SPARSE_FORMATS
    },
    **{
        f"{form} infinity": (
            sparse.coo_array(np.where(np.isnan(WITH_NAN), -np.inf, X)).asformat(form),
            ["infinity in column 1, first in row 4"],
        )
        for form in SPARSE_FORMATS
    },
}


@pytest.fixture(scope="module")
def fitted():
    rows = pd.DataFrame(X, columns=NAMES)
    return {
        "frame": (_net().fit(rows, Y3), rows),
        "array": (_net().fit(X, Y3), X),
    }


@pytest.mark.parametrize("case", TABLES)
def test_invalid_inputs(case, fitted):
    table, words = TABLES[case]
    is_frame = isinstance(table, pd.DataFrame | pl.DataFrame)
    net, rows = fitted["frame" if is_frame else "array"]
    of_X = [r"\bX\b", *words]
    assert_refused(net, "fit", (table, Y3), {}, of_X)
    assert_refused(_net(), "fit", (table, Y3), {}, of_X)
    assert_refused(_net(), "partial_fit", (table, Y3), {"classes": [0, 1, 2]}, of_X)
    assert_refused(_regressor(), "fit", (table, NUMBERS), {}, of_X)
    dev = {"X_val": table, "y_val": Y3}
    assert_refused(net, "fit", (rows, Y3), dev, ["X_val", *words])
    for method in ("predict", "predict_proba", "decision_function"):
        assert_refused(net, method, (table,), {}, of_X)
    for method in ("score", "cost", "gradient_check"):
        assert_refused(net, method, (table, Y3), {}, of_X)


def test_unusual_but_numeric_inputs_are_accepted():
    expected = _net().fit(X, Y3).predict_proba(X)
    for table in (X.astype(object), X.astype(str), X.tolist(), np.ma.masked_array(X)):
        assert np.array_equal(_net().fit(table, Y3).predict_proba(table), expected)


# -- y and y_val -----------------------------------------------------------------------

MISSING = Y3 == 0
OBJECTS = {
    "scalar": (3, ["got 3"]),
    "text alone": ("abc", ["got 'abc'"]),
    "set": ({1, 2}, ["got a set"]),
    "generator": ((v for v in Y3), ["got a generator"]),
    "class": (int, ["got the class int"]),
    "complex": (Y3.astype(complex), ["complex"]),
    "objects, complex": (Y3.astype(complex).astype(object), ["complex"]),
    "NaN": (np.where(MISSING, np.nan, Y3), ["NaN, first in row"]),
    "infinity": (np.where(MISSING, np.inf, Y3), ["infinity, first in row"]),
    "Int64 NA": (pd.Series(Y3, dtype="Int64").mask(MISSING), ["NaN"]),
    "polars null": (pl.Series([None, 1, 2] * 20), ["NaN, first in row 0"]),
    "masked": (np.ma.masked_array(Y3, MISSING), ["masked"]),
    "structured": (np.zeros(60, dtype=[("a", float)]), ["structured"]),
    "uneven": ([[1], [1, 2]] * 30, ["different lengths"]),
    "three axes": (np.zeros((60, 3, 1)), [r"shape \(60, 3, 1\)"]),
    "too short": (Y3[:9], ["inconsistent numbers of samples", "60 rows", "has 9"]),
    "empty": (Y3[:0], ["0 sample"]),
}
LABELS = {
    "missing text": (pd.Series(TEXT, dtype="string").mask(MISSING), ["NaN|NA"]),
    "missing category": (pd.Series(TEXT, dtype="category").mask(MISSING), ["NaN"]),
    "text and None": (np.where(MISSING, None, TEXT.astype(object)), ["None, first in"]),
    "text and numbers": (
        np.array(["a", 1, "c"], object)[Y3],
        ["mixes", "'a' .text.", "1 .number."],
    ),
}
TARGETS = {
    "text": (TEXT, ["text, such as '[abc]'", "MLPRegularizedClassifier"]),
    "objects of text": (TEXT.astype(object), ["text", "MLPRegularizedClassifier"]),
    "dates": (np.full(60, np.datetime64("2020")), ["dates or times"]),
    "durations": (np.full(60, np.timedelta64(1, "D")), ["dates or times"]),
}


@pytest.mark.parametrize("case", [*OBJECTS, *LABELS])
def test_invalid_labels(case, fitted):
    y, words = {**OBJECTS, **LABELS}[case]
    net = fitted["array"][0]
    of_y = [r"\by\b", *words]
    assert_refused(net, "fit", (X, y), {}, of_y)
    assert_refused(net, "fit", (X, Y3), {"X_val": X, "y_val": y}, ["y_val", *words])
    assert_refused(_net(), "partial_fit", (X, y), {"classes": [0, 1, 2]}, of_y)
    for method in ("cost", "gradient_check", "score"):
        assert_refused(net, method, (X, y), {}, of_y)


@pytest.mark.parametrize("case", [*OBJECTS, *TARGETS])
def test_invalid_targets_of_a_regressor(case):
    y, words = {**OBJECTS, **TARGETS}[case]
    net = _regressor().fit(X, NUMBERS)
    of_y = [r"\by\b", *words]
    assert_refused(net, "fit", (X, y), {}, of_y)
    dev = {"X_val": X, "y_val": y}
    assert_refused(net, "fit", (X, NUMBERS), dev, ["y_val", *words])
    for method in ("partial_fit", "cost", "gradient_check", "score"):
        assert_refused(net, method, (X, y), {}, of_y)


UNSUPPORTED_TARGETS = {
    "decimals": (NUMBERS, ["continuous", "MLPRegularizedRegressor", "KBins"]),
    "very large": (Y3 * 1e300, ["continuous", "e.300"]),
    "objects, int": (Y3.astype(object), ["Unknown label type", r"y.astype\(int\)"]),
    "objects, bool": ((Y3 > 0).astype(object), ["type bool", r"y.astype\(int\)"]),
    "decimal": (np.full(60, decimal.Decimal(1)), ["type Decimal", r"astype\(int\)"]),
    "tuples": (
        pd.Series([("a", 1), ("b", 2)] * 30).to_numpy(),
        ["type tuple", r"y.astype\(str\)"],
    ),
    "bytes": (TEXT.astype("S"), ["bytes", r"y.astype\(str\)"]),
    "several": (np.c_[Y3, Y3], [r"\(60, 2\)", "MultiOutputClassifier"]),
    "sparse column": (sparse.csr_array(Y3[:, None]), ["sparse", "toarray"]),
}


@pytest.mark.parametrize("case", UNSUPPORTED_TARGETS)
def test_targets_that_a_classifier_does_not_support(case, fitted):
    y, words = UNSUPPORTED_TARGETS[case]
    net = fitted["array"][0]
    assert_refused(net, "fit", (X, y), {}, ["y", *words])
    assert_refused(_net(), "partial_fit", (X, y), {"classes": [0, 1, 2]}, ["y", *words])


@pytest.mark.parametrize("method", ["cost", "score", "gradient_check", "fit"])
@pytest.mark.parametrize("kind", ["array", "frame", "sparse"])
def test_one_hot_instead_of_labels(method, kind, fitted):
    one_hot = {"array": np.asarray, "frame": pd.DataFrame, "sparse": sparse.csr_array}
    Y = one_hot[kind](np.eye(3, dtype=int)[Y3])
    net = fitted["array"][0]
    name = "y_val" if method == "fit" else "y"
    words = [f"{name} should be a 1d array", r"\(60, 3\)", "one-hot", "argmax"]
    if method == "fit":
        assert_refused(net, "fit", (X, Y3), {"X_val": X, "y_val": Y}, words)
    else:
        assert_refused(net, method, (X, Y), {}, words)


OTHER_TYPES = [TEXT, TEXT.astype(object), DAYS.to_numpy()[Y3]]


@pytest.mark.parametrize("y", OTHER_TYPES)
@pytest.mark.parametrize("method", ["cost", "score", "gradient_check", "partial_fit"])
def test_labels_of_another_type_than_the_classes(y, method, fitted):
    words = ["y has labels", "another type", "0, 1, 2"]
    assert_refused(fitted["array"][0], method, (X, y), {}, words)


def test_score_accepts_integers_as_objects_and_unseen_labels(fitted):
    net = fitted["array"][0]
    assert net.score(X, Y3.astype(object)) == net.score(X, Y3)
    assert net.score(X, Y3 + 7) == 0
    words = ["y has numbers with decimals"]
    assert_refused(net, "score", (X, NUMBERS), {}, words)


CLASSES = {
    "missing": (None, ["classes must be passed"]),
    "scalar": (3, ["classes must be", "got 3"]),
    "text alone": ("abc", ["classes must be", "got 'abc'"]),
    "set": ({0, 1, 2}, ["classes must be", "got a set"]),
    "mixed": (np.array(["a", 1], object), ["classes mixes labels"]),
    "decimals": ([0.5, 1.5], ["continuous", "classes has numbers"]),
    "NaN": ([0, 1, np.nan], ["classes contains NaN"]),
    "indicator": (np.eye(3, dtype=int), ["classes must be", r"\(3, 3\)"]),
    "two axes": (np.arange(6).reshape(3, 2), ["classes should be a 1d array"]),
    "too few": ([0, 1], ["y has labels", "training rows: 2", "0, 1"]),
}


@pytest.mark.parametrize("case", CLASSES)
def test_invalid_classes(case):
    classes, words = CLASSES[case]
    assert_refused(_net(), "partial_fit", (X, Y3), {"classes": classes}, words)


# -- weights ---------------------------------------------------------------------------

ONES = np.ones(60)
WEIGHTS = {
    "negative": (np.where(MISSING, -2.0, 1.0), ["negative", "-2 in row", ">= 0"]),
    "negative number": (-1, ["negative", ">= 0"]),
    "all zero": (0 * ONES, ["positive for at least one row"]),
    "zero": (0, ["positive for at least one row"]),
    "NaN": (np.where(MISSING, np.nan, 1), ["contains NaN, first in row"]),
    "NaN number": (np.nan, ["contains NaN"]),
    "infinity": (np.inf, ["contains infinity"]),
    "1e300": (1e300 * ONES, [r"1e\+300", r"1e\+100", "mean"]),
    "1e308": (1e308 * ONES, [r"1e\+308"]),
    "1e-300": (1e-300 * ONES, ["1e-300", "1e-100", "mean"]),
    "text": (TEXT, ["text, such as '[abc]'"]),
    "text alone": ("balanced", ["got 'balanced'"]),
    "complex": (ONES + 0j, ["complex"]),
    "complex number": (1j, ["got 1j"]),
    "dates": (np.full(60, np.datetime64("2020")), ["dates or times"]),
    "None": (np.array([None, *ONES[1:]]), ["contains NaN, first in row 0"]),
    "NA": (pd.Series([None, 1.0] * 30, dtype="Float64"), ["contains NaN"]),
    "masked": (np.ma.masked_array(ONES, MISSING), ["masked"]),
    "sparse": (sparse.csr_array(ONES[:, None]), ["sparse", "toarray"]),
    "short": (ONES[:9], [r"\(60,\)", r"\(9,\)"]),
    "two axes": (ONES[:, None], ["1D", r"\(60, 1\)"]),
    "empty": ([], ["0 sample"]),
    "uneven": ([[1], [1, 2]] * 30, ["different lengths"]),
    "set": ({1}, ["got a set"]),
    "generator": ((1 for _ in range(60)), ["got a generator"]),
    "class": (float, ["got the class float"]),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_invalid_weights(case, fitted):
    weight, words = WEIGHTS[case]
    of_weight = [r"sample_weight\b", *words]
    net = fitted["array"][0]
    for method in ("fit", "cost", "score", "gradient_check"):
        assert_refused(net, method, (X, Y3, weight), {}, of_weight)
    dev = {"X_val": X, "y_val": Y3, "sample_weight_val": weight}
    assert_refused(net, "fit", (X, Y3), dev, ["sample_weight_val", *words])
    assert_refused(_regressor(), "partial_fit", (X, NUMBERS, weight), {}, of_weight)


@pytest.mark.parametrize("weight", [2, 2.0, True, 2 * ONES, [2] * 60, pd.Series(ONES)])
def test_valid_weights(weight, fitted):
    net = fitted["array"][0]
    assert net.score(X, Y3, weight) == net.score(X, Y3)
    _net().fit(X, Y3, weight, X_val=X, y_val=Y3, sample_weight_val=weight)
