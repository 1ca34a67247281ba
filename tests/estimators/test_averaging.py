"""Averaging of θ: predictions, early stopping and resuming."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=90)
COMMON = {"hidden_layer_sizes": (6, 3), "batch_size": 30, "random_state": 0}


def net(**changes):
    return MLPRegularizedClassifier(
        **(COMMON | {"averaging": "ema", "max_iter": 5, "tol": 0} | changes)
    )


def bits(fitted):
    return [a.tobytes() for a in (*fitted.coefs_, *fitted.intercepts_)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class TestAverage:
    @pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
    def test_averaging_does_not_change_training(self, solver):
        """Only the parameters used for prediction differ."""
        plain = net(averaging=None, solver=solver).fit(X, Y)
        averaged = net(solver=solver).fit(X, Y)
        assert averaged.loss_curve_ == plain.loss_curve_
        assert_array_equal(averaged._state.theta, plain._state.theta)
        assert bits(averaged) != bits(plain)
        assert bits(net(solver=solver, averaging_decay=0.0).fit(X, Y)) == bits(plain)

    def test_average_is_exponentially_weighted_over_steps(self):
        """With full batches an epoch is one step."""
        how = {"batch_size": 90, "averaging_decay": 0.8}
        thetas = [
            net(averaging=None, max_iter=n, **how).fit(X, Y)._model.theta
            for n in range(1, 6)
        ]
        expected = np.average(thetas, axis=0, weights=0.8 ** np.arange(5)[::-1])
        assert_allclose(net(**how).fit(X, Y)._model.theta, expected, rtol=1e-12)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_resumed_fits_equal_one_fit(self, dtype):
        whole = net(dtype=dtype, max_iter=6).fit(X, Y)
        parts = net(dtype=dtype, max_iter=2, warm_start=True)
        for _ in range(3):
            parts = pickle.loads(pickle.dumps(parts.fit(X, Y)))
        assert bits(parts) == bits(whole)

    def test_dev_cost_uses_the_average(self):
        fitted = net(max_iter=1).fit(X, Y, X_val=X, y_val=Y)
        fitted.set_params(alpha=0.0)
        cost = fitted.cost(X, Y).data
        assert_allclose(fitted.validation_loss_curve_, [cost], rtol=1e-6)
        best = net(early_stopping=True, max_iter=8).fit(X, Y, X_val=X, y_val=Y)
        curve = best.validation_loss_curve_
        assert_allclose(best.cost(X, Y).data, min(curve), rtol=1e-6)

    def test_turning_it_off_resumes_from_the_last_parameters(self):
        plain = net(averaging=None, max_iter=3, warm_start=True).fit(X, Y)
        averaged = net(max_iter=3, warm_start=True).fit(X, Y)
        plain.fit(X, Y)
        averaged.set_params(averaging=None).fit(X, Y)
        assert bits(averaged) == bits(plain)
        # Turned on again, averaging starts with the next step.
        averaged.set_params(averaging="ema").fit(X, Y)
        assert averaged._state.n_averaged == 9

    def test_assigned_parameters_restart_the_average(self):
        fitted = net(warm_start=True).fit(X, Y)
        fitted.coefs_ = [0.5 * W for W in fitted.coefs_]
        assert fitted._state.n_averaged == 0
        fitted.partial_fit(X, Y)
        assert fitted._state.n_averaged == 3
        assert np.isfinite(fitted.predict_proba(X)).all()

    def test_lbfgs_rejects_averaging_and_drops_the_average(self):
        fitted = net(warm_start=True).fit(X, Y)
        with pytest.raises(ValueError, match=r"lbfgs.* support averaging='ema'"):
            fitted.set_params(solver="lbfgs").fit(X, Y)
        fitted.set_params(averaging=None, max_iter=50).fit(X, Y)
        assert_array_equal(fitted._model.theta, fitted._state.theta)

    def test_regressor_and_partial_fit(self):
        y = X[:, 0] + 0.1
        regressor = MLPRegularizedRegressor(averaging="ema", **COMMON)
        for _ in range(4):
            regressor.partial_fit(X, y)
        assert regressor._state.n_averaged == 12
        assert_array_equal(regressor._model.theta, regressor._state.average)

    def test_conversion_to_scikit_learn(self):
        fitted = net().fit(X, Y)
        with pytest.raises(ValueError, match="cannot express averaging='ema'"):
            fitted.to_sklearn()
        mlp = fitted.to_sklearn(strict=False)
        assert_allclose(mlp.predict_proba(X), fitted.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [("averaging", "swa"), ("averaging", True), ("averaging_decay", 1.0)],
)
def test_other_values_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        net(**{name: value}).fit(X, Y)
