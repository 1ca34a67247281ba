"""The error of a constant prediction, which every model has to beat.

Of a classifier the constant is the most frequent class of the training rows, of a
regressor their mean. It knows nothing of X: a model that is worse has learnt something
that is wrong on these rows, most often because of their scale.
"""

import math
import warnings
from typing import NamedTuple

import numpy as np
from scipy import special
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import UndefinedMetricWarning

from skdnn.diagnosis.arguments import as_targets
from skdnn.diagnosis.bias_variance.errors import Measured

# An error so many times that of a constant is no chance, however few rows have made it:
# a regressor's is often that of a handful of rows that it sends far away.
_SURELY = 1.5
_ENOUGH_ROWS = 10


class Constant(NamedTuple):
    """The error of a constant on one part, beside that of the model."""

    part: str
    error: float  # of the constant
    of_model: float
    says: str  # what the constant predicts
    is_beaten: bool  # whether the model's error is smaller
    is_surely_better: bool  # whether the constant's is, beyond chance


def constants_of(
    found: Measured, estimator, scoring, confidence
) -> tuple[Constant, ...]:
    """Return the error of a constant on each part.

    None for a scorer that is a function, as it may ask the model for anything, and for
    targets that are constant themselves.
    """
    X, y = found.rows["train"]
    targets = as_targets(y)
    if not (scoring is None or (isinstance(scoring, str) and targets.ndim == 1)):
        return ()
    of_classes = is_classifier(estimator)
    if len(targets) < 2 or not (targets != targets[0]).any():
        return ()
    dummy = (DummyClassifier() if of_classes else DummyRegressor()).fit(X, y)
    said = _said(dummy, of_classes)
    return tuple(
        _compared(found, part, dummy, said, confidence) for part in found.parts
    )


def _said(dummy, of_classes: bool) -> str:
    if not of_classes:
        return "the mean of y_train"
    if isinstance(dummy.classes_, list):  # several labels
        return "the most frequent value of each label"
    label = dummy.classes_[np.argmax(dummy.class_prior_)]
    # In Python's own type: NumPy's labels show their class.
    return f"always {_plain(label)!r}"


def _plain(label):
    return label.item() if isinstance(label, np.generic) else label


def _compared(found: Measured, part, dummy, said, confidence) -> Constant:
    X, y = found.rows[part]
    with warnings.catch_warnings():
        # Of precision and the like, where one class is never predicted.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        constant, of_rows = found.measure(dummy, part, X, y)
    ours = found.parts[part].error
    excess = ours - constant.error
    is_surely = excess > 0
    of_model = found.row_errors[part]
    if is_surely and of_rows is not None and of_model is not None:
        d = np.asarray(of_model, np.float64) - np.asarray(of_rows, np.float64)
        is_surely = len(d) >= 2 and _is_above_zero(d, confidence)
        is_extreme = ours > _SURELY * constant.error and len(d) >= _ENOUGH_ROWS
        is_surely = is_surely or (is_extreme and not _are_shares(of_rows))
    return Constant(part, constant.error, ours, said, excess < 0, is_surely)


def _are_shares(of_rows) -> bool:
    return of_rows.dtype == bool


def _is_above_zero(d: np.ndarray, confidence: float) -> bool:
    quantile = float(special.stdtrit(len(d) - 1, 0.5 + confidence / 2))
    return bool(d.mean() > quantile * d.std(ddof=1) / math.sqrt(len(d)))
