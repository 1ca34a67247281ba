"""What makes a network a classifier: classes in, labels and probabilities out."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, log_softmax
from sklearn.metrics import accuracy_score

from skdnn._sklearn import check_partial_fit_first_call
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.labels import checked_classes, kind_of_labels
from skdnn.estimators.validation import targets_to_score
from skdnn.network.losses import apply_link


class Classification(BaseMLPRegularized):
    """The targets and predictions of a network that tells classes apart.

    Probabilities come from the logits that `_logits` returns, and their logarithms too:
    the logarithm of a rounded probability is wrong where it matters most.
    """

    classes_: np.ndarray

    _weights_besides = ", times class_weight,"

    def _targets_of(self, rows: Rows, classes, goes_on, incremental=False):
        """Return the targets of a fit, and set `classes_`."""
        is_multilabel = kind_of_labels(rows.y) == "multilabel-indicator"
        if incremental and not is_multilabel:
            check_partial_fit_first_call(self, checked_classes(classes))
        if goes_on:
            targets = self._targets
            if not incremental:
                targets.check_same_classes(rows.y, is_multilabel)
        elif incremental and not is_multilabel:
            targets = ClassTargets.of_classes(self.classes_, "classes")
        else:
            targets = ClassTargets.of(rows.y)
        self.classes_ = targets.classes
        return targets.with_class_weight(self.class_weight, rows.y, rows.sample_weight)

    def _loss_option(self):
        return self.label_smoothing

    def __sklearn_tags__(self):
        """Accept label indicators."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logits.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes the logit of ``classes_[1]``, else one column per class or
            label.
        """
        Z = self._logits(X)
        return Z[:, 0] if self._targets.kind == "binary" else Z

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or the indicator of its labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        """
        return self._predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; for multilabel targets, the probability of each
            label. float32 for rows of float32, else float64.
        """
        Z = self._logits(X)
        if self._targets.kind == "binary":
            Z = np.hstack([-Z, Z])
        apply_link(self._network.loss, Z)
        return Z

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, from the logits: never -inf.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            As `predict_proba`.
        """
        Z = self._logits(X)
        if self._targets.kind == "binary":
            return log_expit(np.hstack([-Z, Z]))
        return log_expit(Z) if self._targets.is_multilabel else log_softmax(Z, axis=1)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy: the share of rows with all labels right.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        float
            In [0, 1].
        """
        predicted = self.predict(X)
        y, weight = targets_to_score(self, y, sample_weight, predicted.shape[0])
        return accuracy_score(y, predicted, sample_weight=weight)
