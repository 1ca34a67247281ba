"""scikit-learn lives here: validation, labels, weights, fitted attributes."""

from skdnn.estimators.classifier import MLPRegularizedClassifier

__all__ = ["MLPRegularizedClassifier"]
