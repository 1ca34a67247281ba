"""Errors for plausible but wrong names and values suggest the right ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, make_scorer

from skdnn import (
    GaussianNoise,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    RandomShift,
)
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y3 = make_rows()


def _net(**params):
    defaults = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


class ReLU:
    """A class named like those of other libraries."""


# Each value with the name that the error must suggest.
GUESSES = {
    "activation": {
        "sigmoid": "logistic",
        "ReLU": "relu",
        "swish": "silu",
        "leakyrelu": "leaky_relu",
        "LeakyReLU": "leaky_relu",
        "linear": "identity",
        "tahn": "tanh",
        ReLU: "relu",
        np.tanh: "tanh",
        None: "identity",
    },
    "init": {
        "kaiming": "he",
        "kaiming_normal_": "he",
        "He": "he",
        "xavier_uniform": "glorot",
        "glorot_normal": "glorot",
        "lecun_normal": "lecun",
    },
    "solver": {"SGD": "sgd", "rmsprop": "adam", "L-BFGS-B": "lbfgs", "Adam W": "adamw"},
    "learning_rate": {"cosine_annealing": "cosine", "inv_scaling": "invscaling"},
    "dtype": {
        np.float32: "float32",
        np.dtype("float64"): "float64",
        "float16": "float32",
        float: "float64",
        "double": "float64",
    },
    "class_weight": {"balance": "balanced", "Balanced": "balanced"},
    "scoring": {
        "acc": "accuracy",
        "mse": "neg_mean_squared_error",
        "AUC": "roc_auc",
        "f1-score": "f1",
        "los": "loss",
        accuracy_score: "accuracy",
    },
    "loss": {"mse": "squared_error", "MAE": "huber", "huber_loss": "huber"},
    "max_iter": {10.0: 10, "10": 10, 1e3: 1000},
    "hidden_layer_sizes": {"10": 10, 64.0: 64},
    "batch_size": {32.0: 32},
    "alpha": {"0.1": 0.1},
    "shuffle": {"yes": True, 1: True, 0: False, "False": False},
}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [(name, v, m) for name, each in GUESSES.items() for v, m in each.items()],
)
def test_a_plausible_value_is_answered_with_our_name(name, value, meant):
    words = [f"{name}", f"Did you mean {name}={meant!r}\\?"]
    net = MLPRegularizedRegressor() if name == "loss" else _net()
    assert_refused(net.set_params(**{name: value}), "fit", (X, Y3), {}, words)
    if name == "activation":
        one_each = _net(activation=[value, "relu"], hidden_layer_sizes=(3, 3))
        assert_refused(one_each, "fit", (X, Y3), {}, words)


SENTENCES = [
    ("learning_rate", 0.01, "learning_rate_init=0.01"),
    ("keep_prob", 0.0, "1 minus a dropout rate: 1.0 is no dropout"),
    ("keep_prob", 50, "1 minus a dropout rate"),
    ("keep_prob", [0.0], "1 minus a dropout rate"),
    ("input_keep_prob", None, "1.0 is no dropout"),
    ("activation", "softmax", "follows from the labels"),
    ("l1_ratio", "l1", "l1_ratio=1.0"),
    ("batch_size", "full", r"batch_size=len\(X\)"),
    ("validation_fraction", 10, "fraction of the rows"),
    ("alpha", [0.1, 1.0], "GridSearchCV"),
    ("random_state", np.random.default_rng(0), "integers"),
    ("augmentation", [GaussianNoise()], "AugmentationPipeline"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), SENTENCES)
def test_conventions_of_other_libraries_are_explained(name, value, sentence):
    assert_refused(_net(**{name: value}), "fit", (X, Y3), {}, [name, sentence])


def test_cross_entropy_is_for_classes():
    net = MLPRegularizedRegressor("crossentropy")
    assert_refused(net, "fit", (X, Y3), {}, ["loss", "MLPRegularizedClassifier"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("activation", "cube"),
        ("init", "orthogonal"),
        ("solver", "evolution"),
        ("scoring", "beauty"),
        ("random_state", "seed"),
        ("max_iter", 2.5),
        ("alpha", -1),
    ],
)
def test_no_suggestion_for_implausible_values(name, value):
    with pytest.raises(ValueError, match=name) as info:
        _net(**{name: value}).fit(X, Y3)
    assert "mean" not in str(info.value).replace("neg_mean", "")


@pytest.mark.parametrize("name", sorted(_net().get_params()))
@pytest.mark.parametrize("a_class", [ReLU, RandomShift, np.ndarray, list, float, dict])
def test_classes_for_instances(name, a_class):
    words = [name, a_class.__name__]
    for method in ("fit", "gradient_check"):
        kwargs = {"at": "init"} if method == "gradient_check" else {}
        assert_refused(_net(**{name: a_class}), method, (X, Y3), kwargs, words)


@pytest.mark.parametrize("name", ["hidden_layer_sizes", "activation", "keep_prob"])
@pytest.mark.parametrize("value", [{3}, {3: 3}, frozenset(), np.ones((1, 1)), [[3]]])
def test_values_per_layer_have_an_order_and_one_axis(name, value):
    assert_refused(_net(**{name: value}), "fit", (X, Y3), {}, [f"{name} must"])


@pytest.mark.parametrize("name", ["alpha", "tol", "max_iter", "learning_rate_init"])
def test_integers_too_large_for_float(name):
    words = [name, "too large: 1000"]
    assert_refused(_net(**{name: 10**400}), "fit", (X, Y3), {}, words)
    net = _net(hidden_layer_sizes=(2**31,))
    assert_refused(net, "fit", (X, Y3), {}, ["hidden_layer_sizes", "below 2"])


@pytest.mark.parametrize("name", sorted(_net().get_params()))
@pytest.mark.parametrize("value", [1j, object(), pd.DataFrame([[1]]), {"a": 1}, b"x"])
def test_values_of_unsupported_types(name, value):
    if name == "class_weight" and isinstance(value, dict):
        value = 3
    with pytest.raises((ValueError, TypeError), match=f"{name}.*(must|cannot)"):
        _net(**{name: value}).fit(X, Y3)


def test_metrics_are_no_scorers():
    words = ["scoring must be", "make_scorer", "accuracy_score"]
    assert_refused(_net(scoring=accuracy_score), "fit", (X, Y3), {}, words)
    _net(scoring=make_scorer(accuracy_score), early_stopping=True).fit(X, Y3)


# -- l1_ratio without a penalty --------------------------------------------------------


def test_l1_ratio_without_a_penalty_warns():
    with pytest.warns(UserWarning, match="l1_ratio=0.5 .* alpha=0") as caught:
        _net(l1_ratio=0.5, alpha=0).fit(X, Y3)
    assert [w.filename for w in caught if "l1_ratio" in str(w.message)] == [__file__]
    for healthy in ({"alpha": 0}, {"l1_ratio": 1.0}, {"l1_ratio": 1.0, "alpha": 1e-9}):
        _net(**healthy).fit(X, Y3)


# -- arguments of fit ------------------------------------------------------------------

ARGUMENTS = {
    "eval_set": "X_val=..., y_val=",
    "validation_data": "X_val=..., y_val=",
    "groups": "GroupShuffleSplit, and pass it as X_val",
    "validation_split": "validation_fraction",
    "epochs": "max_iter",
    "batch_size": r"set_params\(batch_size=",
    "callbacks": "set_callbacks",
    "x_val": "Did you mean X_val",
    "sampleweight": "Did you mean sample_weight",
    "foo": "The arguments are X, y, sample_weight",
}


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_unknown_arguments(name, method):
    words = [f"{method}\\(\\) got an unexpected keyword argument '{name}'"]
    for net in (_net(), MLPRegularizedRegressor()):
        with pytest.raises(TypeError, match=words[0]):
            getattr(net, method)(X, Y3, **{name: 1})
        assert_refused(net, method, (X, Y3), {name: 1}, [*words, ARGUMENTS[name]])


def test_classes_belong_to_partial_fit():
    assert_refused(_net(), "fit", (X, Y3), {"classes": [0, 1, 2]}, ["Only partial_fit"])


# -- class_weight ----------------------------------------------------------------------

LABEL_TYPES = {
    "digits": np.array(["1", "2", "10"]),
    "digits as objects": np.array(["1", "2", "10"], dtype=object),
    "text": np.array(["a", "b", "ab"]),
    "negative": np.array([-2, -1, 3]),
    "float": np.array([1.0, 2.0, -1.0]),
    "uint8": np.array([0, 5, 255], dtype=np.uint8),
}


@pytest.mark.parametrize("labels", LABEL_TYPES)
@pytest.mark.parametrize("of_key", [lambda label: label, lambda label: label.item()])
def test_class_weight_by_labels_of_every_type(labels, of_key):
    names = LABEL_TYPES[labels]
    if names.dtype == object:
        of_key = str
    class_weight = dict(zip(map(of_key, names), (1.0, 5.0, 2.0), strict=True))
    net = _net(class_weight=class_weight, dtype="float64").fit(X, names[Y3])
    weights = np.array([1.0, 5.0, 2.0])[Y3]
    expected = _net(dtype="float64").fit(X, names[Y3], weights)
    assert np.array_equal(net.coefs_[0], expected.coefs_[0])
    again = _net(class_weight=class_weight).partial_fit(X, names[Y3], classes=names)
    assert again.n_iter_ == 1


def test_class_weight_by_booleans():
    yes = Y3 > 0
    net = _net(class_weight={True: 2.0, False: 1.0}).fit(X, yes)
    expected = _net().fit(X, yes, 1.0 + yes)
    assert np.array_equal(net.coefs_[0], expected.coefs_[0])
    words = ["class_weight has keys", "'True'", "False, True"]
    assert_refused(_net(class_weight={"True": 2}), "fit", (X, yes), {}, words)


CLASS_WEIGHTS = [
    ({7: 1, 8: 2}, ["keys", ": 7, 8", "classes are 0, 1, 2", "weight are 0, 1, 2"]),
    ({"0": 1, "1": 2}, ["keys", "'0', '1'", "classes are 0, 1, 2"]),
    ({0: "heavy"}, ["finite weights >= 0", "'heavy' for 0"]),
    ({0: None}, ["finite weights >= 0", "None for 0"]),
    ({0: -1}, ["finite weights >= 0", "-1 for 0"]),
    ({0: 1e300}, [r"at most 1e\+100", r"1e\+300 for 0"]),
    ({0: np.array([1, 2])}, ["finite weights >= 0", "array"]),
    ([1, 2, 3], ["multilabel", r"\[1, 2, 3\]"]),
]


@pytest.mark.parametrize(("class_weight", "words"), CLASS_WEIGHTS)
def test_invalid_class_weights(class_weight, words):
    net = _net(class_weight=class_weight)
    assert_refused(net, "fit", (X, Y3), {}, ["class_weight", *words])


def test_class_weight_may_have_further_keys():
    kept = Y3 < 2
    net = _net(class_weight={0: 1.0, 1: 2.0, 2: 3.0}).fit(X[kept], Y3[kept])
    expected = _net().fit(X[kept], Y3[kept], 1.0 + Y3[kept])
    assert np.array_equal(net.coefs_[0], expected.coefs_[0])
    incomplete = _net(class_weight={1: 2.0}).fit(X, Y3)
    expected = _net().fit(X, Y3, 1.0 + (Y3 == 1))
    assert np.array_equal(incomplete.coefs_[0], expected.coefs_[0])


LABEL_WEIGHTS = [
    ({0: 1, 1: 2}, ["list of 3 dicts"]),
    ([{0: 1, 1: 2}], ["list of 3 dicts"]),
    ([{0: 1, 1: 2}, 3, {}], [r"class_weight\[1\] must be a dict", "got 3"]),
    ([{}, {}, {7: 1}], [r"class_weight\[2\] has keys", ": 7"]),
    ([{}, {}, {1: -1}], [r"class_weight\[2\]", ">= 0", "-1 for 1"]),
]


@pytest.mark.parametrize(("class_weight", "words"), LABEL_WEIGHTS)
def test_invalid_class_weights_of_several_labels(class_weight, words):
    Y = make_rows("multilabel")[1]
    net = _net(class_weight=class_weight)
    assert_refused(net, "fit", (X, Y), {}, ["class_weight", *words])


def test_weights_of_several_labels_are_multiplied():
    Y = make_rows("multilabel")[1]
    each = [{0: 1.0, 1: 2.0}, {1: 3.0}, {}]
    net = _net(class_weight=each, dtype="float64").fit(X, Y)
    weights = (1.0 + Y[:, 0]) * (1.0 + 2 * Y[:, 1])
    expected = _net(dtype="float64").fit(X, Y, weights)
    assert np.array_equal(net.coefs_[0], expected.coefs_[0])
