"""State after fit: attributes, copies, pickles."""

import pickle
from copy import deepcopy
from email.message import Message

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils import get_tags

from skdnn import InputStandardizer, MLPRegularizedClassifier, _estimator
from skdnn.training.optimizers import OptimizerState
from tests.estimators.datasets import KINDS, make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOLVERS = ["sgd", "adam", "adamw", "lbfgs"]


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (6, 3),
        "batch_size": 20,
        "max_iter": 4,
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_attributes(solver, kind, early_stopping):
    X, y = make_rows(kind)
    net = _net(solver=solver, early_stopping=early_stopping).fit(X, y)
    n_outputs = 1 if kind == "binary" else 3
    n_rows = 54 if early_stopping else 60
    assert [W.shape for W in net.coefs_] == [(4, 6), (6, 3), (3, n_outputs)]
    assert [b.shape for b in net.intercepts_] == [(6,), (3,), (n_outputs,)]
    assert net.n_outputs_ == n_outputs
    assert net.n_layers_ == 4
    assert net.n_features_in_ == 4
    assert net.out_activation_ == ("softmax" if kind == "multiclass" else "logistic")
    assert_array_equal(net.classes_, np.arange(2 if kind == "binary" else 3))
    assert type(net.n_iter_) is int and 1 <= net.n_iter_ <= 4
    assert net.t_ == net.n_iter_ * n_rows
    assert isinstance(net.optimizer_state_, OptimizerState)
    assert len(net.loss_curve_) == net.n_iter_
    assert all(type(cost) is float for cost in net.loss_curve_)
    assert net.loss_ == net.loss_curve_[-1]
    if early_stopping:
        assert len(net.validation_loss_curve_) == net.n_iter_
        assert len(net.validation_scores_) == net.n_iter_
        assert all(0 <= score <= 1 for score in net.validation_scores_)
        at = net.best_iteration_ - 1
        assert net.validation_loss_curve_[at] == min(net.validation_loss_curve_)
        assert net.best_validation_score_ == net.validation_scores_[at]
        assert net.best_loss_ is None
    else:
        assert net.validation_loss_curve_ is net.validation_scores_ is None
        assert net.best_validation_score_ is None
        assert net.best_loss_ == min(net.loss_curve_)
        assert net.best_iteration_ == net.n_iter_


def test_first_positional_parameters():
    net = MLPRegularizedClassifier((3, 2), "tanh")
    assert (net.hidden_layer_sizes, net.activation) == ((3, 2), "tanh")
    with pytest.raises(TypeError):
        MLPRegularizedClassifier((3, 2), "tanh", "adam")


def test_tags():
    tags = get_tags(MLPRegularizedClassifier())
    assert tags.input_tags.sparse and tags.classifier_tags.multi_label
    assert tags.estimator_type == "classifier"


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("warm_start", [False, True])
def test_returned_arrays_are_not_overwritten(solver, early_stopping, warm_start):
    """Regression: with MLPClassifier the next fit writes into them."""
    X, y = make_rows()
    net = _net(solver=solver, early_stopping=early_stopping, warm_start=warm_start)
    net.fit(X, y)
    handed_out = [*net.coefs_, *net.intercepts_, net.optimizer_state_.v]
    lists = [net.loss_curve_, net.validation_loss_curve_]
    before = deepcopy((handed_out, lists))
    optimizer, n_steps = net.optimizer_state_, net.optimizer_state_.t
    net.fit(X, y)
    if solver != "lbfgs" and not early_stopping:
        net.partial_fit(X, y)
    for now, then in zip(handed_out, before[0], strict=True):
        assert_array_equal(now, then)
    assert lists == before[1]
    assert optimizer.t == n_steps
    if warm_start:
        assert len(net.loss_curve_) > len(lists[0])


def test_clone_is_unfitted_and_equal():
    X, y = make_rows()
    net = _net(keep_prob=[0.8, 0.9], activation=["relu", "tanh"]).fit(X, y)
    copied = clone(net)
    assert copied.get_params() == net.get_params()
    assert not hasattr(copied, "coefs_")
    assert_array_equal(parameters(copied.fit(X, y)), parameters(net))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_pickle_and_joblib_keep_everything(solver, kind, tmp_path):
    X, y = make_rows(kind)
    net = _net(
        solver=solver, warm_start=True, keep_prob=0.8 if solver != "lbfgs" else 1
    )
    net.fit(X, y)
    joblib.dump(net, tmp_path / "net.joblib")
    copies = [
        pickle.loads(pickle.dumps(net)),
        joblib.load(tmp_path / "net.joblib"),
        deepcopy(net),
    ]
    expected = net.predict_proba(X)
    resumed = parameters(deepcopy(net).fit(X, y))
    for copied in copies:
        assert_array_equal(copied.predict_proba(X), expected)
        assert copied.loss_curve_ == net.loss_curve_
        assert copied.cost(X, y) == net.cost(X, y)
        assert_array_equal(parameters(copied.fit(X, y)), resumed)
    assert_array_equal(net.predict_proba(X), expected)


