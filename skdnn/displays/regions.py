"""Classes, grid and predictions for a plot of decision regions."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skdnn.diagnosis.arguments import (
    as_numbers,
    as_targets,
    check_is_instance,
    check_pair,
)


def regions_of(model, corners, response_method, grid_resolution):
    """Return scikit-learn's display of the regions of a model, without plotting it."""
    from sklearn.inspection import DecisionBoundaryDisplay

    if response_method == "auto":
        has_probabilities = hasattr(model, "predict_proba")
        response_method = "predict_proba" if has_probabilities else "predict"

    class Undrawn(DecisionBoundaryDisplay):
        def plot(self, *args, **kwargs):
            return self

    return Undrawn.from_estimator(
        model,
        corners,
        response_method=response_method,
        grid_resolution=grid_resolution,
        eps=0,
    )


def corners_of(rows, X):
    """Return the corners of the plot as two rows of the type of X."""
    rows = np.asarray(rows, dtype=float)
    margin = 0.06 * np.ptp(rows, axis=0)
    # A constant feature needs a margin too.
    margin = np.where(margin > 0, margin, 0.5 * np.maximum(1, np.abs(rows).max(axis=0)))
    corners = np.array([rows.min(axis=0) - margin, rows.max(axis=0) + margin])
    if not hasattr(X, "columns"):
        return corners
    return type(X)(dict(zip(X.columns, corners.T, strict=True)))


def common_classes(models):
    """Return the classes, which all models must share."""
    first, *others = [_classes_of(model) for model in models]
    for other in others:
        if not np.array_equal(first, other):
            raise ValueError(
                f"The models must have the same classes, got {first} and {other}."
            )
    return first


def check_rows(x_name, X, y_name, y):
    """Raise an error unless each row has two features and a class."""
    check_pair(x_name, X, y_name, y)
    if as_numbers(x_name, X).shape[1:] != (2,):
        raise ValueError(
            f"{x_name} must have 2 columns, one for each axis, got an array of shape "
            f"{np.shape(X)}."
        )
    if as_targets(y).ndim != 1:
        raise ValueError(
            f"{y_name} must have one class per row, got an array of shape "
            f"{np.shape(y)}. For several labels, plot a model fitted to one, y[:, k]."
        )


def _classes_of(model):
    check_is_instance(model)
    if not is_classifier(model):
        raise TypeError(f"estimator must be a classifier, got {model!r}.")
    check_is_fitted(model)
    return model.classes_


def one_class_each(model, X):
    """Return the predicted classes; raise ValueError for several labels per row."""
    predicted = np.asarray(model.predict(X))
    if predicted.ndim != 1:
        raise ValueError(
            f"estimator must predict one class per row, got {model!r}, which predicts "
            f"{predicted.shape[1]} labels: fit it to one of them, y[:, k]."
        )
    return predicted


def numbers_of(y, classes, argument):
    """Return the class index of each row."""
    y = as_targets(y)
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=repr)
    if unknown:
        raise ValueError(
            f"{argument} must hold classes of the models, {classes}, got {unknown}."
        )
    return np.searchsorted(classes, y)
