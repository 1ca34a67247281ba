"""What a cross-validated estimator said of rows while networks had not seen them.

Its fit has held out each row once, so that the error on rows not trained on is there
already: no dev set has to be kept back. The answers are those of the networks of the
folds, each trained on the rows of the other folds, for the steps that were chosen.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import safe_indexing
from skdnn.cross_validated.base import BaseMLPRegularizedCV
from skdnn.diagnosis.arguments import check_is_instance, count_rows
from skdnn.diagnosis.networks import cross_validated_in

_GIVE_A_DEV_SET = "X_dev and y_dev must be given: "


def out_of_fold(estimator, X, y) -> tuple[Any, Any, Any, np.ndarray]:
    """Return a model that answers out of fold, the rows it answers for, and which.

    Parameters
    ----------
    estimator : estimator
        A fitted cross-validated estimator; it may be in a pipeline.
    X, y : array-like
        All rows that it was fitted to, in the same order.

    Returns
    -------
    model : estimator
        It predicts these rows only.
    X, y : array-like
        The rows that were held out.
    was_held_out : ndarray of bool
        Which those are.
    """
    answers, was_held_out = held_out_answers(estimator, _GIVE_A_DEV_SET)
    n_rows = count_rows("X_train", X)
    if n_rows != len(was_held_out):
        raise ValueError(
            f"X_train has {n_rows} rows, but the estimator was fitted to "
            f"{len(was_held_out)}: for its out-of-fold error, give all of them in the "
            "same order, or X_dev and y_dev."
        )
    numbers = np.flatnonzero(was_held_out)
    return answers, safe_indexing(X, numbers), safe_indexing(y, numbers), was_held_out


def held_out_answers(estimator, opening: str) -> tuple[Any, np.ndarray]:
    """Return a model that answers for the rows held out in a fit, and which those are.

    Parameters
    ----------
    estimator : estimator
        A fitted cross-validated estimator; it may be in a pipeline.
    opening : str
        How an error begins, if there are no such answers.
    """
    unwrapped = cross_validated_in(estimator)
    if unwrapped is None:
        raise ValueError(
            f"{opening}only a cross-validated estimator, such as "
            "MLPRegularizedClassifierCV, has out-of-fold predictions to take instead."
        )
    model = unwrapped.model
    check_is_fitted(model)
    changes_y = [w for w in unwrapped.wrappers if not _leaves_answers(w)]
    if changes_y:
        raise ValueError(
            f"{opening}{type(changes_y[0]).__name__} changes what the out-of-fold "
            "predictions inside it stand for."
        )
    said = getattr(model, model._out_of_fold)
    was_held_out = np.isfinite(said).reshape(len(said), -1).all(axis=1)
    if model.scores_.shape[2] == 1 and was_held_out.all():
        raise ValueError(
            f"{opening}the estimator was fitted with X_val and y_val, so that there "
            "are no out-of-fold predictions; give those rows."
        )
    kind = _Classifier if is_classifier(model) else _Regressor
    return kind(model, said[was_held_out]), was_held_out


def answers_in_common(estimators, y, opening: str) -> tuple[list[Any], np.ndarray]:
    """Return what several fits said of the rows that all of them have held out.

    Parameters
    ----------
    estimators : estimator or list of estimators
        Fitted cross-validated estimators, all to the same rows.
    y : array-like
        The targets of those rows, in the same order.
    opening : str
        How an error begins, if there are no such answers.

    Returns
    -------
    models : list of estimator
        Each predicts these rows only.
    numbers : ndarray of int
        Which rows those are.
    """
    given = estimators if isinstance(estimators, (list, tuple)) else [estimators]
    if not given:
        raise ValueError(f"{opening}estimators is empty.")
    for each in given:
        check_is_instance(each)
    if len({is_classifier(each) for each in given}) > 1:
        raise TypeError("estimators must be all classifiers, or all regressors.")
    n_rows = count_rows("y", y)
    found = [held_out_answers(each, opening) for each in given]
    for _, was_held_out in found:
        if len(was_held_out) != n_rows:
            raise ValueError(
                f"y has {n_rows} rows, but an estimator was fitted to "
                f"{len(was_held_out)}: give the targets of all of them, in their order."
            )
    in_all = np.logical_and.reduce([was_held_out for _, was_held_out in found])
    if not in_all.any():
        raise ValueError(f"{opening}no row was held out by all estimators.")
    models = [answers.of(in_all[was_held_out]) for answers, was_held_out in found]
    return models, np.flatnonzero(in_all)


def _leaves_answers(wrapper) -> bool:
    """Whether what is said inside a wrapper is what the wrapper says."""
    return isinstance(wrapper, (Pipeline, FrozenEstimator)) or hasattr(
        wrapper, "best_estimator_"
    )


class _Regressor(BaseEstimator):
    """Answers out of fold, for the rows that were held out and no others."""

    def __init__(self, model: BaseMLPRegularizedCV, said: np.ndarray):
        self.model, self.said = model, said

    def of(self, some: np.ndarray):
        """Return the answers for some of the rows."""
        return type(self)(self.model, self.said[some])

    def predict(self, X) -> np.ndarray:
        """Return what the rows were predicted to be."""
        return self.said

    def __sklearn_tags__(self):
        """Be of the kind of the model."""
        return self.model.__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        """Say that the model is fitted."""
        return True


class _Classifier(_Regressor):
    """The same from logits."""

    @property
    def classes_(self) -> np.ndarray:
        """The class labels."""
        return self.model.classes_

    def decision_function(self, X) -> np.ndarray:
        """Return the logits."""
        return self.said

    def predict(self, X) -> np.ndarray:
        """Return the most probable class, or the indicator of labels."""
        targets = self.model._targets
        return targets.decode(targets.predictions(self._logits()))

    def predict_proba(self, X) -> np.ndarray:
        """Return the probabilities of the classes."""
        return self.model._targets.probabilities(self._logits())

    def predict_log_proba(self, X) -> np.ndarray:
        """Return their logarithms."""
        return self.model._targets.log_probabilities(self._logits())

    def _logits(self) -> np.ndarray:
        """Return a copy of the logits, a column for each output."""
        return self.said.reshape(len(self.said), -1).copy()
