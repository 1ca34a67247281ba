"""Fitted scikit-learn networks, made from weights and classes alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import LabelBinarizer


def fitted_classifier(
    parameters: Mapping,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    classes: np.ndarray,
    is_multilabel: bool,
    attributes: Mapping,
) -> MLPClassifier:
    """Return an MLPClassifier as if it had been fitted.

    Parameters
    ----------
    parameters : mapping
        Its constructor's parameters.
    weights, biases : sequence of ndarray
        W[1], …, W[L] of shapes (n[l-1], n[l]), and b[1], …, b[L]; they are copied.
    classes : ndarray of shape (n_classes,)
        The labels in order; column numbers for multilabel.
    is_multilabel : bool
        Whether a row may have several labels or none.
    attributes : mapping
        The other fitted attributes: `n_iter_`, `loss_curve_` and so on.
    """
    mlp = MLPClassifier(**parameters)
    _make_fitted(mlp, weights, biases, attributes)
    mlp.classes_ = classes
    # Not public, but predict needs it.
    indicator = np.eye(len(classes), dtype=int)
    labels = indicator if is_multilabel else classes
    mlp._label_binarizer = LabelBinarizer().fit(labels)
    return mlp


def fitted_regressor(
    parameters: Mapping,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    attributes: Mapping,
) -> MLPRegressor:
    """Return an MLPRegressor as if it had been fitted.

    Parameters
    ----------
    parameters : mapping
        Its constructor's parameters.
    weights, biases : sequence of ndarray
        W[1], …, W[L] of shapes (n[l-1], n[l]), and b[1], …, b[L]; they are copied.
    attributes : mapping
        The other fitted attributes: `n_iter_`, `loss_curve_` and so on.
    """
    mlp = MLPRegressor(**parameters)
    _make_fitted(mlp, weights, biases, attributes)
    return mlp


def _make_fitted(mlp, weights, biases, attributes) -> None:
    for name, value in attributes.items():
        setattr(mlp, name, value)
    mlp.coefs_ = [W.copy() for W in weights]
    mlp.intercepts_ = [b.copy() for b in biases]
    # Not public, but continued training (warm_start, partial_fit) needs it.
    mlp._best_coefs = [W.copy() for W in weights]
    mlp._best_intercepts = [b.copy() for b in biases]
    mlp._no_improvement_count = 0
