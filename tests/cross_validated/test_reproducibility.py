"""Results do not depend on n_jobs, and interrupted fits leave nothing behind."""

import _thread
import pickle
import signal
import threading
from copy import deepcopy

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info

from skdnn import Mixup
from skdnn.cross_validated.nets import NetInTraining
from skdnn.cross_validated.workers import Workers
from tests.cross_validated.small import classifier, regressor, steps, thetas
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import same_state

X, Y = make_rows()
SEVERAL = {
    "alphas": [0.1, 5.0],
    "keep_probs": [1.0, 0.8],
    "encodings": ("standard", "piecewise"),
    "n_members": 2,
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def one():
    """Fit a choice among several candidates in one thread."""
    return classifier(**SEVERAL).fit(X, Y)


def assert_same(model, expected):
    assert_array_equal(thetas(model), thetas(expected))
    assert_array_equal(model.scores_, expected.scores_)
    assert_array_equal(model.oof_decision_function_, expected.oof_decision_function_)
    assert model.temperature_ == expected.temperature_
    assert model.best_n_steps_ == expected.best_n_steps_


@pytest.mark.parametrize("n_jobs", [2, 4, -1])
def test_threads_change_nothing(n_jobs, one):
    assert_same(classifier(**SEVERAL, n_jobs=n_jobs).fit(X, Y), one)


def test_joblib_settings_change_nothing(one):
    with parallel_config(n_jobs=3):
        assert_same(classifier(**SEVERAL).fit(X, Y), one)


def test_threads_do_not_change_augmented_rows():
    fits = [
        classifier(augmentation=Mixup(), preprocess=preprocess, n_jobs=n_jobs)
        for preprocess in (True, False)
        for n_jobs in (1, 2)
    ]
    for model in fits:
        model.fit(X, Y)
    assert_same(fits[0], fits[1])
    assert_same(fits[2], fits[3])
    assert not np.array_equal(thetas(classifier().fit(X, Y)), thetas(fits[0]))


def test_the_order_of_candidates_changes_nothing(one):
    given = {k: v[::-1] for k, v in SEVERAL.items() if k != "n_members"}
    other = classifier(**(SEVERAL | given)).fit(X, Y)
    assert_array_equal(thetas(other), thetas(one))
    assert_array_equal(other.scores_, one.scores_[::-1])


def test_more_members_leave_the_first_ones_unchanged(one):
    fewer = clone(one).set_params(n_members=1).fit(X, Y)
    assert_array_equal(fewer.scores_, one.scores_)
    assert_array_equal(thetas(fewer), thetas(one)[: thetas(fewer).size])


def test_random_states(one):
    fits = [
        clone(one).set_params(random_state=state).fit(X, Y)
        for state in (0, 1, np.random.RandomState(0), None, None)
    ]
    assert_same(fits[0], one)
    assert_same(fits[2], one)
    for k, other in [(1, 0), (3, 0), (4, 3)]:
        assert not np.array_equal(fits[k].scores_, fits[other].scores_)


def test_a_random_state_instance_advances():
    random = np.random.RandomState(0)
    first, second = (classifier(random_state=random).fit(X, Y) for _ in range(2))
    assert not np.array_equal(first.scores_, second.scores_)


# -- copies and files ------------------------------------------------------------------


@pytest.mark.parametrize("refit", [True, False])
def test_copies_and_pickles_predict_the_same(refit):
    model = classifier(**SEVERAL, refit=refit).fit(X, Y)
    for other in (pickle.loads(pickle.dumps(model)), deepcopy(model)):
        assert_same(other, model)
        assert_array_equal(other.predict_proba(X), model.predict_proba(X))
        assert_array_equal(other.predict_proba(X[:1]), model.predict_proba(X[:1]))


def test_clone_is_unfitted_and_keeps_parameters(one):
    other = clone(one)
    assert not hasattr(other, "members_") and not hasattr(other, "coefs_")
    assert other.get_params() == one.get_params()
    assert other.set_params(alphas=3.0).alphas == 3.0


def test_a_member_can_be_trained_on(one):
    """Train a copy on from the parameters and moments of the member."""
    member = deepcopy(one.members_[0])
    inputs = member[0].transform(X)
    before = member.predict_proba(X)
    member[-1].partial_fit(inputs, Y)
    assert not np.array_equal(member.predict_proba(X), before)
    assert member[-1].optimizer_state_.t > one.best_n_steps_
    assert_array_equal(one.members_[0].predict_proba(X), before)


# -- interrupts ------------------------------------------------------------------------


@pytest.fixture
def ctrl_c_interrupts():
    """Handle SIGINT, which background processes ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("when", ["choosing", "refitting"])
@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_ctrl_c_leaves_the_estimator_as_it_was(n_jobs, when, monkeypatch):
    steps(monkeypatch, 4, 8)
    model = classifier(n_jobs=n_jobs, n_members=2).fit(X, Y)
    before, threads = deepcopy(vars(model)), set(threading.enumerate())
    advance, n_calls = NetInTraining.advance_to, []

    def interrupted(net, n_steps):
        n_calls.append(n_steps)
        if len(n_calls) == (5 if when == "choosing" else 7):
            _thread.interrupt_main()
        return advance(net, n_steps)

    monkeypatch.setattr(NetInTraining, "advance_to", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert same_state(vars(model), before)
    assert set(threading.enumerate()) == threads


def test_a_failed_job_cancels_waiting_jobs():
    done, threads = [], set(threading.enumerate())

    def job(k):
        if k == 1:
            raise ZeroDivisionError
        done.append(k)

    with pytest.raises(ZeroDivisionError), Workers(2) as workers:
        workers.map(job, range(1000))
    assert len(done) < 1000
    assert set(threading.enumerate()) == threads


def test_results_come_in_order():
    for n_jobs in (1, 2, 4):
        with Workers(n_jobs) as workers:
            assert workers.map(lambda k: k * k, range(50)) == [k * k for k in range(50)]


# -- BLAS threads ----------------------------------------------------------------------


def blas_threads():
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_more_blas_threads_than_n_jobs_allows(n_jobs, monkeypatch):
    seen, at_once, names = [], [], set()
    take, lock = NetInTraining.logits, threading.Lock()

    def watched(net, examples):
        with lock:
            at_once.append(1)
            seen.append(len(at_once))
            names.add(threading.current_thread().name)
        try:
            return take(net, examples)
        finally:
            with lock:
                at_once.pop()

    monkeypatch.setattr(NetInTraining, "logits", watched)
    before = blas_threads()
    classifier(n_jobs=n_jobs, cv=6).fit(X, Y)
    assert max(seen) <= n_jobs and len(names) <= n_jobs
    assert blas_threads() == before


@pytest.mark.parametrize("make", [classifier, regressor])
def test_fit_in_a_user_thread(make):
    y = Y if make is classifier else X[:, 0]
    model = make(n_jobs=2)
    thread = threading.Thread(target=model.fit, args=(X, y))
    thread.start()
    thread.join()
    assert_array_equal(thetas(model), thetas(make().fit(X, y)))
