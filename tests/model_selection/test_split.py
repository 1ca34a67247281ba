"""The split into train, dev and test, as a function and as a cv object."""

import inspect
import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    HalvingGridSearchCV,
    cross_validate,
)

from skdnn.model_selection import TrainDevTestSplit, train_dev_test_split

quick = settings(max_examples=60, deadline=None, derandomize=True)


def split(n, **options):
    return train_dev_test_split(np.arange(n), **options)


def lengths(parts):
    return [len(part) for part in parts]


def assert_partition(parts, n):
    """Assert that every row is in exactly one part."""
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))


# Sizes: the course's table, counts, fractions


@pytest.mark.parametrize(
    ("n", "options", "expected"),
    [
        (100, {}, [60, 20, 20]),
        (1_000, {}, [600, 200, 200]),
        (10_000, {}, [6_000, 2_000, 2_000]),
        (50_000, {}, [30_000, 10_000, 10_000]),
        (1_000_000, {}, [980_000, 10_000, 10_000]),
        (4_000_000, {}, [3_980_000, 10_000, 10_000]),  # 99.5/0.25/0.25
        (5_000_000, {}, [4_980_000, 10_000, 10_000]),
        (1_000, {"dev_size": 0, "test_size": 0.3}, [700, 0, 300]),
        (1_000, {"test_size": 0.1}, [700, 200, 100]),
        (1_000_000, {"test_size": 1_000}, [989_000, 10_000, 1_000]),
        (5_000_000, {"dev_size": 0.004, "test_size": 0.001}, [4_975_000, 20_000, 5000]),
    ],
)
def test_course_table(n, options, expected):
    assert lengths(split(n, shuffle=False, **options)) == expected


def test_shuffled_sizes_are_the_same():
    assert lengths(split(1_000_000, random_state=0)) == [980_000, 10_000, 10_000]


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [
        (100, 0.07, 7),  # 0.07 * 100 > 7 in floating point
        (100, 0.145, 15),  # 0.145 * 100 < 14.5 in floating point
        (10, 0.25, 3),
        (10, 0.24, 2),
        (10, 0.001, 1),  # asked for, so not empty
        (100, np.float32(0.2), 20),
        (10, np.int64(3), 3),
        (10, 1, 1),
        (10, 0, 0),
        (10, 0.0, 0),
        (10, None, 0),
    ],
)
def test_size_rule(n, size, expected):
    assert lengths(split(n, dev_size=size, test_size=0))[1] == expected
    assert lengths(split(n, dev_size=0, test_size=size))[2] == expected


def test_smallest_data():
    assert lengths(split(3)) == [1, 1, 1]
    assert lengths(split(1, dev_size=0, test_size=0)) == [1, 0, 0]


@quick
@given(st.data())
def test_partition_with_exact_counts(data):
    n = data.draw(st.integers(1, 300))
    n_dev = data.draw(st.integers(0, n - 1))
    n_test = data.draw(st.integers(0, n - 1 - n_dev))
    shuffle = data.draw(st.booleans())
    parts = split(n, dev_size=n_dev, test_size=n_test, shuffle=shuffle, random_state=1)
    assert lengths(parts) == [n - n_dev - n_test, n_dev, n_test]
    assert_partition(parts, n)
    assert all((np.diff(part) > 0).all() for part in parts)


def test_consecutive_pieces():
    parts = split(10, dev_size=2, test_size=3, shuffle=False)
    assert_array_equal(np.concatenate(parts), np.arange(10))


def test_all_rows_have_the_same_chance_to_be_in_a_part():
    part_of_row = np.zeros((3, 20))
    for seed in range(500):
        for counts, rows in zip(part_of_row, split(20, random_state=seed), strict=True):
            counts[rows] += 1
    # Four standard errors of a proportion from 500 draws.
    assert np.abs(part_of_row / 500 - [[0.6], [0.2], [0.2]]).max() < 0.09


# Stratified


