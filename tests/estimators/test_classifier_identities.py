"""Equivalent computations give equal results."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import (
    KINDS,
    breast_cancer,
    make_rows,
    parameters,
    squared_norm,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["sgd", "adam", "adamw"]


# -- no hidden layer is logistic regression --------------------------------------------


@pytest.mark.parametrize("alpha", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 1: 0.5, 2: 1.0}])
def test_no_hidden_layer_is_logistic_regression(alpha, kind, weighted, class_weight):
    X, y = make_rows(kind, n_rows=120)
    if isinstance(class_weight, dict):
        class_weight = {c: class_weight[c] for c in np.unique(y)}
    weight = np.random.default_rng(1).uniform(0, 3, len(X)) if weighted else None
    theirs = LogisticRegression(
        C=1 / alpha, class_weight=class_weight, tol=1e-10, max_iter=10_000
    ).fit(X, y, sample_weight=weight)
    ours = MLPRegularizedClassifier(
        (), solver="lbfgs", alpha=alpha, class_weight=class_weight, tol=1e-9
    ).fit(X, y, sample_weight=weight)
    assert_allclose(ours.coefs_[0].T, theirs.coef_, rtol=1e-4, atol=1e-6)
    b = theirs.intercept_
    if kind == "multiclass":  # softmax is invariant to a constant added to all logits
        b = b - b.mean()
        assert_allclose(ours.intercepts_[0].mean(), 0, atol=1e-8)
    assert_allclose(ours.intercepts_[0], b, rtol=1e-4, atol=1e-6)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


def test_multilabel_without_hidden_layer_is_one_logistic_regression_per_label():
    X, Y = make_rows("multilabel", n_rows=120)
    ours = MLPRegularizedClassifier((), solver="lbfgs", alpha=2.0, tol=1e-9).fit(X, Y)
    for k in range(Y.shape[1]):
        theirs = LogisticRegression(C=0.5, tol=1e-10).fit(X, Y[:, k])
        assert_allclose(ours.coefs_[0][:, k], theirs.coef_[0], rtol=1e-4)


# -- weights are repeated rows ---------------------------------------------------------


@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
@pytest.mark.parametrize(
    ("kind", "class_weight"),
    [
        *((kind, None) for kind in KINDS),
        # For multilabel targets compute_sample_weight ignores sample weights.
        ("binary", "balanced"),
        ("multiclass", "balanced"),
    ],
)
def test_weights_are_repeated_rows(solver, kind, class_weight):
    X, y = make_rows(kind)
    weight = np.random.default_rng(3).integers(0, 4, len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    fitted = []
    for rows, s in ((np.arange(len(X)), weight), (repeated, None)):
        net = MLPRegularizedClassifier(
            (6,),
            activation="tanh",
            solver=solver,
            alpha=2.0,
            l1_ratio=0.3,
            label_smoothing=0.1,
            class_weight=class_weight,
            batch_size=len(rows),
            learning_rate_init=0.01,
            max_iter=25,
            dtype="float64",
            random_state=0,
        )
        fitted.append(net.fit(X[rows], y[rows], sample_weight=s))
    # lbfgs amplifies rounding from iteration to iteration
    tolerance = 1e-4 if solver == "lbfgs" else 1e-9
    assert_allclose(parameters(fitted[0]), parameters(fitted[1]), atol=tolerance)
    assert_allclose(fitted[0].loss_curve_[:5], fitted[1].loss_curve_[:5], rtol=1e-9)


def test_weights_matter_only_relative_to_alpha():
    """Both terms of J are divided by S: doubling weights and alpha changes nothing."""
    X, y = make_rows()
    once, twice = (
        MLPRegularizedClassifier((5,), alpha=a, random_state=0).fit(
            X, y, np.full(60, w)
        )
        for a, w in ((1.0, 1.0), (2.0, 2.0))
    )
    assert_allclose(parameters(once), parameters(twice), atol=1e-10)


# -- penalties -------------------------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_bigger_alpha_smaller_weights(solver, l1_ratio):
    X, y = breast_cancer(200)
    norms = [
        squared_norm(
            MLPRegularizedClassifier(
                (6,),
                activation="tanh",
                solver=solver,
                alpha=alpha,
                l1_ratio=l1_ratio,
                learning_rate="cosine",
                learning_rate_init=0.02,
                max_iter=1000,
                n_iter_no_change=np.inf,
                random_state=0,
            ).fit(X, y)
        )
        for alpha in (0.3, 1, 3, 10, 30, 100)
    ]
    assert np.all(np.diff(norms) < 0), norms


@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_l1_and_only_l1_gives_exact_zeros(solver, l1_ratio):
    net, _, _ = _sparse_fit(solver, l1_ratio)
    n_zeros = sum(np.sum(W == 0) for W in net.coefs_)
    if l1_ratio == 0:
        assert n_zeros == 0
    else:
        # Only 3 of 12 columns are informative.
        assert n_zeros >= 0.4 * sum(W.size for W in net.coefs_)
        assert net.score(*_sparse_rows()) > 0.7


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_l1_reaches_the_minimum_of_lbfgs(solver):
    costs = []
    for each in ("lbfgs", solver):
        net, X, y = _sparse_fit(each, l1_ratio=1.0)
        costs.append(net.cost(X, y).total)
    assert_allclose(*costs, rtol=1e-3)


def _sparse_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def _sparse_fit(solver, l1_ratio):
    X, y = _sparse_rows()
    net = MLPRegularizedClassifier(
        (6,),
        activation="tanh",
        solver=solver,
        alpha=4.0,
        l1_ratio=l1_ratio,
        batch_size=50,
        learning_rate="cosine",
        learning_rate_init={"sgd": 0.1, "lbfgs": 1.0}.get(solver, 0.02),
        max_iter=1500,
        n_iter_no_change=np.inf,
        tol=1e-6,
        dtype="float64",
        random_state=3,
    )
    return net.fit(X, y), X, y


# -- batches ---------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(
    "rows", [breast_cancer, lambda: make_moons(400, noise=0.25, random_state=0)]
)
def test_solution_does_not_depend_on_batch_size(rows, solver):
    """Regression: MLPClassifier divides alpha by the batch size."""
    X, y = rows()
    common = {"activation": "tanh", "alpha": 5.0, "random_state": 0}
    lbfgs = MLPRegularizedClassifier(
        (8,), solver="lbfgs", tol=1e-7, max_iter=5000, **common
    ).fit(X, y)
    norms = {}
    for batch_size, n_epochs in ((25, 500), (100, 1000), (400, 3000)):
        net = MLPRegularizedClassifier(
            (8,),
            solver=solver,
            batch_size=batch_size,
            learning_rate="cosine",
            learning_rate_init={"adam": 0.02, "sgd": 0.1}[solver],
            max_iter=n_epochs,
            n_iter_no_change=np.inf,
            **common,
        ).fit(X, y)
        norms[batch_size] = squared_norm(net)
    assert_allclose(list(norms.values()), squared_norm(lbfgs), rtol=0.05)


# -- dropout with keep_prob 1 ----------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_keep_prob_of_one_is_no_dropout_bit_for_bit(solver):
    X, y = make_rows(n_rows=90)
    plain = MLPRegularizedClassifier(
        (8, 5), solver=solver, batch_size=20, max_iter=10, random_state=0
    ).fit(X, y)
    kept = _refit(plain, X, y, keep_prob=[1.0, 1], input_keep_prob=1)
    assert_array_equal(parameters(plain), parameters(kept))
    assert plain.loss_curve_ == kept.loss_curve_
    for dropping in ({"keep_prob": [1.0, 0.7]}, {"input_keep_prob": 0.7}):
        changed = _refit(plain, X, y, **dropping)
        assert not np.allclose(parameters(plain), parameters(changed), atol=1e-4)


def test_dropout_path_that_drops_nothing_is_no_dropout():
    """The compiled dropout path, with a keep probability next to 1."""
    X, y = make_rows(n_rows=90)
    plain = MLPRegularizedClassifier(
        (8, 5), batch_size=20, max_iter=10, dtype="float64", random_state=0
    ).fit(X, y)
    nearly_one = 1 - 1e-14
    kept = _refit(plain, X, y, keep_prob=nearly_one, input_keep_prob=nearly_one)
    assert_allclose(parameters(plain), parameters(kept), atol=1e-9)


def _refit(net, X, y, **params):
    return MLPRegularizedClassifier(**{**net.get_params(), **params}).fit(X, y)


# -- dtype -----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", [*STOCHASTIC, "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_close_to_float64(solver, kind):
    X, y = make_rows(kind, n_rows=90)
    net32, net64 = (
        MLPRegularizedClassifier(
            (8,),
            activation="tanh",
            solver=solver,
            alpha=3.0,
            batch_size=30,
            max_iter=60,
            dtype=dtype,
            random_state=1,
        ).fit(X, y)
        for dtype in ("float32", "float64")
    )
    assert net32.coefs_[0].dtype == np.float32
    assert net64.coefs_[0].dtype == np.float64
    assert net32.predict_proba(X).dtype == net64.predict_proba(X).dtype == np.float64
    assert_allclose(net32.predict_proba(X), net64.predict_proba(X), atol=2e-3)


@pytest.mark.parametrize(
    ("solver", "n_rows", "batch_size", "expected"),
    [
        ("adam", 60, 30, np.float32),
        ("sgd", 60, 30, np.float32),
        ("adamw", 65, "auto", np.float32),
        ("adam", 64, "auto", np.float64),  # all rows fit in one batch
        ("adam", 60, 60, np.float64),
        ("adam", 250, 250, np.float32),  # one batch, but large
        ("lbfgs", 60, "auto", np.float64),
        ("lbfgs", 250, 30, np.float64),
    ],
)
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_dtype_auto(solver, n_rows, batch_size, expected, given):
    X, y = make_rows(n_rows=n_rows)
    net = MLPRegularizedClassifier(
        (3,), solver=solver, batch_size=batch_size, max_iter=2
    ).fit(X.astype(given), y)
    assert net.optimizer_state_.m.dtype == expected
    shown = expected if given == np.float32 else np.float64
    assert {a.dtype for a in [*net.coefs_, *net.intercepts_]} == {np.dtype(shown)}
