"""Hypothesis strategies for estimators: parameters and calls of fit."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from hypothesis import strategies as st
from sklearn.metrics import make_scorer, median_absolute_error

from skdnn import (
    AugmentationPipeline,
    CutMix,
    GaussianNoise,
    Mixup,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    RandomFlip,
)
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import BIAS_INITIALIZERS, INITIALIZERS
from tests.estimators.array_strategies import (
    Table,
    Targets,
    Weights,
    kinds_of_targets,
    mostly,
    rarely,
    sometimes,
    tables,
    targets,
    weights,
)

# -- parameters ------------------------------------------------------------------------


def negative_error(estimator, X, y):
    """Score as a custom scorer would."""
    return -float(np.mean(estimator.predict(X) != np.asarray(y)))


def small_weights(rng, n_in, n_out):
    """Draw initial weights as a custom function would."""
    return rng.normal(scale=0.1, size=(n_in, n_out))


def small_biases(rng, n_in, n_out):
    """Draw initial biases as a custom function would."""
    return rng.normal(scale=0.1, size=n_out)


def huge_weights(rng, n_in, n_out):
    """Return initial weights with which training cannot succeed."""
    return np.full((n_in, n_out), 1e200)


def misshapen_weights(rng, n_in, n_out):
    """Return initial weights of a wrong shape."""
    return np.zeros((n_in, n_out + 1))


NAMES_OF_ACTIVATIONS = st.sampled_from(sorted(ACTIVATIONS))
PROBABILITIES = st.sampled_from([0.5, 0.9, 1.0, 1e-3, 1e-300])
BOUNDS = st.sampled_from([1.0, 0.1, 1e6, 1e-30, 1e-300, 1e300, None])
RATES = st.sampled_from([1e-3, 0.01, 0.1, 1.0, 1e-12, 1e-300, 30.0, 1e6, 1e30, 1e300])
DECAYS = st.sampled_from([0.9, 0.0, 0.5, 0.999999999, 1 - 2**-53])

# Each group is one feature with the parameters that belong to it.
GROUPS = {
    "solver": {"solver": st.sampled_from(["adam", "adamw", "sgd", "lbfgs"])},
    "sgd": {
        "solver": st.just("sgd"),
        "momentum": st.sampled_from([0.9, 0.0, 0.5, 1.0]),
        "nesterovs_momentum": st.booleans(),
        "learning_rate_init": RATES,
    },
    "adam": {
        "solver": st.sampled_from(["adam", "adamw"]),
        "beta_1": DECAYS,
        "beta_2": DECAYS,
        "epsilon": st.sampled_from([1e-8, 1e-300, 1.0, 1e300]),
        "learning_rate_init": RATES,
    },
    "lbfgs": {
        "solver": st.just("lbfgs"),
        "max_fun": st.sampled_from([1, 2, 10, 15000, 10**20]),
    },
    "penalty": {
        "alpha": st.sampled_from([0.0, 0, 1.0, 1e-300, 1e-4, 10.0, 1e6, 1e300]),
        "l1_ratio": st.sampled_from([0.0, 0.5, 1.0, 1e-300]),
    },
    "dropout": {"keep_prob": PROBABILITIES, "input_keep_prob": PROBABILITIES},
    "bounds": {"max_norm": BOUNDS, "max_grad_norm": BOUNDS},
    "layers": {
        "hidden_layer_sizes": st.sampled_from(
            [(), [], 1, 7, (1,), (5, 3), (2, 2, 2, 2), np.array([4, 2])]
        ),
    },
    "activation": {"activation": NAMES_OF_ACTIVATIONS},
    "activations": {
        "hidden_layer_sizes": st.just((4, 3)),
        "activation": st.lists(NAMES_OF_ACTIVATIONS, min_size=1, max_size=3),
        "keep_prob": st.just([0.8, 1.0]),
    },
    "init": {
        "init": st.sampled_from(
            ["auto", *INITIALIZERS, small_weights, huge_weights, misshapen_weights]
        ),
        "bias_init": st.sampled_from(
            ["auto", *BIAS_INITIALIZERS, small_biases, misshapen_weights]
        ),
    },
    "batches": {
        "batch_size": st.sampled_from(["auto", 1, 2, 5, 1000, 10**20]),
        "shuffle": st.booleans(),
    },
    "schedule": {
        "learning_rate": st.sampled_from(
            ["constant", "invscaling", "adaptive", "cosine"]
        ),
        "learning_rate_init": RATES,
        "power_t": st.sampled_from([0.5, 0.0, 3, 1e3, 1e300]),
    },
    "patience": {
        "n_iter_no_change": st.sampled_from([1, 2, 10, 10**20, np.inf]),
        "tol": st.sampled_from([1e-4, 0, 1e-300, 1.0, 1e300]),
    },
    "early stopping": {
        "early_stopping": st.just(True),
        "validation_fraction": st.sampled_from([0.1, 0, 0.5, 0.99, 1e-300]),
        "n_iter_no_change": st.sampled_from([1, 3, 10]),
    },
    "warm start": {"warm_start": st.just(True)},
    "type": {"dtype": st.sampled_from(["auto", "float32", "float64"])},
    "talk": {"verbose": st.sampled_from([True, 2])},
    "seed": {"random_state": st.sampled_from([1, 2**32 - 1])},
    "augmentation": {
        "augmentation": st.sampled_from(
            [
                GaussianNoise(),
                GaussianNoise(1e30, columns=[0]),
                Mixup(),
                Mixup(1e-300),
                CutMix((2, 2)),
                RandomFlip((1, 2)),
                AugmentationPipeline([("a", Mixup(1.0)), ("b", GaussianNoise(0.0))]),
            ]
        ),
    },
}
OF_CLASSIFIERS = {
    "smoothing": {"label_smoothing": st.sampled_from([0.1, 0.0, 1e-300, 1 - 1e-16])},
    "class weight": {
        "class_weight": st.sampled_from(
            [
                "balanced",
                "balanced",
                {1: 2.0},
                {0: 0, 1: 1},
                {1: 10**400, 2: -1},
                {"a": 0.5, "b": 1e90},
                {1: 0.0, 2: 0.0, 5: 0.0},
                [{0: 1, 1: 3}] * 3,
            ]
        ),
    },
    "score": {
        "early_stopping": st.just(True),
        "scoring": st.sampled_from(
            [
                "accuracy",
                "average_precision",
                "balanced_accuracy",
                "d2_log_loss_score",
                "f1",
                "f1_macro",
                "neg_brier_score",
                "neg_log_loss",
                "roc_auc",
                "roc_auc_ovr",
                "top_k_accuracy",
                negative_error,
            ]
        ),
    },
}
OF_REGRESSORS = {
    "loss": {
        "loss": st.sampled_from(["squared_error", "poisson", "huber"]),
        "delta": st.sampled_from([1.0, 1e-300, 1e300]),
    },
    "score": {
        "early_stopping": st.just(True),
        "scoring": st.sampled_from(
            [
                "neg_max_error",
                "neg_mean_absolute_error",
                "neg_mean_poisson_deviance",
                "neg_mean_squared_log_error",
                "r2",
                make_scorer(median_absolute_error),
            ]
        ),
    },
}
# Each value is valid for some parameter and invalid for most.
USUALLY_INVALID = (
    None,
    "nonsense",
    b"bytes",
    -1,
    0,
    0.5,
    2,
    True,
    np.nan,
    -np.inf,
    10**400,
    1j,
    (),
    [],
    {},
    (1,),
    [10**400],
    [None, "a"],
    {"a": 1},
    int,
    np.float32(1),
    np.array([1.0]),
    np.array(1),
)


def parameters(estimator_class):
    """Draw parameters, which may contradict each other."""
    is_classifier = estimator_class is MLPRegularizedClassifier
    groups = GROUPS | (OF_CLASSIFIERS if is_classifier else OF_REGRESSORS)
    some = st.lists(st.sampled_from(list(groups)), max_size=5, unique=True)
    return some.flatmap(lambda names: _merged([groups[n] for n in names]))


def _merged(groups):
    each = (st.fixed_dictionaries({}, optional=group) for group in groups)
    return st.tuples(*each).map(lambda found: {k: d[k] for d in found for k in d})


def one_invalid(estimator_class):
    """Draw a parameter with a value that is probably invalid."""
    names = st.sampled_from(sorted(estimator_class().get_params()))
    found = st.builds(lambda k, v: {k: v}, names, st.sampled_from(USUALLY_INVALID))
    # None is valid, but makes no two fits equal.
    return found.filter(lambda wrong: wrong.get("random_state", 0) is not None)


# -- calls -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A call of `fit` or `partial_fit`, and the parameters set before it."""

    X: Table
    y: Targets
    sample_weight: Weights
    dev: tuple[Table, Targets, Weights] | None = None
    method: str = "fit"
    parameters: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)  # arguments of partial_fit

    def arguments(self):
        """Return the arguments, with their arrays built."""
        arguments = {"X": self.X, "y": self.y, "sample_weight": self.sample_weight}
        if self.dev is not None:
            names = "X_val", "y_val", "sample_weight_val"
            arguments |= dict(zip(names, self.dev, strict=True))
        return {k: v.build() for k, v in arguments.items()} | self.more


