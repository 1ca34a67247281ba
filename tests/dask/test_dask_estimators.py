"""Estimators on Dask collections, with a cluster of threads."""

import pickle

import numpy as np
import pandas as pd
import pytest
from dask import array as da
from dask import dataframe as dd
from distributed import Client
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skdnn import (
    Checkpoint,
    Cutout,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)
from skdnn.dask import DaskMLPRegularizedClassifier, DaskMLPRegularizedRegressor
from skdnn.dask.steps import shares_of_batches

QUICK = {
    "hidden_layer_sizes": (6,),
    "random_state": 0,
    "n_iter_no_change": np.inf,
    "max_iter": 3,
}
# Its result does not depend on the batches.
WHOLE = {**QUICK, "batch_size": 60, "dtype": "float64", "keep_prob": 1.0}


@pytest.fixture(scope="module")
def client():
    how = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": ":0"}
    with Client(processes=False, **how) as client:
        yield client


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    labels = np.where(X[:, 0] * X[:, 1] + X[:, 2] > 0, "yes", "no")
    return X, labels, X @ rng.normal(size=4), rng.uniform(0.5, 2, size=60)


def cut(X, *sizes):
    return da.from_array(X, chunks=(sizes, -1) if X.ndim == 2 else (sizes,))


def difference(one, other):
    arrays = zip(
        one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True
    )
    return max(np.abs(a - b).max() for a, b in arrays)


pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(max_iter|stopped).*:sklearn.exceptions.ConvergenceWarning"
)


