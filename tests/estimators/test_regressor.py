"""The regressor: known minima, shapes, losses and errors."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import PoissonRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import DataScaleWarning, InputStandardizer, MLPRegularizedRegressor, to_onnx
from tests.estimators.datasets import parameters
from tests.estimators.refusals import assert_refused

# Most fits take only a few epochs on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LOSSES = ["squared_error", "poisson", "huber"]


def make_rows(n_rows=80, n_outputs=1, loss="squared_error", seed=0):
    """Return X of unit scale, and targets that depend on it up to noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    mean = 0.5 * X @ rng.normal(size=(4, n_outputs)) + 0.2
    if loss == "poisson":
        Y = rng.poisson(np.exp(mean)).astype(float)
    else:
        Y = mean + 0.3 * rng.normal(size=mean.shape)
    return X, Y[:, 0] if n_outputs == 1 else Y


def linear(loss="squared_error", **options):
    return MLPRegularizedRegressor(
        loss, (), solver="lbfgs", tol=1e-8, max_iter=2000, **options
    )


def small(loss="squared_error", **options):
    options = {"max_iter": 30, "n_iter_no_change": 99, "random_state": 0} | options
    return MLPRegularizedRegressor(loss, (8,), **options)


# -- known minima ----------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_no_hidden_layer_with_the_squared_error_is_ridge(n_outputs, weighted):
    X, y = make_rows(n_outputs=n_outputs)
    weight = np.random.default_rng(1).uniform(0, 3, len(X)) if weighted else None
    net = linear(alpha=5.0).fit(X, y, sample_weight=weight)
    ridge = Ridge(alpha=5.0).fit(X, y, sample_weight=weight)
    assert_allclose(net.coefs_[0].T, np.atleast_2d(ridge.coef_), atol=1e-5)
    assert_allclose(net.intercepts_[0], ridge.intercept_, atol=1e-5)
    assert_allclose(net.predict(X), ridge.predict(X), atol=1e-5)


def test_no_hidden_layer_with_the_poisson_loss_is_poisson_regression():
    X, y = make_rows(200, loss="poisson")
    net = linear("poisson", alpha=5.0).fit(X, y)
    glm = PoissonRegressor(alpha=5.0 / 200, tol=1e-9, max_iter=1000).fit(X, y)
    assert_allclose(net.coefs_[0][:, 0], glm.coef_, atol=1e-5)
    assert_allclose(net.predict(X), glm.predict(X), rtol=1e-5)
    assert net.out_activation_ == "exp"


def test_the_poisson_cost_is_half_the_deviance():
    X, y = make_rows(loss="poisson")
    net = small("poisson", alpha=0.0).fit(X, y)
    deviance = mean_poisson_deviance(y, net.predict(X))
    assert_allclose(net.cost(X, y).data, deviance / 2, rtol=1e-6)


def test_huber_with_a_wide_threshold_is_the_squared_error():
    X, y = make_rows()
    wide = small("huber", delta=1e6, normalize_y=False).fit(X, y)
    square = small(normalize_y=False).fit(X, y)
    assert_allclose(parameters(wide), parameters(square), rtol=1e-6)


def test_huber_with_a_small_delta_predicts_the_median():
    """With uninformative inputs and a small delta the minimum is the median."""
    y = np.array([0.0, 0.1, 0.2, 5.0, 100.0])
    net = linear("huber", alpha=1e4, delta=1e-4).fit(np.ones((5, 1)), y)
    assert_allclose(net.predict(np.zeros((1, 1))), 0.2, atol=0.001)


