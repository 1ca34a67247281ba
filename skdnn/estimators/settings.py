"""What the constructor's parameters may be, and what they mean for one network."""

import reprlib
import sys
import warnings
from collections.abc import Mapping, Set
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.metrics import check_scoring, get_scorer_names

from skdnn._callers import level_of_caller
from skdnn._sklearn import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from skdnn.estimators.checks.hints import hint
from skdnn.network.activations import ACTIVATIONS
from skdnn.network.initializers import BIAS_INITIALIZERS, INITIALIZERS
from skdnn.training.optimizers import OPTIMIZERS, Regularization, Rule
from skdnn.training.schedules import SCHEDULES

STOCHASTIC_SOLVERS = tuple(OPTIMIZERS)
AUTO_BATCH_SIZE = 200
# Tables of these types are read as they are, block by block; others are converted to
# the first of them.
INPUT_TYPES = [
    np.dtype(code) for code in (np.float64, np.float32, np.float16, bool, *"bBhHiIlLqQ")
]

# Common to every estimator; scikit-learn turns a violation into an error that names the
# parameter, what it must be, and what it is.
CONSTRAINTS = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "keep_prob": [Interval(Real, 0, 1, closed="right"), "array-like"],
    "input_keep_prob": [Interval(Real, 0, 1, closed="right")],
    "max_norm": [Interval(Real, 0, None, closed="neither"), None],
    "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
    "augmentation": [HasMethods(["check", "augment"]), None],
    "init": [StrOptions({"auto", *INITIALIZERS}), callable],
    "bias_init": [StrOptions({"auto", *BIAS_INITIALIZERS}), callable],
    "solver": [StrOptions({*STOCHASTIC_SOLVERS, "lbfgs"})],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions(set(SCHEDULES))],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
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
    _refuse_what_passes_for_a_value(estimator)
    n_hidden = len(hidden_sizes(estimator))
    hidden_activations(estimator, n_hidden)
    keep_probs(estimator, n_hidden)
    check_solver_can(estimator)
    _check_scoring(estimator)
    if estimator.alpha == 0 < estimator.l1_ratio:
        warnings.warn(
            f"l1_ratio={estimator.l1_ratio} is a share of a penalty that there is not: "
            "alpha=0. Set alpha > 0, or leave l1_ratio at 0.",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def _refuse_what_passes_for_a_value(estimator) -> None:
    """Refuse classes where instances are meant, and numbers that no float holds."""
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, type):
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} cannot be a "
                f"class, got the class {value.__name__}. "
                f"{hint(estimator, name, value)}"
            )
        if isinstance(value, Integral) and abs(int(value)) > sys.float_info.max:
            raise ValueError(f"{name} is too large, {reprlib.repr(value)}.")


def _check_scoring(estimator) -> None:
    scoring = estimator.scoring
    if isinstance(scoring, str):
        is_known = scoring == "loss" or scoring in get_scorer_names()
    else:
        try:
            check_scoring(estimator, scoring=scoring)
            is_known = True
        except ValueError:  # a metric, which takes no estimator
            is_known = False
    if not is_known:
        raise ValueError(
            "scoring must be 'loss', the name of a scorer "
            "(sklearn.metrics.get_scorer_names()) or a scorer as make_scorer makes it, "
            f"got {scoring!r}. {hint(estimator, 'scoring', scoring)}".rstrip()
        )


def hidden_sizes(estimator) -> list[int]:
    """Return the units of each hidden layer."""
    given = estimator.hidden_layer_sizes
    sizes = [given] if isinstance(given, Integral) else _in_order(given)
    if sizes is None or not all(
        not isinstance(n, bool) and isinstance(n, Integral) and 0 < int(n) < 2**31
        for n in sizes
    ):
        raise ValueError(
            "hidden_layer_sizes must be an int or a sequence of ints, all > 0 and "
            f"below 2**31, got {given!r}."
        )
    return [int(n) for n in sizes]


def hidden_activations(estimator, n_hidden: int) -> list[str]:
    """Return the name of each hidden layer's activation."""
    given = estimator.activation
    if isinstance(given, str):
        return [given] * n_hidden
    names = _one_per_layer("activation", given, n_hidden)
    for name in names:
        if not (isinstance(name, str) and name in ACTIVATIONS):
            raise ValueError(
                f"activation must name one of {sorted(ACTIVATIONS)} for each hidden "
                f"layer, got {name!r}. {hint(estimator, 'activation', name)}".rstrip()
            )
    return names


def keep_probs(estimator, n_hidden: int) -> np.ndarray:
    """Return keep_prob of the input and of each hidden layer, float64."""
    given = estimator.keep_prob
    if isinstance(given, Real):
        hidden = [given] * n_hidden
    else:
        hidden = _one_per_layer("keep_prob", given, n_hidden)
        if not all(isinstance(p, Real) and p <= 1 and not p <= 0 for p in hidden):
            raise ValueError(
                "keep_prob must be in the range (0, 1] for each hidden layer, got "
                f"{given!r}. {hint(estimator, 'keep_prob', given)}"
            )
    return np.array([estimator.input_keep_prob, *hidden], dtype=np.float64)


def _one_per_layer(name: str, given, n_hidden: int) -> list:
    values = _in_order(given)
    if values is None or len(values) != n_hidden:
        raise ValueError(
            f"{name} must be one value or one per hidden layer: hidden_layer_sizes has "
            f"{n_hidden}, {name}={given!r}"
            + (" has no order." if values is None else f" has {len(values)}.")
        )
    return values


