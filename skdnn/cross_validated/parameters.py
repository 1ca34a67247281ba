"""What the parameters of the cross-validated estimators may be, and mean."""

from numbers import Integral
from typing import Any

import numpy as np

from skdnn._sklearn import Interval, Options, StrOptions
from skdnn.cross_validated.candidates import Candidate, candidates_of
from skdnn.estimators import parameters
from skdnn.estimators.parameters import CONSTRAINTS
from skdnn.preprocessing.mixed_tables import ENCODINGS

# Parameters of the plain estimators that mean the same here.
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
# Steps are many and cheap where rows are few: (up to so many rows, rows of a batch).
_BATCH_ROWS = ((2_000, 64), (8_000, 128), (np.inf, 256))
_MAX_STEPS = 10_000
# By encoding: of the many inputs of bins, many move together.
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
    """Check what declarative constraints cannot say; return the candidates."""
    if estimator.warm_start:
        raise ValueError(
            f"warm_start=True: {type(estimator).__name__} cannot go on from an earlier "
            "fit, since it trains anew to choose. Set warm_start=False; for a network "
            "that goes on, fit the plain estimator, or a copy of members_[0]."
        )
    parameters.refuse_classes_and_huge_numbers(estimator)
    if estimator.n_jobs == 0:
        raise ValueError(
            "n_jobs=0 leaves no thread: set 1 or more, or -1 for all cores."
        )
    candidates = candidates_of(estimator)
    # They differ by what has been checked now. Of the strongest penalty, l1_ratio is a
    # share of something unless it is for none.
    strongest = max(candidates, key=lambda candidate: candidate.alpha)
    parameters.check(net_of(estimator, strongest, batch_size=1, seed=0))
    return candidates


def net_of(estimator, candidate: Candidate, batch_size: int, seed: int) -> Any:
    """Return the plain estimator of a candidate.

    Its learning rate is constant and its parameters are averaged, so that training may
    be stopped at any step.
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
    """Return the most rows of a mini-batch, in training on so many rows."""
    if estimator.batch_size != "auto":
        return min(int(estimator.batch_size), n_rows)
    return min(next(rows for most, rows in _BATCH_ROWS if n_rows <= most), n_rows)


def max_steps(estimator) -> int:
    """Return how many steps a network may take."""
    return _MAX_STEPS if estimator.max_steps == "auto" else int(estimator.max_steps)