def test_huber_withstands_outliers():
    X, y = make_rows(200)
    with_outliers = y.copy()
    with_outliers[::20] += 40
    fits = {
        loss: small(loss, max_iter=300).fit(X, with_outliers) for loss in LOSSES[::2]
    }
    errors = {k: np.mean((net.predict(X) - y) ** 2) for k, net in fits.items()}
    assert errors["huber"] < 0.3 * errors["squared_error"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_the_gradient_is_correct(loss, n_outputs):
    X, y = make_rows(20, n_outputs, loss)
    net = small(loss, activation="tanh", alpha=1.0)
    assert net.gradient_check(X, y, at="init").passed
    assert net.fit(X, y).gradient_check(X, y).passed


# -- shapes and types ------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_predictions_have_the_shape_of_y(loss):
    X, Y = make_rows(n_outputs=2, loss=loss)
    assert small(loss).fit(X, Y).predict(X[:5]).shape == (5, 2)
    net = small(loss).fit(X, Y[:, 0])
    assert net.predict(X[:5]).shape == (5,)
    assert net.n_outputs_ == 1


def test_the_outputs_of_a_linear_network_are_independent():
    X, Y = make_rows(n_outputs=2)
    both = linear().fit(X, Y)
    alone = linear().fit(X, Y[:, 1])
    assert_allclose(both.coefs_[0][:, 1], alone.coefs_[0][:, 0], atol=1e-5)


def test_float32_is_trained_in_float32():
    X, y = make_rows(300)
    X = X.astype(np.float32)
    net = small().fit(X, y.astype(np.float32))
    assert net.coefs_[0].dtype == net.predict(X).dtype == np.float32


def test_integer_targets_are_numbers():
    X, y = make_rows(loss="poisson")
    assert_array_equal(
        small().fit(X, y.astype(int)).predict(X), small().fit(X, y).predict(X)
    )


# -- training --------------------------------------------------------------------------


def test_a_superset_of_mlpregressor():
    theirs, ours = MLPRegressor().get_params(), MLPRegularizedRegressor().get_params()
    assert set(theirs) <= set(ours)
    differ = {name for name in theirs if theirs[name] != ours[name]}
    assert differ == {
        "hidden_layer_sizes",
        "alpha",
        "learning_rate_init",
        "n_iter_no_change",
    }
    assert MLPRegularizedRegressor("poisson", (3,)).hidden_layer_sizes == (3,)
    X, y = make_rows()
    fitted = MLPRegressor(max_iter=500).fit(X, y)
    public = {name for name in vars(fitted) if not name.startswith("_")}
    assert public <= set(dir(MLPRegularizedRegressor(max_iter=500).fit(X, y)))


def test_sample_weight_counts_rows():
    X, y = make_rows()
    twice = linear().fit(np.r_[X, X[:20]], np.r_[y, y[:20]])
    weight = np.where(np.arange(len(X)) < 20, 2.0, 1.0)
    assert_allclose(
        parameters(linear().fit(X, y, sample_weight=weight)),
        parameters(twice),
        atol=1e-6,
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_early_stopping_on_a_given_dev_set(loss):
    X, y = make_rows(60, loss=loss)
    X_val, y_val = make_rows(60, loss=loss, seed=1)
    options = {"max_iter": 400, "n_iter_no_change": 10, "learning_rate_init": 0.02}
    net = small(loss, early_stopping=True, alpha=0.0, tol=0.0, **options)
    net.fit(X, y, X_val=X_val, y_val=y_val)
    curve = net.validation_loss_curve_
    assert net.best_iteration_ == 1 + np.argmin(curve) < len(curve)
    assert_allclose(net.cost(X_val, y_val).data, min(curve), rtol=1e-5)
    assert_allclose(
        net.best_validation_score_, r2_score(y_val, net.predict(X_val)), rtol=1e-5
    )


def test_the_dev_set_is_split_off_the_rows():
    X, y = make_rows(200)
    net = small(early_stopping=True, max_iter=5).fit(X, y)
    assert len(net.validation_scores_) == 5


def test_partial_fit_resumes_from_a_pickle_bit_for_bit():
    X, y = make_rows()
    through, stopped = small(keep_prob=0.8), small(keep_prob=0.8)
    for _ in range(5):
        through.partial_fit(X, y)
        stopped = pickle.loads(pickle.dumps(stopped.partial_fit(X, y)))
    assert_array_equal(parameters(through), parameters(stopped))
    assert through.t_ == 5 * len(X)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_transformed_targets_are_scaled_back(n_outputs):
    X, y = make_rows(n_outputs=n_outputs)
    net = small(learning_rate_init=0.01, max_iter=60, early_stopping=True)
    scaled = TransformedTargetRegressor(net, transformer=StandardScaler())
    scaled.fit(X, 1000 * y + 5)
    targets = StandardScaler().fit((1000 * y + 5).reshape(80, -1))
    Y = targets.transform((1000 * y + 5).reshape(80, -1)).reshape(y.shape)
    by_hand = small(learning_rate_init=0.01, max_iter=60, early_stopping=True).fit(X, Y)
    expected = targets.inverse_transform(by_hand.predict(X).reshape(80, -1))
    assert_allclose(scaled.predict(X), expected.reshape(y.shape), rtol=1e-6)
    assert scaled.score(X, 1000 * y + 5) == pytest.approx(by_hand.score(X, Y))


def test_beats_the_mean_on_real_data_inside_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    net = small(learning_rate_init=0.01, max_iter=100)
    net = make_pipeline(InputStandardizer(), net)
    model = TransformedTargetRegressor(net, transformer=StandardScaler())
    grid = {"regressor__mlpregularizedregressor__alpha": [10.0, 100.0]}
    search = GridSearchCV(model, grid, cv=3).fit(X[:300], y[:300])
    assert search.score(X[300:], y[300:]) > 0.4


# -- errors ----------------------------------------------------------------------------

BAD = {
    "loss": ({"loss": "absolute_error"}, {}, ["loss", "absolute_error", "huber"]),
    "delta": ({"loss": "huber", "delta": 0.0}, {}, ["delta", r"0\.0"]),
    "NaN": ({}, {"y": lambda y: np.where(y == y[3], np.nan, y)}, ["y", "NaN"]),
    "negative count": (
        {"loss": "poisson"},
        {"y": lambda y: np.where(y == y[3], -1.0, abs(y))},
        ["poisson", "y >= 0", "-1"],
    ),
    "too large": (
        {"batch_size": 20},
        {"y": lambda y: 1e30 * y},
        ["y contains", "e\\+30", "float32", "float64"],
    ),
    "words": ({}, {"y": lambda y: np.array(["a"] * len(y))}, []),
    "length": ({}, {"y": lambda y: y[:-1]}, ["inconsistent|same"]),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_refuses(name):
    settings, change, words = BAD[name]
    X, y = make_rows(300)
    net = small().fit(X, y)
    net.set_params(**settings)
    changed = change.get("y", lambda y: y)(abs(y) if "loss" in settings else y)
    assert_refused(net, "fit", (X, changed), {}, words)


def test_refuses_another_number_of_outputs():
    X, Y = make_rows(n_outputs=2)
    net = small().fit(X, Y)
    words = ["y_val", "1 output", "2"]
    assert_refused(net, "fit", (X, Y), {"X_val": X, "y_val": Y[:, 0]}, words)
    words = ["layers of the first fit"]
    assert_refused(net, "partial_fit", (X, Y[:, 0]), {}, words)


def test_conversion_to_onnx():
    X, y = make_rows(loss="poisson")
    net = small("poisson", dtype="float32").fit(X, y)
    model = net.to_onnx()
    assert model == to_onnx(net)
    assert [output.name for output in model.graph.output] == ["y"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0, 100.0])
def test_divergence_under_early_stopping_is_reported_once(rate, dtype):
    """Also when dev predictions overflow (scikit-learn #29504)."""
    X, y = load_diabetes(return_X_y=True)
    net = MLPRegularizedRegressor(
        hidden_layer_sizes=(100,),
        activation="identity",
        solver="sgd",
        learning_rate_init=rate,
        early_stopping=True,
        dtype=dtype,
        random_state=0,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DataScaleWarning)
        try:
            net.fit(100 * X, y)
        except ValueError as error:
            assert "diverged in its first epoch" in str(error)
            assert not caught
        else:
            assert len(caught) == 1 and "diverged in epoch" in str(caught[0].message)
            assert np.all(np.isfinite(net.coefs_[0]))
