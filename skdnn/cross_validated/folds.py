"""Which rows are trained on, and which are held out."""

import reprlib
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
)

from skdnn.estimators.checks.values import is_missing
from skdnn.estimators.reporting import tell

# With few rows, each of them counts; with many, one part tells enough, and each further
# network takes long.
_N_FOLDS = ((300, 10), (10_000, 5), (np.inf, 3))  # (up to so many rows, folds)
_ONE_PART_ABOVE = 20_000
_PART = 0.1
# More rows tell no more of candidates: the part is of at most so many.
MOST_HELD_OUT = 100_000
_PAIRS = (
    "cv={} must give pairs of row numbers: of rows to train on and of rows to hold out"
)


class Fold(NamedTuple):
    """The numbers of the rows of a fold."""

    train: np.ndarray
    held_out: np.ndarray


def folds_of(estimator, rows, counting, targets, groups, seed: int) -> list[Fold]:
    """Return the folds that `cv` asks for, of the rows that have a weight.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        Its `cv` is a number of folds, a splitter, pairs of row numbers, or None.
    rows : Rows
        The training rows, validated.
    counting : ndarray of int
        The numbers of those that have a weight.
    targets : Targets
        Say whether there are classes, which each fold is to have in the same shares.
    groups : array-like of shape (n_samples,) or None
        Rows of one group are trained on or held out together.
    seed : int
        Draws the folds, where `cv` leaves that to us.
    """
    n_rows, y, cv = rows.X.shape[0], rows.y, estimator.cv
    y = y.toarray() if sparse.issparse(y) else y
    groups = _checked_groups(groups, n_rows)
    has_labels = targets.are_classes and not targets.is_multilabel
    if cv is None or isinstance(cv, (int, np.integer)):
        y, groups = y[counting], None if groups is None else groups[counting]
        labels = y if has_labels else None
        splitter = _splitter(cv, len(counting), labels, groups, seed)
        pairs = _pairs(splitter, len(counting), y, groups)
        return [Fold(counting[train], counting[test]) for train, test in pairs]
    pairs = _pairs(cv, n_rows, y, groups) if hasattr(cv, "split") else cv
    has_weight = np.isin(np.arange(n_rows), counting)
    folds = [_fold(pair, n_rows, has_weight, cv) for pair in pairs]
    if not folds:
        raise ValueError(f"{_PAIRS.format(_shown(cv))}; it gives none.")
    _tell_if_groups_are_cut(folds, groups, cv)
    return folds


def counting_rows(rows, targets) -> np.ndarray:
    """Return the numbers of the rows that have a weight; all where none has."""
    Y = targets.encode(rows.y, np.dtype(np.float64))
    weight = targets.weigh(Y, rows.sample_weight)
    every = np.arange(rows.X.shape[0])
    return every if weight is None or not np.any(weight) else every[weight > 0]


def _checked_groups(groups, n_rows: int) -> np.ndarray | None:
    if groups is None:
        return None
    groups = np.asarray(groups)
    if groups.shape != (n_rows,):
        raise ValueError(
            f"groups must name one group for each of the {n_rows} rows of X, shape "
            f"({n_rows},); got shape {groups.shape}."
        )
    missing = np.flatnonzero([is_missing(group) for group in groups.tolist()])
    if missing.size:
        raise ValueError(
            f"groups has no group for row {missing[0]}, but a missing value. Give it "
            "the group that it belongs to, or one of its own."
        )
    if len({isinstance(group, str) for group in groups.tolist()}) > 1:
        raise TypeError("groups must be all numbers or all text; they are of both.")
    return groups


def _pairs(splitter, n_rows: int, y, groups) -> list:
    """Return what a splitter gives, without its warnings of what is taken care of."""
    with warnings.catch_warnings():
        # A class of fewer rows than folds is missing in some: its rows are scored by
        # networks that have not seen it. So it is where most rows are of such classes.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        # That groups are cut is told by `_tell_if_groups_are_cut`.
        warnings.filterwarnings("ignore", "The groups parameter is ign", UserWarning)
        return list(splitter.split(np.zeros(n_rows), y, groups))


def _fold(pair, n_rows: int, has_weight: np.ndarray, cv) -> Fold:
    """Return a caller's pair of row numbers, checked, without rows of no weight."""
    must = _PAIRS.format(_shown(cv))
    if not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(f"{must}; instead of a pair it gives {_shown(pair)}.")
    parts = []
    for numbers in map(np.asarray, pair):
        if numbers.dtype == bool and numbers.shape == (n_rows,):
            numbers = np.flatnonzero(numbers)
        if numbers.size and (numbers.dtype.kind not in "iu" or numbers.ndim != 1):
            raise ValueError(f"{must}; instead of ints it gives {_shown(numbers)}.")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < n_rows:
            raise ValueError(
                f"{must}; the rows are numbered from 0 to {n_rows - 1}, but there are "
                f"numbers from {numbers.min()} to {numbers.max()}."
            )
        parts.append(numbers[has_weight[numbers.astype(int)]])
        if not parts[-1].size:
            raise ValueError(f"{must}; one part has no row of a weight above 0.")
    return Fold(*parts)


def _shown(value) -> str:
    return " ".join(reprlib.repr(value).split())


def _tell_if_groups_are_cut(folds: list[Fold], groups, cv) -> None:
    if groups is None:
        return
    if any(np.isin(groups[f.held_out], groups[f.train]).any() for f in folds):
        tell(
            f"cv={_shown(cv)} holds out rows of groups that it also trains on: "
            "held-out scores may be too good. Give a number of folds, or a splitter "
            "that keeps groups together, such as GroupKFold.",
            UserWarning,
            "groups",
        )


def _splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    if groups is not None:
        return _group_splitter(cv, n_rows, labels, groups, seed)
    if cv is None and n_rows > _ONE_PART_ABOVE:
        of_classes = labels is not None and _counts(labels).min() > 1
        kind = StratifiedShuffleSplit if of_classes else ShuffleSplit
        part = _PART if n_rows * _PART <= MOST_HELD_OUT else MOST_HELD_OUT
        return kind(1, test_size=part, random_state=seed)
    n_folds = _number_of_folds(cv, n_rows)
    if labels is not None and _counts(labels).max() >= n_folds:
        return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return KFold(n_folds, shuffle=True, random_state=seed)


def _number_of_folds(cv, n_rows: int) -> int:
    if n_rows < 2:
        raise ValueError(
            f"n_samples={n_rows} rows have a weight above 0: there must be at least 2, "
            "one to train on and one to hold out."
        )
    if cv is None:
        return min(next(n for most, n in _N_FOLDS if n_rows <= most), n_rows)
    if cv > n_rows:
        raise ValueError(f"cv={cv} is more than the number of rows, {n_rows}.")
    return int(cv)


def _group_splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError(
            "groups must hold at least 2 groups, one to hold out and one to train on; "
            f"got {n_groups}."
        )
    if cv is None and n_rows > _ONE_PART_ABOVE:
        # A share of the groups.
        part = min(_PART, MOST_HELD_OUT / n_rows)
        return GroupShuffleSplit(1, test_size=part, random_state=seed)
    n_folds = _number_of_folds(cv, n_rows)
    if cv is None:
        n_folds = min(n_folds, n_groups)
    if n_folds > n_groups:
        raise ValueError(f"cv={cv} is more than the number of groups, {n_groups}.")
    if labels is not None and _counts(labels).max() >= n_folds:
        return StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return GroupKFold(n_folds, shuffle=True, random_state=seed)


def _counts(labels) -> np.ndarray:
    """Return the rows of each class."""
    return np.unique(labels, return_counts=True)[1]
