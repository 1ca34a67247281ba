"""Which rows go to train, dev and test: the four ways to cut.

Each function takes the sizes of (train, dev, test) and gives, for each row, the
number of its part: 0 is train, 1 is dev, 2 is test.
"""

from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from skdnn.model_selection.labels import PARTS, IntArray, counted, encode, in_words


def cut_consecutive(sizes: Sequence[int]) -> IntArray:
    """Cut train, dev and test one after the other.

    Parameters
    ----------
    sizes : sequence of int
        Rows of each part.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.
    """
    return np.repeat(np.arange(len(sizes)), sizes)


def cut_shuffled(sizes: Sequence[int], rng: np.random.RandomState) -> IntArray:
    """Cut at random.

    Parameters
    ----------
    sizes : sequence of int
        Rows of each part.
    rng : numpy.random.RandomState
        Source of the permutation.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.
    """
    return rng.permutation(cut_consecutive(sizes))


def cut_stratified(
    sizes: Sequence[int], labels: Any, name: str, rng: np.random.RandomState
) -> IntArray:
    """Cut at random with each class spread over the parts in proportion.

    Parameters
    ----------
    sizes : sequence of int
        Rows of each part.
    labels : array-like of shape (n_rows,) or (n_rows, n_labels)
        Class of each row; distinct rows are the classes of a 2-D array.
    name : str
        The argument that `labels` came from, for messages.
    rng : numpy.random.RandomState
        Source of the permutations.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.

    Raises
    ------
    ValueError
        If a class cannot have a row in each part.
    """
    classes, codes = encode(labels, name)
    counts = np.bincount(codes, minlength=len(classes))
    _check_class_counts(classes, counts, sizes, name)
    table = class_table(counts, sizes)
    rows_by_class = np.argsort(codes, kind="stable")
    part = np.empty(len(codes), dtype=np.intp)
    for rows, class_sizes in zip(
        np.split(rows_by_class, np.cumsum(counts)[:-1]), table, strict=True
    ):
        part[rows] = cut_shuffled(class_sizes, rng)
    return part


def cut_grouped(
    sizes: Sequence[int],
    groups: Any,
    labels: Any | None,
    name: str,
    rng: np.random.RandomState,
) -> IntArray:
    r"""Cut between groups, as near to the sizes (and class shares) as the groups allow.

    Group after group goes to the part p whose misfit it lowers most,

    .. math:: \chi^2 = \sum_{p,c} (F_{pc} - T_{pc})^2 / T_{pc},

    where :math:`F_{pc}` are the rows of class c in p so far, :math:`T_{pc}` its
    rows in an exact cut; one more column c counts all rows. Dividing by T lets
    each part have its share of large groups: without it, all of them end in train.

    Parameters
    ----------
    sizes : sequence of int
        Rows of each part.
    groups : array-like of shape (n_rows,)
        Group of each row.
    labels : array-like of shape (n_rows,) or (n_rows, n_labels), or None
        Class of each row, None to look at numbers of rows only.
    name : str
        The argument that `labels` came from, for messages.
    rng : numpy.random.RandomState
        Source of the order of the groups.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.

    Raises
    ------
    ValueError
        If there are fewer groups than parts.
    """
    group_names, group_of_row = encode(groups, "groups")
    wanted = np.flatnonzero(sizes)
    if len(group_names) < len(wanted):
        raise ValueError(
            f"groups has {counted(len(group_names), 'group')}, too few for the "
            f"{len(wanted)} parts {in_words([PARTS[p] for p in wanted])}: a group is "
            "never cut, so each part needs a group of its own."
        )
    counts = _counts_per_group(group_of_row, len(group_names), labels, name)
    targets = np.outer(np.asarray(sizes)[wanted], counts.sum(axis=0) / sum(sizes))
    part_of_group = wanted[_spread_groups(counts, targets, rng)]
    return part_of_group[group_of_row]


def _counts_per_group(
    group_of_row: IntArray, n_groups: int, labels: Any | None, name: str
) -> npt.NDArray[np.float64]:
    """Return the rows of each group: first all, then by class."""
    rows = np.bincount(group_of_row, minlength=n_groups)[:, None]
    if labels is None:
        return rows.astype(np.float64)
    classes, codes = encode(labels, name)
    n_classes = len(classes)
    cells = np.bincount(
        group_of_row * n_classes + codes, minlength=n_groups * n_classes
    )
    return np.hstack([rows, cells.reshape(n_groups, n_classes)]).astype(np.float64)


def _spread_groups(
    counts: npt.NDArray[np.float64],
    targets: npt.NDArray[np.float64],
    rng: np.random.RandomState,
) -> IntArray:
    """Return the part of each group, by greedy descent of chi-square."""
    # Groups with many rows of one class first, so that small and mixed ones fill the
    # gaps; at random among groups of about the same weight (within a quarter of an
    # octave), or the seed would have nothing to choose.
    order = rng.permutation(len(counts))
    by_class = counts[order, 1:] if counts.shape[1] > 1 else counts[order]
    weight = np.linalg.norm(by_class, axis=1)
    order = order[np.argsort(-np.floor(4 * np.log2(weight)), kind="stable")]
    filled = np.zeros_like(targets)
    empty = np.ones(len(targets), dtype=bool)
    part = np.empty(len(counts), dtype=np.intp)
    for n_left, group in zip(range(len(order), 0, -1), order, strict=True):
        rows = counts[group]
        rise = (rows * (2 * (filled - targets) + rows) / targets).sum(axis=1)
        if n_left <= empty.sum():
            # The last groups, the lightest, are kept for parts that have none yet.
            rise[~empty] = np.inf
        best = rise.argmin()
        part[group] = best
        filled[best] += rows
        empty[best] = False
    return part