def _in_order(given) -> list | None:
    """Return the values of a sequence, or None for what has no order."""
    is_one = getattr(given, "ndim", 1) == 0  # an array, and yet no sequence
    return None if is_one or isinstance(given, Set | Mapping) else list(given)


def rule(estimator) -> Rule:
    """Return the optimiser's rule and constants."""
    return Rule(
        OPTIMIZERS[estimator.solver],
        float(estimator.momentum),
        bool(estimator.nesterovs_momentum and estimator.momentum > 0),
        float(estimator.beta_1),
        float(estimator.beta_2),
        float(estimator.epsilon),
    )


def regularization(estimator, penalty) -> Regularization:
    """Return what every update applies besides the data's gradient."""
    return Regularization(
        penalty.l2,
        penalty.l1,
        _or_infinity(estimator.max_norm),
        _or_infinity(estimator.max_grad_norm),
    )


def _or_infinity(bound) -> float:
    return np.inf if bound is None else float(bound)


def batch_rows(estimator, n_rows: int) -> int:
    """Return the most rows that a mini-batch may have."""
    if estimator.batch_size == "auto":
        return min(AUTO_BATCH_SIZE, n_rows)
    if estimator.batch_size > n_rows:
        warnings.warn(
            f"batch_size={estimator.batch_size} is larger than the number of training "
            f"rows, {n_rows}; it is clipped to that.",
            UserWarning,
            stacklevel=level_of_caller(),
        )
    return min(int(estimator.batch_size), n_rows)


def network_dtype(estimator, n_rows: int) -> np.dtype:
    """Return the type to compute in.

    "auto" is float32 where steps are many and noisy: its rounding drowns in the noise
    of mini-batches. Where J is minimised on all rows at once there is no such noise,
    and rows too few to fill a mini-batch leave no time to be saved.
    """
    if estimator.dtype != "auto":
        return np.dtype(estimator.dtype)
    asked = estimator.batch_size
    batch_size = AUTO_BATCH_SIZE if asked == "auto" else asked
    whole = estimator.solver == "lbfgs" or n_rows <= min(batch_size, AUTO_BATCH_SIZE)
    return np.dtype(np.float64 if whole else np.float32)


def check_solver_can(estimator) -> None:
    """Refuse what lbfgs cannot do rather than leave it out silently."""
    if estimator.solver != "lbfgs":
        return
    drops = np.any(keep_probs(estimator, len(hidden_sizes(estimator))) < 1)
    asked = {
        "keep_prob or input_keep_prob below 1": drops,
        f"max_norm={estimator.max_norm}": estimator.max_norm is not None,
        f"max_grad_norm={estimator.max_grad_norm}": estimator.max_grad_norm is not None,
        f"augmentation={estimator.augmentation}": estimator.augmentation is not None,
    }
    for what, is_asked in asked.items():
        if is_asked:
            raise ValueError(
                f"solver='lbfgs' minimises one fixed J and cannot use {what}. Use one "
                f"of the solvers {list(STOCHASTIC_SOLVERS)}."
            )


def check_range(X, dtype: np.dtype, name: str) -> None:
    """Refuse numbers that turn into infinity in the network's type."""
    values = X.data if sparse.issparse(X) else X
    if X.dtype.kind != "f" or X.dtype.itemsize <= dtype.itemsize or values.size == 0:
        return
    largest = max(values.max(), -values.min())
    if largest > np.finfo(dtype).max:
        raise ValueError(
            f"{name} contains {largest:.3g}, a value too large for {dtype}. "
            "Standardise the inputs or set dtype='float64'."
        )


def check_gradient_check_arguments(at, epsilon, max_params) -> None:
    """Check the arguments of `gradient_check`."""
    if at not in ("fitted", "init"):
        raise ValueError(f"at must be 'fitted' or 'init', got {at!r}.")
    if not (isinstance(epsilon, Real) and epsilon < 1 and not epsilon <= 0):
        raise ValueError(f"epsilon must be in the range (0, 1), got {epsilon!r}.")
    if max_params is not None and not (
        isinstance(max_params, Integral) and int(max_params) > 0
    ):
        raise ValueError(f"max_params must be an int > 0 or None, got {max_params!r}.")


def gradient_check_notes(estimator) -> list[str]:
    """Return what a reader of a gradient check should know of these settings."""
    keep = keep_probs(estimator, len(hidden_sizes(estimator)))
    if np.all(keep == 1):
        return []
    return [
        f"Dropout is off in this check (input_keep_prob={estimator.input_keep_prob}, "
        f"keep_prob={estimator.keep_prob}): while units drop, J is not one function."
    ]


def warn_of_no_dev_set(estimator) -> None:
    """Say that partial_fit, which cannot cut a dev set, needs one to stop early.

    An error would be right, but for scikit-learn's checks, which call partial_fit with
    X and y alone wherever there is one.
    """
    if estimator.early_stopping:
        warnings.warn(
            "early_stopping=True has nothing to follow in partial_fit without X_val "
            "and y_val: it sees part of the rows and cannot cut a dev set from them. "
            "The parameters are those of this epoch.",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def can_fit_partially(estimator) -> bool:
    """Return whether there is a partial_fit; tell why where there is none."""
    if estimator.solver not in STOCHASTIC_SOLVERS:
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True