def test_read_only_memory_mapped_model(tmp_path):
    X, y = make_rows()
    net = _net(warm_start=True).fit(X, y)
    joblib.dump(net, tmp_path / "net.joblib")
    mapped = joblib.load(tmp_path / "net.joblib", mmap_mode="r")
    assert_array_equal(mapped.predict_proba(X), net.predict_proba(X))
    assert_array_equal(parameters(mapped.fit(X, y)), parameters(net.fit(X, y)))


# -- assigning parameters --------------------------------------------------------------


def test_assigned_parameters_predict():
    X, y = make_rows("binary")
    net = _net(hidden_layer_sizes=(), dtype="float32").fit(X, y)
    state, given = net._state, np.array([[1.0], [-2.0], [0.5], [0.0]])
    net.coefs_, net.intercepts_ = [given], [np.array([0.25])]
    assert_allclose(net.decision_function(X), X @ given[:, 0] + 0.25, rtol=1e-5)
    given[:] = 7  # the setter copies
    assert net.coefs_[0].max() == 1 and net.coefs_[0].dtype == np.float32
    assert state.theta is not net._state.theta


@pytest.mark.parametrize("early_stopping", [False, True])
def test_training_resumes_from_assigned_parameters(early_stopping):
    X, y = make_rows()
    net = _net(solver="sgd", early_stopping=early_stopping, warm_start=True)
    net.set_params(learning_rate_init=0.1, max_iter=40).fit(X, y)
    assert net.score(X, y) > 0.5  # better than the parameters assigned next
    net.coefs_ = [np.zeros_like(W) for W in net.coefs_]
    net.intercepts_ = [np.zeros_like(b) for b in net.intercepts_]
    net.set_params(learning_rate_init=1e-30, momentum=0.0).fit(X, y)
    assert_allclose(net.predict_proba(X), 1 / 3)


def test_parameters_can_be_assigned_after_fit_only():
    with pytest.raises(AttributeError, match="no attribute 'coefs_' before fit"):
        _net().coefs_ = [np.zeros((4, 3))]


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("coefs_", [np.zeros((4, 6))]),
        ("coefs_", [np.zeros((4, 6)), np.zeros((3, 6)), np.zeros((3, 3))]),
        ("intercepts_", [np.zeros((6, 1)), np.zeros(3), np.zeros(3)]),
    ],
)
def test_assigned_parameters_of_other_shapes_are_refused(name, arrays):
    X, y = make_rows()
    net = _net().fit(X, y)
    before = parameters(net)
    with pytest.raises(ValueError, match=f"{name} must be a list of arrays of sh"):
        setattr(net, name, arrays)
    assert_array_equal(parameters(net), before)


# -- repr and HTML ---------------------------------------------------------------------


def test_repr_shows_what_was_set():
    shown = repr(MLPRegularizedClassifier(keep_prob=[0.5, 0.8], alpha=3))
    assert "keep_prob=[0.5, 0.8]" in shown and "alpha=3" in shown


@pytest.mark.parametrize("cls", [MLPRegularizedClassifier, InputStandardizer])
def test_html_links_to_the_documentation_once_it_is_hosted(cls, monkeypatch):
    name = cls.__name__
    urls = ["Source, https://a.b/c", "Documentation, https://docs.example.org/"]
    for listed, link in (
        (urls, f"https://docs.example.org/generated/skdnn.{name}.html"),
        (urls[:1], ""),
        ([], ""),
    ):
        metadata = Message()
        for url in listed:
            metadata["Project-URL"] = url
        monkeypatch.setattr(_estimator, "metadata", lambda _, m=metadata: m)
        _estimator._documentation.cache_clear()
        bundle = cls()._repr_mimebundle_()
        assert bundle["text/plain"] == f"{name}()"
        assert ("href=" in bundle["text/html"]) == bool(link)
        assert (f'href="{link}"' in bundle["text/html"]) == bool(link)
    _estimator._documentation.cache_clear()


def test_html_of_a_user_subclass_has_no_link():
    class Mine(MLPRegularizedClassifier):
        pass

    assert Mine()._get_doc_link() == ""