@quick
@given(
    counts=st.lists(st.integers(3, 60), min_size=1, max_size=12),
    dev_size=st.floats(0.0, 0.45),
    test_size=st.floats(0.0, 0.45),
    seed=st.integers(0, 100),
)
def test_each_class_is_within_one_row_of_its_share(counts, dev_size, test_size, seed):
    y = np.random.default_rng(seed).permutation(np.repeat(range(len(counts)), counts))
    sizes = lengths(split(len(y), dev_size=dev_size, test_size=test_size))
    assume(all(size == 0 or size >= len(counts) for size in sizes))
    parts = split(
        len(y), dev_size=dev_size, test_size=test_size, stratify=y, random_state=seed
    )
    assert lengths(parts) == sizes
    assert_partition(parts, len(y))
    table = np.array([np.bincount(y[rows], minlength=len(counts)) for rows in parts]).T
    share = np.outer(counts, sizes) / len(y)
    assert (table[:, np.array(sizes) > 0] >= 1).all()
    if (share[:, np.array(sizes) > 0] >= 1).all():
        assert np.abs(table - share).max() < 1


def test_integer_shares_are_exact():
    y = np.repeat([0, 1], [900, 100])
    for rows, n in zip(split(1000, stratify=y), (600, 200, 200), strict=True):
        assert_array_equal(np.bincount(y[rows]), [0.9 * n, 0.1 * n])


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_rounded_to_the_nearest_rows(seed):
    counts = np.random.default_rng(seed).integers(10, 60, size=7)
    y = np.repeat(range(7), counts)
    dev = split(len(y), dev_size=len(y) // 3, test_size=0, stratify=y)[1]
    # With two parts, the nearest table is that of the largest remainders.
    share = counts * (len(y) // 3) / len(y)
    nearest = np.floor(share)
    rounded_up = np.argsort(nearest - share)[: round(share.sum() - nearest.sum())]
    nearest[rounded_up] += 1
    distance = np.abs(np.bincount(y[dev]) - share).sum()
    assert distance == pytest.approx(np.abs(nearest - share).sum())


@pytest.mark.parametrize("seed", range(5))
def test_no_table_of_three_parts_is_nearer_to_the_shares(seed):
    counts = np.random.default_rng(seed).integers(8, 30, size=5)
    n = counts.sum()
    y = np.repeat(range(5), counts)
    parts = split(n, dev_size=n // 4, test_size=n // 3, stratify=y)
    sizes = np.array(lengths(parts))
    share = np.outer(counts, sizes) / n
    # Every way to round dev and test up or down; train gets the rest.
    up = np.array(list(itertools.product([0, 1], repeat=10))).reshape(-1, 5, 2)
    dev_and_test = np.floor(share[:, 1:]) + up
    train = counts[:, None] - dev_and_test.sum(axis=2, keepdims=True)
    tables = np.concatenate([train, dev_and_test], axis=2)
    tables = tables[(tables.sum(axis=1) == sizes).all(axis=1)]
    table = np.array([np.bincount(y[rows]) for rows in parts]).T
    distances = np.abs(tables - share).sum(axis=(1, 2))
    assert np.abs(table - share).sum() == pytest.approx(distances.min())


def test_three_rows_of_a_rare_class_go_to_three_parts():
    y = np.repeat(["common", "rare"], [9997, 3])
    for rows in split(
        10_000, dev_size=0.01, test_size=0.01, stratify=y, random_state=0
    ):
        assert np.sum(y[rows] == "rare") == 1


def test_rows_are_drawn_within_a_class():
    y = np.repeat([0, 1], 50)
    draws = {tuple(split(100, stratify=y, random_state=seed)[2]) for seed in range(5)}
    assert len(draws) == 5


def test_many_classes():
    y = np.arange(3000) % 600
    parts = split(3000, stratify=y, random_state=0)
    for rows, per_class in zip(parts, (3, 1, 1), strict=True):
        assert_array_equal(np.bincount(y[rows]), np.full(600, per_class))


def test_distinct_rows_of_an_indicator_are_classes():
    Y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]])[np.arange(40) % 4]
    for rows in split(40, stratify=Y, random_state=0):
        assert_array_equal(
            np.unique(Y[rows], axis=0, return_counts=True)[1] * 4, [len(rows)] * 4
        )


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        pl.Series,
        lambda y: pd.Series(y, dtype="category"),
        lambda y: np.array(y, dtype=object),
        lambda y: [1 if label == "a" else "one" for label in y],
    ],
)
def test_labels_of_any_kind(make):
    y = ["a", "b"] * 50
    expected = split(100, stratify=np.array(y), random_state=0)
    for rows, wanted in zip(
        split(100, stratify=make(y), random_state=0), expected, strict=True
    ):
        assert_array_equal(rows, wanted)


