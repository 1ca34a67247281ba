"""MLPRegularizedRegressor.from_sklearn and to_sklearn.

Behaviour shared with the classifier is tested there.
"""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skdnn import MLPRegularizedRegressor
from tests.estimators.datasets import make_rows, parameters
from tests.pairwise import every_pair

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOLVERS = ["sgd", "adam", "lbfgs"]
LOSSES = ["squared_error", "poisson"]


def _rows(n_outputs=1):
    X, _ = make_rows()
    y = np.abs(X[:, :n_outputs] + np.random.default_rng(0).normal(size=(60, n_outputs)))
    return X, y[:, 0] if n_outputs == 1 else y


def _new_rows():
    return np.random.default_rng(7).normal(size=(200, 4))


def _model(cls, **params):
    defaults = {"hidden_layer_sizes": (6, 5), "max_iter": 10, "random_state": 0}
    return cls(**{**defaults, **params})


# -- fitted models --------------------------------------------------------------------


@every_pair(
    loss=LOSSES,
    solver=SOLVERS,
    activation=["identity", "logistic", "tanh", "relu"],
    n_outputs=[1, 3],
)
def test_from_sklearn_predicts_the_same(loss, solver, activation, n_outputs):
    X, y = _rows(n_outputs)
    mlp = _model(MLPRegressor, loss=loss, solver=solver, activation=activation)
    mlp.set_params(learning_rate_init=1e-3).fit(X, y)
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    assert isinstance(net, MLPRegularizedRegressor)
    predicted = net.predict(_new_rows())
    assert predicted.shape == mlp.predict(_new_rows()).shape
    assert_allclose(predicted, mlp.predict(_new_rows()), rtol=1e-6, atol=1e-6)
    assert net.score(X, y) == pytest.approx(mlp.score(X, y))


