"""The parameters of the cross-validated estimators: constraints and defaults."""

from numbers import Integral
from typing import Any

import numpy as np

from skdnn._sklearn import Interval, Options, StrOptions
from skdnn.cross_validated.candidates import Candidate, candidates_of
from skdnn.estimators import parameters
from skdnn.estimators.parameters import CONSTRAINTS
from skdnn.preprocessing.mixed_tables import ENCODINGS

# Parameters of the plain estimators that have the same meaning here.
SHARED = (
    "hidden_layer_sizes",
    "activation",
    "solver",
    "l1_ratio",
    "input_keep_prob",
    "max_norm",
    "max_grad_norm",
    "augmentation",
    "init",
    "bias_init",
    "averaging_decay",
    "shuffle",
    "momentum",
    "nesterovs_momentum",
    "beta_1",
    "beta_2",
    "epsilon",
    "dtype",
)
# (maximum number of training rows, rows of a minibatch): small minibatches give few
# rows more steps.
_BATCH_ROWS = ((2_000, 64), (8_000, 128), (np.inf, 256))
_MAX_STEPS = 10_000
# By encoding: the components of a column are correlated, so their effects add up.
_LEARNING_RATES = {"standard": 3e-3, "piecewise": 1.5e-3, None: 3e-3}

CV_CONSTRAINTS: dict[str, list] = {
    **{name: CONSTRAINTS[name] for name in SHARED},
    "solver": [StrOptions({"adam", "adamw", "sgd"})],
    "alphas": ["array-like", *CONSTRAINTS["alpha"]],
    "keep_probs": CONSTRAINTS["keep_prob"],
    "encodings": [StrOptions({"auto", *ENCODINGS}), "array-like"],
    "learning_rate_init": [StrOptions({"auto"}), *CONSTRAINTS["learning_rate_init"]],
    "batch_size": CONSTRAINTS["batch_size"],
    "max_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(float, {np.inf}),
    ],
    "tol": CONSTRAINTS["tol"],
    "cv": ["cv_object"],
    "scoring": [str, callable],
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "refit": ["boolean"],
    "preprocess": ["boolean"],
    "categorical_features": [str, "array-like", None],
    "warm_start": ["boolean"],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


def check(estimator) -> list[Candidate]:
    """Check what the constraints cannot express; return the candidates."""
    if estimator.warm_start:
        raise ValueError(
            f"warm_start=True is not allowed: {type(estimator).__name__} cannot "
            "continue an earlier fit, because each fit repeats the whole search. Set "
            "warm_start=False; to continue training a network, fit the plain estimator "
            "or a copy of members_[0]."
        )
    parameters.refuse_classes_and_huge_numbers(estimator)
    if estimator.n_jobs == 0:
        raise ValueError(
            "n_jobs=0 is not allowed: set 1 or more, or -1 to use all cores."
        )
    candidates = candidates_of(estimator)
    # The plain estimator checks the rest for one candidate; they differ only in values
    # that have been checked. With the strongest penalty, so that an l1_ratio without
    # effect is reported only if all alphas are 0.
    strongest = max(candidates, key=lambda candidate: candidate.alpha)
    parameters.check(net_of(estimator, strongest, batch_size=1, seed=0))
    return candidates


def net_of(estimator, candidate: Candidate, batch_size: int, seed: int) -> Any:
    """Return the unfitted plain estimator of a candidate.

    It has a constant learning rate and averages its parameters, so that training can be
    stopped at any step.
    """
    own = {name: getattr(estimator, name) for name in estimator._net_parameters}
    return estimator._net_class(
        **own,
        **candidate.of_net(),
        averaging="ema",
        learning_rate_init=_learning_rate(estimator, candidate.encoding),
        batch_size=batch_size,
        scoring=estimator.scoring,
        random_state=seed,
    )


def _learning_rate(estimator, encoding: str | None) -> float:
    if isinstance(estimator.learning_rate_init, str):
        return _LEARNING_RATES[encoding]
    return float(estimator.learning_rate_init)


def batch_rows(estimator, n_rows: int) -> int:
    """Return the maximum number of rows of a minibatch for `n_rows` training rows."""
    if estimator.batch_size != "auto":
        return min(int(estimator.batch_size), n_rows)
    return min(next(rows for most, rows in _BATCH_ROWS if n_rows <= most), n_rows)


def max_steps(estimator) -> int:
    """Return the maximum number of training steps of a network."""
    return _MAX_STEPS if estimator.max_steps == "auto" else int(estimator.max_steps)