# Groups


@quick
@given(
    group_sizes=st.lists(st.integers(1, 30), min_size=3, max_size=40),
    dev_size=st.floats(0.01, 0.45),
    test_size=st.floats(0.0, 0.45),
    stratify=st.booleans(),
    seed=st.integers(0, 100),
)
def test_groups_are_never_split(group_sizes, dev_size, test_size, stratify, seed):
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(range(len(group_sizes)), group_sizes))
    n = len(groups)
    sizes = [n, 0, 0]
    try:
        sizes = lengths(split(n, dev_size=dev_size, test_size=test_size))
    except ValueError:
        assume(False)
    parts = split(
        n,
        dev_size=dev_size,
        test_size=test_size,
        groups=groups,
        stratify=rng.integers(3, size=n) if stratify else None,
        random_state=seed,
    )
    assert_partition(parts, n)
    held = [set(groups[rows]) for rows in parts]
    assert sum(map(len, held)) == len(group_sizes)
    for rows, size in zip(parts, sizes, strict=True):
        assert (len(rows) > 0) == (size > 0)
        if not stratify:
            # Dev and test may each be off by about one group; train gets the rest.
            assert abs(len(rows) - size) <= 2 * max(group_sizes)


def test_groups_of_one_row_give_exact_sizes():
    assert lengths(split(103, groups=range(103), dev_size=9, test_size=17)) == [
        77,
        9,
        17,
    ]


def test_sizes_are_rows_not_groups():
    # One group holds half of the rows; 20 % of the groups would be 52 rows.
    groups = np.repeat(range(20), [506] + 19 * [26])
    assert lengths(split(1000, groups=groups, random_state=0))[1:] == [208, 208]


def test_large_groups_are_not_kept_for_train():
    sizes = np.arange(1, 101)
    groups = np.repeat(range(100), sizes)
    train, dev, test = split(len(groups), groups=groups, random_state=0)
    assert lengths([train, dev, test]) == pytest.approx([3030, 1010, 1010], abs=3)
    for held in (dev, test):
        assert sizes[groups[held]].max() > 80
        assert np.median(sizes[np.unique(groups[held])]) == pytest.approx(50, abs=20)


def test_groups_are_drawn_at_random():
    groups = np.repeat(range(30), 4)
    draws = {tuple(split(120, groups=groups, random_state=s)[2]) for s in range(5)}
    assert len(draws) == 5


def test_stratified_groups_keep_class_shares():
    rng = np.random.default_rng(0)
    groups = np.repeat(range(200), 10)
    # Each group is mostly of one class, so plain group splits vary a lot.
    y = (rng.random(2000) < np.repeat(rng.choice([0.05, 0.95], 200), 10)).astype(int)
    worst = {"stratified": 0.0, "plain": 0.0}
    for seed in range(10):
        for kind, stratify in (("stratified", y), ("plain", None)):
            parts = split(2000, groups=groups, stratify=stratify, random_state=seed)
            off = max(abs(y[rows].mean() - y.mean()) for rows in parts)
            worst[kind] = max(worst[kind], off)
            assert lengths(parts) == pytest.approx([1200, 400, 400], abs=10)
    # One group of another class in dev would be 9 rows of 400, or 0.0225.
    assert worst["stratified"] < 0.02 < 0.1 < worst["plain"]


# Types


def as_rows(data):
    """Return plain nested lists."""
    if sparse.issparse(data):
        data = data.toarray()
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    return np.asarray(data).tolist()


