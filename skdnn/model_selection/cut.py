"""Assigning rows to train, dev and test: consecutive, random, stratified, by group.

Each function takes the sizes of (train, dev, test) and returns the part of each row: 0
for train, 1 for dev, 2 for test.
"""

from collections.abc import Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from skdnn.model_selection.labels import PARTS, IntArray, counted, encode, in_words


def cut_consecutive(sizes: Sequence[int]) -> IntArray:
    """Assign consecutive rows to train, dev and test.

    Parameters
    ----------
    sizes : sequence of int
        Number of rows of each part.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.
    """
    return np.repeat(np.arange(len(sizes)), sizes)


def cut_shuffled(sizes: Sequence[int], rng: np.random.RandomState) -> IntArray:
    """Assign rows at random.

    Parameters
    ----------
    sizes : sequence of int
        Number of rows of each part.
    rng : numpy.random.RandomState
        Generator of the permutation.

    Returns
    -------
    ndarray of shape (n_rows,)
        The part of each row.
    """
    return rng.permutation(cut_consecutive(sizes))


def cut_stratified(
    sizes: Sequence[int], labels: Any, name: str, rng: np.random.RandomState
) -> IntArray:
    """Assign rows at random with the same class proportions in all parts.

    Parameters
    ----------
    sizes : sequence of int
        Number of rows of each part.
    labels : array-like of shape (n_rows,) or (n_rows, n_labels)
        Class of each row; each distinct row of a 2-D array is a class.
    name : str
        The name of the argument that holds the labels, for messages.
    rng : numpy.random.RandomState
        Generator of the permutations.

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
    r"""Assign whole groups, as close to the sizes (and class shares) as they allow.

    Groups are assigned one after the other to the part p that minimises

    .. math:: \chi^2 = \sum_{p,c} (F_{pc} - T_{pc})^2 / T_{pc},

    where :math:`F_{pc}` is the number of rows of class c in p so far and :math:`T_{pc}`
    the number in an exact split; an additional column c counts all rows. Because of the
    division by T, each part gets its share of the large groups; otherwise train would
    get all of them.

    Parameters
    ----------
    sizes : sequence of int
        Number of rows of each part.
    groups : array-like of shape (n_rows,)
        Group of each row.
    labels : array-like of shape (n_rows,) or (n_rows, n_labels), or None
        Class of each row; None to consider only the numbers of rows.
    name : str
        The name of the argument that holds the labels, for messages.
    rng : numpy.random.RandomState
        Generator of the order of the groups.

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
            f"{len(wanted)} parts {in_words([PARTS[p] for p in wanted])}: groups are "
            "never split, so there must be at least one group for each part."
        )
    counts = _counts_per_group(group_of_row, len(group_names), labels, name)
    targets = np.outer(np.asarray(sizes)[wanted], counts.sum(axis=0) / sum(sizes))
    part_of_group = wanted[_spread_groups(counts, targets, rng)]
    return part_of_group[group_of_row]


def _counts_per_group(
    group_of_row: IntArray, n_groups: int, labels: Any | None, name: str
) -> npt.NDArray[np.float64]:
    """Return the number of rows of each group: in total, then by class."""
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
    """Return the part of each group, chosen greedily to minimise chi-square."""
    # Groups with many rows of one class come first, so that small and mixed ones fill
    # the remaining space. Groups of about the same weight (within a factor of 2^(1/4))
    # come in random order; otherwise the seed would hardly matter.
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
            # The last groups, which are the lightest, go to parts that have none yet.
            rise[~empty] = np.inf
        best = rise.argmin()
        part[group] = best
        filled[best] += rows
        empty[best] = False
    return part


def class_table(
    counts: npt.NDArray[np.intp], sizes: Sequence[int]
) -> npt.NDArray[np.intp]:
    r"""Return the number of rows of each class in each part.

    The exact shares are :math:`s_{cp} = n_c N_p / n`. Each requested part gets at least
    one row of each class; apart from that, each share is rounded up or down. A table
    with these properties and the given sums always exists. The one that is returned
    minimises the sum of the distances from the shares.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Number of rows of each class, at least the number of requested parts.
    sizes : sequence of int
        Number of rows of each part, 0 or at least `n_classes`.

    Returns
    -------
    ndarray of shape (n_classes, n_parts)
        Numbers of rows. Sums over parts are `counts`, sums over classes are `sizes`.
    """
    margin = np.asarray(sizes)
    wanted = margin > 0
    table = np.zeros((len(counts), len(margin)), dtype=np.intp)
    # In integers, because a float error could round up a share that is whole.
    floor, rest = np.divmod(np.outer(counts, margin[wanted]), counts.sum())
    table[:, wanted] = _rounded(floor, rest / counts.sum(), counts, margin[wanted])
    return table


def _rounded(
    floor: npt.NDArray[np.intp],
    fraction: npt.NDArray[np.float64],
    counts: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.intp],
) -> npt.NDArray[np.intp]:
    """Round each class separately, then move rows between parts to meet the sizes.

    A row moves from a part with too many rows to one with too few, in the class where
    this costs least, via the third part if that is cheaper. These are successive
    shortest paths, so no other table with these sums is closer to the shares.
    """
    # Rounding beyond the next integer costs more than all other roundings together.
    penalty = 2.0 * floor.size + 1

    def distance(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return the distance of each cell from its share; infinite if it is empty."""
        above = rows - floor
        beyond = np.maximum(-above, above - (fraction > 0)).clip(0)
        return np.where(rows < 1, np.inf, np.abs(above - fraction) + penalty * beyond)

    def costs() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the cost of one row fewer in each cell, and that of one more."""
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
        # Classes with the same cost move together.
        moving = [np.flatnonzero(cost[:, *move] == least[move]) for move in path]
        n_rows = min(excess[path[0][0]], -excess[path[-1][1]], *map(len, moving))
        for (source, target), classes in zip(path, moving, strict=True):
            table[classes[:n_rows], source] -= 1
            table[classes[:n_rows], target] += 1
    return table


# How to turn off stratification, by the argument that holds the labels: `stratify` of
# the function, or the target `y` of the cross-validator.
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
            f"{name}: {', '.join(found[:5])}{more}, too few for each of the "
            f"{len(parts)} parts {in_words(parts)}. Merge or drop such classes, or set "
            f"{_NOT_STRATIFIED[name]} (regression targets are not classes)."
        )
    for part, size in zip(PARTS, sizes, strict=True):
        if 0 < size < len(classes):
            raise ValueError(
                f"{name} has {len(classes)} classes but the {part} part has only "
                f"{counted(size, 'row')}: stratification needs at least one row of "
                f"each class in each part. Make the part larger, or set "
                f"{_NOT_STRATIFIED[name]}."
            )
