"""What makes a network a regressor: numbers in, numbers out."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import r2_score

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.rows import Rows
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.estimators.validation import targets_to_score


class Regression(BaseMLPRegularized):
    """The targets and predictions of a network that predicts numbers."""

    _y_is_numeric = True

    def _loss_option(self):
        return self.delta if self.loss == "huber" else 0.0

    def _targets_of(self, rows: Rows, classes, goes_on, incremental=False):
        """Return the targets of a fit; a shape other than before is found later."""
        return RegressionTargets.of(rows.y, self.loss)

    def __sklearn_tags__(self):
        """Accept several outputs."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """Predict the numbers of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, in the shape that y had in fit: float32 for rows of float32,
            else float64.
        """
        return self._predict(X)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return R², the explained share of the variance, averaged over outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What they should give.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        float
            At most 1; 0 is what the mean of y would get.
        """
        predicted = self.predict(X)
        y, weight = targets_to_score(self, y, sample_weight, predicted.shape[0])
        return r2_score(y, predicted, sample_weight=weight)
