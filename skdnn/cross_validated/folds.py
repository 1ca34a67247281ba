"""Which rows are trained on, and which are held out."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    check_cv,
)

# With few rows, each of them counts; with many, one part tells enough, and each further
# network takes long.
_N_FOLDS = 5
_THREE_FOLDS_ABOVE = 10_000
_ONE_PART_ABOVE = 20_000
_PART = 0.1


class Fold(NamedTuple):
    """The numbers of the rows of a fold."""

    train: np.ndarray
    held_out: np.ndarray


def folds_of(estimator, rows, targets, groups, seed: int) -> list[Fold]:
    """Return the folds that `cv` asks for.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        Its `cv` is a number of folds, a splitter, pairs of row numbers, or None.
    rows : Rows
        The training rows, validated.
    targets : Targets
        Say whether there are classes, which each fold is to have in the same shares.
    groups : array-like of shape (n_samples,) or None
        Rows of one group are trained on or held out together.
    seed : int
        Draws the folds, where `cv` leaves that to us.
    """
    n_rows, y = rows.X.shape[0], rows.y
    if sparse.issparse(y):
        y = y.toarray()
    labels = y if targets.are_classes and not targets.is_multilabel else None
    cv = estimator.cv
    if cv is None or isinstance(cv, (int, np.integer)):
        splitter = _splitter(cv, n_rows, labels, groups, seed)
    else:
        splitter = check_cv(cv, y, classifier=labels is not None)
    with warnings.catch_warnings():
        # A class of fewer rows than folds is missing in some: its rows are scored by
        # networks that have not seen it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        pairs = splitter.split(np.zeros(n_rows), y, groups)
        folds = [Fold(np.asarray(a), np.asarray(b)) for a, b in pairs]
    _check(folds, cv)
    return folds


def _splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    if groups is not None:
        return _group_splitter(cv, n_rows, labels, groups, seed)
    if cv is None and n_rows > _ONE_PART_ABOVE:
        of_classes = labels is not None and _least_count(labels) > 1
        kind = StratifiedShuffleSplit if of_classes else ShuffleSplit
        return kind(1, test_size=_PART, random_state=seed)
    n_folds = _number_of_folds(cv, n_rows)
    if labels is not None and np.unique(labels, return_counts=True)[1].max() >= n_folds:
        return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return KFold(n_folds, shuffle=True, random_state=seed)


def _number_of_folds(cv, n_rows: int) -> int:
    if cv is None:
        most = 3 if n_rows > _THREE_FOLDS_ABOVE else _N_FOLDS
        return max(2, min(most, n_rows))
    if cv < 2 or cv > n_rows:
        raise ValueError(
            f"cv={cv} must be at least 2 and at most the number of rows, {n_rows}."
        )
    return int(cv)


def _group_splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError(
            "groups must hold at least 2 groups, one to hold out and one to train on; "
            f"got {n_groups}."
        )
    if cv is None and n_rows > _ONE_PART_ABOVE:
        return GroupShuffleSplit(1, test_size=_PART, random_state=seed)
    n_folds = min(_number_of_folds(cv, n_rows), n_groups) if cv is None else int(cv)
    if n_folds > n_groups:
        raise ValueError(f"cv={cv} is more than the number of groups, {n_groups}.")
    if labels is not None and np.unique(labels, return_counts=True)[1].max() >= n_folds:
        return StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return GroupKFold(n_folds, shuffle=True, random_state=seed)


def _least_count(labels) -> int:
    return int(np.unique(labels, return_counts=True)[1].min())


def _check(folds: list[Fold], cv) -> None:
    if not folds or any(not (len(f.train) and len(f.held_out)) for f in folds):
        raise ValueError(
            f"cv={cv!r} must give at least one pair of row numbers, both of them with "
            "rows."
        )
