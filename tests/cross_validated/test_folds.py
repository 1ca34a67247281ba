"""Folds: which rows cv, groups and weights hold out."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from skdnn import TrainDevTestSplit
from skdnn.cross_validated import folds as of_folds
from skdnn.cross_validated.folds import folds_of, rows_with_weight
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.numbers import RegressionTargets
from tests.cross_validated.small import classifier, regressor, thetas
from tests.estimators.datasets import make_rows

N = 60
X, Y = make_rows()
GROUPS = np.arange(N) // 6
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Raised for classes of one row each, also by the plain classifier.
    pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning"),
]


def folds(cv, y, groups=None, weight=None, seed=0, class_weight=None):
    """Return the folds for these targets."""
    rows = Rows(np.zeros((len(y), 1)), y, weight)
    if y.dtype.kind == "f":
        model, targets = regressor(cv=cv), RegressionTargets.of(y, "squared_error")
    else:
        model, targets = classifier(cv=cv), ClassTargets.of(y)
        targets = targets.with_class_weight(class_weight, y, weight)
    counting = rows_with_weight(rows, targets)
    return folds_of(model, rows, counting, targets, groups, seed)


def partition(found, n_rows):
    """Assert that each row is held out once and is a training row otherwise."""
    assert_array_equal(np.sort(np.concatenate([f.held_out for f in found])), n_rows)
    for fold in found:
        assert_array_equal(np.sort(np.concatenate(fold)), n_rows)


# -- a number of folds -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "numbers", "multilabel"])
@pytest.mark.parametrize("cv", [2, 5, np.int64(3)])
def test_a_number_of_folds(kind, cv):
    y = {"classes": Y, "numbers": X[:, 0], "multilabel": make_rows("multilabel")[1]}
    found = folds(cv, y[kind])
    assert len(found) == cv
    partition(found, np.arange(N))
    assert not np.array_equal(found[0].held_out, np.arange(len(found[0].held_out)))


def test_classes_have_the_same_share_in_each_fold():
    y = np.repeat([0, 1, 2], [40, 15, 5])
    for fold in folds(5, y):
        assert np.bincount(y[fold.held_out]).tolist() == [8, 3, 1]


@pytest.mark.parametrize("n_rows", [2, 3, 4])
def test_few_rows_are_left_out_one_at_a_time(n_rows):
    found = folds(None, np.arange(float(n_rows)))
    assert [len(fold.held_out) for fold in found] == [1] * n_rows
    X, y = np.arange(float(n_rows))[:, np.newaxis], np.arange(n_rows) % 2
    for model in (classifier(cv=None), regressor(cv=None)):
        assert model.fit(X, y).predict(X).shape == (n_rows,)


def test_rare_classes_are_scored_by_networks_without_them():
    y = np.repeat([0, 1, 7, 9], [30, 27, 2, 1])
    found = folds(5, y)
    partition(found, np.arange(N))
    model = classifier(cv=5).fit(X, y)
    assert model.oof_decision_function_.shape == (N, 4)
    assert np.isfinite(model.oof_decision_function_).all()
    assert model.classes_.tolist() == [0, 1, 7, 9]


def test_every_row_is_its_own_class():
    model = classifier(cv=4).fit(X[:8], np.arange(8))
    assert model.predict_proba(X[:8]).shape == (8, 8)


@pytest.mark.parametrize("kind", ["classes", "numbers"])
@pytest.mark.parametrize("grouped", [False, True])
def test_many_rows_use_a_single_held_out_part(kind, grouped, monkeypatch):
    monkeypatch.setattr(of_folds, "_ONE_PART_ABOVE", 50)
    monkeypatch.setattr(of_folds, "_PART", 0.2)
    y = Y if kind == "classes" else X[:, 0]
    (fold,) = folds(None, y, GROUPS if grouped else None)
    assert len(fold.held_out) == 12
    assert_array_equal(np.sort(np.concatenate(fold)), np.arange(N))
    if grouped:
        assert not np.isin(GROUPS[fold.held_out], GROUPS[fold.train]).any()


# -- splitters and pairs ---------------------------------------------------------------

PAIRS = [(np.arange(40), np.arange(40, 60)), (np.arange(20, 60), np.arange(20))]


@pytest.mark.parametrize(
    ("cv", "n_folds", "n_times"),
    [
        (KFold(3), 3, [1] * N),
        (LeaveOneOut(), N, [1] * N),
        (RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0), 4, [2] * N),
        (PredefinedSplit([-1] * 40 + [0] * 10 + [1] * 10), 2, [0] * 40 + [1] * 20),
        (TimeSeriesSplit(3), 3, [0] * 15 + [1] * 45),
        (PAIRS, 2, [1] * 20 + [0] * 20 + [1] * 20),
        ([tuple(map(list, pair)) for pair in PAIRS], 2, [1] * 20 + [0] * 20 + [1] * 20),
        ([(np.arange(N) < 50, np.arange(N) >= 50)], 1, [0] * 50 + [1] * 10),
        (TrainDevTestSplit(dev_size=0.2, random_state=0), 1, 12),
        (ShuffleSplit(2, test_size=9, random_state=0), 2, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_splitters_and_pairs_of_row_numbers(cv, n_folds, n_times):
    found = folds(cv, Y)
    assert len(found) == n_folds
    held_out = np.bincount(np.concatenate([f.held_out for f in found]), minlength=N)
    if n_times is None:
        n_times = held_out
    elif n_times == 12:
        assert held_out.sum() == 12
        n_times = held_out
    assert_array_equal(held_out, n_times)
    if n_folds > 4:
        return
    model = classifier(cv=cv).fit(X, Y)
    is_nan = np.isnan(model.oof_decision_function_).any(axis=1)
    assert_array_equal(is_nan, held_out == 0)
    assert model.scores_.shape[2] == n_folds


def test_pairs_may_come_from_a_generator():
    by_list = classifier(cv=PAIRS).fit(X, Y)
    by_generator = classifier(cv=(pair for pair in PAIRS)).fit(X, Y)
    assert_array_equal(thetas(by_list), thetas(by_generator))


@pytest.mark.parametrize(
    ("cv", "words"),
    [
        ([], "but yields none"),
        ([([], np.arange(N))], "but one has no row"),
        ([(np.arange(N), [])], "but one has no row"),
        ([([1], [2], [3])], r"but yields \(\[1\], \[2\], \[3\]\)"),
        ([1, 2], "but yields 1"),
        ([(np.arange(40), np.arange(40, 61))], "indices from 0 to 59, .* 40 to 60"),
        ([(np.arange(40), [-1, -2])], "indices from 0 to 59, .* -2 to -1"),
        ([(np.arange(4.0), np.arange(4.0))], "but one of them is array"),
        ([(np.ones((2, 2), int), [1])], "but one of them is array"),
        (61, "cv=61 is greater than the number of rows .*, 60"),
        (KFold, "cannot be a class, got the class KFold"),
        (1, "must be an int in the range"),
        ("loo", "must be an int in the range"),
    ],
)
def test_other_values_of_cv_are_refused(cv, words):
    with pytest.raises(ValueError, match=words) as info:
        classifier(cv=cv).fit(X, Y)
    assert "cv" in str(info.value) and "\n" not in str(info.value)


def test_one_row_is_not_enough():
    with pytest.raises(ValueError, match=r"n_samples=1 .* at least 2"):
        classifier(cv=None).fit(X[:1], Y[:1])
    with pytest.raises(ValueError, match=r"n_samples=1 .* at least 2"):
        regressor().fit(X, X[:, 0], sample_weight=np.arange(N) == 3)
    assert classifier().fit(X, Y, X_val=X[:1], y_val=Y[:1]).n_features_in_ == 4


# -- groups ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "numbers", "multilabel", "all different"])
@pytest.mark.parametrize("cv", [None, 2, GroupKFold(3), LeaveOneGroupOut()])
def test_groups_are_kept_together(kind, cv):
    y = {
        "classes": Y,
        "numbers": X[:, 0],
        "multilabel": make_rows("multilabel")[1],
        "all different": np.arange(N),
    }[kind]
    order = np.random.default_rng(0).permutation(N)
    groups = np.array([f"group {g}" for g in GROUPS])[order]
    found = folds(cv, y, groups)
    assert len(found) >= 2
    partition(found, np.arange(N))
    for fold in found:
        assert not np.isin(groups[fold.held_out], groups[fold.train]).any()


def test_fit_accepts_groups_in_any_container():
    groups = [f"group {g}" for g in GROUPS]
    fits = [
        classifier(cv=2).fit(X, Y, groups=given)
        for given in (groups, np.array(groups), pd.Series(groups, dtype="category"))
    ]
    for fit in fits[1:]:
        assert_array_equal(thetas(fit), thetas(fits[0]))
    assert not np.array_equal(thetas(classifier(cv=2).fit(X, Y)), thetas(fits[0]))


def test_two_groups_are_two_folds():
    assert len(folds(None, Y, np.arange(N) % 2)) == 2


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (np.ones(N), "at least 2 groups, .* got 1"),
        (np.arange(9), r"shape \(60,\); got shape \(9,\)"),
        (np.ones((N, 2)), r"got shape \(60, 2\)"),
        ([None] * 3 + ["a"] * 57, "missing value for row 0"),
        ([1.0] * 3 + [np.nan] * 57, "missing value for row 3"),
        (np.array([1, "a"] * 30, object), "all numbers or all strings"),
    ],
    ids=["one", "few", "2d", "None", "NaN", "mixed"],
)
def test_other_groups_are_refused(groups, words):
    with pytest.raises((ValueError, TypeError), match=f"groups .*{words}"):
        classifier().fit(X, Y, groups=groups)


def test_more_folds_than_groups_are_refused():
    with pytest.raises(ValueError, match=r"cv=4 is greater than .* of groups, 3"):
        classifier(cv=4).fit(X, Y, groups=np.arange(N) % 3)


@pytest.mark.parametrize("cv", [KFold(7), PAIRS])
def test_split_groups_raise_a_warning(cv):
    with pytest.warns(UserWarning, match="splits groups between training") as caught:
        classifier(cv=cv).fit(X, Y, groups=np.arange(N) % 9)
    of_groups = [w for w in caught if "groups" in str(w.message)]
    assert [w.filename for w in of_groups] == [__file__]


def test_no_warning_if_a_splitter_happens_to_keep_groups_together():
    classifier(cv=KFold(10)).fit(X, Y, groups=GROUPS)


# -- weights ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "numbers"])
@pytest.mark.parametrize("preprocess", [True, False])
@pytest.mark.parametrize("sparse_rows", [False, True])
def test_a_weight_of_zero_leaves_the_row_out(kind, preprocess, sparse_rows):
    y = Y if kind == "classes" else X[:, 0]
    weight = (np.arange(N) % 4 > 0) * 2.0
    counts = weight > 0
    rows = sparse.csr_array(X) if sparse_rows else X
    make = classifier if kind == "classes" else regressor
    options = {"preprocess": preprocess, "encodings": ("standard", "piecewise")}
    with_zeros = make(**options).fit(rows, y, sample_weight=weight)
    without = make(**options).fit(rows[counts], y[counts], sample_weight=weight[counts])
    assert_array_equal(thetas(with_zeros), thetas(without))
    name = "oof_decision_function_" if kind == "classes" else "oof_prediction_"
    attribute = getattr(with_zeros, name)
    assert len(attribute) == N
    assert_array_equal(attribute[counts], getattr(without, name))
    assert np.isnan(attribute[~counts]).all()


def test_a_class_weight_of_zero_leaves_its_rows_out():
    y = np.sort(Y)
    with_zero = classifier(class_weight={0: 0.0}).fit(X, y)
    assert np.isnan(with_zero.oof_decision_function_[y == 0]).all()
    assert with_zero.classes_.tolist() == [0, 1, 2]
    assert not np.any(with_zero.predict(X) == 0)


def test_a_fold_without_weight_is_refused():
    weight = np.arange(N) >= 20
    with pytest.raises(ValueError, match=r"cv=KFold.* no row with a weight above 0"):
        classifier(cv=KFold(3)).fit(X, Y, sample_weight=weight)
    classifier(cv=3).fit(X, Y, sample_weight=weight)
    with pytest.raises(ValueError, match="sample_weight must be positive for at least"):
        classifier().fit(X, Y, sample_weight=np.zeros(N))
    with pytest.raises(ValueError, match="sample_weight, times class_weight, must be"):
        classifier(class_weight={0: 0, 1: 0, 2: 0}).fit(X, Y)


def test_only_one_class_with_a_weight():
    y = (np.arange(N) % 2).astype(bool)
    model = classifier().fit(X, y, sample_weight=y)
    assert model.predict(X).all() and model.predict(X).dtype == bool


@pytest.mark.parametrize("calibrate", [True, False])
def test_a_weight_of_two_equals_a_repeated_row(calibrate):
    """Use full batches, so that the result does not depend on batch order."""
    options = {
        "batch_size": 1000,
        "preprocess": False,
        "dtype": "float64",
        "calibrate": calibrate,
    }
    train, held_out = np.arange(40), np.arange(40, 60)
    twice = np.concatenate([np.arange(N), [3, 7, 45]])
    weight = np.bincount(twice).astype(float)
    pairs = [(np.concatenate([train, [60, 61]]), np.concatenate([held_out, [62]]))]
    repeated = classifier(cv=pairs, **options).fit(X[twice], Y[twice])
    weighted = classifier(cv=[(train, held_out)], **options)
    weighted.fit(X, Y, sample_weight=weight)
    assert weighted.temperature_ == pytest.approx(repeated.temperature_, rel=1e-9)
    assert weighted.oof_score_ == pytest.approx(repeated.oof_score_, rel=1e-9)
    assert_allclose(thetas(weighted), thetas(repeated), rtol=1e-6, atol=1e-9)


def test_weights_below_one_are_rescaled_in_the_dev_set_too():
    given = {"X_val": X[40:], "y_val": Y[40:]}
    fits = [
        classifier().fit(X[:40], Y[:40], **given, sample_weight_val=weight)
        for weight in (None, np.full(20, 1 / 20))
    ]
    assert fits[0].temperature_ == pytest.approx(fits[1].temperature_, rel=1e-6)


def test_balanced_weights_are_computed_on_all_rows():
    y = np.repeat([0, 1], [50, 10])
    balanced = classifier(class_weight="balanced").fit(X, y)
    by_hand = classifier(class_weight={0: 0.6, 1: 3.0}).fit(X, y)
    assert_allclose(thetas(balanced), thetas(by_hand), rtol=1e-5, atol=1e-7)


def test_stratified_splitters_get_the_labels():
    y = np.repeat([0, 1, 2], 20)
    for fold in folds(StratifiedKFold(4), np.array(list("abc"))[y]):
        assert np.bincount(y[fold.held_out]).tolist() == [5, 5, 5]


def test_folds_differ_by_the_seed_only():
    for one, other in zip(folds(3, Y, seed=1), folds(3, Y, seed=1), strict=True):
        assert_array_equal(one.held_out, other.held_out)
    assert not np.array_equal(
        folds(3, Y, seed=1)[0].held_out, folds(3, Y, seed=2)[0].held_out
    )
