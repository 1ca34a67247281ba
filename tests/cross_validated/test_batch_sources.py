"""CV fits on a BatchSource make the same choice as on the table in memory."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skdnn import BatchSource
from skdnn.cross_validated import first_pass, folds, inputs
from tests.cross_validated.small import classifier, regressor, thetas

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::skdnn.DataScaleWarning"
)
N_ROWS = 160
RNG = np.random.default_rng(0)
NUMBERS = RNG.standard_normal((N_ROWS, 3)) + np.array([0.0, 5.0, 0.0])
Y = np.where(NUMBERS[:, 0] + 0.3 * RNG.standard_normal(N_ROWS) > 0, "yes", "no")
YR = NUMBERS @ [1.0, 2.0, 0.0] + 0.1 * RNG.standard_normal(N_ROWS)
WEIGHTS = RNG.integers(0, 3, N_ROWS).astype(float)
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b", "c"]).assign(
    town=RNG.choice(["x", "y", "z"], N_ROWS)
)
FRAME.loc[::7, "b"] = np.nan
FRAME.loc[::11, "town"] = None


def chunks_of(X, *others, sizes=(50, 1, 70, 39)):
    ends = np.concatenate([[0], np.cumsum(sizes)])
    rows = getattr(X, "iloc", X)
    return [(rows[a:b], *(other[a:b] for other in others)) for a, b in pairwise(ends)]


def assert_same(one, other):
    """Assert the same choice and the same networks, bit for bit."""
    for name in (
        "best_n_steps_",
        "alpha_",
        "encoding_",
        "oof_score_",
        "n_features_in_",
    ):
        assert getattr(one, name) == getattr(other, name)
    for name in ("scores_", one._out_of_fold):
        assert_array_equal(getattr(one, name), getattr(other, name))
    assert_array_equal(thetas(one), thetas(other))


# -- same as in memory -----------------------------------------------------------------


@pytest.mark.parametrize(
    "frame", [FRAME, pl.from_pandas(FRAME)], ids=["pandas", "polars"]
)
@pytest.mark.parametrize(
    "settings",
    [
        {"encodings": "auto", "alphas": [0.1, 1.0], "n_members": 2, "n_jobs": 2},
        {"refit": False, "scoring": "neg_log_loss", "class_weight": "balanced"},
    ],
    ids=["refit", "folds"],
)
def test_unshuffled_chunks_give_the_choice_of_the_frame(frame, settings):
    model = classifier(shuffle=False, **settings)
    whole = model.fit(frame, Y)
    streamed = classifier(shuffle=False, **settings).fit(chunks_of(frame, Y))
    assert_same(whole, streamed)
    assert_array_equal(whole.feature_names_in_, streamed.feature_names_in_)
    assert_array_equal(whole.predict_proba(frame), streamed.predict_proba(frame))


@pytest.mark.parametrize("preprocess", [True, False])
@pytest.mark.parametrize("kind", ["dense", "thin", "sparse"])
def test_regressors_weights_and_sparse_chunks(kind, preprocess):
    X = NUMBERS
    if kind != "dense":
        density = {"thin": 0.02, "sparse": 0.5}[kind]
        X = sparse.random_array((N_ROWS, 40), density=density, rng=RNG, format="csr")
    settings = {"shuffle": False, "preprocess": preprocess, "cv": None}
    whole = regressor(**settings).fit(X, YR, WEIGHTS)
    streamed = regressor(**settings).fit(chunks_of(X, YR, WEIGHTS))
    assert_same(whole, streamed)


def test_shuffled_chunks_differ_in_batch_order_only():
    settings = {"max_steps": 300, "batch_size": 8, "tol": 0.0}
    whole = classifier(**settings).fit(FRAME, Y)
    streamed = classifier(**settings).fit(chunks_of(FRAME, Y))
    assert not np.array_equal(thetas(whole), thetas(streamed))
    for a, b in zip(whole.members_, streamed.members_, strict=True):
        assert_array_equal(a[0].transform(FRAME), b[0].transform(FRAME))
    assert_allclose(whole.oof_score_, streamed.oof_score_, rtol=0.15)
    is_nan = np.isnan(whole.oof_decision_function_)
    assert_array_equal(is_nan, np.isnan(streamed.oof_decision_function_))


def test_groups_and_pairs_refer_to_row_indices():
    groups = np.repeat(np.arange(20), 8)
    rows = np.random.default_rng(0).permutation(N_ROWS)
    pairs = [(np.sort(rows[40:]), np.sort(rows[:40]))]
    for settings, given in ({"cv": 4}, {"groups": groups}), ({"cv": pairs}, {}):
        model = classifier(shuffle=False, **settings)
        whole = model.fit(FRAME, Y, **given)
        expected = whole.oof_decision_function_, thetas(whole)
        model.fit(chunks_of(FRAME, Y), **given)
        assert_array_equal(expected[0], model.oof_decision_function_)
        assert_array_equal(expected[1], thetas(model))


@pytest.mark.parametrize("preprocess", [True, False])
def test_x_val_may_be_a_source(preprocess):
    X = FRAME if preprocess else NUMBERS
    given = chunks_of(X, Y)
    train, dev = given[:2], given[2:]
    X_train, X_dev = X[:51], X[51:]
    settings = {"shuffle": False, "preprocess": preprocess}
    expected = classifier(**settings).fit(X_train, Y[:51], X_val=X_dev, y_val=Y[51:])
    for args, val in (
        ((train,), {"X_val": dev}),
        ((X_train, Y[:51]), {"X_val": dev}),
        ((train,), {"X_val": X_dev, "y_val": Y[51:]}),
    ):
        assert_same(expected, classifier(**settings).fit(*args, **val))


# -- streams larger than memory --------------------------------------------------------


def test_many_held_out_rows_are_read_from_the_source(monkeypatch):
    settings = {"shuffle": False, "n_jobs": 2}
    expected = classifier(**settings).fit(FRAME, Y)
    monkeypatch.setattr(inputs, "MAX_HELD_OUT", 20)
    assert_same(expected, classifier(**settings).fit(chunks_of(FRAME, Y)))


def test_preprocessors_are_fitted_to_a_sample(monkeypatch):
    monkeypatch.setattr(first_pass, "_MAX_ROWS", 100)
    monkeypatch.setattr(inputs, "_MIN_FITTED", 20)
    model = classifier().fit(chunks_of(FRAME, Y))
    n_seen = model.preprocessor_[0].named_transformers_["numbers"][0].n_samples_seen_
    assert 30 < np.max(n_seen) <= 100
    # A training fold with almost no rows in the sample is read from the source.
    pairs = [(np.arange(0, 30), np.arange(30, 60))]
    monkeypatch.setattr(first_pass, "_MAX_ROWS", 4)
    monkeypatch.setattr(first_pass, "_MIN_ROWS", 4)
    model = classifier(cv=pairs, refit=False).fit(chunks_of(FRAME, Y))
    (member,) = model.members_
    numbers = member[0][0].named_transformers_["numbers"][0]
    assert 15 < np.max(numbers.n_samples_seen_) <= 20


def test_a_single_held_out_part_has_a_stated_number_of_rows(monkeypatch):
    monkeypatch.setattr(folds, "_ONE_PART_ABOVE", 100)
    monkeypatch.setattr(folds, "MAX_HELD_OUT", 12)
    for given in ((FRAME, Y), (chunks_of(FRAME, Y),)):
        model = classifier(cv=None).fit(*given)
        assert np.sum(np.isfinite(model.oof_decision_function_)) == 12


def test_an_all_missing_column_of_a_chunk_has_the_type_of_other_chunks():
    first = FRAME[:80].assign(town=np.nan)
    model = classifier().fit([(first, Y[:80]), (FRAME[80:], Y[80:])])
    assert "town_x" in model.preprocessor_.get_feature_names_out()


# -- errors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (FRAME[80:].rename(columns={"a": "A"}), "Chunk 1 .*feature names"),
        (FRAME[80:].drop(columns="town"), "Chunk 1 .*(feature names|features)"),
        (FRAME[80:].assign(town=1.0), "Chunk 1 .*'town' of X holds numbers, but"),
        (FRAME[80:].assign(a=np.inf), "Chunk 1 .*infinity"),
        (FRAME[80:].assign(a="text"), "Chunk 1 .*'a' of X holds categories, but"),
        (pl.from_pandas(FRAME[80:]), "Chunk 1 .*is a frame of polars, but in the"),
    ],
)
def test_errors_name_the_chunk(second, message):
    model = classifier().fit(FRAME, Y)
    before = thetas(model)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit([(FRAME[:80], Y[:80]), (second, Y[80:])])
    assert_array_equal(before, thetas(model))


def test_conflicting_arguments_are_refused():
    source = BatchSource.from_arrays(NUMBERS, Y)
    with pytest.raises(ValueError, match="brings its own targets"):
        classifier().fit(source, Y)
    with pytest.raises(ValueError, match="sample_weight_val must be None"):
        classifier().fit(source, X_val=source, sample_weight_val=WEIGHTS)
    with pytest.raises(ValueError, match="X_val brings its own targets"):
        classifier().fit(source, X_val=source, y_val=Y)
    with pytest.raises(ValueError, match=r"Chunk 0 of the batch source X_val.*X_val"):
        classifier().fit(source, X_val=[(NUMBERS[:, :2], Y)])
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier().fit(FRAME)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        wide = np.abs(NUMBERS) * [1e300, 1, 1]
        with pytest.raises(ValueError, match="too large"):
            classifier(preprocess=False).fit(BatchSource.from_arrays(wide, Y))
