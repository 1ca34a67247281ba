"""partial_fit minimises J over all rows seen so far, whatever the pieces."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CLASSES = [0, 1, 2]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, stratify=y, random_state=0)


def pieces(X, y, size):
    for start in range(0, X.shape[0], size):
        yield X[start : start + size], y[start : start + size]


def norms(net):
    return np.array([np.linalg.norm(W) for W in net.coefs_])


@pytest.mark.parametrize(("size", "n_rows"), [(1, 700), (10, 1347)])
def test_digits_fed_in_small_pieces_are_learned(digits, size, n_rows):
    X, X_test, y, y_test = digits
    X, y = X[:n_rows], y[:n_rows]
    net = MLPRegularizedClassifier(random_state=0)
    for rows, labels in pieces(X, y, size):
        net.partial_fit(rows, labels, classes=np.arange(10))
    assert net.score(X_test, y_test) > 0.85
    assert net._model.total_weight == len(X)


@pytest.mark.parametrize("total", [None, "known"])
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd"])
def test_a_file_in_pieces_gives_the_weights_of_one_fit(digits, solver, total):
    X, _, y, _ = digits
    options = {"solver": solver, "alpha": 5.0, "batch_size": 100, "random_state": 0}
    whole = MLPRegularizedClassifier(
        (30,), **options, max_iter=15, n_iter_no_change=np.inf
    ).fit(X, y)
    parts = MLPRegularizedClassifier((30,), **options)
    known = {"total_weight": len(X)} if total == "known" else {}
    for _ in range(15):
        for rows, labels in pieces(X, y, 200):
            parts.partial_fit(rows, labels, classes=np.arange(10), **known)
    assert_allclose(norms(parts), norms(whole), rtol=0.03)
    assert parts._model.total_weight == whole._model.total_weight


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_calls_with_all_rows_are_epochs_of_one_fit(form, weighted):
    X, y = make_rows()
    weight = np.arange(60) % 3 + 1.0 if weighted else None
    options = {"learning_rate": "invscaling", "batch_size": 20, "random_state": 0}
    whole = MLPRegularizedClassifier((5,), **options, max_iter=6).fit(
        form(X), y, weight
    )
    parts = MLPRegularizedClassifier((5,), **options)
    for _ in range(6):
        parts.partial_fit(form(X), y, weight, classes=CLASSES)
    assert_array_equal(parameters(parts), parameters(whole))
    assert parts._model.total_weight == whole._model.total_weight
    assert parts.cost(X, y) == whole.cost(X, y)


def test_rows_of_fit_count_and_repeated_calls_do_not():
    X, y = make_rows(n_rows=90)
    net = MLPRegularizedClassifier((4,), max_iter=3, random_state=0).fit(X[:60], y[:60])
    net.partial_fit(X[:60], y[:60])
    assert net._model.total_weight == 60
    for _ in range(3):
        net.partial_fit(X[60:], y[60:])
        assert net._model.total_weight == 90


def test_the_weight_seen_so_far_is_state():
    X, y = make_rows(n_rows=90)
    net = MLPRegularizedClassifier((4,), random_state=0)
    net.partial_fit(X[:30], y[:30], classes=CLASSES)
    resumed = pickle.loads(pickle.dumps(net))
    for rows in (slice(0, 30), slice(30, 60), slice(60, 90)):
        for each in (net, resumed):
            each.partial_fit(X[rows], y[rows])
    assert net._model.total_weight == resumed._model.total_weight == 90
    assert_array_equal(parameters(resumed), parameters(net))


def rates_of(net, calls):
    """Return the learning rate of the last step of each call."""
    rates = []

    class Watch:
        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            if context.task_name == "epoch":
                rates.append(context.record.learning_rate)

        def teardown(self, estimator, context):
            pass

    net.set_callbacks(Watch())
    for X, y in calls:
        net.partial_fit(X, y)
    return rates


def test_schedules_count_rows_and_not_calls():
    """20 calls are two passes, so a schedule of four passes is only half over."""
    X, _ = make_rows()
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(4,), learning_rate="cosine", max_iter=4, random_state=0
    )
    net.partial_fit(X, X[:, 0], total_weight=60)
    calls = list(pieces(X, X[:, 0], 6))
    rates = np.array(rates_of(net, calls)) / net.learning_rate_init
    passes = 1 + np.arange(10) / 10
    assert_allclose(rates, 0.5 * (1 + np.cos(np.pi * passes / 4)), rtol=1e-9)


def test_an_endless_stream_keeps_its_rate():
    X, _ = make_rows()
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(4,), learning_rate="cosine", max_iter=2, random_state=0
    )
    rates = rates_of(net, pieces(X, X[:, 0], 1))
    assert min(rates) > 0.4 * net.learning_rate_init


@pytest.mark.parametrize("total", [0, -1, np.inf, np.nan, "60", True])
def test_an_invalid_total_weight_is_refused(total):
    X, y = make_rows()
    net = MLPRegularizedClassifier((3,), random_state=0)
    with pytest.raises(ValueError, match="total_weight must be a number > 0 or None"):
        net.partial_fit(X, y, classes=CLASSES, total_weight=total)
    assert not hasattr(net, "classes_")
