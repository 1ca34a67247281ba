"""Training that diverges, runs out of epochs or raises."""

import re
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused, same_state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows()


def _net(**params):
    defaults = {"hidden_layer_sizes": (6, 3), "max_iter": 4, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("with_dev", [False, True])
def test_divergence_names_the_epoch_and_keeps_finite_parameters(dtype, with_dev):
    net = _net(
        solver="sgd",
        activation="identity",
        learning_rate_init=3.0,
        batch_size=60,
        dtype=dtype,
        max_iter=200,
        n_iter_no_change=np.inf,
    )
    dev = {"X_val": X, "y_val": Y3} if with_dev else {}
    with pytest.warns(ConvergenceWarning) as caught:
        net.fit(X, Y3, **dev)
    assert len(caught) == 1
    message = str(caught[0].message)
    epoch = int(re.search(r"diverged in epoch (\d+)", message).group(1))
    assert epoch == net.n_iter_ + 1 <= 200
    assert net.n_iter_ > 0
    assert "learning_rate_init=3.0" in message
    assert all(np.all(np.isfinite(a)) for a in [*net.coefs_, *net.intercepts_])
    assert np.all(np.isfinite(net.loss_curve_))
    assert np.all(np.isfinite(net.predict_proba(X)))
    before = net.coefs_[0]
    net.set_params(learning_rate_init=1e-300, warm_start=True, max_iter=1)
    with pytest.warns(ConvergenceWarning, match="the training cost rose from"):
        net.fit(X, Y3)  # the velocity that caused the divergence is reset
    assert_array_equal(net.coefs_[0], before)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("fitted", [False, True])
def test_divergence_in_the_first_epoch_is_an_error(method, fitted):
    """There are no new parameters to keep, only the previous model."""
    net = _net(solver="sgd", activation="identity", batch_size=10, dtype="float32")
    net.set_params(warm_start=True)
    if fitted:
        net.fit(X, Y3)
    net.set_params(learning_rate_init=1e30)
    classes = {} if method == "fit" else {"classes": [0, 1, 2]}
    words = ["diverged in its first epoch", r"learning_rate_init=1e\+30", "standardise"]
    assert_refused(net, method, (X, Y3), classes, words)
    net.set_params(learning_rate_init=1e-3)
    getattr(net, method)(X, Y3, **classes)
    assert np.all(np.isfinite(net.predict_proba(X)))


def test_lbfgs_that_cannot_start_names_remedies():
    net = _net(solver="lbfgs", activation="identity")
    net.set_params(init=lambda rng, n_in, n_out: np.full((n_in, n_out), 1e200))
    words = ["diverged in its first epoch", "init with smaller weights"]
    assert_refused(net, "fit", (X, Y3), {}, words)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("solver", "words"),
    [("adam", r"Maximum iterations \(4\)"), ("lbfgs", r"lbfgs stopped.*max_iter=4")],
)
def test_out_of_epochs(solver, words):
    with pytest.warns(ConvergenceWarning, match=words):
        _net(solver=solver).fit(X, Y3)


def test_batch_size_above_the_number_of_rows_warns():
    with pytest.warns(UserWarning, match="batch_size=61 is larger.*60") as caught:
        net = _net(batch_size=61).fit(X, Y3)
    assert caught[0].filename == __file__
    expected = _net(batch_size=60).fit(X, Y3)
    assert_array_equal(net.coefs_[0], expected.coefs_[0])


def test_a_failed_fit_leaves_the_model_unchanged():
    net = _net(warm_start=True).fit(X, Y3)
    calls = []

    def scorer(estimator, X, y):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError
        return 0.0

    net.set_params(early_stopping=True, scoring=scorer)
    before = deepcopy(vars(net))
    with pytest.raises(RuntimeError):
        net.fit(X, Y3)
    assert same_state(vars(net), before)
