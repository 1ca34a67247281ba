"""Regression tests for bugs that the property tests found."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.metrics import make_scorer, median_absolute_error

from skdnn import (
    DataScaleWarning,
    Mixup,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)
from tests.estimators.datasets import make_rows, parameters
from tests.estimators.refusals import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows(n_rows=20)
SMALL = {"hidden_layer_sizes": (3,), "max_iter": 3, "random_state": 0}
TOO_LARGE = 10**400


def _classifier(**params):
    return MLPRegularizedClassifier(**{**SMALL, **params})


def _regressor(**params):
    return MLPRegularizedRegressor(**{**SMALL, **params})


def test_rows_of_a_single_class_can_be_mixed():
    """The proportion of the class was used as an index, out of range of the logits."""
    net = _classifier(augmentation=Mixup(), alpha=0)
    with pytest.warns(UserWarning, match="one class only"):
        net.fit(X, np.ones(20))
    assert net.loss_curve_ == [0.0]


@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")
@pytest.mark.parametrize("make", [_classifier, _regressor])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_lbfgs_that_starts_at_a_minimum_has_a_cost(make, early_stopping):
    y = np.tile([0, 1], 10)
    net = make(solver="lbfgs", alpha=0, init="zeros", early_stopping=early_stopping)
    net.fit(np.zeros((20, 2)), y if make is _classifier else 0 * y)
    assert net.n_iter_ == len(net.loss_curve_) == net.best_iteration_ == 1
    assert net.loss_ == pytest.approx(np.log(2) if make is _classifier else 0)
    if early_stopping:
        assert len(net.validation_loss_curve_) == 1
        assert net.best_validation_score_ == net.validation_scores_[0]


def test_checking_dev_rows_with_infinite_squares_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.warns(DataScaleWarning, match="X_val"):
            _classifier().fit(X, Y3, X_val=1e300 * X, y_val=Y3)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e17), ("float64", 1e153)])
def test_targets_whose_squares_add_up_to_infinity_are_refused(dtype, size):
    """They were mistaken for divergence."""
    words = ["y contains", f"too large for {dtype}", "Divide it by a constant"]
    assert_refused(_regressor(dtype=dtype), "fit", (X, size * X[:, 0]), {}, words)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1, 1: 2, 2: 1}])
def test_new_labels_are_reported_with_class_weight_too(class_weight):
    net = _classifier(class_weight=class_weight).fit(X, Y3)
    for labels, word in ((Y3 + 5, "labels that are not"), (np.eye(3)[Y3], "1d array")):
        assert_refused(net, "partial_fit", (X, labels), {}, [f"y .*{word}"])


@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")
def test_lbfgs_at_an_infinite_cost_has_diverged():
    """lbfgs continues if the gradient is finite: here only the penalty is infinite."""
    net = _regressor(solver="lbfgs", hidden_layer_sizes=())
    net.set_params(init=lambda rng, n_in, n_out: np.full((n_in, n_out), 1e200))
    words = ["diverged in its first epoch", "init"]
    assert_refused(net, "fit", (0 * X, X[:, 0], 1e90), {}, words)


def test_checking_extreme_predictions_does_not_warn():
    """Their cost is finite, but their squares overflow."""
    net = _regressor(loss="huber", hidden_layer_sizes=(), solver="sgd", max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        net.set_params(learning_rate_init=1e200).fit(X, X[:, 0])
    assert np.abs(net.predict(X)).max() > 1e160


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_overflow_in_the_first_step_is_divergence(method):
    """There is no further step that would find the cost infinite."""
    net = _classifier(solver="sgd", learning_rate_init=1e300, max_iter=1)
    classes = {} if method == "fit" else {"classes": [0, 1, 2]}
    words = ["diverged in its first epoch", "learning_rate_init"]
    assert_refused(net, method, (X, Y3), classes, words)


def test_overflow_in_the_last_step_is_detected():
    options = {"solver": "sgd", "learning_rate_init": 1e75, "hidden_layer_sizes": ()}
    last, one_more = (
        _regressor(max_iter=n, momentum=0, **options).fit(X, X[:, 0]) for n in (3, 4)
    )
    assert last.stop_reason_ == one_more.stop_reason_ == "diverged"
    assert last.stop_message_ == one_more.stop_message_
    assert last.n_iter_ == one_more.n_iter_ == 2
    assert_array_equal(parameters(last), parameters(one_more))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_checking_large_rows_of_both_signs_does_not_warn(dtype):
    most = np.finfo(dtype).max / 2
    rows = np.repeat([[most, -most]], 20, axis=0).astype(dtype)
    net = _classifier(dtype="float64")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        net.fit(X[:, :2], Y3, X_val=rows[:2], y_val=Y3[:2])
        net.predict(rows)
        rows[0], rows[1] = np.inf, -np.inf
        with pytest.raises(ValueError, match="X contains infinity in column 0"):
            net.fit(rows, Y3)


@pytest.mark.parametrize("known", [1e-300, 19, TOO_LARGE], ids=["tiny", "19", "huge"])
def test_total_weight_must_not_be_below_that_of_the_call(known):
    words = ["total_weight"] if known == TOO_LARGE else ["total_weight", "this call"]
    net = _regressor().fit(X, X[:, 0])
    kwargs = {"total_weight": known}
    assert_refused(net, "partial_fit", (X, X[:, 0]), kwargs, words)
    net.partial_fit(X, X[:, 0], total_weight=20)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation", np.array("relu")),
        ("hidden_layer_sizes", np.array(3)),
        ("keep_prob", np.array(0.5)),
        ("keep_prob", [TOO_LARGE]),
        ("keep_prob", [0.5, TOO_LARGE]),
        pytest.param("validation_fraction", TOO_LARGE, id="validation_fraction"),
        ("class_weight", {0: 1, 1: 1, 2: TOO_LARGE}),
    ],
)
def test_0d_arrays_and_ints_beyond_float_are_refused(name, value):
    assert_refused(_classifier(**{name: value}), "fit", (X, Y3), {}, [name])


@pytest.mark.parametrize(
    "drawn", [np.full((4, 3), 1e200), np.full((4, 3), "w"), np.full((4, 3), None)]
)
def test_invalid_initial_weights_are_refused(drawn):
    net = _classifier(init=lambda rng, n_in, n_out: drawn, dtype="float32")
    assert_refused(net, "fit", (X, Y3), {}, ["init", str(drawn.dtype)])


def test_predicted_labels_match_the_returned_logits():
    """Rounded to float32, logits may tie that do not tie in float64."""
    net = _classifier(hidden_layer_sizes=()).fit(X.astype(np.float32), Y3)
    W, b = np.zeros((4, 3)), np.array([1.0, 1.0 + 1e-12, 0.0])
    net.coefs_, net.intercepts_ = [W], [b]
    for rows in (X, X.astype(np.float32)):
        Z = net.decision_function(rows)
        assert_array_equal(net.predict(rows), Z.argmax(axis=1))


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_logits_beyond_float32_give_probabilities(n_outputs):
    rows, y = X.astype(np.float32), Y3 % 2 if n_outputs == 1 else Y3
    net = _classifier(hidden_layer_sizes=()).fit(rows, y)
    net.coefs_ = [np.full((4, n_outputs), 1e60)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert np.all(np.isfinite(net.decision_function(rows)))
        P = net.predict_proba(rows)
    assert P.dtype == np.float32
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)


def test_a_polars_frame_of_float32_is_not_converted():
    frame = pl.DataFrame(X.astype(np.float32))
    net = _classifier().fit(frame, Y3)
    expected = _classifier().fit(pd.DataFrame(X.astype(np.float32)), Y3)
    assert net.predict_proba(frame).dtype == np.float32
    assert_array_equal(parameters(net), parameters(expected))


def test_sparse_targets_of_a_regressor_are_scored_dense():
    y = sparse.csr_array(np.abs(X[:, :2]))
    scoring = make_scorer(median_absolute_error, greater_is_better=False)
    net = _regressor(early_stopping=True, scoring=scoring).fit(X, y)
    expected = _regressor(early_stopping=True, scoring=scoring).fit(X, y.toarray())
    assert net.validation_scores_ == expected.validation_scores_
