"""The errors that a report starts from: given as numbers, or measured on rows."""

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import best_score
from skdnn.diagnosis.bias_variance_checks import (
    check_count,
    check_fraction,
    is_number,
)
from skdnn.diagnosis.bias_variance_gaps import (
    PartError,
    mean_over_rows,
    share_of_rows,
)
from skdnn.diagnosis.row_checks import (
    as_numbers,
    as_targets,
    check_as_fitted,
    check_is_instance,
    check_like,
    check_pair,
)


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
        X_name, y_name = _names(part)
        if (X is None) != (y is None):
            raise ValueError(f"Give {X_name} and {y_name} together, or neither.")
        if X is not None:
            check_pair(X_name, X, y_name, y, _ORDER)
            given[part] = X, y
    for part in ("train", "dev"):
        if part not in given:
            raise ValueError(f"X_{part} and y_{part} must be given.")
    check_is_instance(estimator)
    measure, meaning = _measure(estimator, given["train"][1], scoring, confidence)
    check_is_fitted(estimator)
    _check_columns(estimator, given)
    return {part: measure(part, X, y) for part, (X, y) in given.items()}, meaning


_ORDER = (
    " The order is X_train, y_train, X_dev, y_dev; train_test_split returns X_train, "
    "X_dev, y_train, y_dev."
)


def _names(part):
    """Return what the rows and the targets of a part are called."""
    name = part.replace("-", "_")
    return f"X_{name}", f"y_{name}"


def _check_columns(estimator, given):
    """Compare the columns of all parts with those of the fit, and of each other."""
    X_train = given["train"][0]
    check_as_fitted("X_train", X_train, estimator)
    for part, (X, _) in given.items():
        check_like(_names(part)[0], X, "X_train", X_train)


def _measure(estimator, y_train, scoring, confidence):
    """Return a function (part, X, y) -> PartError, and what it measures in words."""
    if scoring is not None:
        return _from_scorer(estimator, scoring)
    if is_classifier(estimator):

        def share_wrong(part, X, y):
            predicted = as_targets(estimator.predict(X))
            _check_labels(_names(part)[1], y, predicted, estimator)
            wrong = _is_wrong(as_targets(y), predicted)
            return share_of_rows(part, float(wrong.mean()), len(wrong), confidence)

        return share_wrong, "share of rows predicted wrongly"
    if not is_regressor(estimator):
        raise TypeError(
            "estimator must be a classifier or a regressor, or scoring be given; got "
            f"{type(estimator).__name__}."
        )
    variances = np.var(as_numbers("y_train", y_train), axis=0)
    if np.any(variances == 0):
        raise ValueError(
            "y_train is constant, so that errors cannot be measured by its variance; "
            'give scoring, say "neg_mean_squared_error".'
        )

    def squared_error(part, X, y):
        X_name, y_name = _names(part)
        targets, predicted = as_numbers(y_name, y), as_targets(estimator.predict(X))
        _check_shape(y_name, targets, predicted)
        if not np.isfinite(predicted).all():
            raise ValueError(
                f"estimator predicts NaN or infinity for rows of {X_name}."
            )
        per_row = np.square(targets - predicted, dtype=np.float64) / variances
        if per_row.ndim == 2:
            per_row = per_row.mean(axis=1)
        return mean_over_rows(part, per_row, confidence)

    return squared_error, "squared error, in variances of y_train"


def _from_scorer(estimator, scoring):
    is_name = isinstance(scoring, str) and scoring in get_scorer_names()
    if not (is_name or callable(scoring)) or isinstance(scoring, type):
        raise ValueError(
            f"scoring={scoring!r} is not allowed: give one scorer (see "
            "sklearn.metrics.make_scorer) or the name of one "
            "(sklearn.metrics.get_scorer_names() lists them)."
        )
    scorer = check_scoring(estimator, scoring)
    best = best_score(scorer)
    name = scoring if isinstance(scoring, str) else "score"

    def shortfall(part, X, y):
        score = scorer(estimator, X, y)
        if not (is_number(score) and np.isfinite(score)):
            raise ValueError(
                f"scoring={scoring!r} must return a finite number, got {score!r} on "
                f"{_names(part)[0]}."
            )
        return PartError(part, best - float(score), len(as_targets(y)))

    return shortfall, f"{best:g} - {name}"


def _is_wrong(y, predicted):
    """Whether each row is wrong; with several labels, whether any of them is."""
    wrong = y != predicted
    return wrong.any(axis=1) if wrong.ndim == 2 else wrong


def _check_labels(name, y, predicted, estimator):
    """Refuse labels that cannot equal any prediction."""
    y = as_targets(y)
    _check_shape(name, y, predicted)
    kinds = [labels.dtype.kind for labels in (y, predicted)]
    if "O" not in kinds and (kinds[0] in "SU") != (kinds[1] in "SU"):
        raise ValueError(
            f"{name} has labels of type {y.dtype}, but the estimator predicts "
            f"{predicted.dtype}: give labels as in its fit."
        )
    classes = getattr(estimator, "classes_", None)
    if y.ndim == 1 and isinstance(classes, np.ndarray):
        labels, known = set(y.tolist()), classes.tolist()
        if labels.isdisjoint(known):
            shown = sorted(map(repr, labels))[:5]
            raise ValueError(
                f"{name} has none of the classes that the estimator knows, {known}, "
                f"but {', '.join(shown)}{', ...' if len(labels) > 5 else ''}."
            )


def _check_shape(name, y, predicted):
    if y.shape != predicted.shape:
        raise ValueError(
            f"{name} must have the shape of the predictions, {predicted.shape}, got "
            f"{y.shape}. Are arrays swapped?"
        )
