"""The folds: which rows are trained on, and which are held out."""

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
from skdnn.estimators.reporting import warn_once_per_search

# With few rows, more folds leave more of them for training. With many, one held-out set
# is precise enough, and each further network takes long.
_N_FOLDS = ((300, 10), (10_000, 5), (np.inf, 3))  # (maximum number of rows, folds)
_ONE_PART_ABOVE = 20_000
_PART = 0.1
# More held-out rows would not separate the candidates any better.
MAX_HELD_OUT = 100_000
_PAIRS = "cv={} must yield pairs (train, held-out) of arrays of row indices"


class Fold(NamedTuple):
    """The row indices of a fold."""

    train: np.ndarray
    held_out: np.ndarray


def folds_of(estimator, rows, weighted, targets, groups, seed: int) -> list[Fold]:
    """Return the folds for `cv`, without rows of weight 0.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        Its `cv` is a number of folds, a splitter, pairs of row indices, or None.
    rows : Rows
        The training rows, validated.
    weighted : ndarray of int
        Indices of the rows of positive weight.
    targets : Targets
        Tell whether to stratify by class.
    groups : array-like of shape (n_samples,) or None
        Rows of one group are trained on or held out together.
    seed : int
        Seed of the folds, unless `cv` fixes them.
    """
    n_rows, y, cv = rows.X.shape[0], rows.y, estimator.cv
    y = y.toarray() if sparse.issparse(y) else y
    groups = _checked_groups(groups, n_rows)
    has_labels = targets.are_classes and not targets.is_multilabel
    if cv is None or isinstance(cv, (int, np.integer)):
        y, groups = y[weighted], None if groups is None else groups[weighted]
        labels = y if has_labels else None
        splitter = _splitter(cv, len(weighted), labels, groups, seed)
        pairs = _pairs(splitter, len(weighted), y, groups)
        return [Fold(weighted[train], weighted[test]) for train, test in pairs]
    pairs = _pairs(cv, n_rows, y, groups) if hasattr(cv, "split") else cv
    has_weight = np.isin(np.arange(n_rows), weighted)
    folds = [_fold(pair, n_rows, has_weight, cv) for pair in pairs]
    if not folds:
        raise ValueError(f"{_PAIRS.format(_shown(cv))}, but yields none.")
    _warn_if_groups_are_split(folds, groups, cv)
    return folds


def rows_with_weight(rows, targets) -> np.ndarray:
    """Return the indices of the rows of positive weight, or of all if none has any."""
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
            f"groups must hold one group for each row of X, in shape ({n_rows},); got "
            f"shape {groups.shape}."
        )
    missing = np.flatnonzero([is_missing(group) for group in groups.tolist()])
    if missing.size:
        raise ValueError(
            f"groups has a missing value for row {missing[0]}. Assign that row to a "
            "group, or to a new group."
        )
    if len({isinstance(group, str) for group in groups.tolist()}) > 1:
        raise TypeError(
            "groups must be all numbers or all strings, but it holds both. Convert "
            "them, for example with astype(str)."
        )
    return groups


def _pairs(splitter, n_rows: int, y, groups) -> list:
    """Return a splitter's pairs, without those of its warnings that do not apply."""
    with warnings.catch_warnings():
        # A class with fewer rows than folds is absent from some training sets; its
        # held-out rows are then scored by networks that do not know it. That is meant.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        # `_warn_if_groups_are_split` warns instead.
        warnings.filterwarnings("ignore", "The groups parameter is ign", UserWarning)
        return list(splitter.split(np.zeros(n_rows), y, groups))


def _fold(pair, n_rows: int, has_weight: np.ndarray, cv) -> Fold:
    """Check a caller's pair of row indices; return it without rows of weight 0."""
    must = _PAIRS.format(_shown(cv))
    if not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(f"{must}, but yields {_shown(pair)}.")
    parts = []
    for numbers in map(np.asarray, pair):
        if numbers.dtype == bool and numbers.shape == (n_rows,):
            numbers = np.flatnonzero(numbers)
        if numbers.size and (numbers.dtype.kind not in "iu" or numbers.ndim != 1):
            raise ValueError(f"{must}, but one of them is {_shown(numbers)}.")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < n_rows:
            raise ValueError(
                f"{must} from 0 to {n_rows - 1}, but one has indices from "
                f"{numbers.min()} to {numbers.max()}."
            )
        parts.append(numbers[has_weight[numbers.astype(int)]])
        if not parts[-1].size:
            raise ValueError(f"{must}, but one has no row with a weight above 0.")
    return Fold(*parts)


def _shown(value) -> str:
    return " ".join(reprlib.repr(value).split())


def _warn_if_groups_are_split(folds: list[Fold], groups, cv) -> None:
    if groups is None:
        return
    if any(np.isin(groups[f.held_out], groups[f.train]).any() for f in folds):
        warn_once_per_search(
            f"cv={_shown(cv)} splits groups between training and held-out rows: "
            "held-out scores may be too optimistic. Pass a number of folds, or a "
            "splitter that keeps groups together, such as GroupKFold.",
            UserWarning,
            "groups",
        )


def _splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    if groups is not None:
        return _group_splitter(cv, n_rows, labels, groups, seed)
    if cv is None and n_rows > _ONE_PART_ABOVE:
        of_classes = labels is not None and _counts(labels).min() > 1
        kind = StratifiedShuffleSplit if of_classes else ShuffleSplit
        part = _PART if n_rows * _PART <= MAX_HELD_OUT else MAX_HELD_OUT
        return kind(1, test_size=part, random_state=seed)
    n_folds = _number_of_folds(cv, n_rows)
    if labels is not None and _counts(labels).max() >= n_folds:
        return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return KFold(n_folds, shuffle=True, random_state=seed)


def _number_of_folds(cv, n_rows: int) -> int:
    if n_rows < 2:
        raise ValueError(
            f"n_samples={n_rows} rows have a weight above 0, but at least 2 are "
            "needed: one to train on and one to hold out."
        )
    if cv is None:
        return min(next(n for most, n in _N_FOLDS if n_rows <= most), n_rows)
    if cv > n_rows:
        raise ValueError(
            f"cv={cv} is greater than the number of rows with a weight above 0, "
            f"{n_rows}."
        )
    return int(cv)


def _group_splitter(cv, n_rows: int, labels, groups, seed: int) -> Any:
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError(
            "groups must hold at least 2 groups, one to train on and one to hold out; "
            f"got {n_groups}."
        )
    if cv is None and n_rows > _ONE_PART_ABOVE:
        part = min(_PART, MAX_HELD_OUT / n_rows)  # the fraction of the groups
        return GroupShuffleSplit(1, test_size=part, random_state=seed)
    n_folds = _number_of_folds(cv, n_rows)
    if cv is None:
        n_folds = min(n_folds, n_groups)
    if n_folds > n_groups:
        raise ValueError(f"cv={cv} is greater than the number of groups, {n_groups}.")
    if labels is not None and _counts(labels).max() >= n_folds:
        return StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return GroupKFold(n_folds, shuffle=True, random_state=seed)


def _counts(labels) -> np.ndarray:
    """Return the number of rows of each class."""
    return np.unique(labels, return_counts=True)[1]
