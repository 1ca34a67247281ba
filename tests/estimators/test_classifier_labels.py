"""Labels of all kinds, predictions and cost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.metrics import accuracy_score, log_loss

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import KINDS, make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _net(**params):
    defaults = {"hidden_layer_sizes": (6,), "max_iter": 15, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


# -- labels ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize(
    "names",
    [
        np.array(["pear", "apple", "fig"]),
        np.array(["pear", "apple", "fig"], dtype=object),
        np.array([7, -3, 100]),
        np.array([2.0, 0.0, 1.0]),
        np.array([True, False, True]),
    ],
    ids=["str", "object", "int", "float", "bool"],
)
def test_labels_keep_their_type_and_change_nothing_else(kind, names):
    if names.dtype == bool and kind == "multiclass":
        names = names.astype(str).astype(object)
        names[2] = "Maybe"
    X, codes = make_rows(kind)
    y = names[codes]
    classes, sorted_codes = np.unique(y, return_inverse=True)
    net = _net().fit(X, y)
    plain = _net().fit(X, sorted_codes)
    assert_array_equal(net.classes_, classes)
    assert net.classes_.dtype == names.dtype
    predicted = net.predict(X)
    assert predicted.dtype == names.dtype
    assert_array_equal(predicted, classes[plain.predict(X)])
    assert_array_equal(net.predict_proba(X), plain.predict_proba(X))
    assert net.score(X, y) == accuracy_score(y, predicted)


@pytest.mark.parametrize("as_given", [np.asarray, list, lambda y: y[:, np.newaxis]])
def test_labels_as_list_or_column(as_given):
    X, y = make_rows("multiclass")
    expected = _net().fit(X, y)
    if as_given(y[:2]).__class__ is np.ndarray and as_given(y).ndim == 2:
        with pytest.warns(Warning, match="column-vector y was passed"):
            net = _net().fit(X, as_given(y))
    else:
        net = _net().fit(X, as_given(y))
    assert_array_equal(net.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_matrix, np.asarray, np.ndarray.tolist]
)
def test_multilabel_indicators(container):
    X, Y = make_rows("multilabel")
    net = _net(max_iter=100, learning_rate_init=0.01).fit(X, container(Y))
    expected = _net(max_iter=100, learning_rate_init=0.01).fit(X, Y)
    assert_array_equal(parameters(net), parameters(expected))
    predicted = net.predict(X)
    assert predicted.shape == Y.shape
    assert set(np.unique(predicted)) == {0, 1}
    assert np.mean(predicted == Y) > 0.75
    assert_array_equal(predicted, net.predict_proba(X) > 0.5)
    assert_array_equal(net.classes_, np.arange(3))
    assert (net.out_activation_, net.n_outputs_) == ("logistic", 3)


def test_one_label_column_per_row_may_be_all_zero():
    X, Y = make_rows("multilabel")
    Y[:, 1] = 0
    net = _net(max_iter=100, learning_rate_init=0.01).fit(X, Y)
    assert np.all(net.predict(X)[:, 1] == 0)


# -- predictions -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_agree_with_each_other_and_with_scipy(kind, dtype):
    X, y = make_rows(kind)
    net = _net(dtype=dtype).fit(X, y)
    Z = net.decision_function(X)
    p, log_p = net.predict_proba(X), net.predict_log_proba(X)
    atol = 1e-6 if dtype == "float32" else 1e-12
    if kind == "binary":
        assert Z.shape == (60,)
        expected = np.column_stack([expit(-Z), expit(Z)])
        labels = net.classes_[(Z > 0).astype(int)]
    elif kind == "multilabel":
        assert Z.shape == (60, 3)
        expected, labels = expit(Z), (Z > 0).astype(int)
    else:
        assert Z.shape == (60, 3)
        expected, labels = softmax(Z, axis=1), net.classes_[Z.argmax(axis=1)]
    assert_allclose(p, expected, atol=atol)
    assert_allclose(log_p, np.log(expected), atol=10 * atol, rtol=10 * atol)
    assert_array_equal(net.predict(X), labels)
    if kind != "multilabel":
        assert_allclose(p.sum(axis=1), 1, atol=atol)
        assert_array_equal(net.classes_[p.argmax(axis=1)], labels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_probabilities_at_extreme_logits(kind, dtype):
    """Regression: MLPClassifier takes the logarithm of an underflown probability."""
    X, y = make_rows(kind)
    net = _net(dtype=dtype, hidden_layer_sizes=(), alpha=0.0).fit(X, y)
    far = X * 1e4
    Z = net.decision_function(far).astype(np.float64)
    assert np.abs(Z).max() > 800  # exp(-800) is zero in float64
    log_p = net.predict_log_proba(far)
    assert np.all(np.isfinite(log_p)) and np.all(log_p <= 0)
    expected = {
        "binary": lambda: np.column_stack([log_expit(-Z), log_expit(Z)]),
        "multilabel": lambda: log_expit(Z),
        "multiclass": lambda: log_softmax(Z, axis=1),
    }[kind]()
    assert_allclose(log_p, expected, rtol=1e-5, atol=1e-5)
    assert np.all(np.isfinite(net.predict_proba(far)))


# -- the cost --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_cost_is_log_loss_and_penalty(kind, weighted, l1_ratio):
    X, y = make_rows(kind)
    rng = np.random.default_rng(5)
    weight = rng.uniform(0, 2, len(X)) if weighted else None
    net = _net(alpha=3.0, l1_ratio=l1_ratio, dtype="float64", keep_prob=0.5)
    net.fit(X, y, sample_weight=weight)
    total, data, penalty = cost = net.cost(X, y, weight)
    assert (cost.total, cost.data, cost.penalty) == (total, data, penalty)
    assert total == data + penalty
    p = net.predict_proba(X)
    if kind == "multilabel":
        expected = sum(
            log_loss(y[:, k], p[:, k], sample_weight=weight) for k in range(3)
        )
    else:
        expected = log_loss(y, p, sample_weight=weight)
    assert_allclose(data, expected, rtol=1e-10)
    S = len(X) if weight is None else weight.sum()
    squares = sum(np.sum(W**2) for W in net.coefs_)
    sizes = sum(np.sum(np.abs(W)) for W in net.coefs_)
    expected = 3.0 / (2 * S) * ((1 - l1_ratio) * squares + l1_ratio * sizes)
    assert_allclose(penalty, expected, rtol=1e-10)


def test_cost_of_other_rows_keeps_the_penalty_of_the_training_set():
    X, y = make_rows()
    net = _net(alpha=3.0).fit(X, y)
    assert net.cost(X[:10], y[:10]).penalty == net.cost(X, y).penalty > 0


def test_cost_has_class_weights_and_smoothing_as_fit_had():
    X, y = make_rows("binary")
    class_weight = {0: 2.0, 1: 0.5}
    net = _net(class_weight=class_weight, label_smoothing=0.2, dtype="float64")
    net.fit(X, y)
    p = net.predict_proba(X)
    target = 0.8 * np.eye(2)[y] + 0.1
    expected = np.average(
        -np.sum(target * np.log(p), axis=1), weights=[class_weight[c] for c in y]
    )
    assert_allclose(net.cost(X, y).data, expected, rtol=1e-10)


def test_loss_curve_ends_at_cost_for_full_batches():
    """An epoch's cost is computed before its only step, so cost is the next entry."""
    X, y = make_rows()
    short = _net(max_iter=7, tol=0).fit(X, y)
    longer = _net(max_iter=8, tol=0).fit(X, y)
    assert_allclose(short.cost(X, y).total, longer.loss_curve_[-1], rtol=1e-6)
    assert longer.loss_ == longer.loss_curve_[-1]
    assert longer.best_loss_ == min(longer.loss_curve_)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_unfitted(method):
    X, y = make_rows()
    with pytest.raises(Exception, match="not fitted yet"):
        getattr(_net(), method)(X)
    with pytest.raises(Exception, match="not fitted yet"):
        _net().cost(X, y)
    assert not hasattr(_net(), "coefs_")
    assert not hasattr(_net(), "intercepts_")
