"""The errors that a report starts from, given as numbers or measured on rows."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import best_score
from skdnn.diagnosis.arguments import (
    LARGEST,
    as_numbers,
    as_targets,
    check_as_fitted,
    check_is_instance,
    check_like,
    check_pair,
    is_count,
    is_number,
)
from skdnn.diagnosis.bias_variance.gaps import (
    OUT_OF_FOLD,
    PartError,
    correlation_of_means,
    mean_over_rows,
    share_of_rows,
)
from skdnn.diagnosis.bias_variance.out_of_fold import out_of_fold


def check_confidence(confidence) -> float:
    """Return `confidence` as a float strictly between 0 and 1."""
    if is_number(confidence) and 0 < confidence < 1:
        return float(confidence)
    raise ValueError(
        f"confidence={confidence!r} is not allowed: give a number strictly between 0 "
        "and 1."
    )


class Measured(NamedTuple):
    """The errors of a fitted estimator, and what they were measured on."""

    parts: dict[str, PartError]
    meaning: str  # name of the error
    row_errors: dict[str, np.ndarray | None]  # by part; None with a scorer
    rows: dict[str, tuple[Any, Any]]  # X and y, by part
    measure: Callable  # (model, part, X, y) -> (PartError, row errors)


def check_bayes_error(value) -> float:
    """Return the Bayes error as a float, in any unit, at least 0."""
    if is_number(value) and 0 <= value <= LARGEST:
        return float(value)
    raise ValueError(f"bayes_error={value!r} is not allowed: give a number >= 0.")


def check_fraction(name, value) -> float:
    """Return an error that is a share of rows, as a float in [0, 1]."""
    if not is_number(value):
        raise TypeError(f"{name}={value!r} is not allowed: give a fraction in [0, 1].")
    if 0 <= value <= 1:
        return float(value)
    hint = f" Did you mean {value / 100:g}?" if 1 < value <= 100 else ""
    raise ValueError(
        f"{name}={value!r} is not allowed: an error is a fraction in [0, 1].{hint}"
    )


def stated_errors(errors, counts, confidence) -> dict[str, PartError]:
    """Return the parts whose errors are given; train and dev are required.

    Parameters
    ----------
    errors : dict of float or None
        Errors by part, such as ``{"train": 0.01, "dev": 0.1, "test": None}``.
    counts : dict of int or None
        Numbers of rows of the same parts.
    confidence : float
        Confidence of the intervals.
    """
    parts = {}
    for part, error in errors.items():
        name = part.replace("-", "_")
        if error is not None or part in ("train", "dev"):
            error = check_fraction(f"{name}_error", error)
        n_rows = counts[part]
        if n_rows is not None:
            if not is_count(n_rows):
                raise TypeError(
                    f"n_{name}={n_rows!r} is not allowed: give an int or None."
                )
            if n_rows < 1:
                raise ValueError(
                    f"n_{name}={n_rows!r} is not allowed: give an int of at least 1."
                )
            if error is None:
                raise ValueError(f"n_{name}={n_rows} needs {name}_error to be given.")
            n_rows = int(n_rows)
        if error is not None:
            parts[part] = share_of_rows(part, error, n_rows, confidence)
    return parts


def warn_of_accuracies(train_error, dev_error) -> None:
    """Warn if the errors are probably accuracies.

    This is no error, since a model that has learnt nothing about ten classes has such
    errors too.
    """
    if train_error > 0.5 and dev_error <= train_error:
        warnings.warn(
            f"train_error={train_error!r} and dev_error={dev_error!r} look like "
            "accuracies: as errors they say that most training rows are misclassified, "
            "and no larger share of the dev rows. For accuracies, give 1 - accuracy: "
            f"train_error={1 - train_error:.4g}, dev_error={1 - dev_error:.4g}, and "
            "likewise for all others.",
            UserWarning,
            stacklevel=3,
        )


def measured_errors(estimator, rows, scoring, confidence) -> Measured:
    """Measure the error of a fitted estimator on each part of the rows.

    Parameters
    ----------
    estimator : fitted estimator
        Classifier or regressor.
    rows : dict of (X, y)
        Rows by part; parts without rows are (None, None). Without dev rows, the rows
        held out by a cross-validated estimator take their place.
    scoring : str, callable or None
        A scikit-learn scorer; None measures an error per row.
    confidence : float
        Confidence of the intervals.
    """
    given = _given(rows)
    check_is_instance(estimator)
    X_train, y_train = given["train"]
    measure, meaning = _measure(estimator, y_train, scoring, confidence)
    check_is_fitted(estimator)
    check_as_fitted("X_train", X_train, estimator)
    for part, (X, _) in given.items():
        check_like(_names(part)[0], X, "X_train", X_train)
    if "dev" in given:
        return measured(measure, meaning, dict.fromkeys(given, estimator), given)
    model, X, y, was_held_out = out_of_fold(estimator, X_train, y_train)
    # Directly after the training rows, like the dev rows.
    others = {part: pair for part, pair in given.items() if part != "train"}
    given = {"train": given["train"], OUT_OF_FOLD: (X, y), **others}
    models = {**dict.fromkeys(given, estimator), OUT_OF_FOLD: model}
    found = measured(measure, meaning, models, given)
    seen, unseen = (found.row_errors[part] for part in ("train", OUT_OF_FOLD))
    if seen is not None and unseen is not None:
        r = correlation_of_means(seen, unseen, was_held_out)
        found.parts[OUT_OF_FOLD] = found.parts[OUT_OF_FOLD]._replace(correlation=r)
    return found


def measured(measure, meaning, models, rows) -> Measured:
    """Return the error of the model of each part on its rows."""
    parts, row_errors = {}, {}
    for part, (X, y) in rows.items():
        parts[part], row_errors[part] = measure(models[part], part, X, y)
    return Measured(parts, meaning, row_errors, rows, measure)


def _given(rows) -> dict[str, tuple[Any, Any]]:
    """Return the parts that have rows, checked."""
    given = {}
    for part, (X, y) in rows.items():
        X_name, y_name = _names(part)
        if (X is None) != (y is None):
            raise ValueError(f"{X_name} and {y_name} must be given together.")
        if X is not None:
            check_pair(X_name, X, y_name, y, _ORDER)
            given[part] = X, y
    if "train" not in given:
        raise ValueError("X_train and y_train must be given.")
    if "train-dev" in given and "dev" not in given:
        raise ValueError("X_dev and y_dev must be given if X_train_dev is.")
    return given


_ORDER = (
    " The order is X_train, y_train, X_dev, y_dev; train_test_split returns X_train, "
    "X_dev, y_train, y_dev."
)


def _names(part):
    """Return the names of the arguments that hold the rows and targets of a part."""
    if part == OUT_OF_FOLD:
        part = "train"
    name = part.replace("-", "_")
    return f"X_{name}", f"y_{name}"


def _measure(estimator, y_train, scoring, confidence):
    """Return a function that measures errors, and the name of the error.

    The function takes a model, the name of a part, X and y; it returns the PartError
    and the error of each row, or None with a scorer.
    """
    if scoring is not None:
        return _from_scorer(estimator, scoring)
    if is_classifier(estimator):

        def share_wrong(model, part, X, y):
            predicted = as_targets(model.predict(X))
            _check_labels(_names(part)[1], y, predicted, estimator)
            wrong = as_targets(y) != predicted
            if wrong.ndim == 2:  # several labels: a row is wrong if any label is
                wrong = wrong.any(axis=1)
            share = float(wrong.mean())
            return share_of_rows(part, share, len(wrong), confidence), wrong

        return share_wrong, "share of misclassified rows"
    if not is_regressor(estimator):
        raise TypeError(
            "estimator must be a classifier or a regressor if scoring is None, got "
            f"{type(estimator).__name__}."
        )
    variances = np.var(as_numbers("y_train", y_train), axis=0)
    if np.any(variances == 0):
        raise ValueError(
            "y_train is constant, so errors cannot be divided by its variance; give "
            'scoring, such as "neg_mean_squared_error".'
        )

    def squared_error(model, part, X, y):
        X_name, y_name = _names(part)
        targets, predicted = as_numbers(y_name, y), as_targets(model.predict(X))
        _check_shape(y_name, targets, predicted)
        if not np.isfinite(predicted).all():
            raise ValueError(
                f"estimator predicts NaN or infinity for rows of {X_name}."
            )
        per_row = np.square(targets - predicted, dtype=np.float64) / variances
        if per_row.ndim == 2:
            per_row = per_row.mean(axis=1)
        return mean_over_rows(part, per_row, confidence), per_row

    return squared_error, "squared error / variance of y_train"


def _from_scorer(estimator, scoring):
    is_name = isinstance(scoring, str) and scoring in get_scorer_names()
    if not (is_name or callable(scoring)) or isinstance(scoring, type):
        raise ValueError(
            f"scoring={scoring!r} is not allowed: give a scorer (see "
            "sklearn.metrics.make_scorer) or the name of one (listed by "
            "sklearn.metrics.get_scorer_names())."
        )
    scorer = check_scoring(estimator, scoring)
    best = best_score(scorer)
    name = scoring if isinstance(scoring, str) else "score"

    def shortfall(model, part, X, y):
        score = scorer(model, X, y)
        if not (is_number(score) and np.isfinite(score)):
            raise ValueError(
                f"scoring={scoring!r} must return a finite number, got {score!r} on "
                f"{_names(part)[0]}."
            )
        return PartError(part, best - float(score), len(as_targets(y))), None

    return shortfall, f"{best:g} - {name}"


def _check_labels(name, y, predicted, estimator):
    """Raise ValueError for labels that cannot equal any prediction."""
    y = as_targets(y)
    _check_shape(name, y, predicted)
    kinds = [labels.dtype.kind for labels in (y, predicted)]
    if "O" not in kinds and (kinds[0] in "SU") != (kinds[1] in "SU"):
        raise ValueError(
            f"{name} has labels of type {y.dtype}, but the estimator predicts "
            f"{predicted.dtype}: give labels of the type passed to fit."
        )
    classes = getattr(estimator, "classes_", None)
    if y.ndim == 1 and isinstance(classes, np.ndarray):
        labels, known = set(y.tolist()), classes.tolist()
        if labels.isdisjoint(known):
            shown = sorted(map(repr, labels))[:5]
            raise ValueError(
                f"{name} must hold classes of the estimator, {known}, got "
                f"{', '.join(shown)}{', ...' if len(labels) > 5 else ''}."
            )


def _check_shape(name, y, predicted):
    if y.shape != predicted.shape:
        raise ValueError(
            f"{name} must have the shape of the predictions, {predicted.shape}, got "
            f"{y.shape}. Were arrays swapped?"
        )
