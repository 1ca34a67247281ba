"""Invalid arguments of all public functions: one clear error that names the argument.

A table gives the callables and the kind of each argument; each kind has a list of
invalid values. Tests of the data that a function takes are in the function's folder.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import skdnn

X, Y = load_iris(return_X_y=True)
NAN, INF = float("nan"), float("inf")
THINGS = ["x", int, [1, 2], 1j, np.array([1.0, 2.0]), {"a": 1}, object()]
NOT_NUMBERS = [*THINGS, NAN]
WRONG = {
    "count": [*NOT_NUMBERS, None, 2.5, 5.0, -1, 0, INF],
    "count or None": [*NOT_NUMBERS, 2.5, 5.0, -1, 0, INF],
    "count from 0": [*NOT_NUMBERS, None, 2.5, 5.0, -1, INF],
    "two or more": [*NOT_NUMBERS, None, 2.5, 50.0, -1, 0, 1, True, INF],
    "positive or None": [*NOT_NUMBERS, True, -1, 0, INF],
    "share": [*NOT_NUMBERS, None, 2.5, -1, INF],
    "share or None": [*NOT_NUMBERS, 2.5, -1, INF],
    "inner share": [*NOT_NUMBERS, None, 0, 1, 2.5, -1, INF],
    "number": [*NOT_NUMBERS, None, INF, 1e300, 10**310],
    "positive": [*NOT_NUMBERS, None, 0, -1, INF, 1e300, 10**310],
    "number from 0": [*NOT_NUMBERS, None, -1, INF, 1e300, 10**310],
    "thresholds": [*NOT_NUMBERS, -1, INF, 10**310, {"variance": "x"}, {"variance": -1}],
    "flag": [*NOT_NUMBERS, None, 1, 0.0],
    "text or None": [*THINGS[1:], 2.5, True],
    "text": [*THINGS[1:], None, 2.5, True],
    "choice": [*THINGS, 2.5, True],
    "ax": [*THINGS, 2.5, True, "several"],
    "axes": [*THINGS, 2.5, True],
    "style or None": ["x", int, [1, 2], [], 1j, np.array([1.0, 2.0]), 2.5, 0, True],
    "report": [*THINGS, None, 2.5, True, {}, {"a": 2}, "class"],
    "model": [*THINGS, None, 2.5, True],
    "pair or None": [*THINGS, 2.5, (1, 2), ((1, "W", (0, 0)),) * 3],
    "image shape": [*THINGS, None, 2.5, (4,), (4.0, 4.0), (-4, -4), ("a", "b"), (9, 9)],
    "share range": [*THINGS, None, 2.5, (0.9, 0.5), (0, 1), (NAN, 1.0), (0.5, 2)],
    "range": ["x", int, 1j, None, 2.5, (0.9, 0.5), (0, 1), (NAN, 1.0), (0.5, INF)],
    "steps": [
        *["x", int, [1, 2], 1j, {"a": 1}, None, (), [("a", skdnn.Mixup)]],
        *[
            [("a", None)],
            [("a",)],
            [("a", skdnn.Mixup())] * 2,
            [("b__c", skdnn.Mixup())],
        ],
    ],
    "seed or None": [*NOT_NUMBERS, 2.5, -1, 2**40, INF],
    "size": [*THINGS, NAN, INF, -1, -0.5, 1.0, 1.5, True],
    "columns": ["x", 2.5, [0.5], [-1], [99], [0, 0], [[0]], ["a"]],
    "method": [*THINGS, None, 2.5],
}


def net(**options):
    options = {"activation": "tanh", "random_state": 0, "max_iter": 1} | options
    return skdnn.MLPRegularizedClassifier((3,), **options)


@pytest.fixture(scope="module")
def made():
    """Return cheap fitted models and reports by name."""
    fitted = net(solver="sgd", learning_rate_init=1e-9)
    fitted = fitted.partial_fit(X, Y, classes=np.unique(Y))
    two = net().partial_fit(X[:, :2], Y, classes=np.unique(Y))
    logistic = LogisticRegression(max_iter=500).fit(X, Y)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=2)
    return {
        "net": net(),
        "fitted": fitted,
        "two": two,
        "logistic": logistic,
        "search": search.fit(X, Y),
        "bias": skdnn.BiasVarianceReport.from_errors(0.1, 0.2),
        "descent": skdnn.check_cost_descends(net(), X, Y, n_steps=1),
        "orders": skdnn.difference_orders(net(), X, Y, n_params=1, epsilons=[0.1]),
        "gradient": net().gradient_check(X[::9], Y[::9], at="init"),
        "signals": skdnn.signal_propagation(net(), X, Y, n_epochs=0),
    }


ROWS = {"X": X, "y": Y}
FEW = {"X": X[::50, :2], "y": Y[::50]}
IMAGES = {"image_shape": "image shape", "p": "share"}


def augmented(kind):
    """Return a function that makes an augmenter and checks it for 16 columns."""

    def make(**parameters):
        kind(**parameters).check(16)

    return make


def split(**options):
    return skdnn.train_dev_test_split(X, **options)


def split_by_cv(**options):
    return next(skdnn.TrainDevTestSplit(**options).split(X, Y))


def standardize(**options):
    return skdnn.InputStandardizer(**options).fit(X)


def encode(**options):
    return skdnn.PiecewiseLinearEncoder(**options).fit(X)


IMAGE = {"image_shape": (4, 4)}
# (callable, its other arguments, kinds); names in angle brackets are from `made`.
TABLE = {
    "dev_size_for": (
        skdnn.dev_size_for,
        {"delta": 0.01, "error": 0.1},
        {
            "delta": "inner share",
            "error": "share",
            "candidates": "two or more",
            "confidence": "inner share",
        },
    ),
    "from_errors": (
        skdnn.BiasVarianceReport.from_errors,
        {"train_error": 0.1, "dev_error": 0.2},
        {
            **dict.fromkeys(["train_error", "dev_error"], "share"),
            "bayes_error": "share or None",
            **dict.fromkeys(["n_train", "n_dev"], "count or None"),
            "confidence": "inner share",
            "thresholds": "thresholds",
        },
    ),
    "check_gradients": (
        skdnn.check_gradients,
        {"estimator": "<net>", **ROWS},
        {
            "estimator": "model",
            "n_epochs": "count",
            "epsilon": "inner share",
            "max_params": "count or None",
        },
    ),
    "check_cost_descends": (
        skdnn.check_cost_descends,
        {"estimator": "<net>", **ROWS},
        {"estimator": "model", "n_steps": "count"},
    ),
    "difference_orders": (
        skdnn.difference_orders,
        {"estimator": "<net>", **ROWS},
        {"estimator": "model", "n_params": "count"},
    ),
    "signal_propagation": (
        skdnn.signal_propagation,
        {"estimator": "<net>", **ROWS},
        {"estimator": "model", "n_epochs": "count from 0"},
    ),
    "BiasVarianceDisplay.from_report": (
        skdnn.BiasVarianceDisplay.from_report,
        {"report": "<bias>"},
        {"report": "report", "name": "text or None", "ax": "ax"},
    ),
    "BiasVarianceDisplay.from_estimator": (
        skdnn.BiasVarianceDisplay.from_estimator,
        {"estimator": "<logistic>", "X_train": X, "y_train": Y, "X_dev": X, "y_dev": Y},
        {"ax": "ax", "confidence": "inner share", "name": "text or None"},
    ),
    "CostContoursDisplay.from_estimator": (
        skdnn.CostContoursDisplay.from_estimator,
        {"estimator": "<two>", **FEW, "grid_resolution": 2, "n_steps": 1},
        {
            "estimator": "model",
            "parameters": "pair or None",
            "half_width": "positive or None",
            "grid_resolution": "two or more",
            "learning_rate": "positive or None",
            "n_steps": "count from 0",
            "name": "text or None",
            "ax": "axes",
            "contour_kw": "style or None",
            "path_kw": "style or None",
        },
    ),
    "CostDescentDisplay.from_report": (
        skdnn.CostDescentDisplay.from_report,
        {"report": "<descent>"},
        {"report": "report", "ax": "ax", "max_rates": "count"},
    ),
    "CostDescentDisplay.from_estimator": (
        skdnn.CostDescentDisplay.from_estimator,
        {"estimator": "<net>", **ROWS},
        {"estimator": "model", "ax": "ax", "max_rates": "count"},
    ),
    "DecisionRegionsDisplay.from_estimator": (
        skdnn.DecisionRegionsDisplay.from_estimator,
        {"estimator": "<two>", **FEW, "grid_resolution": 2},
        {
            "estimator": "model",
            "response_method": "choice",
            "grid_resolution": "two or more",
            "name": "text or None",
            "ax": "axes",
            "scatter_kw": "style or None",
        },
    ),
    "DifferenceOrderDisplay.from_report": (
        skdnn.DifferenceOrderDisplay.from_report,
        {"report": "<orders>"},
        {"report": "report", "ax": "ax"},
    ),
    "DifferenceOrderDisplay.from_estimator": (
        skdnn.DifferenceOrderDisplay.from_estimator,
        {"estimator": "<net>", **ROWS},
        {"ax": "ax"},
    ),
    "FirstLayerDisplay.from_estimator": (
        skdnn.FirstLayerDisplay.from_estimator,
        {"estimator": "<fitted>", "image_shape": (2, 2)},
        {
            "estimator": "model",
            "image_shape": "image shape",
            "n_units": "count or None",
            "in_input_units": "flag",
            "ax": "axes",
            "image_kw": "style or None",
        },
    ),
    "GradientCheckDisplay.from_report": (
        skdnn.GradientCheckDisplay.from_report,
        {"report": "<gradient>"},
        {"report": "report", "ax": "ax"},
    ),
    "GradientCheckDisplay.from_estimator": (
        skdnn.GradientCheckDisplay.from_estimator,
        {"estimator": "<net>", **ROWS},
        {"ax": "ax"},
    ),
    "ParameterScoreDisplay.from_estimator": (
        skdnn.ParameterScoreDisplay.from_estimator,
        {"estimator": "<search>", "param": "C"},
        {
            "estimator": "model",
            "param": "text",
            "hue": "text or None",
            "metric": "text or None",
            "negate_score": "flag",
            "score_name": "text or None",
            "ax": "ax",
            "line_kw": "style or None",
            "train_line_kw": "style or None",
        },
    ),
    "SignalPropagationDisplay.from_report": (
        skdnn.SignalPropagationDisplay.from_report,
        {"report": "<signals>"},
        {"report": "report", "ax": "axes"},
    ),
    "SignalPropagationDisplay.from_estimator": (
        skdnn.SignalPropagationDisplay.from_estimator,
        {"estimator": "<net>", **ROWS},
        {"ax": "axes", "n_epochs": "count from 0"},
    ),
    "TrainingCurveDisplay.from_estimator": (
        skdnn.TrainingCurveDisplay.from_estimator,
        {"estimator": "<fitted>"},
        {
            "estimator": "model",
            "name": "text or None",
            "ax": "ax",
            "cost_scale": "choice",
            "show_scores": "flag",
            "line_kw": "style or None",
            "dev_line_kw": "style or None",
        },
    ),
    "WeightsDisplay.from_estimator": (
        skdnn.WeightsDisplay.from_estimator,
        {"estimator": "<fitted>"},
        {
            "estimator": "model",
            "n_bins": "count",
            "name": "text or None",
            "ax": "axes",
            "histogram_kw": "style or None",
        },
    ),
    "train_dev_test_split": (
        split,
        {},
        {
            "dev_size": "size",
            "test_size": "size",
            "shuffle": "flag",
            "random_state": "seed or None",
        },
    ),
    "TrainDevTestSplit": (
        split_by_cv,
        {},
        {
            "dev_size": "size",
            "test_size": "size",
            "stratify": "flag",
            "shuffle": "flag",
            "random_state": "seed or None",
        },
    ),
    "InputStandardizer": (
        standardize,
        {},
        {
            "method": "method",
            "with_mean": "flag",
            "with_std": "flag",
            "smooth_clip": "positive or None",
            "copy": "flag",
        },
    ),
    "PiecewiseLinearEncoder": (
        encode,
        {},
        {
            "n_bins": "two or more",
            "strategy": "choice",
            "target_type": "choice",
            "keep_scaled": "flag",
            "with_mean": "flag",
            "missing": "choice",
            "sparse_output": "flag",
        },
    ),
    "Cutout": (
        augmented(skdnn.Cutout),
        {"size": 1},
        {"size": "count", "fill": "number", "p": "share"},
    ),
    "CutMix": (augmented(skdnn.CutMix), {}, {"alpha": "positive", "p": "share"}),
    "Mixup": (augmented(skdnn.Mixup), {}, {"alpha": "positive", "p": "share"}),
    "GaussianNoise": (
        augmented(skdnn.GaussianNoise),
        {},
        {"scale": "number from 0", "columns": "columns", "p": "share"},
    ),
    "RandomFlip": (
        augmented(skdnn.RandomFlip),
        IMAGE,
        IMAGES | {"horizontal": "flag", "vertical": "flag"},
    ),
    "RandomShift": (
        augmented(skdnn.RandomShift),
        IMAGE,
        IMAGES | {"max_shift": "count from 0", "fill": "number"},
    ),
    "RandomResizedCrop": (
        augmented(skdnn.RandomResizedCrop),
        IMAGE,
        IMAGES | {"scale": "share range", "ratio": "range"},
    ),
    "RandomRotation": (
        augmented(skdnn.RandomRotation),
        IMAGE,
        IMAGES | {"max_angle": "number from 0", "fill": "number"},
    ),
    "ElasticDistortion": (
        augmented(skdnn.ElasticDistortion),
        IMAGE,
        IMAGES | {"alpha": "number from 0", "sigma": "positive", "fill": "number"},
    ),
    "AugmentationPipeline": (
        augmented(skdnn.AugmentationPipeline),
        {"steps": []},
        {"steps": "steps"},
    ),
}
CASES = [
    (call, argument) for call, (_, _, kinds) in TABLE.items() for argument in kinds
]


def faults_of(call, arguments, name, values):
    """Return the faults of the errors raised for these values."""
    faults = []
    for value in values:
        try:
            call(**arguments | {name: value})
        except (ValueError, TypeError) as error:
            said = str(error)
            if not re.search(rf"\b{name}\b", said) or len(said) > 700:
                faults.append(f"{value!r}: {type(error).__name__}: {said[:200]}")
        except Exception as error:
            faults.append(f"{value!r}: {type(error).__name__}: {error}")
        else:
            faults.append(f"{value!r} is accepted")
        plt.close("all")
    return faults


@pytest.mark.parametrize(("call", "argument"), CASES)
def test_the_error_names_the_argument(call, argument, made):
    function, arguments, kinds = TABLE[call]
    arguments = {
        name: made[value[1:-1]] if str(value)[:1] == "<" else value
        for name, value in arguments.items()
    }
    values = list(WRONG[kinds[argument]])
    assert faults_of(function, arguments, argument, values) == []


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"X": X}, ValueError, "X has 150 rows, but y has 3"),
        ({"X": X, "y": Y}, ValueError, "X must have 2 columns.*150, 4"),
        ({"X": [["a", "b"]] * 3}, ValueError, "X must hold real numbers"),
        ({"X": FEW["X"] * np.nan}, ValueError, "X contains NaN"),
        ({"X": None}, TypeError, "X must be an array"),
        ({"X": FEW["X"][:0], "y": []}, ValueError, "X and y have no rows"),
        ({"y": np.eye(3)}, ValueError, "y must have one class per row"),
        ({"y": ["a", "b", "c"]}, ValueError, "y must hold classes of the models"),
        ({"X_dev": X, "y_dev": Y}, ValueError, "X_dev must have 2 columns"),
        ({"X_dev": FEW["X"], "y_dev": Y}, ValueError, "X_dev has 3 rows, but y_dev"),
        ({"X_dev": FEW["X"]}, ValueError, "X_dev and y_dev must be given together"),
    ],
)
def test_rows_of_decision_regions(wrong, error, message, made):
    with pytest.raises(error, match=message):
        skdnn.DecisionRegionsDisplay.from_estimator(
            **{"estimator": made["two"], **FEW} | wrong
        )


def test_an_array_of_axes_is_refused(made):
    _, several = plt.subplots(1, 2)
    with pytest.raises(
        TypeError, match=r"one matplotlib Axes or None.*such as ax\[0\]"
    ):
        skdnn.TrainingCurveDisplay.from_estimator(made["fitted"], ax=several)
    display = skdnn.TrainingCurveDisplay.from_estimator(made["fitted"], ax=several[1])
    assert display.ax_ is several[1]
    plt.close("all")
