"""The errors that a report starts from: given as numbers, or measured on rows."""

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring
from sklearn.utils import check_consistent_length

from skdnn.diagnosis.bias_variance_checks import check_count, check_fraction
from skdnn.diagnosis.bias_variance_gaps import (
    PartError,
    mean_over_rows,
    share_of_rows,
)
from skdnn.estimators.sklearn_private import best_score


def stated_errors(errors, counts, confidence) -> dict[str, PartError]:
    """Return the parts whose error is given, e.g. ``{"train": 0.01, "test": None}``."""
    parts = {}
    for part, error in errors.items():
        name = part.replace("-", "_")
        n_rows = check_count(f"n_{name}", counts[part])
        if error is not None:
            error = check_fraction(f"{name}_error", error)
            parts[part] = share_of_rows(part, error, n_rows, confidence)
        elif n_rows is not None:
            raise ValueError(f"n_{name}={n_rows} is given without {name}_error.")
    return parts


def measured_errors(estimator, rows, scoring, confidence):
    """Return the error on each part of the rows, and what that error is, in words.

    Parameters
    ----------
    estimator : fitted estimator
        Classifier or regressor.
    rows : dict of (X, y)
        By part; parts without rows are (None, None).
    scoring : str, callable or None
        A scikit-learn scorer; None measures an error per row.
    confidence : float
        Of the intervals.
    """
    given = {}
    for part, (X, y) in rows.items():
        name = part.replace("-", "_")
        if (X is None) != (y is None):
            raise ValueError(f"Give X_{name} and y_{name} together, or neither.")
        if X is not None:
            check_consistent_length(X, y)
            given[part] = X, y
    for part in ("train", "dev"):
        if part not in given:
            raise ValueError(f"X_{part} and y_{part} must be given.")
    measure, meaning = _measure(estimator, given["train"][1], scoring, confidence)
    return {part: measure(part, X, y) for part, (X, y) in given.items()}, meaning


def _measure(estimator, y_train, scoring, confidence):
    """Return a function (part, X, y) -> PartError, and what it measures in words."""
    if scoring is not None:
        return _from_scorer(estimator, scoring)
    if is_classifier(estimator):

        def share_wrong(part, X, y):
            predicted = estimator.predict(X)
            _check_same_kind(f"y_{part.replace('-', '_')}", y, predicted)
            wrong = _is_wrong(y, predicted)
            return share_of_rows(part, float(wrong.mean()), len(wrong), confidence)

        return share_wrong, "share of rows predicted wrongly"
    if not is_regressor(estimator):
        raise TypeError(
            "estimator must be a classifier or a regressor, or scoring be given; got "
            f"{type(estimator).__name__}."
        )
    variances = np.var(_numbers("train", y_train), axis=0)
    if np.any(variances == 0):
        raise ValueError(
            "y_train is constant, so that errors cannot be measured by its variance; "
            'give scoring, say "neg_mean_squared_error".'
        )

    def squared_error(part, X, y):
        residual = _numbers(part, y) - _as_array(estimator.predict(X))
        per_row = np.square(residual, dtype=np.float64) / variances
        if per_row.ndim == 2:
            per_row = per_row.mean(axis=1)
        return mean_over_rows(part, per_row, confidence)

    return squared_error, "squared error, in variances of y_train"


def _from_scorer(estimator, scoring):
    if not (isinstance(scoring, str) or callable(scoring)):
        raise ValueError(
            f"scoring={scoring!r} is not allowed: give the name of one scorer, or one."
        )
    scorer = check_scoring(estimator, scoring)
    best = best_score(scorer)
    name = scoring if isinstance(scoring, str) else "score"

    def shortfall(part, X, y):
        score = float(scorer(estimator, X, y))
        return PartError(part, best - score, len(_as_array(y)))

    return shortfall, f"{best:g} - {name}"


def _is_wrong(y, predicted):
    """Whether each row is wrong; with several labels, whether any of them is."""
    wrong = _as_array(y) != _as_array(predicted)
    return wrong.any(axis=1) if wrong.ndim == 2 else wrong


def _check_same_kind(name, y, predicted):
    """Refuse labels that equal no prediction because they are of another type."""
    kinds = [_as_array(labels).dtype.kind for labels in (y, predicted)]
    if "O" not in kinds and (kinds[0] in "SU") != (kinds[1] in "SU"):
        raise ValueError(
            f"{name} has labels of type {_as_array(y).dtype}, but the estimator "
            f"predicts {_as_array(predicted).dtype}: give labels as in its fit."
        )


def _numbers(part, y):
    """Return the targets of a regressor."""
    try:
        return _as_array(y).astype(np.float64)
    except (TypeError, ValueError):
        name = f"y_{part.replace('-', '_')}"
        raise ValueError(
            f"{name} must hold numbers, for a regressor; it has the type "
            f"{_as_array(y).dtype}."
        ) from None


def _as_array(y):
    """Return targets as an array, one column as a vector."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
