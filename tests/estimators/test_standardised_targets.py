"""A regressor standardises targets internally; all results are in the units of y."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes
from sklearn.linear_model import HuberRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, r2_score
from sklearn.neural_network import MLPRegressor

from skdnn import InputStandardizer, MLPRegularizedRegressor
from tests.estimators.datasets import parameters
from tests.estimators.refusals import assert_refused

# Most fits take only a few epochs on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = X @ RNG.normal(size=(4, 3)) + 0.3 * RNG.normal(size=(120, 3))
Y1 = Y[:, 0]
DISTANCES = ["squared_error", "huber"]
SCALES = np.array([1e-3, 1.0, 1e4])
ADAM = {"max_iter": 12, "learning_rate_init": 0.01}
LBFGS = {"solver": "lbfgs", "max_iter": 15}


def small(loss="squared_error", **options):
    options = {"random_state": 0, "tol": 0.0} | options
    return MLPRegularizedRegressor(loss, (6,), **options)


# -- invariance to units ---------------------------------------------------------------


@pytest.mark.parametrize("loss", DISTANCES)
@pytest.mark.parametrize(
    "options",
    [
        ADAM,
        ADAM | {"dtype": "float32", "batch_size": 30},
        LBFGS | {"alpha": 5.0, "l1_ratio": 0.5},
        ADAM | {"solver": "sgd", "early_stopping": True, "max_grad_norm": 1.0},
    ],
    ids=["adam", "float32", "lbfgs", "sgd"],
)
def test_predictions_are_in_the_units_of_y(loss, options):
    net = small(loss, **options).fit(X, Y1)
    other = small(loss, **options).fit(X, 1000 * Y1 + 5)
    rtol = 1e-5 if options.get("dtype") == "float32" else 1e-7
    assert_allclose(
        other.predict(X), 1000 * net.predict(X) + 5, rtol=rtol, atol=1e3 * rtol
    )
    assert_allclose(other.loss_curve_, 1e6 * np.array(net.loss_curve_), rtol=rtol)
    assert other.n_iter_ == net.n_iter_
    if net.early_stopping:
        assert_allclose(other.validation_scores_, net.validation_scores_, rtol=1e-6)
        assert_allclose(
            other.validation_loss_curve_,
            1e6 * np.array(net.validation_loss_curve_),
            rtol=1e-6,
        )


def test_outputs_of_different_scales_are_learnt_alike():
    net = small(**ADAM).fit(X, Y)
    other = small(**ADAM).fit(X, SCALES * Y + [0, -7, 1e6])
    assert_allclose((other.predict(X) - [0, -7, 1e6]) / SCALES, net.predict(X), 1e-5)
    # J of a constant prediction equals that without scaling.
    deviations = (SCALES * Y).std(axis=0)
    weights = np.mean(deviations**2) / deviations**2
    errors = (SCALES * Y + [0, -7, 1e6] - other.predict(X)) ** 2 / 2
    cost = other.cost(X, SCALES * Y + [0, -7, 1e6]).data
    assert cost == pytest.approx((weights * errors).sum(axis=1).mean(), rel=1e-5)


def test_small_differences_far_from_zero_are_learnt_in_float32():
    """As raw float32 numbers almost all of these targets would be equal."""
    y = 1e8 + Y1
    assert len(np.unique(y.astype(np.float32))) < 4
    far, near = (small(dtype="float32", **ADAM).fit(X, t) for t in (y, Y1))
    assert_allclose(far.predict(X) - 1e8, near.predict(X), atol=1e-5)
    assert far.score(X, y) == pytest.approx(near.score(X, Y1), abs=1e-5)


def test_a_real_table_is_learnt_without_preprocessing_y():
    X, y = load_diabetes(return_X_y=True)
    X = InputStandardizer().fit_transform(X)
    net = MLPRegularizedRegressor(random_state=0, max_iter=30).fit(X[:350], y[:350])
    raw = MLPRegularizedRegressor(random_state=0, max_iter=30, normalize_y=False)
    with pytest.warns(match=r"Set normalize_y=True\."):
        raw.fit(X[:350], y[:350])
    assert net.score(X[350:], y[350:]) > 0.4 > raw.score(X[350:], y[350:])


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_a_linear_network_has_the_alpha_of_ridge(l1_ratio):
    """The L2 penalty of a linear model has the units of its squared error."""
    options = {"solver": "lbfgs", "tol": 1e-9, "max_iter": 500, "alpha": 9.0}
    net = MLPRegularizedRegressor("squared_error", (), l1_ratio=l1_ratio, **options)
    net.fit(X, 50 * Y1 + 3)
    ridge = Ridge(alpha=9.0).fit(X, 50 * Y1 + 3)
    is_ridge = np.allclose(net.coefs_[0][:, 0], ridge.coef_, rtol=1e-5)
    assert is_ridge == (l1_ratio == 0)


# -- centre and scale ------------------------------------------------------------------


@pytest.mark.parametrize("loss", DISTANCES)
def test_weights_count_rows(loss):
    weight = RNG.integers(0, 4, len(X))
    counted = small(loss, **LBFGS).fit(X, Y, sample_weight=weight)
    repeated = small(loss, **LBFGS).fit(
        np.repeat(X, weight, 0), np.repeat(Y, weight, 0)
    )
    assert_allclose(counted.predict(X), repeated.predict(X), rtol=1e-5, atol=1e-5)
    corrupted = np.where(weight[:, np.newaxis] > 0, Y, 1e9)
    without = small(loss, **LBFGS).fit(X, corrupted, sample_weight=weight)
    assert_array_equal(parameters(without), parameters(counted))


def test_dev_rows_do_not_affect_centre_and_scale():
    watched = small(max_iter=1).fit(X[:80], Y1[:80], X_val=X[80:], y_val=9 * Y1[80:])
    assert_allclose(watched._model.targets.centre, Y1[:80].mean())
    assert_allclose(watched._model.targets.scale, Y1[:80].std())
    y = np.where(np.arange(120) == 7, 1e4, Y1)
    scales = {
        small(max_iter=1, early_stopping=True, validation_fraction=0.5, random_state=s)
        .fit(X, y)
        ._model.targets.scale.item()
        > 100
        for s in range(8)
    }
    assert scales == {True, False}


def test_huber_uses_a_robust_centre_and_scale():
    y = np.where(np.arange(120) % 12, Y1, 1e4)
    net = small("huber", max_iter=300, learning_rate_init=0.01).fit(X, y)
    fine = y < 1e4
    assert r2_score(Y1[fine], net.predict(X[fine])) > 0.8
    mostly_equal = np.where(np.arange(120) % 5, 2.0, 2.0 + Y1)
    scale = small("huber", max_iter=1).fit(X, mostly_equal)._model.targets.scale
    assert scale == pytest.approx(mostly_equal.std(), rel=0.2)


def test_delta_is_in_standard_deviations():
    y = 1000 * Y1
    options = {"solver": "lbfgs", "tol": 1e-8, "max_iter": 500, "alpha": 0.0}
    net = MLPRegularizedRegressor("huber", (), delta=0.1, **options).fit(X, y)
    delta = 0.1 * net._model.targets.scale.item()
    raw = MLPRegularizedRegressor("huber", (), delta=0.1, normalize_y=False, **options)
    raw.fit(X, 0.1 * y / delta)
    assert_allclose(net.predict(X), raw.predict(X) * delta / 0.1, rtol=1e-4)
    residuals = abs(y - net.predict(X))
    losses = np.where(
        residuals < delta, residuals**2 / 2, delta * (residuals - delta / 2)
    )
    assert net.cost(X, y).data == pytest.approx(losses.mean())
    theirs = HuberRegressor(epsilon=2.0, alpha=0.0).fit(X, y)
    assert r2_score(theirs.predict(X), net.predict(X)) > 0.99


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
@pytest.mark.parametrize("value", [0.0, 0.1, 3e5])
def test_constant_targets_are_predicted(loss, value):
    y = np.full(120, value)
    net = small(loss, solver="lbfgs", alpha=0.0, max_iter=300).fit(X, y)
    assert_allclose(net.predict(X), value, rtol=0.01, atol=0.01)
    both = small(max_iter=60, learning_rate_init=0.01).fit(X, np.c_[Y1, y])
    assert both.predict(X)[:, 1] == pytest.approx(value, abs=1.0)
    assert r2_score(Y1, both.predict(X)[:, 0]) > 0.7


def test_rounding_noise_of_constant_targets_is_not_amplified():
    y = np.where(np.arange(120) % 2, 0.3, 0.1 + 0.2)
    assert_array_equal(small(max_iter=1).fit(X, y)._model.targets.scale, 1.0)


# -- counts ----------------------------------------------------------------------------


def test_counts_start_at_their_mean():
    mean = np.exp(6 + 0.3 * X[:, 0])
    y = RNG.poisson(np.c_[mean, mean / 300])
    weight = RNG.uniform(0, 2, len(X))
    start = small("poisson", learning_rate_init=1e-12, max_iter=1)
    start.fit(X, y, sample_weight=weight)
    means = np.average(y, axis=0, weights=weight)
    assert_allclose(start.intercepts_[-1], np.log(means), rtol=1e-6)
    # Counts are not scaled, so alpha refers to y itself.
    assert start._model.targets.cost_unit == 1
    nothing = start.fit(X, 0 * y)
    assert_allclose(nothing.intercepts_[-1], 0, atol=1e-9)


def test_large_counts_are_learnt():
    y = RNG.poisson(np.exp(9 + 0.5 * X[:, 0] - 0.3 * X[:, 1])).astype(float)
    options = {"max_iter": 40, "learning_rate_init": 0.01}
    fits = {is_on: small("poisson", normalize_y=is_on, **options) for is_on in (1, 0)}
    deviances = {}
    for is_on, net in fits.items():
        net.set_params(normalize_y=bool(is_on)).fit(X, y)
        deviances[is_on] = mean_poisson_deviance(y, net.predict(X))
    assert deviances[1] < 0.1 * deviances[0]


# -- attributes, assignment and export -------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", DISTANCES)
@pytest.mark.parametrize("y", [1e3 * Y1 - 70, SCALES * Y + 5], ids=["one", "three"])
def test_coefs_reproduce_the_predictions(loss, dtype, y):
    net = small(loss, dtype=dtype, **ADAM).fit(X, y)
    (W1, W2), (b1, b2) = net.coefs_, net.intercepts_
    by_hand = (np.maximum(X @ W1 + b1, 0) @ W2 + b2).reshape(y.shape)
    rtol = 1e-12 if dtype == "float64" else 1e-5
    atol = rtol * y.std(axis=0)
    assert np.all(abs(net.predict(X) - by_hand) < rtol * abs(by_hand) + atol)
    mlp = net.to_sklearn(strict=False)
    assert np.all(abs(mlp.predict(X) - by_hand) < rtol * abs(by_hand) + atol)
    back = MLPRegularizedRegressor.from_sklearn(mlp)
    assert not back.normalize_y
    assert_allclose(back.predict(X), mlp.predict(X), rtol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        W2[0] = 0
    assert W1.flags.writeable


def test_assigned_parameters_are_in_the_units_of_y():
    y = SCALES * Y + 5
    net = small(**ADAM).fit(X, y)
    before = net.predict(X)
    net.coefs_, net.intercepts_ = net.coefs_, net.intercepts_
    assert_allclose(net.predict(X), before, rtol=1e-5, atol=1e-5)
    net.coefs_ = [net.coefs_[0], np.zeros((6, 3))]
    net.intercepts_ = [net.intercepts_[0], np.array([1.0, 2.0, 3e4])]
    assert_allclose(net.predict(X), np.tile([1.0, 2.0, 3e4], (120, 1)), rtol=1e-5)
    net.partial_fit(X, y)


def test_onnx_predicts_in_the_units_of_y():
    reference = pytest.importorskip("onnx.reference")
    y = SCALES * Y + 5
    net = small(**ADAM).fit(X, y)
    X32 = X.astype(np.float32)
    (output,) = reference.ReferenceEvaluator(net.to_onnx()).run(None, {"X": X32})
    assert output.dtype == np.float32
    assert_allclose(output / SCALES, net.predict(X32) / SCALES, rtol=1e-5, atol=1e-4)


def test_saved_and_loaded():
    net = pickle.loads(pickle.dumps(small(**ADAM).fit(X, 1e3 * Y1)))
    assert_array_equal(net.predict(X), small(**ADAM).fit(X, 1e3 * Y1).predict(X))
    assert net.score(X, 1e3 * Y1) == r2_score(1e3 * Y1, net.predict(X))


def test_float32_rows_get_float32():
    net = small(batch_size=40, **ADAM).fit(X.astype(np.float32), 1e3 * Y1)
    assert net.predict(X.astype(np.float32)).dtype == np.float32
    assert {a.dtype for a in (*net.coefs_, *net.intercepts_)} == {np.dtype(np.float32)}
    assert net.predict(X).dtype == np.float64


# -- costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_costs_are_in_the_units_of_y(solver, capsys):
    y, y_val = 1e3 * Y1[:80], 1e3 * Y1[80:]
    net = small(solver=solver, alpha=0.0, dtype="float64", max_iter=5, verbose=2)
    net.fit(X[:80], y, X_val=X[80:], y_val=y_val)
    mse = np.mean((y_val - net.predict(X[80:])) ** 2)
    assert net.cost(X[80:], y_val).data == pytest.approx(mse / 2)
    assert net.validation_loss_curve_[-1] == pytest.approx(mse / 2)
    lines = capsys.readouterr().out.splitlines()
    assert f"train cost {net.loss_:.6f}" in lines[4]
    assert f"dev cost {mse / 2:.6f}" in lines[4]
    if solver == "lbfgs":
        assert net.loss_ == pytest.approx(net.cost(X[:80], y).total)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
def test_the_gradient_is_that_of_training(loss):
    y = 1e6 * abs(Y) if loss != "poisson" else np.rint(50 * abs(Y))
    net = small(loss, activation="tanh", **ADAM)
    assert net.gradient_check(X, y, at="init").passed
    assert net.fit(X, y).gradient_check(X, y).passed


# -- resumed training ------------------------------------------------------------------


@pytest.mark.parametrize("again", ["fit", "partial_fit"])
def test_resumed_training_keeps_the_first_centre_and_scale(again):
    net = small(warm_start=True, **ADAM)
    getattr(net, again)(X[:60], 1e3 * Y1[:60] + 9)
    before = net._model.targets
    getattr(net, again)(X[60:], 1e5 * Y1[60:])
    assert net._model.targets == before
    assert_allclose(before.centre, np.mean(1e3 * Y1[:60] + 9))
    assert_allclose(before.scale, np.std(1e3 * Y1[:60] + 9))
    fresh = small(**ADAM).fit(X[60:], 1e5 * Y1[60:])
    assert fresh._model.targets != before


def test_another_loss_keeps_the_scale_if_compatible():
    net = small(warm_start=True, **ADAM).fit(X, 1e3 * Y1)
    scale = net._model.targets.scale
    assert_array_equal(
        net.set_params(loss="huber").fit(X, 1e3 * Y1)._model.targets.scale, scale
    )
    net.set_params(loss="poisson", learning_rate_init=1e-9).fit(X, np.rint(abs(Y1)))
    assert net._model.targets.cost_unit == 1


def test_a_converted_network_resumes_without_scaling():
    mlp = MLPRegressor(hidden_layer_sizes=(6,), max_iter=5, random_state=0).fit(
        X, 30 * Y1
    )
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    for name in ("warm_start", "normalize_y"):
        net.set_params(**{name: True}).fit(X, 30 * Y1)
        assert net._model.targets.cost_unit == 1


def test_without_normalize_y_training_uses_y():
    net = small(normalize_y=False, dtype="float64", max_iter=1).fit(X, Y1)
    assert_array_equal(net._model.theta, parameters(net))
    assert net.coefs_[-1].flags.writeable
    net = small("poisson", normalize_y=False, learning_rate_init=1e-12, max_iter=1)
    assert_allclose(net.fit(X, abs(Y1)).intercepts_[-1], 0, atol=1e-9)


# -- errors ----------------------------------------------------------------------------


def test_dev_targets_far_off_the_training_scale_are_refused():
    net = small(dtype="float32")
    dev = {"X_val": X, "y_val": Y1}
    words = ["y_val contains", "too large for float32"]
    assert_refused(net, "fit", (X, 1e-20 * Y1), dev, words)
    words = ["normalize_y", "'yes'"]
    assert_refused(small(normalize_y="yes"), "fit", (X, Y1), {}, words)
