"""What is decomposed: the truth, the predictions and the loss."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.multiclass import type_of_target

from skdnn.diagnosis.arguments import as_numbers, as_targets
from skdnn.diagnosis.decomposition_losses import (
    CLASS_LOSSES,
    squared_error_of_targets,
)


class Problem(NamedTuple):
    """A truth, a way to predict it, and a decomposition of the loss."""

    truth: np.ndarray  # (n_rows, n_outputs)
    predict: Callable  # (fitted estimator, X_test) -> (n_rows, n_outputs)
    decompose: Callable  # (predictions, truth) -> RowTerms


def problem_of(estimator, y, y_test, truth, loss, noise) -> Problem:
    """Return the problem of a classifier or a regressor, its arguments checked."""
    if is_classifier(estimator):
        return _classification(estimator, y, y_test, truth, loss, noise)
    return _regression(y, y_test, truth, loss, noise)


def _classification(estimator, y, y_test, truth, loss, noise):
    if as_targets(y).dtype.kind == "c":
        raise ValueError("y must hold class labels, got complex numbers.")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y must have one label per row, got {kind!r} targets.")
    if np.any(noise):
        raise ValueError("noise is for regressors; for classifiers truth implies it.")
    if loss != "zero_one" and not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"loss={loss!r} needs predict_proba, which {type(estimator).__name__} does "
            'not have; give loss="zero_one".'
        )
    classes = np.unique(y)
    if truth is None:
        truth = _indicators(y_test, classes, "y_test")
    else:
        truth = _check_probabilities(truth, classes)
    predict = _predict_classes if loss == "zero_one" else _predict_probabilities
    return Problem(truth, partial(predict, classes=classes), CLASS_LOSSES[loss])


def _regression(y, y_test, truth, loss, noise):
    if loss != "squared_error":
        raise ValueError(f'loss={loss!r} is for classifiers; give "squared_error".')
    if truth is None and np.any(noise):
        raise ValueError("noise needs truth: observed targets already include theirs.")
    name, truth = ("y_test", y_test) if truth is None else ("truth", truth)
    as_numbers("y", y)
    truth, noise = _as_columns(as_numbers(name, truth)), as_numbers("noise", noise)
    if noise.shape not in [(), (len(truth),)] or np.any(noise < 0):
        raise ValueError("noise must be a number >= 0, or one per test row.")
    return Problem(
        truth, _predict_targets, partial(squared_error_of_targets, noise=noise)
    )


def _predict_targets(estimator, X):
    return _as_columns(np.asarray(estimator.predict(X), dtype=np.float64))


def _predict_classes(estimator, X, *, classes):
    return _indicators(estimator.predict(X), classes, "predict")


def _predict_probabilities(estimator, X, *, classes):
    # A bootstrap sample may lack a class; its probability is then 0.
    found = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    probabilities = np.zeros((len(found), len(classes)))
    probabilities[:, np.searchsorted(classes, estimator.classes_)] = found
    return probabilities


def _indicators(y, classes, name):
    y = as_targets(y)
    if y.ndim != 1:
        raise ValueError(
            f"{name} must have one label per row, got an array of shape {y.shape}."
        )
    unknown = sorted(set(y.tolist()) - set(classes.tolist()), key=repr)
    if unknown:
        raise ValueError(f"{name} has labels that are not in y: {unknown}.")
    return (y[:, None] == classes).astype(np.float64)


def _check_probabilities(truth, classes):
    truth = as_numbers("truth", truth)
    if truth.shape[1:] != (len(classes),):
        raise ValueError(
            f"truth must have one column for each of the {len(classes)} classes of y, "
            f"got an array of shape {truth.shape}."
        )
    if np.any(truth < 0) or not np.allclose(truth.sum(axis=1), 1):
        raise ValueError("truth must have rows of probabilities that add up to 1.")
    return truth / truth.sum(axis=1, keepdims=True)


def _as_columns(targets):
    targets = np.asarray(targets, dtype=np.float64)
    return targets[:, None] if targets.ndim == 1 else targets