INDEXABLES = {
    "ndarray 1-D": np.arange(20, dtype=np.int8),
    "ndarray 2-D": np.arange(40, dtype=np.float32).reshape(20, 2),
    "images": np.arange(20 * 12, dtype=np.uint8).reshape(20, 2, 2, 3),
    "list": [f"row {i}" for i in range(20)],
    "pandas frame": pd.DataFrame(
        {"a": range(20), "b": pd.Categorical(["x", "y"] * 10)}, index=range(50, 70)
    ),
    "pandas series": pd.Series(range(20), name="target", dtype="int16"),
    "polars frame": pl.DataFrame({"a": range(20), "b": ["x", "y"] * 10}),
    "polars series": pl.Series("target", range(20)),
    "csr_array": sparse.csr_array(np.eye(20, 3, dtype=np.float32)),
    "csr_matrix": sparse.csr_matrix(np.eye(20, 3)),
    "csc_array": sparse.csc_array(np.eye(20, 3)),
    "coo_matrix": sparse.coo_matrix(np.eye(20, 3)),
}


@pytest.mark.parametrize("data", INDEXABLES.values(), ids=INDEXABLES.keys())
@pytest.mark.parametrize("test_size", [0.2, 0])
def test_every_indexable_keeps_rows_type_and_columns(data, test_size):
    out = train_dev_test_split(np.arange(20), data, test_size=test_size, random_state=0)
    assert len(out) == 6
    expected = sparse.csr_array if sparse.issparse(data) else type(data)
    if isinstance(data, sparse.spmatrix):
        expected = sparse.csr_matrix
    every_row = as_rows(data)
    for rows, part in zip(out[:3], out[3:], strict=True):
        assert type(part) is expected
        assert as_rows(part) == [every_row[i] for i in rows]
        if hasattr(data, "shape"):
            assert part.shape == (len(rows), *data.shape[1:])
        if hasattr(data, "dtype"):
            assert part.dtype == data.dtype
        if hasattr(data, "columns"):
            assert list(part.columns) == list(data.columns)
            assert list(part.dtypes) == list(data.dtypes)
        if hasattr(data, "iloc"):
            assert_array_equal(part.index, data.index[rows])
    assert (len(out[2]) == 0) == (test_size == 0)


def test_parts_are_copies():
    X = np.zeros((10, 2))
    for part in train_dev_test_split(X, shuffle=False):
        assert not np.shares_memory(part, X)


def test_all_arrays_get_the_same_split():
    X = np.arange(50)
    out = train_dev_test_split(X, -X, list(X), random_state=4)
    for a, b, c in zip(out[:3], out[3:6], out[6:], strict=True):
        assert_array_equal(a, -b)
        assert_array_equal(a, c)


# Determinism


