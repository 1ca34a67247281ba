"""MLPRegularizedClassifier.from_sklearn and to_sklearn."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import KINDS, make_rows, parameters
from tests.pairwise import every_pair

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
SOLVERS = ["sgd", "adam", "lbfgs"]
LABELS = {
    "int": lambda y: y * 3 - 1,
    "str": lambda y: np.array(["b", "a", "c"])[y],
    "object": lambda y: np.array(["b", "a", "c"], dtype=object)[y],
    "bool": lambda y: y == 1,
}


def _theirs(**params):
    defaults = {"hidden_layer_sizes": (6, 5), "max_iter": 10, "random_state": 0}
    return MLPClassifier(**{**defaults, **params})


def _ours(**params):
    defaults = {"hidden_layer_sizes": (6, 5), "max_iter": 10, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


def _new_rows(n_columns=4):
    return np.random.default_rng(7).normal(scale=2, size=(1000, n_columns))


def _assert_same_predictions(a, b, X):
    p = a.predict_proba(X)
    assert_allclose(b.predict_proba(X), p, rtol=0, atol=1e-6)
    clear = np.abs(p - 0.5) > 1e-5 if a.predict(X).ndim == 2 else _is_clear(p)
    assert clear.mean() > 0.9
    assert_array_equal(b.predict(X)[clear], a.predict(X)[clear])
    assert b.predict(X).dtype == a.predict(X).dtype


def _is_clear(p):
    """Return a mask of rows whose top two classes do not tie up to rounding."""
    ranked = np.sort(p, axis=1)
    return ranked[:, -1] - ranked[:, -2] > 1e-5


# -- fitted models --------------------------------------------------------------------


@every_pair(
    kind=KINDS, activation=ACTIVATIONS, solver=SOLVERS, dtype=[np.float32, np.float64]
)
def test_from_sklearn_predicts_the_same(kind, activation, solver, dtype):
    X, y = make_rows(kind)
    mlp = _theirs(activation=activation, solver=solver).fit(X.astype(dtype), y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert isinstance(net, MLPRegularizedClassifier)
    _assert_same_predictions(mlp, net, _new_rows())
    assert_allclose(
        np.exp(net.predict_log_proba(X)), mlp.predict_proba(X), rtol=0, atol=1e-6
    )


@every_pair(
    kind=KINDS, activation=ACTIVATIONS, solver=SOLVERS, dtype=["float32", "float64"]
)
def test_to_sklearn_predicts_the_same(kind, activation, solver, dtype):
    X, y = make_rows(kind)
    net = _ours(activation=activation, solver=solver, dtype=dtype).fit(X, y)
    mlp = net.to_sklearn()
    assert type(mlp) is MLPClassifier
    assert mlp.coefs_[0].dtype == dtype
    _assert_same_predictions(net, mlp, _new_rows())


@pytest.mark.parametrize("hidden_layer_sizes", [(), 7, (7,), (3, 3, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_layers(hidden_layer_sizes, kind):
    X, y = make_rows(kind)
    net = _ours(hidden_layer_sizes=hidden_layer_sizes).fit(X, y)
    mlp = net.to_sklearn()
    _assert_same_predictions(net, mlp, _new_rows())
    back = MLPRegularizedClassifier.from_sklearn(mlp)
    _assert_same_predictions(net, back, _new_rows())
    assert back.hidden_layer_sizes == hidden_layer_sizes


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_labels(labels, kind):
    X, y = make_rows(kind)
    y = LABELS[labels](y)
    mlp = _theirs().fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    _assert_same_predictions(mlp, net, _new_rows())
    assert_array_equal(net.classes_, mlp.classes_)
    back = net.to_sklearn()
    _assert_same_predictions(mlp, back, _new_rows())
    assert net.score(X, y) == back.score(X, y) == mlp.score(X, y)


def test_feature_names():
    X, y = make_rows()
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    net = MLPRegularizedClassifier.from_sklearn(_theirs().fit(frame, y))
    back = net.to_sklearn()
    for model in (net, back):
        assert_array_equal(model.feature_names_in_, frame.columns)
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame[["b", "a", "c", "d"]])
    assert_allclose(net.predict_proba(frame), back.predict_proba(frame), atol=1e-6)
    plain = MLPRegularizedClassifier.from_sklearn(_theirs().fit(X, y))
    assert not hasattr(plain, "feature_names_in_")
    assert not hasattr(plain.to_sklearn(), "feature_names_in_")


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_fitted_attributes(solver, early_stopping):
    X, y = make_rows()
    mlp = _theirs(solver=solver, early_stopping=early_stopping).fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
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
    expected = mlp.n_iter_
    if early_stopping:
        expected = int(np.argmax(mlp.validation_scores_)) + 1
    assert net.best_iteration_ == expected
    assert net.validation_loss_curve_ is None


def test_attributes_of_lbfgs():
    X, y = make_rows()
    mlp = _theirs(solver="lbfgs").fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert net.loss_ == net.best_loss_ == mlp.loss_
    assert net.loss_curve_ == []
    assert net.n_iter_ == mlp.n_iter_
    assert net.cost(X, y).data < net.loss_
    assert np.isnan(net.cost(X, y).penalty)
    net = MLPRegularizedClassifier.from_sklearn(mlp, n_samples=len(X))
    assert net.cost(X, y).total == pytest.approx(mlp.loss_)


def test_nothing_is_shared():
    X, y = make_rows()
    mlp = _theirs(warm_start=True).fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    back = net.to_sklearn()
    before = parameters(net).copy()
    mlp.partial_fit(X, y)
    back.partial_fit(X, y)
    assert_array_equal(parameters(net), before)
    assert len(net.loss_curve_) == 10
    assert not np.array_equal(back.coefs_[0], net.coefs_[0])


@pytest.mark.parametrize("random_state", [None, 3, "instance"])
def test_random_state_is_not_advanced(random_state):
    X, y = make_rows()
    if random_state == "instance":
        random_state = np.random.RandomState(0)
    mlp = _theirs(random_state=random_state).fit(X, y)
    state = pickle.dumps(mlp.random_state)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert net.random_state is mlp.random_state
    assert pickle.dumps(mlp.random_state) == state


# -- resumed training -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_after_conversion(kind, solver, early_stopping):
    X, y = make_rows(kind)
    mlp = _theirs(solver=solver, early_stopping=early_stopping).fit(X, y)
    # Further steps have length zero, or lbfgs has already converged.
    mlp.set_params(warm_start=True, learning_rate_init=1e-12, tol=1e3)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    p = mlp.predict_proba(X)
    back = net.to_sklearn().fit(X, y)
    assert_allclose(back.predict_proba(X), p, rtol=0, atol=1e-6)
    net = pickle.loads(pickle.dumps(net)).fit(X, y)
    assert_allclose(net.predict_proba(X), p, rtol=0, atol=1e-6)
    n_rows = 54 if net.early_stopping else 60
    assert net.t_ == mlp.t_ + net.n_iter_ * n_rows


@pytest.mark.parametrize("kind", KINDS)
def test_partial_fit_after_conversion(kind):
    X, y = make_rows(kind)
    mlp = _theirs(max_iter=50, learning_rate_init=0.01).fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    back = net.to_sklearn()
    for model in (net, back):
        before = model.loss_
        for _ in range(10):
            model.partial_fit(X, y)
        assert model.loss_ < before
        assert len(model.loss_curve_) == 60


# -- parameters -----------------------------------------------------------------------


def test_every_parameter_of_sklearn_is_known():
    assert MLPClassifier().get_params().keys() <= (
        MLPRegularizedClassifier().get_params().keys()
    )


OTHER_VALUES = {
    "hidden_layer_sizes": (3, 2),
    "activation": "tanh",
    "solver": "sgd",
    "batch_size": 16,
    "learning_rate": "adaptive",
    "learning_rate_init": 0.2,
    "power_t": 0.3,
    "max_iter": 7,
    "shuffle": False,
    "random_state": 5,
    "tol": 1e-5,
    "verbose": True,
    "warm_start": True,
    "momentum": 0.8,
    "nesterovs_momentum": False,
    "early_stopping": True,
    "validation_fraction": 0.2,
    "beta_1": 0.8,
    "beta_2": 0.99,
    "epsilon": 1e-7,
    "n_iter_no_change": 4,
    "max_fun": 100,
}


def test_parameters_keep_their_values():
    mlp = MLPClassifier(alpha=0.5, **OTHER_VALUES)
    defaults = MLPClassifier().get_params()
    assert all(defaults[name] != value for name, value in OTHER_VALUES.items())
    assert OTHER_VALUES.keys() == defaults.keys() - {"alpha"}
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert {name: getattr(net, name) for name in OTHER_VALUES} == OTHER_VALUES
    assert (net.scoring, net.dtype) == ("accuracy", "float64")
    assert net.init == net.bias_init == "glorot"
    assert not hasattr(net, "coefs_")
    back = net.to_sklearn()
    assert back.get_params() == mlp.get_params()
    assert not hasattr(back, "coefs_")
    clone(net), clone(back)


@pytest.mark.parametrize("convert", ["from_sklearn", "to_sklearn"])
@pytest.mark.parametrize(
    ("batch_size", "n_samples", "factor"),
    [(25, 100, 4), (500, 100, 1), (25, None, 1), ("auto", None, 1)],
)
def test_alpha_of_unfitted(convert, batch_size, n_samples, factor):
    if convert == "from_sklearn":
        mlp = MLPClassifier(alpha=0.3, batch_size=batch_size)
        net = MLPRegularizedClassifier.from_sklearn(mlp, n_samples=n_samples)
        assert net.alpha == pytest.approx(0.3 * factor)
    else:
        net = MLPRegularizedClassifier(alpha=0.3, batch_size=batch_size)
        assert net.to_sklearn(n_samples=n_samples).alpha == pytest.approx(0.3 / factor)


@pytest.mark.parametrize(
    ("n_samples", "theirs", "ours"), [(1000, 200, 64), (100, 100, 64), (None, 200, 64)]
)
def test_auto_batch_size_is_that_of_the_source(n_samples, theirs, ours):
    m = n_samples or 1
    net = MLPRegularizedClassifier.from_sklearn(
        MLPClassifier(alpha=0.3), n_samples=n_samples
    )
    assert net.batch_size == theirs
    assert net.alpha == pytest.approx(0.3 * max(1, m / theirs))
    mlp = MLPRegularizedClassifier(alpha=0.3).to_sklearn(n_samples=n_samples)
    assert mlp.batch_size == ours
    assert mlp.alpha == pytest.approx(0.3 / max(1, m / ours))
    for cls, direction in ((MLPClassifier, "from"), (MLPRegularizedClassifier, "to")):
        by_lbfgs = cls(solver="lbfgs")
        if direction == "from":
            by_lbfgs = MLPRegularizedClassifier.from_sklearn(by_lbfgs)
        assert by_lbfgs.batch_size == "auto"


def test_auto_settings_are_off_after_import_and_omitted_from_export():
    net = MLPRegularizedClassifier.from_sklearn(MLPClassifier())
    assert net.keep_prob == 1.0 and net.averaging is None
    MLPRegularizedClassifier().to_sklearn()  # strict
    for options in ({"keep_prob": 0.9}, {"averaging": "ema"}):
        with pytest.raises(ValueError, match=next(iter(options))):
            MLPRegularizedClassifier(**options).to_sklearn()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_alpha_of_fitted(early_stopping):
    X, y = make_rows(n_rows=60)
    mlp = _theirs(alpha=0.3, batch_size=9, early_stopping=early_stopping).fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    n_rows = 54 if early_stopping else 60
    if early_stopping:
        assert mlp.t_ == 54 * mlp.n_iter_
    assert net.alpha == pytest.approx(0.3 * n_rows / 9)
    assert net.to_sklearn().alpha == pytest.approx(0.3)
    given = MLPRegularizedClassifier.from_sklearn(mlp, n_samples=90)
    assert given.alpha == pytest.approx(3.0)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_converted_alpha_has_the_same_penalty(solver):
    X, y = make_rows()
    # lbfgs uses full batches, whatever the batch size.
    batch_size = 10 if solver == "lbfgs" else 60
    params = {"alpha": 2.0, "solver": solver, "batch_size": batch_size}
    mlp = _theirs(max_iter=1, learning_rate_init=1e-12, **params).fit(X, y)
    net = MLPRegularizedClassifier.from_sklearn(mlp, n_samples=60)
    assert net.cost(X, y).penalty == pytest.approx(
        2.0 / 2 / 60 * sum(np.sum(W**2) for W in mlp.coefs_)
    )
    assert net.cost(X, y).total == pytest.approx(mlp.loss_)
    assert net.to_sklearn(n_samples=60).alpha == pytest.approx(2.0)


def test_alpha_after_warm_start():
    X, y = make_rows(n_rows=60)
    mlp = _theirs(alpha=0.3, batch_size=20, warm_start=True, max_iter=3).fit(X, y)
    mlp.fit(X, y)
    assert mlp.t_ == 60 * 6 and mlp.n_iter_ == 3
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert net.alpha == pytest.approx(0.9)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "many"])
def test_wrong_n_samples(n_samples):
    with pytest.raises(ValueError, match="n_samples must be an int > 0 or None"):
        MLPRegularizedClassifier.from_sklearn(MLPClassifier(), n_samples=n_samples)
    with pytest.raises(ValueError, match="n_samples must be an int > 0 or None"):
        MLPRegularizedClassifier().to_sklearn(n_samples=n_samples)


def test_parameters_that_their_solver_ignores_are_omitted():
    mlp = MLPClassifier(solver="adam", learning_rate="invscaling")
    assert MLPRegularizedClassifier.from_sklearn(mlp).learning_rate == "constant"
    mlp = MLPClassifier(solver="lbfgs", early_stopping=True, learning_rate="adaptive")
    net = MLPRegularizedClassifier.from_sklearn(mlp)
    assert not net.early_stopping
    assert net.scoring == "loss"
    assert net.learning_rate == "constant"


def test_parameters_that_our_solver_ignores_are_omitted():
    net = MLPRegularizedClassifier(solver="lbfgs", learning_rate="cosine")
    assert net.to_sklearn().learning_rate == "constant"


# -- what cannot be expressed ---------------------------------------------------------

REFUSED = {
    "l1_ratio": 0.5,
    "keep_prob": 0.8,
    "input_keep_prob": 0.9,
    "max_norm": 3.0,
    "label_smoothing": 0.1,
    "max_grad_norm": 1.0,
    "class_weight": "balanced",
    "init": "zeros",
    "bias_init": "zeros",
    "solver": "adamw",
    "learning_rate": "cosine",
}


@pytest.mark.parametrize(
    "params",
    [
        *({name: value} for name, value in REFUSED.items()),
        {"keep_prob": (1.0, 0.5)},
        {"learning_rate": "adaptive"},
        {"learning_rate": "cosine", "solver": "sgd"},
        {"learning_rate": "invscaling", "solver": "sgd"},
        {"init": lambda rng, n_in, n_out: np.ones((n_in, n_out))},
        {"bias_init": "rms"},
        {"bias_init": lambda rng, n_in, n_out: np.ones(n_out)},
        {"scoring": "loss", "early_stopping": True},
        {"early_stopping": True, "scoring": "accuracy", "solver": "lbfgs"},
    ],
    ids=" ".join,
)
def test_settings_unknown_to_sklearn(params):
    X, y = make_rows()
    net = _ours(**params)
    name, value = next(iter(params.items()))
    for model in (net, clone(net).fit(X, y)):
        with pytest.raises(ValueError, match="MLPClassifier cannot express") as caught:
            model.to_sklearn()
        assert f"{name}={value!r}" in str(caught.value)
    mlp = model.to_sklearn(strict=False)
    _assert_same_predictions(model, mlp, _new_rows())
    clone(mlp).fit(X, y)


def test_all_refused_settings_are_named():
    net = _ours(**REFUSED)
    with pytest.raises(ValueError, match="cannot express") as caught:
        net.to_sklearn()
    for name, value in REFUSED.items():
        assert f"{name}={value!r}" in str(caught.value)


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "activation", ["gelu", "leaky_relu", ("relu", "tanh"), ("silu", "silu")]
)
def test_activations_unknown_to_sklearn(activation, strict, fitted):
    net = _ours(activation=activation)
    if fitted:
        net.fit(*make_rows())
        net.set_params(activation="relu")  # takes effect in the next fit
    with pytest.raises(ValueError, match=r"cannot express activation=\["):
        net.to_sklearn(strict=strict)


def test_equal_settings_of_all_layers_are_converted():
    net = _ours(activation=["tanh", "tanh"], keep_prob=(1.0, 1.0))
    assert net.to_sklearn().activation == "tanh"
    assert _ours(hidden_layer_sizes=(), activation="gelu").to_sklearn() is not None


def test_invscaling_of_sgd_counts_rows():
    mlp = _theirs(solver="sgd", learning_rate="invscaling").fit(*make_rows())
    with pytest.raises(ValueError, match="learning_rate='invscaling'"):
        MLPRegularizedClassifier.from_sklearn(mlp)
    net = MLPRegularizedClassifier.from_sklearn(mlp, strict=False)
    assert net.learning_rate == "invscaling"
    _assert_same_predictions(mlp, net, _new_rows())


def test_one_class_only():
    X, _ = make_rows()
    mlp = _theirs().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="mlp has one class only"):
        MLPRegularizedClassifier.from_sklearn(mlp)


@pytest.mark.parametrize("other", [MLPRegressor(), MLPRegularizedClassifier(), None])
def test_only_an_mlp_classifier_is_accepted(other):
    with pytest.raises(TypeError, match="takes scikit-learn's MLPClassifier, got"):
        MLPRegularizedClassifier.from_sklearn(other)


def test_invalid_parameters_are_detected():
    with pytest.raises(ValueError, match="'alpha' parameter"):
        _ours(alpha=-1).to_sklearn()
    with pytest.raises(ValueError, match="activation must be one value or one per"):
        _ours(activation=["relu"]).to_sklearn()
