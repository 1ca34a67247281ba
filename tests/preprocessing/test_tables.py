"""Inputs that are not tables of numbers are refused with a message of our own."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skdnn.preprocessing import InputStandardizer

X = np.random.default_rng(0).normal(size=(20, 2))
DAYS = pd.date_range("2020-01-01", periods=20)
NOT_TABLES = {
    "two columns of one name": (
        pd.DataFrame(X, columns=["age", "age"]),
        ValueError,
        "X has several columns named 'age'",
    ),
    "pandas dates": (
        pd.DataFrame({"x": range(20), "day": DAYS}),
        ValueError,
        "X has dates or times in column 'day'. Convert them",
    ),
    "pandas dates of a time zone": (
        pd.DataFrame({"day": DAYS.tz_localize("UTC")}),
        ValueError,
        "dates or times in column 'day'",
    ),
    "pandas durations": (
        pd.DataFrame({"a": DAYS - DAYS[0], "b": DAYS}),
        ValueError,
        "dates or times in columns 'a', 'b'",
    ),
    "polars dates": (
        pl.DataFrame({"day": [datetime.date(2020, 1, 1)] * 20, "x": range(20)}),
        ValueError,
        "dates or times in column 'day'",
    ),
    "polars times": (
        pl.DataFrame({"at": [datetime.timedelta(seconds=1)] * 20}),
        ValueError,
        "dates or times in column 'at'",
    ),
    "array of dates": (
        DAYS.to_numpy()[:, None],
        ValueError,
        r"X holds dates or times \(datetime64",
    ),
    "objects that are dates": (
        DAYS.to_numpy()[:, None].astype("M8[us]").astype(object),
        TypeError,
        "column 0 holds datetime.datetime",
    ),
    "complex": (X * 1j, ValueError, "X holds complex numbers"),
    "complex frame": (pd.DataFrame(X * 1j), ValueError, "X holds complex numbers"),
    "complex sparse": (
        sparse.csr_array(X * 1j),
        ValueError,
        "X holds complex numbers",
    ),
    "complex objects": (
        (X * 1j).astype(object),
        TypeError,
        "X must hold numbers, but column 0",
    ),
    "text": (
        np.array([["1", "two"]] * 20),
        ValueError,
        "X must hold numbers, but column 1 holds .*'two'.*OneHotEncoder",
    ),
    "pandas text": (
        pd.DataFrame({"x": range(20), "sex": ["f", "m"] * 10}),
        ValueError,
        "column 'sex' holds 'f'",
    ),
    "pandas categories": (
        pd.DataFrame({"sex": pd.Categorical(["f", "m"] * 10)}),
        ValueError,
        "column 'sex' holds 'f'",
    ),
    "polars text": (
        pl.DataFrame({"sex": ["f", "m"] * 10}),
        ValueError,
        "column 'sex' holds",
    ),
    "ragged": ([[1, 2], [3]], ValueError, "X must be a table, but its rows"),
    "none": (None, TypeError, "X must be a table of numbers.*Got None"),
    "number": (3.0, TypeError, "X must be a table.*Got 3.0"),
    "string": ("rows", TypeError, "X must be a table.*Got 'rows'"),
    "dict": ({"a": [1]}, TypeError, "X must be a table.*Got {'a'"),
    "class": (np.ndarray, TypeError, "X must be a table.*Got <class"),
    "infinite": (X * np.inf, ValueError, "X contains infinity"),
}


@pytest.mark.parametrize(
    ("table", "error", "message"), NOT_TABLES.values(), ids=NOT_TABLES.keys()
)
def test_inputs_that_are_not_tables(table, error, message):
    fitted = InputStandardizer().fit(X)
    calls = [
        InputStandardizer().fit,
        InputStandardizer("robust", with_mean=False).fit,
        InputStandardizer().partial_fit,
        fitted.inverse_transform,
    ]
    if not hasattr(table, "columns"):  # names that fit did not have raise a warning
        calls.append(fitted.transform)
    for call in calls:
        with pytest.raises(error, match=message):
            call(table)


@pytest.mark.parametrize(
    "table",
    [
        X.astype(object),
        X.round(2).astype(str),
        pd.DataFrame({"a": pd.array([1, None] * 10, dtype="Int64"), "b": X[:, 0] > 0}),
        pd.DataFrame({"a": pd.Categorical([1, 2] * 10), "b": X[:, 0].astype(object)}),
        pl.DataFrame({"a": [1, None] * 10, "b": X[:, 0] > 0}),
        pd.DataFrame({"a": [1, pd.NA] * 10, "b": [None, 2.5] * 10}, dtype=object),
        np.array([[1, None], [pd.NA, True]] * 10, dtype=object),
    ],
    ids=[
        "objects",
        "digits",
        "pandas",
        "categories of numbers",
        "polars",
        "frame of objects",
        "missing objects",
    ],
)
def test_numbers_of_any_kind_are_accepted(table):
    before = str(table)
    assert InputStandardizer().fit_transform(table).shape == (20, 2)
    assert str(table) == before


@pytest.mark.parametrize(
    ("s", "message"),
    [
        (["much"] * 20, "sample_weight must hold numbers.*'much'"),
        ([1j] * 20, "sample_weight must hold numbers"),
        (DAYS, "sample_weight must hold numbers.*2020-01-01"),
        ([{}] * 20, "sample_weight must hold numbers.*{}"),
        ([[1], [2, 3]] * 10, "sample_weight must be an array of one number per row"),
        (sparse.csr_array(np.ones((20, 1))), "sample_weight must be dense"),
        ({"a": 1}, r"sample_weight must have shape \(20,\)"),
        ([1e300] * 20, "largest sample_weight .* got 1e[+]300. Divide"),
        ([1e-300] * 20, "largest sample_weight .* got 1e-300"),
    ],
)
def test_invalid_weights(s, message):
    for method in ("standard", "robust"):
        with pytest.raises(ValueError, match=message):
            InputStandardizer(method).fit(X, sample_weight=s)


@pytest.mark.parametrize("copy", ["no", 1, bool])
def test_copy_is_a_bool(copy):
    ours = InputStandardizer().fit(X)
    for call in (ours.transform, ours.inverse_transform):
        with pytest.raises(ValueError, match="copy must be a bool or None"):
            call(X, copy=copy)
