"""An estimate of the Bayes error: the out-of-fold error of a strong reference model.

In expectation it is an upper bound: no model is better than the best possible one, and
the reference is trained on part of the rows. So a bias that is high against it is
avoidable; one that is low against it may still be avoidable.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.multiclass import type_of_target

from skdnn._sklearn import safe_indexing
from skdnn.diagnosis.arguments import as_targets
from skdnn.diagnosis.bias_variance.errors import Measured, check_bayes_error
from skdnn.diagnosis.bias_variance.gaps import (
    PartError,
    correlation_of_means,
    mean_over_rows,
    share_of_rows,
)

REFERENCE = "reference"
_N_FOLDS = 5
_MAX_CATEGORIES = 100  # per column; rarer ones share a code


class Bayes(NamedTuple):
    """The Bayes error that a report starts from, and its source."""

    part: PartError
    source: str  # "given", "assumed" or "estimated"


def stated_bayes(value, check=check_bayes_error) -> Bayes:
    """Return the Bayes error given by a caller; None assumes 0."""
    if value is None:
        return Bayes(PartError("Bayes", 0.0), "assumed")
    return Bayes(PartError("Bayes", check(value)), "given")


def check_bayes(value) -> None:
    """Raise ValueError unless `value` is an error, a reference or an estimator."""
    if value is None or is_reference(value):
        return
    try:
        check_bayes_error(value)
    except ValueError as error:
        raise ValueError(
            f"{error} Or give None (0 is assumed), {REFERENCE!r} or an estimator, "
            "whose out-of-fold error on the training rows is then used."
        ) from None


def is_reference(value) -> bool:
    """Whether the Bayes error is to be estimated from a model."""
    is_name = isinstance(value, str) and value == REFERENCE
    return is_name or (hasattr(value, "fit") and not isinstance(value, type))


def estimated_bayes(reference, estimator, found: Measured, confidence) -> Bayes:
    """Return the out-of-fold error of a reference model, paired with the train error.

    Parameters
    ----------
    reference : str or estimator
        "reference" is gradient boosting, or a random forest for rows that boosting does
        not accept. An estimator is cloned.
    estimator : fitted estimator
        The subject of the report.
    found : Measured
        Its errors. The train error is replaced by one that holds its correlation with
        the Bayes error, as both are measured on the same rows.
    confidence : float
        Confidence of the interval.
    """
    X, y = found.rows["train"]
    of_classes = is_classifier(estimator)
    if isinstance(reference, str):
        reference = _strong_model(X, y, of_classes)
    elif is_classifier(reference) != of_classes:
        raise ValueError(
            f"bayes_error={reference!r} must be a "
            f"{'classifier' if of_classes else 'regressor'}, as the estimator is."
        )
    errors, numbers, of_rows = [], [], []
    for train, held_out in _folds(y, of_classes):
        model = clone(reference).fit(safe_indexing(X, train), safe_indexing(y, train))
        rows = safe_indexing(X, held_out), safe_indexing(y, held_out)
        part, row_errors = found.measure(model, "train", *rows)
        errors.append(part.error * len(held_out))
        numbers.append(held_out)
        of_rows.append(row_errors)
    if of_rows[0] is None:  # a scorer gives no error per row
        return Bayes(PartError("Bayes", sum(errors) / len(as_targets(y))), "estimated")
    all_rows = np.empty(len(as_targets(y)), dtype=of_rows[0].dtype)
    all_rows[np.concatenate(numbers)] = np.concatenate(of_rows)
    if all_rows.dtype == bool:
        share, n_rows = float(all_rows.mean()), len(all_rows)
        part = share_of_rows("Bayes", share, n_rows, confidence)
    else:
        part = mean_over_rows("Bayes", all_rows, confidence)
    everywhere = np.ones(len(all_rows), dtype=bool)
    r = correlation_of_means(all_rows, found.row_errors["train"], everywhere)
    found.parts["train"] = found.parts["train"]._replace(correlation=r)
    return Bayes(part, "estimated")


def _folds(y, of_classes):
    targets = as_targets(y)
    options = {"n_splits": _N_FOLDS, "shuffle": True, "random_state": 0}
    one_label = targets.ndim == 1 and of_classes
    if one_label and type_of_target(targets) in ("binary", "multiclass"):
        _, counts = np.unique(targets, return_counts=True)
        if counts.min() >= _N_FOLDS:
            return StratifiedKFold(**options).split(targets, targets)
    return KFold(**options).split(np.empty(len(targets)))


def _strong_model(X, y, of_classes: bool) -> Any:
    """Return a model that is hard to beat on tables and accepts them raw."""
    # Imported here, since most reports need no trees and the import is slow.
    from sklearn import ensemble

    if sparse.issparse(X) or as_targets(y).ndim == 2:
        forest = (
            ensemble.RandomForestClassifier
            if of_classes
            else ensemble.RandomForestRegressor
        )
        model = forest(200, random_state=0)
    else:
        boosted = (
            ensemble.HistGradientBoostingClassifier
            if of_classes
            else ensemble.HistGradientBoostingRegressor
        )
        model = boosted(learning_rate=0.05, early_stopping=True, random_state=0)
    if not hasattr(X, "columns"):
        return model
    if not hasattr(X, "iloc"):
        raise ValueError(
            f"bayes_error={REFERENCE!r} supports arrays, sparse matrices and pandas "
            f"data frames, got a {type(X).__name__}: give an estimator instead."
        )
    from sklearn import compose, pipeline, preprocessing

    codes = preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=-1,
        encoded_missing_value=-2,
        max_categories=_MAX_CATEGORIES,
    )
    # Trees cannot use dates and durations as they are: these are left out.
    apart = ["number", "bool", "datetime", "datetimetz", "timedelta"]
    return pipeline.make_pipeline(
        compose.make_column_transformer(
            (codes, compose.make_column_selector(dtype_exclude=apart)),
            (
                "passthrough",
                compose.make_column_selector(dtype_include=["number", "bool"]),
            ),
        ),
        model,
    )
