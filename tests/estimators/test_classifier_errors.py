"""Invalid parameters: one clear error, and a fitted model is unchanged."""

import re
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused, same_state

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows()


def _net(**params):
    defaults = {"hidden_layer_sizes": (6, 3), "max_iter": 4, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


def test_comparison_of_states_sees_a_difference():
    net = _net().fit(X, Y3)
    assert same_state(vars(net), vars(deepcopy(net)))
    for change in ("_state", "classes_", "loss_curve_", "max_iter"):
        other = deepcopy(net)
        if change == "_state":
            other._state.rng.random()
        else:
            value = getattr(other, change)
            setattr(other, change, [*value, 0] if change != "max_iter" else value + 1)
        assert not same_state(vars(net), vars(other))


# -- one parameter ---------------------------------------------------------------------

PARAMETERS = [
    ("hidden_layer_sizes", [0, -3, 2.5, "10", (5, 0), (5, 2.5), (5, True), None]),
    (
        "activation",
        ["sigmoid", 3, None, ["relu", "swish"], ["relu", 1], [["relu"], []]],
    ),
    ("solver", ["rmsprop", None, 1]),
    ("alpha", [-1e-9, -1, "1", None, np.nan, np.inf]),
    ("l1_ratio", [-0.1, 1.1, "l1", None, np.nan]),
    ("keep_prob", [0, 0.0, -0.5, 1.01, "0.5", None, np.nan, [0.5, 0.0], [0.5, np.nan]]),
    ("input_keep_prob", [0, 1.5, None, "1", [0.5, 0.5]]),
    ("max_norm", [0, -1.0, "2", np.nan]),
    ("max_grad_norm", [0, -1.0, "2", np.nan]),
    ("augmentation", ["flip", 1, [], np.ones(3), lambda X: X]),
    ("label_smoothing", [-0.1, 1, 1.5, None, "0.1"]),
    ("init", ["kaiming", None, 3, np.zeros((4, 6))]),
    ("bias_init", ["he", None, 0.0, np.zeros(6)]),
    ("batch_size", [0, -5, 2.5, "full", None]),
    ("learning_rate", ["linear", None, 0.1]),
    ("learning_rate_init", [0, -0.1, "0.1", None, np.nan, np.inf]),
    ("power_t", [-1, "0.5", None]),
    ("averaging", ["swa", True, 0.99, np.zeros(2)]),
    ("averaging_decay", [1.0, -0.1, "0.9", None, np.nan]),
    ("max_iter", [0, -1, 2.5, "10", None]),
    ("shuffle", ["yes", 2, None]),
    ("class_weight", ["even", 3, 0.5]),
    ("early_stopping", ["yes", 2, None]),
    ("validation_fraction", [1.0, -0.1, 1.5, None, "0.1"]),
    ("scoring", ["los", None, 3]),
    ("n_iter_no_change", [0, -1, 2.5, "10", None]),
    ("tol", [-1e-3, "0", None, np.nan]),
    ("momentum", [-0.1, 1.1, None]),
    ("nesterovs_momentum", ["yes", None, 2]),
    ("beta_1", [-0.1, 1.0, None]),
    ("beta_2", [-0.1, 1.0, None]),
    ("epsilon", [0, -1e-8, None]),
    ("max_fun", [0, -1, 2.5]),
    ("warm_start", ["yes", None, 2]),
    ("dtype", ["float16", np.float32, None, "double"]),
    ("verbose", ["yes", -1, None]),
    ("random_state", ["seed", -1, 1.5, np.random.default_rng(0)]),
]


def test_every_parameter_has_a_bad_value_here():
    assert {name for name, _ in PARAMETERS} == set(_net().get_params())


@pytest.mark.parametrize(
    ("name", "value"), [(name, v) for name, values in PARAMETERS for v in values]
)
def test_bad_parameter(name, value):
    net = _net().fit(X, Y3)
    expected, original = net.predict_proba(X), getattr(net, name)
    net.set_params(**{name: value})
    words = [name]
    if isinstance(value, str | float | int):
        words.append(re.escape(repr(value)))
    assert_refused(net, "fit", (X, Y3), {}, words)
    assert_refused(net, "gradient_check", (X, Y3), {"at": "init"}, words)
    if name != "solver":  # some have no partial_fit
        assert_refused(net, "partial_fit", (X, Y3), {}, words)
    net.set_params(**{name: original})
    assert_array_equal(net.predict_proba(X), expected)
    assert_refused(_net(**{name: value}), "fit", (X, Y3), {}, words)


SETTINGS = [
    ({"keep_prob": [0.5]}, ["keep_prob", r"\[0.5\]", "one per hidden layer", "2"]),
    ({"keep_prob": [0.5, 0.5, 0.5]}, ["keep_prob", "hidden_layer_sizes has 2", "3"]),
    ({"keep_prob": 0.9, "solver": "lbfgs"}, ["lbfgs", "keep_prob", "adam"]),
    ({"input_keep_prob": 0.9, "solver": "lbfgs"}, ["lbfgs", "input_keep_prob"]),
    ({"max_norm": 1.0, "solver": "lbfgs"}, ["lbfgs", "max_norm=1.0"]),
    ({"max_grad_norm": 1.0, "solver": "lbfgs"}, ["lbfgs", "max_grad_norm=1.0"]),
    ({"activation": ["relu"]}, ["activation", "hidden_layer_sizes has 2", "has 1"]),
    ({"activation": ["relu", "cube"]}, ["activation", "'cube'", "relu.*tanh"]),
    ({"class_weight": {0: -1.0, 1: 1.0, 2: 1.0}}, ["class_weight", ">= 0", "-1"]),
    ({"class_weight": {0: np.nan, 1: 1.0, 2: 1.0}}, ["class_weight", "nan"]),
    ({"class_weight": {0: np.inf, 1: 1.0, 2: 1.0}}, ["class_weight", "inf"]),
    ({"class_weight": {0: 0, 1: 0, 2: 0}}, ["class_weight", "zero"]),
    (
        {"class_weight": {0: 1.0, 7: 1.0}},
        ["class_weight has keys", "classes: 7", "are 0, 1, 2", "1, 2.$"],
    ),
    ({"class_weight": [{0: 1, 1: 2}]}, ["class_weight", "multilabel"]),
    ({"init": lambda rng, n, k: np.zeros(3)}, ["init", r"\(4, 6\)", r"\(3,\)"]),
    ({"init": lambda rng, n, k: np.full((n, k), np.nan)}, ["init", "finite", "NaN"]),
    ({"bias_init": lambda rng, n, k: np.zeros(n)}, ["bias_init", r"\(6,\)", r"\(4,\)"]),
    ({"bias_init": lambda rng, n, k: np.full(k, np.inf)}, ["bias_init", "infinity"]),
    ({"scoring": "neg_log_los"}, ["scoring", "neg_log_los"]),
]


@pytest.mark.parametrize(("params", "words"), SETTINGS)
def test_incompatible_settings(params, words):
    net = _net().fit(X, Y3)
    expected = net.predict_proba(X)
    original = {name: getattr(net, name) for name in params}
    net.set_params(**params)
    assert_refused(net, "fit", (X, Y3), {}, words)
    net.set_params(**original)
    assert_array_equal(net.predict_proba(X), expected)
    assert_refused(_net(**params), "fit", (X, Y3), {}, words)


GRADIENT_CHECKS = [
    ({"at": "nowhere"}, ["at must be 'fitted' or 'init'", "'nowhere'"]),
    ({"at": None}, ["at must be", "None"]),
    ({"epsilon": 0}, ["epsilon", r"\(0, 1\)", "got 0"]),
    ({"epsilon": -1e-5}, ["epsilon", "-1e-05"]),
    ({"epsilon": np.nan}, ["epsilon", "nan"]),
    ({"epsilon": "small"}, ["epsilon", "'small'"]),
    ({"max_params": 0}, ["max_params", "> 0", "got 0"]),
    ({"max_params": 1.5}, ["max_params", "1.5"]),
    ({"max_params": "all"}, ["max_params", "'all'"]),
]


@pytest.mark.parametrize(("arguments", "words"), GRADIENT_CHECKS)
def test_bad_arguments_of_gradient_check(arguments, words):
    assert_refused(_net().fit(X, Y3), "gradient_check", (X, Y3), arguments, words)


# -- too few rows, changed layers ------------------------------------------------------


@pytest.mark.parametrize(("n_rows", "fraction"), [(3, 0.1), (5, 0.6), (60, 0.99)])
def test_too_few_rows_for_a_dev_set(n_rows, fraction):
    net = _net(early_stopping=True, validation_fraction=fraction)
    words = ["early_stopping", f"n_samples={n_rows}", f"validation_fraction={fraction}"]
    args = X[:n_rows], np.arange(n_rows) % 3
    assert_refused(net, "fit", args, {}, [*words, "X_val and y_val"])


def test_no_dev_set_can_be_split_off_if_each_row_has_its_own_class():
    net = _net(early_stopping=True)
    words = ["n_samples=20, of which 0 can be split", "only rows of their classes"]
    assert_refused(net, "fit", (X[:20], np.arange(20)), {}, words)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_layers_changed_under_warm_start(solver):
    net = _net(warm_start=True, solver=solver).fit(X, Y3)
    net.set_params(hidden_layer_sizes=(7, 3))
    words = ["hidden_layer_sizes", "warm_start", "4, 6, 3, 3", "4, 7, 3, 3"]
    assert_refused(net, "fit", (X, Y3), {}, words)
    if solver == "adam":
        assert_refused(net, "partial_fit", (X, Y3), {}, words)
    assert net.predict(X).shape == (60,)
    net.set_params(hidden_layer_sizes=(6, 3))
    assert_refused(net, "fit", (X[:, :3], Y3), {}, ["X has 3 features", "4 features"])
    net.set_params(hidden_layer_sizes=(7,), warm_start=False).fit(X[:, :3], Y3)
    assert net.predict(X[:, :3]).shape == (60,)
