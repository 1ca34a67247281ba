"""The network inside what a caller hands over, on rows as it sees them."""

from numbers import Integral
from typing import Any

from sklearn.base import clone

from skdnn.estimators.inspection import TrainingProblem
from skdnn.estimators.unwrapping import unwrap_network


def problem_at_init(
    estimator, X, y, sample_weight=None, **parameters
) -> TrainingProblem:
    """Return the training problem of an estimator, fitted or not, at a fresh start.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, or one of them wrapped
        as :mod:`skdnn.estimators.unwrapping` says. Copies of the transformers before
        it, those of y too, are fitted to the rows and applied to them. The estimator
        itself is not changed.
    X, y, sample_weight : array-like
        The rows, taken for the whole training set.
    **parameters
        Parameters of the network to take in place of its own.
    """
    unwrapped = unwrap_network(estimator, fitted=False)
    net = unwrapped.model
    if parameters:
        net = clone(net).set_params(**parameters)
    X, y = unwrapped.rows(X, y, refit=True)
    return TrainingProblem.at_init(net, X, y, sample_weight)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not an int of at least so much."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be an int >= {least}, got {value!r}.")