@pytest.mark.parametrize("kind", ["plain", "stratified", "grouped", "both"])
def test_same_seed_same_split(kind):
    options = {}
    if kind in ("stratified", "both"):
        options["stratify"] = np.arange(100) % 3
    if kind in ("grouped", "both"):
        options["groups"] = np.arange(100) // 4
    first, again, other = (
        [part.tolist() for part in split(100, random_state=seed, **options)]
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_no_seed_and_a_random_state_draw_new_splits():
    rng = np.random.RandomState(0)
    assert not np.array_equal(
        split(100, random_state=rng)[0], split(100, random_state=rng)[0]
    )
    assert not np.array_equal(split(100)[0], split(100)[0])


# The cv object

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
y = (X[:, 0] + rng.normal(size=120) > 0.7).astype(int)
groups = np.arange(120) // 4


class Recorder(ClassifierMixin, BaseEstimator):
    """Records the rows (column 0) that it was fitted and scored on."""

    fitted: list[set] = []  # noqa: RUF012
    scored: list[set] = []  # noqa: RUF012

    def __init__(self, option=0):
        self.option = option

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        type(self).fitted.append(set(X[:, 0].astype(int)))
        return self

    def predict(self, X):
        type(self).scored.append(set(X[:, 0].astype(int)))
        return np.zeros(len(X), dtype=int)


@pytest.fixture
def recorder():
    Recorder.fitted, Recorder.scored = [], []
    return Recorder()


@pytest.mark.parametrize("stratify", ["auto", True, False])
@pytest.mark.parametrize("g", [None, groups], ids=["rows", "groups"])
def test_cv_makes_the_same_split_as_the_function(stratify, g):
    cv = TrainDevTestSplit(
        dev_size=0.25, test_size=15, stratify=stratify, random_state=5
    )
    expected = split(
        120,
        dev_size=0.25,
        test_size=15,
        stratify=y if stratify else None,
        groups=g,
        random_state=5,
    )
    ((train, dev),) = cv.split(X, y, g)
    for rows, wanted in zip(
        (train, dev, cv.test_indices(X, y, g)), expected, strict=True
    ):
        assert_array_equal(rows, wanted)
    assert cv.get_n_splits() == cv.get_n_splits(X, y, g) == 1


def test_cv_consecutive():
    cv = TrainDevTestSplit(test_size="auto", shuffle=False, random_state=None)
    ((train, dev),) = cv.split(X, y)
    assert_array_equal(np.r_[train, dev, cv.test_indices(X, y)], np.arange(120))


def test_auto_stratifies_classes_only():
    labels = np.repeat([0, 1], [110, 10])
    for seed in range(10):
        cv = TrainDevTestSplit(test_size=0.2, random_state=seed)
        assert np.bincount(labels[cv.test_indices(X, labels)])[1] == 2
        for target in (None, X[:, 0]):
            assert_array_equal(
                cv.test_indices(X, target), split(120, random_state=seed)[2]
            )


@pytest.mark.parametrize("with_groups", [False, True])
@pytest.mark.parametrize("routing", [False, True])
def test_grid_search_never_touches_test_rows(recorder, with_groups, routing):
    data = np.c_[np.arange(120), X]
    g = groups if with_groups else None
    fit_params = {"groups": g} if with_groups else {}
    cv = TrainDevTestSplit(test_size=0.2, random_state=2)
    with sklearn.config_context(enable_metadata_routing=routing):
        search = GridSearchCV(recorder, {"option": [0, 1]}, cv=cv, refit=False)
        search.fit(data, y, **fit_params)
    assert search.n_splits_ == 1
    ((train, dev),) = cv.split(data, y, g)
    test = set(cv.test_indices(data, y, g))
    assert Recorder.fitted == [set(train)] * 2
    assert Recorder.scored == [set(dev)] * 2
    assert len(test) and not test & (set(train) | set(dev))
    if with_groups:
        assert not set(groups[list(test)]) & set(groups[[*train, *dev]])
        assert not set(groups[train]) & set(groups[dev])


def test_cross_validate_and_a_halving_search():
    cv = TrainDevTestSplit()
    result = cross_validate(DummyClassifier(), X, y, cv=cv, return_indices=True)
    ((train, dev),) = cv.split(X, y)
    assert_array_equal(result["indices"]["train"], [train])
    assert_array_equal(result["indices"]["test"], [dev])
    halving = HalvingGridSearchCV(
        LogisticRegression(), {"C": [0.1, 1, 10]}, cv=cv, random_state=0
    )
    assert halving.fit(X, y).n_splits_ == 1


def test_groups_are_routed_as_for_scikit_learns_group_splitter():
    ours, theirs = TrainDevTestSplit(), GroupShuffleSplit()
    with sklearn.config_context(enable_metadata_routing=True):
        for groups_request in (True, False, "sites"):
            assert (
                ours.get_metadata_routing().split.requests
                == theirs.get_metadata_routing().split.requests
            )
            ours.set_split_request(groups=groups_request)
            theirs.set_split_request(groups=groups_request)
        assert ours.get_metadata_routing().split.requests == {"groups": "sites"}


def test_parameters_repr_and_clone():
    cv = TrainDevTestSplit(dev_size=0.1, random_state=3)
    assert repr(cv) == "TrainDevTestSplit(dev_size=0.1, random_state=3)"
    assert repr(clone(cv)) == repr(cv)
    search = GridSearchCV(LogisticRegression(), {}, cv=cv)
    assert search.set_params(cv__test_size=7).cv.test_size == 7
    defaults = inspect.signature(train_dev_test_split).parameters
    for name, parameter in inspect.signature(TrainDevTestSplit).parameters.items():
        if name not in ("test_size", "stratify", "random_state"):
            assert parameter.default == defaults[name].default
    # Nothing is checked before use.
    TrainDevTestSplit(dev_size="half", stratify=y, random_state=None)


def test_rows_cannot_leak_between_two_calls():
    for seed in (None, np.random.RandomState(0), 1.5, True):
        cv = TrainDevTestSplit(random_state=seed)
        with pytest.raises(ValueError, match=r"random_state=.* needs an int"):
            next(cv.split(X, y))
        with pytest.raises(ValueError, match=r"random_state=.* needs an int"):
            cv.test_indices(X, y)


@pytest.mark.parametrize(
    ("options", "target", "message"),
    [
        ({"dev_size": 0}, y, "dev_size=0 gives an empty dev set"),
        ({"dev_size": 1.5}, y, r"dev_size=1\.5 is not allowed"),
        ({"stratify": "yes"}, y, "stratify='yes' is not allowed"),
        ({"stratify": y}, y, "be 'auto', True or False; the labels are those of y"),
        ({"stratify": None}, y, "stratify=None is not allowed"),
        ({"stratify": True}, None, "stratify=True needs y"),
        ({"stratify": True}, X[:, 0], "y is continuous"),
        (
            {"stratify": True, "shuffle": False},
            y,
            "stratify cannot be combined with shuffle",
        ),
        (
            {"stratify": True},
            np.r_[np.zeros(119), 1],
            r"y: class 1\.0 has 1 row, too few .* set stratify=False",
        ),
        (
            {"stratify": True, "dev_size": 5},
            np.arange(120) % 20,
            "y has 20 classes but the dev part has only 5 rows.* set stratify=False",
        ),
        ({"stratify": True}, [[1], [2, 3]] * 60, "y must have one label for each row"),
        ({}, y[1:], "X has 120, y has 119"),
        ({"random_state": -1}, y, "random_state=-1 is not allowed"),
    ],
)
def test_cv_errors(options, target, message):
    cv = TrainDevTestSplit(**options)
    with pytest.raises(ValueError, match=message):
        next(cv.split(X, target))
    with pytest.raises(ValueError, match=message):
        cv.test_indices(X, target)


def test_cv_without_X():
    with pytest.raises(TypeError, match="X is None"):
        next(TrainDevTestSplit().split(None))


def test_by_default_there_are_no_test_rows(recorder):
    data = np.c_[np.arange(120), X]
    assert len(TrainDevTestSplit().test_indices(data, y)) == 0
    ((train, dev),) = TrainDevTestSplit().split(data, y)
    assert_partition([train, dev], 120)
    GridSearchCV(recorder, {"option": [0]}, cv=TrainDevTestSplit()).fit(data, y)
    assert Recorder.fitted == [set(train), set(range(120))]


# Classes are inferred from y: stratify="auto"


def test_integer_targets_of_a_regressor_never_fail():
    data, target = load_diabetes(return_X_y=True)  # 442 rows, 214 values
    cv = TrainDevTestSplit(random_state=1)
    search = GridSearchCV(DummyRegressor(), {"quantile": [0.5]}, cv=cv)
    assert np.isfinite(search.fit(data, target).best_score_)
    (train, dev), plain = next(cv.split(data, target)), split(442)
    assert len(dev) == len(plain[1]) == 88
    assert_partition([train, dev], 442)


@pytest.mark.parametrize("test_size", [0, 0.2])
@pytest.mark.parametrize("with_groups", [False, True])
def test_auto_never_fails_and_stratifies_where_it_can(test_size, with_groups):
    labels = np.repeat([0, 1, 2, 3, 4], [60, 40, 15, 4, 1])
    g = np.arange(120) if with_groups else None
    for seed in range(5):
        cv = TrainDevTestSplit(test_size=test_size, random_state=seed)
        ((_, dev),) = cv.split(X, labels, g)
        # 3 and 4 are too rare to be stratified: they are merged to a class of 5 rows.
        kept = np.minimum(labels[dev], 3)
        assert_array_equal(np.bincount(kept), [12, 8, 3, 1])


def test_auto_merges_no_class_that_can_be_in_each_part():
    labels = np.repeat([0, 1], [118, 2])
    for seed in range(5):
        ((_, dev),) = TrainDevTestSplit(random_state=seed).split(X, labels)
        assert labels[dev].sum() == 1


@quick
@given(
    st.lists(st.integers(0, 30), min_size=6, max_size=80),
    st.sampled_from([0, 0.2]),
    st.integers(0, 5),
)
def test_auto_splits_any_integers(target, test_size, seed):
    cv = TrainDevTestSplit(test_size=test_size, random_state=seed)
    ((train, dev),) = cv.split(target, target)
    parts = [train, dev, cv.test_indices(target, target)]
    assert_partition(parts, len(target))
    assert lengths(parts) == lengths(split(len(target), test_size=test_size))


@pytest.mark.parametrize("make", [list, pd.Series, pl.Series, np.array])
def test_rare_classes_that_are_not_numbers_raise_a_warning(make):
    labels = make(["a"] * 60 + ["b"] * 59 + ["rare"])
    with pytest.warns(UserWarning, match=r"class 'rare' \(1 row\).*stratify=False"):
        ((_, dev),) = TrainDevTestSplit().split(X, labels)
    assert len(dev) == 24


def test_many_values_are_split_fast():
    target = np.arange(60_000) % 20_000
    ((train, dev),) = TrainDevTestSplit().split(target, target)
    assert lengths([train, dev]) == [50_000, 10_000]


@pytest.mark.parametrize(
    "target",
    [
        [np.nan] + [1.0] * 119,
        np.array([np.nan] + ["a"] * 119, dtype=object),
        pd.array([None] + [1] * 119, dtype="Int64"),
        [0.5, 1] * 60,
        np.array([0.5, 1] * 60, dtype=object),
        np.arange(120) * 1j,
        pd.date_range("2020-01-01", periods=120),
        np.c_[y, y],
        [[1], [2, 3]] * 60,
        sparse.csr_array(np.c_[y, y]),
        np.zeros((120, 2, 2)),
    ],
    ids=lambda target: type(target).__name__,
)
def test_auto_leaves_other_targets_to_the_estimator(target):
    ((_, dev),) = TrainDevTestSplit(random_state=4).split(X, target)
    assert_array_equal(dev, split(120, test_size=0, random_state=4)[1])


# Errors of the function


@pytest.mark.parametrize("name", ["dev_size", "test_size"])
@pytest.mark.parametrize(
    "size",
    [-1, -0.1, 1.0, 1.5, float("nan"), float("inf"), True, np.True_, "half", [3], "3"],
)
def test_bad_sizes(name, size):
    with pytest.raises(ValueError, match=rf"^{name}=.* is not allowed.*\[0, 1\)"):
        split(100, **{name: size})


@pytest.mark.parametrize(
    ("n", "options"),
    [
        (100, {"dev_size": 0.5, "test_size": 0.5}),
        (100, {"dev_size": 100, "test_size": 0}),
        (100, {"dev_size": 0, "test_size": 1000}),
        (10, {"dev_size": 0.5, "test_size": 0.49}),
        (2, {}),
        (0, {"dev_size": 0, "test_size": 0}),
    ],
)
def test_no_row_to_train_on(n, options):
    with pytest.raises(
        ValueError, match=rf"dev_size=.* test_size=.* leave no row.*are {n} rows"
    ):
        split(n, **options)


RARE = np.repeat(["a", "b", "c"], [17, 2, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"stratify": RARE},
            "stratify: class 'b' has 2 rows, class 'c' has 1 row, too few for "
            "each of the 3 parts train, dev and test",
        ),
        (
            {"stratify": RARE, "test_size": 0},
            "stratify: class 'c' has 1 row, too few .* 2 parts train and dev",
        ),
        (
            {"stratify": np.arange(20) % 5},
            "stratify has 5 classes but the dev part has only 4 rows",
        ),
        ({"stratify": np.arange(20) / 7}, "and 15 more classes, too few"),
        ({"stratify": [1] * 19}, r"arrays\[0\] has 20, stratify has 19"),
        ({"stratify": [np.nan] + [1] * 19}, "stratify contains NaN"),
        ({"stratify": np.arange(20) * 1j}, "stratify holds complex numbers"),
        ({"stratify": [[1], [2, 3]] * 10}, "stratify must have one label for each row"),
        ({"stratify": np.zeros((20, 2, 2))}, "stratify .* has 3 dimensions"),
        ({"stratify": np.arange(20)}, r"more classes.* set stratify=None \("),
        ({"groups": pd.array([None] + [1] * 19, dtype="Int64")}, "groups contains NaN"),
        ({"groups": [1] * 21}, r"arrays\[0\] has 20, groups has 21"),
        ({"groups": [0] * 10 + [1] * 10}, "groups has 2 groups, too few for the 3"),
        ({"groups": [0] * 20, "test_size": None}, "groups has 1 group, too few"),
        ({"groups": [np.nan] + [1] * 19}, "groups contains NaN"),
        (
            {"stratify": RARE, "shuffle": False},
            "stratify cannot be combined with shuffle",
        ),
        (
            {"groups": range(20), "shuffle": False},
            "groups cannot be combined with shuffle",
        ),
        ({"shuffle": "no"}, "shuffle='no' is not allowed"),
        ({"random_state": "seed"}, "random_state='seed' is not allowed"),
        ({"random_state": -3}, "random_state=-3 is not allowed"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        split(20, **options)


def test_a_class_as_large_as_the_number_of_parts_is_enough():
    y = np.repeat(["a", "b"], [18, 2])
    train, dev, test = split(20, stratify=y, test_size=0)
    assert sum(y[train] == "b") == sum(y[dev] == "b") == 1
    assert len(test) == 0


def test_bad_arrays():
    with pytest.raises(ValueError, match="at least one array, but got none"):
        train_dev_test_split()
    with pytest.raises(ValueError, match=r"arrays\[0\] has 5, arrays\[1\] has 4"):
        train_dev_test_split(range(5), range(4))
    with pytest.raises(TypeError, match=r"arrays\[1\] is None"):
        train_dev_test_split(range(5), None)
    not_arrays = (
        5,
        np.float64(5),
        "text",
        b"text",
        {"a": [1, 2]},
        {1, 2},
        list,
        iter([]),
    )
    for what in not_arrays:
        with pytest.raises(TypeError, match=r"arrays\[0\] must be an array"):
            train_dev_test_split(what)
        for name in ("stratify", "groups"):
            with pytest.raises(TypeError, match=f"{name} must be an array"):
                split(20, **{name: what})


@pytest.mark.parametrize("name", ["stratify", "groups"])
def test_labels_and_groups_that_cannot_be_read(name):
    with pytest.raises(TypeError, match=f"{name} is sparse"):
        split(20, **{name: sparse.csr_array(np.eye(20))})
    with pytest.raises(
        TypeError, match=f"{name} must hold hashable labels.* of type dict"
    ):
        split(20, **{name: [{}] * 20})


def test_columns_of_the_same_name_and_of_dates():
    twice = pd.DataFrame(np.arange(40).reshape(20, 2), columns=["a", "a"])
    days = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=20)})
    frames = (twice, days, pl.from_pandas(days))
    parts = train_dev_test_split(*frames, random_state=0)
    for whole, dev in zip(frames, parts[1::3], strict=True):
        assert list(dev.columns) == list(whole.columns) and len(dev) == 4
    # A day is a group of rows; two columns of one name are rows of labels.
    train, dev = split(20, groups=days["day"], test_size=0)[:2]
    assert lengths([train, dev]) == [16, 4]
    twice[:] = np.c_[np.arange(20) % 2, np.arange(20) % 2]
    assert lengths(split(20, stratify=twice)) == [12, 4, 4]
