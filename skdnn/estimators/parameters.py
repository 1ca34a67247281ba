"""Validity of the constructor's parameters; plan.py interprets them."""

import reprlib
import sys
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.metrics import check_scoring, get_scorer_names

from skdnn._callers import level_of_caller
from skdnn._sklearn import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from skdnn.estimators import plan
from skdnn.estimators.checks.hints import hint
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import BIAS_INITIALIZERS, INITIALIZERS
from skdnn.training.schedules import SCHEDULES

# Common to all estimators. The errors that scikit-learn raises have the name, the value
# and the constraints of the parameter.
CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "keep_prob": [
        StrOptions({plan.AUTO}),
        Interval(Real, 0, 1, closed="right"),
        "array-like",
    ],
    "input_keep_prob": [Interval(Real, 0, 1, closed="right")],
    "max_norm": [Interval(Real, 0, None, closed="neither"), None],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "augmentation": [HasMethods(["check", "augment"]), None],
    "init": [StrOptions({"auto", *INITIALIZERS}), callable],
    "bias_init": [StrOptions({"auto", *BIAS_INITIALIZERS}), callable],
    "solver": [StrOptions({*plan.STOCHASTIC_SOLVERS, plan.LBFGS})],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions(set(SCHEDULES))],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "averaging": [StrOptions({plan.AUTO, "ema"}), None],
    "averaging_decay": [Interval(Real, 0, 1, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "scoring": [str, callable],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(Real, {np.inf}),
    ],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "dtype": [StrOptions({"auto", "float32", "float64"})],
}


def check(estimator) -> None:
    """Check what scikit-learn's declarative constraints cannot say."""
    refuse_classes_and_huge_numbers(estimator)
    n_hidden = len(plan.hidden_sizes(estimator))
    plan.hidden_activations(estimator, n_hidden)
    plan.keep_probs(estimator)
    check_solver_can(estimator)
    _check_scoring(estimator)
    if estimator.alpha == 0 < estimator.l1_ratio:
        warnings.warn(
            f"l1_ratio={estimator.l1_ratio} has no effect with alpha=0. Set alpha > 0, "
            "or leave l1_ratio at 0.",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def refuse_classes_and_huge_numbers(estimator) -> None:
    """Raise an error at a class instead of an instance, or at a huge int."""
    for name in sorted(estimator._parameter_constraints):  # get_params is slow
        value = getattr(estimator, name)
        if isinstance(value, type):
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} cannot be a "
                f"class, got the class {value.__name__}. "
                f"{hint(estimator, name, value)}"
            )
        if isinstance(value, Integral) and abs(int(value)) > sys.float_info.max:
            raise ValueError(f"{name} is too large: {reprlib.repr(value)}.")


def _check_scoring(estimator) -> None:
    scoring = estimator.scoring
    if isinstance(scoring, str):
        is_known = scoring == "loss" or scoring in get_scorer_names()
    else:
        try:
            check_scoring(estimator, scoring=scoring)
            is_known = True
        except ValueError:  # a metric instead of a scorer
            is_known = False
    if not is_known:
        raise ValueError(
            "scoring must be 'loss', the name of a scorer "
            "(sklearn.metrics.get_scorer_names()), or a scorer made by make_scorer, "
            f"got {scoring!r}. {hint(estimator, 'scoring', scoring)}".rstrip()
        )


def check_solver_can(estimator) -> None:
    """Raise an error at settings that lbfgs would otherwise ignore."""
    if plan.is_stochastic(estimator):
        return
    drops = np.any(plan.keep_probs(estimator) < 1)
    asked = {
        "keep_prob or input_keep_prob below 1": drops,
        f"max_norm={estimator.max_norm}": estimator.max_norm is not None,
        f"max_grad_norm={estimator.max_grad_norm}": estimator.max_grad_norm is not None,
        f"averaging={estimator.averaging!r}": plan.averaging(estimator).is_on,
        f"augmentation={estimator.augmentation}": estimator.augmentation is not None,
    }
    for what, is_asked in asked.items():
        if is_asked:
            raise ValueError(
                f"solver='lbfgs' minimises a fixed J and does not support {what}. Use "
                f"one of the solvers {list(plan.STOCHASTIC_SOLVERS)}."
            )


def warn_of_no_dev_set(estimator) -> None:
    """Warn that partial_fit, which cannot split off a dev set, needs one.

    It is no error only because scikit-learn's checks call partial_fit with X and y
    alone.
    """
    if estimator.early_stopping:
        warnings.warn(
            "early_stopping=True has no effect in partial_fit without X_val and y_val: "
            "it sees only a part of the rows, and cannot split a dev set off them. The "
            "parameters are those of this epoch.",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def can_fit_partially(estimator) -> bool:
    """Return True if there is a partial_fit; raise an error that says why not."""
    if not plan.is_stochastic(estimator):
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True