@dataclass(frozen=True)
class Case:
    """An estimator and a sequence of calls."""

    estimator_class: type
    parameters: dict
    calls: list[Call]

    def estimator(self):
        """Return the unfitted estimator."""
        small = {"hidden_layer_sizes": (3,), "max_iter": 3, "random_state": 0}
        return self.estimator_class(**(small | self.parameters))


@st.composite
def calls(draw, estimator_class, n_columns, kind):
    """Draw a call with `n_columns` features and, mostly, targets of one kind."""
    are_labels = estimator_class is MLPRegularizedClassifier
    X = draw(tables(n_columns))
    y_of = partial(targets, kind=kind, are_labels=are_labels)
    y = draw(y_of(X.n_rows))
    dev = None
    if draw(st.integers(1, 4)) == 4:
        width = draw(mostly(*[n_columns] * 5, n_columns + 1))
        X_val = draw(tables(width, draw(mostly(6, 2, 1))))
        dev = X_val, draw(y_of(X_val.n_rows)), draw(weights(X_val.n_rows))
    method = draw(st.sampled_from(["fit", "partial_fit"]))
    more = {}
    if method == "partial_fit":
        if are_labels and draw(mostly(*[True] * 5, False)):
            more["classes"] = y.classes
        totals = st.sampled_from([100, 0.5, 1e-300, 1e300])
        total = draw(rarely(sometimes(totals), [0, -1.0, np.nan, 10**400, "100"]))
        if total is not None:
            more["total_weight"] = total
    now = draw(sometimes(one_invalid(estimator_class), {}, one_in=8))
    return Call(X, y, draw(weights(X.n_rows)), dev, method, now, more)


@st.composite
def cases(draw, estimator_class):
    """Draw an estimator and one to three calls."""
    are_labels = estimator_class is MLPRegularizedClassifier
    n_columns = draw(st.sampled_from([3, 1, 2, 4, 8]))
    kind = draw(kinds_of_targets(are_labels))
    of_kind = calls(estimator_class, n_columns, kind)
    found = draw(st.lists(of_kind, min_size=1, max_size=3))
    given = draw(parameters(estimator_class))
    if draw(st.integers(1, 12)) == 12:
        given |= draw(one_invalid(estimator_class))
    return Case(estimator_class, given, found)


ESTIMATORS = [MLPRegularizedClassifier, MLPRegularizedRegressor]
