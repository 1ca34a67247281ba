"""The network inside an estimator, and its training problem at a fresh start."""

from sklearn.base import clone

from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.estimators.inspection import TrainingProblem
from skdnn.estimators.unwrapping import Unwrapped, unwrap, unwrap_network


def problem_at_init(
    estimator, X, y, sample_weight=None, **parameters
) -> TrainingProblem:
    """Return the training problem of an estimator, fitted or not, at a fresh start.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, or one of them wrapped
        as in :mod:`skdnn.estimators.unwrapping`. Copies of the transformers before it,
        and of y's, are fitted to the rows and applied to them. The estimator itself is
        not changed.
    X, y, sample_weight : array-like
        The rows, taken for the whole training set.
    **parameters
        Parameters that replace those of the network.
    """
    unwrapped = unwrap_network(estimator, fitted=False)
    net = unwrapped.model
    if parameters:
        net = clone(net).set_params(**parameters)
    X, y = unwrapped.rows(X, y, refit=True)
    return TrainingProblem.at_init(net, X, y, sample_weight)


def cross_validated_in(estimator) -> Unwrapped | None:
    """Return the cross-validated estimator inside wrappers; None where there is none.

    With a single member, what is inside it is a network as all others are; so whoever
    wants to know of the choice has to ask here first.
    """
    unwrapped = unwrap(estimator, until=BaseMLPRegularizedCV)
    return unwrapped if isinstance(unwrapped.model, BaseMLPRegularizedCV) else None
