"""From logits to labels and probabilities."""

import numpy as np
from scipy.special import log_expit, log_softmax

from skdnn.network.losses import apply_link


class ClassPredictions:
    """The predictions of a network whose `_targets` are classes.

    Probabilities come from the logits that `_logits` returns, and their logarithms too:
    the logarithm of a rounded probability is wrong where it matters most.
    """

    def decision_function(self, X):
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

    def predict(self, X):
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
        Z = self._logits(X)
        return self._targets.decode(Z)

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; for multilabel targets, the probability of each
            label.
        """
        Z = self._logits(X)
        if self._targets.kind == "binary":
            Z = np.hstack([-Z, Z])
        apply_link(self._network.loss, Z)
        return Z

    def predict_log_proba(self, X):
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
