"""Suggestions for invalid values of parameters.

Typical mistakes are the names of other libraries and the values of other parameters.
"""

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer_names

from skdnn._sklearn import (
    Interval,
    InvalidParameterError,
    StrOptions,
)

# Our names, and other names for the same or the closest thing, normalised by `_plain`.
_OTHER_NAMES = {
    "activation": {
        "logistic": "sigmoid",
        "silu": "swish",
        "identity": "linear none",
        "relu": "rectifier rectifiedlinear",
        "leaky_relu": "lrelu prelu",
    },
    "class_weight": {"balanced": "auto"},
    "dtype": {
        "float32": "single half float16 bfloat16 f4",
        "float64": "double float f8",
    },
    "encodings": {
        "standard": "standardize standardise zscore scale numeric none",
        "piecewise": "piecewiselinear ple bins quantile",
    },
    "init": {
        "auto": "random default",
        "he": "kaiming kaimingnormal kaiminguniform henormal heuniform",
        "glorot": "xaviernormal xavieruniform glorotnormal glorotuniform",
        "lecun": "lecunnormal lecununiform",
        "normal": "gaussian randomnormal",
        "zeros": "zero",
    },
    "learning_rate": {
        "constant": "fixed none",
        "cosine": "cosineannealing cosinedecay",
        "adaptive": "plateau reduceonplateau reducelronplateau",
        "invscaling": "inversescaling",
    },
    "averaging": {
        "ema": "exponential movingaverage exponentialmovingaverage average mean polyak",
    },
    "loss": {
        "squared_error": "mse l2 ls meansquarederror squaredloss",
        "huber": "mae l1 absoluteerror meanabsoluteerror smoothl1",
        "poisson": "poissondeviance poissonnll",
    },
    "scoring": {
        "loss": "none cost valloss validationloss",
        "accuracy": "acc",
        "roc_auc": "auc auroc",
        "neg_log_loss": "logloss crossentropy",
        "neg_brier_score": "brier brierscore",
        "neg_mean_squared_error": "mse meansquarederror",
        "neg_root_mean_squared_error": "rmse rootmeansquarederror",
        "neg_mean_absolute_error": "mae meanabsoluteerror",
        "f1": "f1score",
        "r2": "r2score rsquared",
    },
    "solver": {
        "sgd": "gd momentum nesterov",
        "adam": "rmsprop adagrad adadelta adamax nadam amsgrad",
        "lbfgs": "bfgs lbfgsb newtoncg newtoncholesky liblinear sag saga",
    },
}
_ABOUT_NAMES = {
    ("activation", "softmax"): "The output's activation follows from the labels.",
    ("loss", "mae"): "It is the absolute error where that is above delta.",
    ("loss", "absoluteerror"): "It is the absolute error where that is above delta.",
    **dict.fromkeys(
        (("loss", f"{kind}crossentropy") for kind in ("", "binary", "categorical")),
        "For classes use MLPRegularizedClassifier.",
    ),
    ("loss", "logloss"): "For classes use MLPRegularizedClassifier.",
    ("l1_ratio", "l1"): "A pure L1 penalty is l1_ratio=1.0.",
    ("l1_ratio", "l2"): "A pure L2 penalty is l1_ratio=0.0.",
    **dict.fromkeys(
        (("batch_size", name) for name in ("full", "all", "none")),
        "Use batch_size=len(X) for full-batch training.",
    ),
}
_ABOUT_KEEPING = (
    "It is the probability of keeping a unit, 1 minus a dropout rate: 1.0 is no "
    "dropout."
)
_ABOUT_SEVERAL = {
    "augmentation": "To apply several in turn, use AugmentationPipeline.",
    "init": "For custom weights, pass a callable.",
    "random_state": "It must be a single int >= 0.",
    "scoring": "Only one scorer can be monitored.",
}
_TRUE, _FALSE = ("yes", "true", "on", "y", 1), ("no", "false", "off", "n", 0)
_CLOSE = 0.7


@contextmanager
def hinting(estimator) -> Iterator[None]:
    """Add a suggestion to scikit-learn's error about a parameter."""
    try:
        yield
    except InvalidParameterError as error:
        said = str(error)
        named = re.match(r"The '(\w+)' parameter", said)
        meant = named and hint(estimator, named[1], getattr(estimator, named[1]))
        if not meant:
            raise
        raise InvalidParameterError(f"{said} {meant}") from None


def hint(estimator, parameter: str, value: Any) -> str:
    """Return a sentence on what was probably meant by an invalid value, or "".

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Its constraints define the valid values.
    parameter : str
        The name of the parameter.
    value : object
        The invalid value.
    """
    constraints = estimator._parameter_constraints[parameter]
    name = _name_of(value)
    meant = _meant_by_name(parameter, name, constraints) if name is not None else ""
    if meant:
        return meant
    if isinstance(value, type):
        return f"Pass an instance, {value.__name__}(...)."
    if parameter in ("keep_prob", "keep_probs", "input_keep_prob"):
        return _ABOUT_KEEPING
    is_number = isinstance(value, Real)
    if parameter == "learning_rate" and is_number:
        return f"It is the name of a schedule; use learning_rate_init={value!r}."
    if parameter == "validation_fraction" and is_number and value >= 1:
        return "It is a fraction of the rows, such as 0.1."
    if parameter == "random_state" and isinstance(value, np.random.Generator):
        return "Draw an int from it: int(rng.integers(2**31))."
    if isinstance(value, list | tuple | np.ndarray):
        several = "To try several values, use GridSearchCV."
        return _ABOUT_SEVERAL.get(parameter, several)
    return _meant_by_number(parameter, value, constraints)


def _name_of(value) -> str | None:
    """Return the name of a value (a string, class or function), or None."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    if isinstance(value, np.dtype):
        return value.name
    name = getattr(value, "__name__", None)  # of a class or a function
    return name if isinstance(name, str) else None


def _meant_by_name(parameter, name, constraints) -> str:
    plain = _plain(name)
    about = _ABOUT_NAMES.get((parameter, plain), "")
    ours = _our_name(parameter, plain, constraints)
    meant = f"Did you mean {parameter}={ours!r}?" if ours else ""
    return " ".join(sentence for sentence in (meant, about) if sentence)


def _our_name(parameter, plain, constraints) -> str | None:
    for ours, others in _OTHER_NAMES.get(parameter, {}).items():
        if plain in others.split():
            return ours
    if parameter == "scoring":
        names = ["loss", *get_scorer_names()]
    else:
        options = [c.options for c in constraints if isinstance(c, StrOptions)]
        names = sorted(set().union(*options))
    by_plain = {_plain(ours): ours for ours in names}
    near = difflib.get_close_matches(plain, by_plain, n=1, cutoff=_CLOSE)
    return by_plain[near[0]] if near else None


def _plain(name: str) -> str:
    """Normalise a name: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _meant_by_number(parameter, value, constraints) -> str:
    if not isinstance(value, str | Real):
        return ""
    if "boolean" in constraints:
        word = value.lower() if isinstance(value, str) else value
        if word in _TRUE or word in _FALSE:
            return f"Did you mean {parameter}={word in _TRUE}?"
    number: float
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return ""
    intervals = [c for c in constraints if isinstance(c, Interval)]
    if number.is_integer() and any(c.type is Integral for c in intervals):
        number = int(number)
    allowed = any(c.is_satisfied_by(number) for c in intervals)
    return f"Did you mean {parameter}={number!r}?" if allowed else ""
