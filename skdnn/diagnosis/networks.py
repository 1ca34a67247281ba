"""The network inside what a caller hands over, on rows as it sees them."""

from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.training_problem import TrainingProblem


def network_of(estimator) -> BaseMLPRegularized:
    """Return the estimator itself, or the network that a pipeline ends with."""
    net = estimator
    while isinstance(net, Pipeline):
        net = net.steps[-1][1]
    if isinstance(net, BaseMLPRegularized):
        return net
    got = type(estimator).__name__
    if net is not estimator:
        got += f" with {net!r} as its last step"
    raise TypeError(
        "estimator must be an MLPRegularizedClassifier, an MLPRegularizedRegressor or "
        f"a Pipeline that ends with one, got {got}."
    )


def problem_at_init(estimator, X, y, sample_weight=None) -> TrainingProblem:
    """Return the training problem of an estimator, fitted or not, at a fresh start.

    Parameters
    ----------
    estimator : MLPRegularizedClassifier, MLPRegularizedRegressor or Pipeline
        A pipeline must end with one of the two. Copies of its other steps are fitted to
        the rows and applied to them. The estimator itself is not changed.
    X, y, sample_weight : array-like
        The rows, taken for the whole training set.
    """
    net, outer = network_of(estimator), estimator
    while outer is not net:
        if len(outer.steps) > 1:
            X = clone(outer[:-1]).fit_transform(X, y)
        outer = outer.steps[-1][1]
    return TrainingProblem.at_init(net, X, y, sample_weight)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not an int of at least so much."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be an int >= {least}, got {value!r}.")