@pytest.mark.parametrize("is_classifier", [True, False])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_lbfgs_equals_the_fit_in_memory(client, rows, is_classifier, l1_ratio):
    X, labels, numbers, weight = rows
    y = labels if is_classifier else numbers
    plain = MLPRegularizedClassifier if is_classifier else MLPRegularizedRegressor
    on_workers = (
        DaskMLPRegularizedClassifier if is_classifier else DaskMLPRegularizedRegressor
    )
    how = {
        "solver": "lbfgs",
        "activation": "tanh",
        "alpha": 5.0,
        "hidden_layer_sizes": (4,),
        "random_state": 0,
        "max_iter": 20,
        "l1_ratio": l1_ratio,
    }
    here = plain(**how).fit(X, y, weight)
    there = on_workers(**how).fit(cut(X, 7, 33, 20), cut(y, 30, 30), weight)
    assert difference(here, there) < 1e-6
    assert_allclose(there.loss_curve_, here.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize(
    "how",
    [
        {"solver": "adam", "averaging": "ema"},
        {"solver": "adamw", "max_norm": 0.5, "max_grad_norm": 0.01},
        {"solver": "sgd", "l1_ratio": 0.5, "learning_rate": "invscaling"},
    ],
)
def test_full_batch_steps_equal_the_fit_in_memory(client, rows, how):
    X, y, _, weight = rows
    here = MLPRegularizedClassifier(**WHOLE, **how).fit(X, y, weight)
    there = DaskMLPRegularizedClassifier(**WHOLE, **how)
    there.fit(cut(X, 7, 0, 53), cut(y, 60), cut(weight, 20, 40))
    assert difference(here, there) < 1e-12
    assert_allclose(there.loss_curve_, here.loss_curve_)
    assert there.t_ == here.t_
    assert there.optimizer_state_.t == here.optimizer_state_.t


def test_local_steps_on_one_partition_equal_synchronous_steps(client, rows):
    X, y, *_ = rows
    how = {**QUICK, "batch_size": 13, "dtype": "float64", "averaging": "ema"}
    how |= {"keep_prob": 0.5, "input_keep_prob": 0.8}
    X, y = cut(X, 60), cut(y, 60)
    synchronous = DaskMLPRegularizedClassifier(**how).fit(X, y)
    for every in (2, "epoch"):
        averaged = DaskMLPRegularizedClassifier(**how, sync_every=every).fit(X, y)
        assert difference(synchronous, averaged) < 1e-12
        assert_allclose(averaged.loss_curve_, synchronous.loss_curve_)


def test_local_steps_are_averaged_by_rows(client, rows):
    """Without momentum, the average of one step each is the step of the batch."""
    X, y, *_ = rows
    how = {**WHOLE, "batch_size": 20, "solver": "sgd", "momentum": 0.0, "max_iter": 1}
    how |= {"learning_rate_init": 1e-6, "averaging": None}
    X, y = cut(X, 12, 48), cut(y, 60)
    synchronous = DaskMLPRegularizedClassifier(**how).fit(X, y)
    averaged = DaskMLPRegularizedClassifier(**how, sync_every="epoch").fit(X, y)
    at_start = DaskMLPRegularizedClassifier(**how | {"learning_rate_init": 1e-12})
    step_length = difference(synchronous, at_start.fit(X, y))
    assert 0 < difference(synchronous, averaged) < 1e-3 * step_length


def test_every_row_is_in_one_batch_and_batches_are_of_similar_size():
    sizes = np.array([1] * 10 + [37, 1000, 5])
    bounds = shares_of_batches(sizes, 20)
    shares = np.diff(bounds)
    assert_array_equal(bounds[:, 0], 0)
    assert_array_equal(bounds[:, -1], sizes)
    assert shares.min() >= 0
    assert np.ptp(shares.sum(axis=0)) <= 3


def test_dev_sets_and_early_stopping_equal_the_fit_in_memory(client, rows):
    X, y, *_ = rows
    how = WHOLE | {
        "early_stopping": True,
        "validation_fraction": 0.25,
        "batch_size": 45,
    }
    here = MLPRegularizedClassifier(**how).fit(X, y)
    there = DaskMLPRegularizedClassifier(**how).fit(cut(X, 20, 40), y)
    assert_allclose(there.validation_loss_curve_, here.validation_loss_curve_)
    how["batch_size"] = 60
    given = DaskMLPRegularizedClassifier(**how).fit(
        cut(X, 20, 40), y, X_val=cut(X, 30, 30), y_val=cut(y, 60)
    )
    here = MLPRegularizedClassifier(**how).fit(X, y, X_val=X, y_val=y)
    assert_allclose(given.validation_loss_curve_, here.validation_loss_curve_)


def test_predicts_arrays_lazily_by_partition(client, rows):
    X, y, *_ = rows
    net = DaskMLPRegularizedClassifier(**QUICK).fit(cut(X, 20, 40), y)
    local, X32 = net.to_local(), cut(X.astype(np.float32), 20, 0, 40)
    assert type(local) is MLPRegularizedClassifier
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        lazy, eager = getattr(net, name)(X32), getattr(local, name)(X32.compute())
        assert isinstance(lazy, da.Array)
        assert (lazy.dtype, lazy.shape) == (eager.dtype, eager.shape)
        assert lazy.chunks[0] == (20, 0, 40)
        assert_array_equal(lazy.compute(), eager)
        assert_array_equal(getattr(net, name)(X), getattr(local, name)(X))
    assert net.score(cut(X, 30, 30), cut(y, 60)) == local.score(X, y)


def test_frames_keep_names_index_and_divisions(client, rows):
    X, y, numbers, _ = rows
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(100, 160))
    lazy = dd.from_pandas(frame, npartitions=2)
    labels = dd.from_pandas(pd.Series(y, index=frame.index), npartitions=3)
    net = DaskMLPRegularizedClassifier(**QUICK).fit(lazy, labels)
    assert list(net.feature_names_in_) == list("abcd")
    proba = net.predict_proba(lazy)
    assert proba.divisions == lazy.divisions
    expected = pd.DataFrame(
        net.to_local().predict_proba(frame), frame.index, ["no", "yes"]
    )
    pd.testing.assert_frame_equal(proba.compute(), expected)
    assert net.predict(lazy).compute().index.equals(frame.index)
    assert net.score(lazy, labels) == net.to_local().score(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        net.predict(lazy.rename(columns={"a": "z"}))
    to_numbers = DaskMLPRegularizedRegressor(**QUICK).fit(lazy, numbers)
    predicted = to_numbers.predict(lazy)
    assert predicted.dtype == predicted.compute().dtype == np.float64


def test_sparse_blocks_are_trained_on_as_dense_ones(client, rows):
    _, y, *_ = rows
    X = sparse.random(60, 30, 0.05, "csr", rng=np.random.default_rng(0))
    dense = cut(X.toarray(), 20, 40)
    rare = dense.map_blocks(sparse.csr_matrix)
    nets = [
        DaskMLPRegularizedClassifier(**WHOLE).fit(each, y) for each in (dense, rare)
    ]
    assert difference(*nets) < 1e-12
    assert_array_equal(
        nets[0].predict(rare).compute(), nets[0].predict(dense).compute()
    )


def test_warm_start_resumes(client, rows):
    X, y, *_ = rows
    X = cut(X, 25, 35)
    how = QUICK | {"batch_size": 16}
    whole = DaskMLPRegularizedClassifier(**how | {"max_iter": 4}).fit(X, y)
    twice = DaskMLPRegularizedClassifier(**how | {"max_iter": 2}, warm_start=True)
    twice.fit(X, y)
    twice = pickle.loads(pickle.dumps(twice)).fit(X, y)
    assert difference(whole, twice) == 0


def test_resumes_from_a_checkpoint_on_another_client(client, rows, tmp_path):
    X, y, *_ = rows
    X, path = cut(X, 25, 35), tmp_path / "a.skdnn"
    how = QUICK | {"batch_size": 16}
    whole = DaskMLPRegularizedClassifier(**how).fit(X, y)
    saved = DaskMLPRegularizedClassifier(**how).set_callbacks(Checkpoint(path))
    saved.fit(X, y)
    resumed = DaskMLPRegularizedClassifier(**how, client=client)
    resumed.fit(X, y, resume_from=path)
    assert difference(whole, resumed) == 0


def test_parameters_are_those_of_the_plain_estimator_and_two_more(client):
    net = DaskMLPRegularizedRegressor("absolute_error", (3,), client=client)
    own = set(net.get_params()) - set(MLPRegularizedRegressor().get_params())
    assert own == {"client", "sync_every"}
    assert net.loss == "absolute_error" and net.hidden_layer_sizes == (3,)
    assert clone(net).client is client
    assert pickle.loads(pickle.dumps(net)).client is None
    assert "sync_every=5" in repr(net.set_params(sync_every=5))
    with pytest.raises(NotFittedError):
        net.predict(da.ones((3, 2)))


def with_number(X, number):
    values = X.compute()
    values[50, 1] = number
    return cut(values, 40, 20)


def large(X):
    return with_number(X, 1e200)


def with_nan(X):
    return with_number(X, np.nan)


@pytest.mark.parametrize(
    "how, change, message",
    [
        ({"sync_every": 0}, None, "sync_every"),
        ({"augmentation": Cutout(2)}, None, "augmentation"),
        ({}, np.asarray, "needs Dask collections"),
        (
            {},
            lambda X: da.where(da.arange(60)[:, None] == 50, np.nan, X),
            "Partition 1",
        ),
        ({"batch_size": 20, "dtype": "float32"}, large, "Partition 1 of X.*too large"),
        ({}, lambda X: X[:30], "X has 30 rows, y has 60"),
        ({}, lambda X: X[:0], "no rows"),
        ({}, lambda X: X[:, 0], "Expected 2D|shape"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_refuses_with_one_error_and_stays_unchanged(client, rows, how, change, message):
    X, y, *_ = rows
    net = DaskMLPRegularizedClassifier(**QUICK).fit(cut(X, 60), y).set_params(**how)
    before = net.coefs_[0].copy()
    wrong = cut(X, 40, 20) if change is None else change(cut(X, 40, 20))
    with pytest.raises((ValueError, TypeError), match=message):
        net.fit(wrong, y)
    assert_array_equal(net.coefs_[0], before)


def test_plain_estimators_point_here(rows):
    X, y, *_ = rows
    with pytest.raises(TypeError, match=r"skdnn\.dask"):
        MLPRegularizedClassifier().fit(cut(X, 60), y)


def test_partial_fit_is_refused(client, rows):
    X, y, *_ = rows
    with pytest.raises(TypeError, match="to_local"):
        DaskMLPRegularizedClassifier().partial_fit(cut(X, 60), y, classes=["no", "yes"])
