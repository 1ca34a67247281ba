"""Out-of-fold predictions of a cross-validated estimator.

Its fit has held out each row once, so the error on unseen rows is already known and no
dev set has to be kept back. Each row is predicted by a network that was trained on the
other folds for the chosen number of steps.
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
    """Return a model of the out-of-fold predictions, and the rows it predicts.

    Parameters
    ----------
    estimator : estimator
        A fitted cross-validated estimator; it may be in a pipeline.
    X, y : array-like
        All rows that it was fitted to, in the same order.

    Returns
    -------
    model : estimator
        Returns the predictions for exactly these rows.
    X, y : array-like
        The held-out rows.
    was_held_out : ndarray of bool
        Mask of the held-out rows.
    """
    predictor, was_held_out = held_out_predictions(estimator, _GIVE_A_DEV_SET)
    n_rows = count_rows("X_train", X)
    if n_rows != len(was_held_out):
        raise ValueError(
            f"X_train has {n_rows} rows, but the estimator was fitted to "
            f"{len(was_held_out)}: give all of them in the same order for its "
            "out-of-fold error, or give X_dev and y_dev."
        )
    numbers = np.flatnonzero(was_held_out)
    return predictor, safe_indexing(X, numbers), safe_indexing(y, numbers), was_held_out


def held_out_predictions(estimator, opening: str) -> tuple[Any, np.ndarray]:
    """Return a model of the out-of-fold predictions, and a mask of the held-out rows.

    Parameters
    ----------
    estimator : estimator
        A fitted cross-validated estimator; it may be in a pipeline.
    opening : str
        Beginning of the error message if there are no such predictions.
    """
    unwrapped = cross_validated_in(estimator)
    if unwrapped is None:
        raise ValueError(
            f"{opening}only a cross-validated estimator, such as "
            "MLPRegularizedClassifierCV, has out-of-fold predictions to use instead."
        )
    model = unwrapped.model
    check_is_fitted(model)
    changes_y = [w for w in unwrapped.wrappers if not _passes_predictions_on(w)]
    if changes_y:
        raise ValueError(
            f"{opening}{type(changes_y[0]).__name__} transforms the targets or the "
            "predictions, so the out-of-fold predictions inside it do not apply."
        )
    predictions = getattr(model, model._out_of_fold)
    was_held_out = np.isfinite(predictions).reshape(len(predictions), -1).all(axis=1)
    if model.scores_.shape[2] == 1 and was_held_out.all():
        raise ValueError(
            f"{opening}the estimator was fitted with X_val and y_val and has no "
            "out-of-fold predictions; give those rows."
        )
    kind = _Classifier if is_classifier(model) else _Regressor
    return kind(model, predictions[was_held_out]), was_held_out


def common_predictions(estimators, y, opening: str) -> tuple[list[Any], np.ndarray]:
    """Return the out-of-fold predictions of several fits for their common rows.

    Parameters
    ----------
    estimators : estimator or list of estimators
        Cross-validated estimators, all fitted to the same rows.
    y : array-like
        Targets of those rows, in the same order.
    opening : str
        Beginning of the error message if there are no such predictions.

    Returns
    -------
    models : list of estimator
        Models that return the predictions for exactly these rows.
    numbers : ndarray of int
        Indices of the rows that every fit has held out.
    """
    given = estimators if isinstance(estimators, (list, tuple)) else [estimators]
    if not given:
        raise ValueError(f"{opening}estimators is an empty list.")
    for each in given:
        check_is_instance(each)
    if len({is_classifier(each) for each in given}) > 1:
        raise TypeError("estimators must be all classifiers or all regressors.")
    n_rows = count_rows("y", y)
    found = [held_out_predictions(each, opening) for each in given]
    for _, was_held_out in found:
        if len(was_held_out) != n_rows:
            raise ValueError(
                f"y has {n_rows} rows, but an estimator was fitted to "
                f"{len(was_held_out)}: give the targets of all, in the same order."
            )
    in_all = np.logical_and.reduce([was_held_out for _, was_held_out in found])
    if not in_all.any():
        raise ValueError(f"{opening}no row was held out by all estimators.")
    models = [predictor.of(in_all[was_held_out]) for predictor, was_held_out in found]
    return models, np.flatnonzero(in_all)


def _passes_predictions_on(wrapper) -> bool:
    """Whether a wrapper passes on the predictions inside it unchanged."""
    return isinstance(wrapper, (Pipeline, FrozenEstimator)) or hasattr(
        wrapper, "best_estimator_"
    )


class _Regressor(BaseEstimator):
    """Returns stored out-of-fold predictions, whatever X is."""

    def __init__(self, model: BaseMLPRegularizedCV, predictions: np.ndarray):
        self.model, self.predictions = model, predictions

    def of(self, some: np.ndarray):
        """Return the model for some of the rows."""
        return type(self)(self.model, self.predictions[some])

    def predict(self, X) -> np.ndarray:
        """Return the out-of-fold predictions."""
        return self.predictions

    def __sklearn_tags__(self):
        """Return the tags of the model."""
        return self.model.__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: the model is fitted."""
        return True


class _Classifier(_Regressor):
    """Returns class predictions from stored out-of-fold logits."""

    @property
    def classes_(self) -> np.ndarray:
        """The class labels."""
        return self.model.classes_

    def decision_function(self, X) -> np.ndarray:
        """Return the logits."""
        return self.predictions

    def predict(self, X) -> np.ndarray:
        """Return the most probable class, or the label indicators."""
        targets = self.model._targets
        return targets.decode(targets.predictions(self._logits()))

    def predict_proba(self, X) -> np.ndarray:
        """Return the class probabilities."""
        return self.model._targets.probabilities(self._logits())

    def predict_log_proba(self, X) -> np.ndarray:
        """Return the log-probabilities of the classes."""
        return self.model._targets.log_probabilities(self._logits())

    def _logits(self) -> np.ndarray:
        """Return a copy of the logits, one column per output."""
        return self.predictions.reshape(len(self.predictions), -1).copy()
