"""The network inside an estimator, and its training problem at initialisation."""

from sklearn.base import clone

from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.estimators.inspection import TrainingProblem
from skdnn.estimators.unwrapping import Unwrapped, unwrap, unwrap_network


def problem_at_init(
    estimator, X, y, sample_weight=None, **parameters
) -> TrainingProblem:
    """Return the training problem of an estimator at newly drawn parameters.

    Parameters
    ----------
    estimator : estimator
        An MLPRegularizedClassifier or MLPRegularizedRegressor, fitted or not, or one
        wrapped as in :mod:`skdnn.estimators.unwrapping`. Clones of the transformers
        before it, and of that of y, are fitted and applied to the rows. The estimator
        itself is not changed.
    X, y, sample_weight : array-like
        The rows, taken as the whole training set.
    **parameters
        Parameters of the network to set.
    """
    unwrapped = unwrap_network(estimator, fitted=False)
    net = unwrapped.model
    if parameters:
        net = clone(net).set_params(**parameters)
    X, y = unwrapped.rows(X, y, refit=True)
    return TrainingProblem.at_init(net, X, y, sample_weight)


def cross_validated_in(estimator) -> Unwrapped | None:
    """Return the cross-validated estimator inside wrappers, or None.

    Call this before `unwrap`, which continues to the network inside a cross-validated
    estimator with a single member.
    """
    unwrapped = unwrap(estimator, until=BaseMLPRegularizedCV)
    return unwrapped if isinstance(unwrapped.model, BaseMLPRegularizedCV) else None