def class_table(
    counts: npt.NDArray[np.intp], sizes: Sequence[int]
) -> npt.NDArray[np.intp]:
    r"""Return the rows of each class in each part, as near to their shares as possible.

    The exact share is :math:`s_{cp} = n_c N_p / n`. Classes and parts keep their sums,
    each requested part gets a row of each class, and apart from that each share is
    rounded up or down, never further. Such a table always exists, and among them this
    is one with the least sum of distances from the shares.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class; at least as many as requested parts.
    sizes : sequence of int
        Rows of each part; each 0 or at least `n_classes`.

    Returns
    -------
    ndarray of shape (n_classes, n_parts)
        Rows; sums to `counts` over parts and to `sizes` over classes.
    """
    margin = np.asarray(sizes)
    wanted = margin > 0
    table = np.zeros((len(counts), len(margin)), dtype=np.intp)
    # Integers, not floats: a share that is whole must not be rounded up.
    floor, rest = np.divmod(np.outer(counts, margin[wanted]), counts.sum())
    table[:, wanted] = _rounded(floor, rest / counts.sum(), counts, margin[wanted])
    return table


def _rounded(
    floor: npt.NDArray[np.intp],
    fraction: npt.NDArray[np.float64],
    counts: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.intp],
) -> npt.NDArray[np.intp]:
    """Round each class by itself, then move rows between parts until the sizes are met.

    A row moves from a part with too many to one with too few, in the class where that
    costs least, by way of the third part if that costs less. These are successive
    shortest paths, so that no other table with these sums is nearer to the shares.
    """
    # Beyond the next whole number a row costs more than all roundings together.
    dear = 2.0 * floor.size + 1

    def distance(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return the distance of each cell from its share; none may be empty."""
        above = rows - floor
        beyond = np.maximum(-above, above - (fraction > 0)).clip(0)
        return np.where(rows < 1, np.inf, np.abs(above - fraction) + dear * beyond)

    def costs() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return what one row fewer costs in each cell, and one row more."""
        now = distance(table)
        return distance(table - 1) - now, distance(table + 1) - now

    table = np.maximum(floor, 1)
    while (missing := counts - table.sum(axis=1)).any():
        fewer, more = costs()
        short, long = np.flatnonzero(missing > 0), np.flatnonzero(missing < 0)
        table[short, more[short].argmin(axis=1)] += 1
        table[long, fewer[long].argmin(axis=1)] -= 1
    while (excess := table.sum(axis=0) - sizes).any():
        fewer, more = costs()
        cost = fewer[:, :, np.newaxis] + more[:, np.newaxis, :]  # class, from, to
        least = cost.min(axis=0)
        paths = [
            list(pairwise(parts))
            for length in (2, 3)
            for parts in permutations(range(len(sizes)), length)
            if excess[parts[0]] > 0 > excess[parts[-1]]
        ]
        path = min(paths, key=lambda path: sum(least[move] for move in path))
        # Classes that cost the same move together.
        moving = [np.flatnonzero(cost[:, *move] == least[move]) for move in path]
        n_rows = min(excess[path[0][0]], -excess[path[-1][1]], *map(len, moving))
        for (source, target), classes in zip(path, moving, strict=True):
            table[classes[:n_rows], source] -= 1
            table[classes[:n_rows], target] += 1
    return table


# How to switch stratifying off, by the argument that the labels came from: the
# function's `stratify`, or the cv object's target.
_NOT_STRATIFIED = {"stratify": "stratify=None", "y": "stratify=False"}


def _check_class_counts(
    classes: list[Any], counts: npt.NDArray[np.intp], sizes: Sequence[int], name: str
) -> None:
    parts = [p for p, size in zip(PARTS, sizes, strict=True) if size > 0]
    rare = np.flatnonzero(counts < len(parts))
    if rare.size:
        found = [f"class {classes[c]!r} has {counted(counts[c], 'row')}" for c in rare]
        more = f" and {rare.size - 5} more classes" if rare.size > 5 else ""
        raise ValueError(
            f"{name}: {', '.join(found[:5])}{more}, too few to be in each of the "
            f"{len(parts)} parts {in_words(parts)}. Join or drop such classes, or give "
            f"{_NOT_STRATIFIED[name]} (numbers to be regressed on are no classes)."
        )
    for part, size in zip(PARTS, sizes, strict=True):
        if 0 < size < len(classes):
            raise ValueError(
                f"{name} has {len(classes)} classes but the {part} part has only "
                f"{counted(size, 'row')}: stratified, each part needs at least one "
                f"row of each class. Give a larger part, or {_NOT_STRATIFIED[name]}."
            )