@every_pair(loss=LOSSES, solver=SOLVERS, dtype=["float32", "float64"], n_outputs=[1, 3])
def test_to_sklearn_predicts_the_same(loss, solver, dtype, n_outputs):
    X, y = _rows(n_outputs)
    net = _model(MLPRegularizedRegressor, loss=loss, solver=solver, dtype=dtype)
    # With seed 0, steps of sgd overshoot for the Poisson deviance.
    net.set_params(alpha=10.0, learning_rate_init=1e-3, random_state=1).fit(X, y)
    mlp = net.to_sklearn()
    assert type(mlp) is MLPRegressor
    assert mlp.coefs_[0].dtype == dtype
    predicted = mlp.predict(_new_rows())
    assert predicted.shape == net.predict(_new_rows()).shape
    # Rounding differs with the order of summation.
    tolerance = 1e-6 if dtype == "float64" else 2e-6
    expected = net.predict(_new_rows())
    assert_allclose(predicted, expected, rtol=tolerance, atol=tolerance)
    back = MLPRegularizedRegressor.from_sklearn(mlp)
    assert back.get_params()["loss"] == loss
    assert_allclose(back.predict(_new_rows()), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_fitted_attributes(loss, early_stopping):
    X, y = _rows()
    mlp = _model(MLPRegressor, loss=loss, early_stopping=early_stopping).fit(X, y)
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    for name in (
        "n_features_in_",
        "n_layers_",
        "n_outputs_",
        "out_activation_",
        "n_iter_",
        "t_",
        "loss_",
        "loss_curve_",
        "best_loss_",
        "validation_scores_",
        "best_validation_score_",
    ):
        assert getattr(net, name) == getattr(mlp, name), name
        assert getattr(net.to_sklearn(), name) == getattr(mlp, name), name
    assert not hasattr(net, "classes_")
    assert not net.converged_
    expected = 10
    if early_stopping:
        expected = int(np.argmax(mlp.validation_scores_)) + 1
    assert net.best_iteration_ == expected


@pytest.mark.parametrize("loss", LOSSES)
def test_the_cost_equals_theirs(loss):
    X, y = _rows()
    mlp = _model(MLPRegressor, loss=loss, solver="lbfgs", alpha=0.7).fit(X, y)
    net = MLPRegularizedRegressor.from_sklearn(mlp, n_samples=60)
    assert net.cost(X, y).total == pytest.approx(mlp.loss_)


# -- resumed training -----------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_one_more_step_is_the_same(loss, n_outputs):
    """This compares alpha and the gradient of several outputs, too."""
    X, y = _rows(n_outputs)
    options = {"loss": loss, "solver": "sgd", "alpha": 3.0, "batch_size": 60}
    mlp = _model(MLPRegressor, **options, learning_rate_init=1e-3).fit(X, y)
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    back = net.to_sklearn()
    for model in (mlp, net, back):
        model.set_params(momentum=0.0, warm_start=True, max_iter=3).fit(X, y)
    assert_allclose(parameters(net), parameters(mlp), rtol=1e-9, atol=1e-12)
    assert_allclose(parameters(back), parameters(mlp), rtol=1e-9, atol=1e-12)
    assert len(net.loss_curve_) == 13


def test_partial_fit_and_pickle_after_conversion():
    X, y = _rows()
    net = MLPRegularizedRegressor.from_sklearn(_model(MLPRegressor).fit(X, y))
    back = net.to_sklearn()
    before = parameters(net)
    pickle.loads(pickle.dumps(net)).partial_fit(X, y)
    back.partial_fit(X, y)
    assert_array_equal(parameters(net), before)
    assert not np.array_equal(parameters(back), before)


# -- parameters -----------------------------------------------------------------------


def test_parameters_keep_their_values():
    mlp = MLPRegressor(
        "poisson",
        (3, 2),
        "tanh",
        solver="sgd",
        alpha=0.5,
        early_stopping=True,
        max_iter=7,
        tol=1e-5,
    )
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    assert (net.scoring, net.dtype) == ("r2", "float64")
    assert net.init == net.bias_init == "glorot"
    assert not hasattr(net, "coefs_")
    assert net.to_sklearn().get_params() == {**mlp.get_params(), "batch_size": 200}
    clone(net)
    assert MLPRegressor().get_params().keys() <= net.get_params().keys()


@pytest.mark.parametrize(
    ("batch_size", "n_samples", "factor"),
    [("auto", 1000, 5), ("auto", 100, 1), (25, 100, 4), (25, None, 1)],
)
def test_alpha_of_unfitted(batch_size, n_samples, factor):
    mlp = MLPRegressor(alpha=0.3, batch_size=batch_size)
    net = MLPRegularizedRegressor.from_sklearn(mlp, n_samples=n_samples)
    assert net.alpha == pytest.approx(0.3 * factor)
    assert net.to_sklearn(n_samples=n_samples).alpha == pytest.approx(0.3)


def test_alpha_of_fitted():
    X, y = _rows()
    mlp = _model(MLPRegressor, alpha=0.3, batch_size=9, early_stopping=True).fit(X, y)
    net = MLPRegularizedRegressor.from_sklearn(mlp)
    assert net.alpha == pytest.approx(0.3 * 54 / 9)
    assert net.to_sklearn().alpha == pytest.approx(0.3)


# -- what cannot be expressed ---------------------------------------------------------

REFUSED = {
    "loss": "huber",
    "l1_ratio": 0.5,
    "keep_prob": 0.8,
    "input_keep_prob": 0.9,
    "max_norm": 3.0,
    "max_grad_norm": 1.0,
    "init": "zeros",
    "bias_init": "zeros",
    "solver": "adamw",
    "learning_rate": "cosine",
}


def test_all_refused_settings_are_named_and_can_be_left_out():
    X, y = _rows()
    net = _model(MLPRegularizedRegressor, **REFUSED)
    for model in (net, clone(net).fit(X, y)):
        with pytest.raises(ValueError, match="MLPRegressor cannot express") as caught:
            model.to_sklearn()
        for name, value in REFUSED.items():
            assert f"{name}={value!r}" in str(caught.value)
    mlp = model.to_sklearn(strict=False)
    assert mlp.loss == "squared_error"
    assert_allclose(mlp.predict(X), model.predict(X), rtol=1e-6, atol=1e-6)
    assert net.to_sklearn(strict=False).get_params()["solver"] == "adam"


def test_the_dev_cost_is_refused():
    with pytest.raises(ValueError, match="cannot express scoring='loss'"):
        MLPRegularizedRegressor(early_stopping=True).to_sklearn()
    mlp = MLPRegularizedRegressor(early_stopping=True, scoring="r2").to_sklearn()
    assert mlp.early_stopping


def test_an_activation_unknown_to_sklearn():
    with pytest.raises(ValueError, match="MLPRegressor has one activation"):
        MLPRegularizedRegressor(activation="gelu").to_sklearn(strict=False)


@pytest.mark.parametrize("other", [MLPClassifier(), MLPRegularizedRegressor(), None])
def test_only_an_mlp_regressor_is_accepted(other):
    with pytest.raises(TypeError, match="takes scikit-learn's MLPRegressor, got"):
        MLPRegularizedRegressor.from_sklearn(other)
