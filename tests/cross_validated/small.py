"""Small estimators and tables for these tests; independent of the defaults."""

import numpy as np

from skdnn import MLPRegularizedClassifierCV, MLPRegularizedRegressorCV

# Numbers of steps with a checkpoint, which replace those of the estimator.
STEPS = (4, 12, 20)
CHECKPOINTS = "skdnn.cross_validated.base.checkpoints"

_SMALL = {
    "hidden_layer_sizes": (6,),
    "alphas": 0.1,
    "keep_probs": 1.0,
    "encodings": "standard",
    "batch_size": 16,
    "learning_rate_init": 0.03,
    "averaging_decay": 0.8,
    "max_steps": 24,
    "n_iter_no_change": np.inf,
    "cv": 3,
    "random_state": 0,
}


def classifier(**changes):
    """Return a classifier that fits a few dozen rows in milliseconds."""
    return MLPRegularizedClassifierCV(**(_SMALL | changes))


def regressor(**changes):
    """Return a regressor that fits a few dozen rows in milliseconds."""
    return MLPRegularizedRegressorCV(**(_SMALL | changes))


def steps(monkeypatch, *numbers):
    """Set the checkpoints of all fits to these numbers of steps."""
    monkeypatch.setattr(CHECKPOINTS, lambda most: np.array(numbers or STEPS))


def cut(n_rows, n_folds=3):
    """Return (train, held-out) row indices; fold k holds out every n_folds-th row."""
    every = np.arange(n_rows)
    return [(every[every % n_folds != k], every[k::n_folds]) for k in range(n_folds)]


def thetas(estimator):
    """Return the parameters of all members, concatenated."""
    arrays = [
        array
        for member in estimator.members_
        for array in [*net_of(member).coefs_, *net_of(member).intercepts_]
    ]
    return np.concatenate([array.ravel() for array in arrays])


def net_of(member):
    """Return the network of a member, which may follow a preprocessor."""
    return member[-1] if hasattr(member, "steps") else member
