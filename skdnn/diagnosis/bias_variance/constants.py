"""The error of a constant prediction, the baseline that every model has to beat.

For a classifier the constant is the most frequent class of the training rows (their
class shares, if probabilities are scored), for a regressor the mean of their targets.
It ignores X, so a model that is worse has learnt something that does not hold for these
rows, most often because of their scale.
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

# A squared error above this multiple of the constant's counts as worse whatever the
# t interval: a few rows with extreme predictions make both the error and it large.
_CLEARLY_WORSE = 1.5
_ENOUGH_ROWS = 10
# Scorers (by the beginning of their names) that use the probabilities of a classifier.
_OF_PROBABILITIES = (
    "neg_log_loss",
    "neg_brier_score",
    "d2_log_loss_score",
    "d2_brier_score",
    "roc_auc",
    "average_precision",
    "top_k_accuracy",
)


class Constant(NamedTuple):
    """The errors of a constant and of the model on one part."""

    part: str
    error: float  # of the constant
    of_model: float
    prediction: str  # what the constant predicts
    is_beaten: bool  # whether the error of the model is smaller
    is_surely_better: bool  # whether that of the constant is smaller beyond chance


def constants_of(
    found: Measured, estimator, scoring, confidence
) -> tuple[Constant, ...]:
    """Return the error of a constant on each part.

    Empty if `scoring` is a callable, which may use any attribute of the model, or if
    the targets are constant.
    """
    X, y = found.rows["train"]
    targets = as_targets(y)
    if not (scoring is None or (isinstance(scoring, str) and targets.ndim == 1)):
        return ()
    of_classes = is_classifier(estimator)
    if len(targets) < 2 or not (targets != targets[0]).any():
        return ()
    dummy = (DummyClassifier() if of_classes else DummyRegressor()).fit(X, y)
    prediction = _prediction_in_words(dummy, of_classes, scoring)
    return tuple(
        _compared(found, part, dummy, prediction, confidence) for part in found.parts
    )


def _prediction_in_words(dummy, of_classes: bool, scoring) -> str:
    if not of_classes:
        return "the mean of y_train"
    if scoring is not None and scoring.startswith(_OF_PROBABILITIES):
        return "the class shares of y_train"
    if isinstance(dummy.classes_, list):  # several labels
        return "the most frequent value of each label"
    label = dummy.classes_[np.argmax(dummy.class_prior_)]
    # As a Python object: the repr of a NumPy scalar shows its type.
    return f"always {_plain(label)!r}"


def _plain(label):
    return label.item() if isinstance(label, np.generic) else label


def _compared(found: Measured, part, dummy, prediction, confidence) -> Constant:
    X, y = found.rows[part]
    with warnings.catch_warnings():
        # Precision and similar scores warn if a class is never predicted.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        constant, of_rows = found.measure(dummy, part, X, y)
    ours = found.parts[part].error
    excess = ours - constant.error
    is_surely = excess > 0
    of_model = found.row_errors[part]
    if is_surely and of_rows is not None and of_model is not None:
        d = np.asarray(of_model, np.float64) - np.asarray(of_rows, np.float64)
        is_surely = len(d) >= 2 and _is_above_zero(d, confidence)
        is_extreme = ours > _CLEARLY_WORSE * constant.error and len(d) >= _ENOUGH_ROWS
        is_surely = is_surely or (is_extreme and not _are_shares(of_rows))
    return Constant(part, constant.error, ours, prediction, excess < 0, is_surely)


def _are_shares(of_rows) -> bool:
    return of_rows.dtype == bool


def _is_above_zero(d: np.ndarray, confidence: float) -> bool:
    quantile = float(special.stdtrit(len(d) - 1, 0.5 + confidence / 2))
    return bool(d.mean() > quantile * d.std(ddof=1) / math.sqrt(len(d)))
