"""The network inside what a caller hands over, on rows as it sees them."""

from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.training_problem import TrainingProblem


def network_of(estimator) -> BaseMLPRegularized:
    """Return the estimator itself, or the network that a pipeline ends with.

    A fitted search stands for its best estimator.
    """
    net = estimator
    while (inner := _inside(net)) is not None:
        net = inner
    if isinstance(net, BaseMLPRegularized):
        return net
    got = type(estimator).__name__
    if net is not estimator:
        got += f" with {net!r} as its last step"
    raise TypeError(
        "estimator must be an MLPRegularizedClassifier, an MLPRegularizedRegressor or "
        f"a Pipeline or a fitted search that ends with one, got {got}."
    )


def _inside(estimator):
    """Return the last step of a pipeline, the best of a search, else None."""
    if isinstance(estimator, Pipeline):
        return estimator.steps[-1][1]
    return getattr(estimator, "best_estimator_", None)


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
        if isinstance(outer, Pipeline) and len(outer.steps) > 1:
            X = clone(outer[:-1]).fit_transform(X, y)
        outer = _inside(outer)
    return TrainingProblem.at_init(net, X, y, sample_weight)


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not an int of at least so much."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be an int >= {least}, got {value!r}.")
