"""Labels and groups of rows: read, counted, and joined where they are too rare."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

PARTS = ("train", "dev", "test")

# "auto" keeps no more classes in proportion: as many as ImageNet has.
MAX_CLASSES = 1000

IntArray = npt.NDArray[np.intp]


def encode(values: Any, name: str) -> tuple[list[Any], IntArray]:
    """Return the distinct values (or rows) and, for each row, the number of its value.

    Parameters
    ----------
    values : array-like of shape (n_rows,) or (n_rows, n_columns)
        Labels or groups, of any type.
    name : str
        The argument they came from, for messages.

    Returns
    -------
    distinct : list
        The distinct values.
    codes : ndarray of shape (n_rows,)
        Row i has the value ``distinct[codes[i]]``.

    Raises
    ------
    ValueError, TypeError
        If the values are sparse, complex, of more than two dimensions or of different
        lengths, if one is missing, or cannot be compared.
    """
    array = _as_array(values, name)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} must have one label per row, or one row of labels; it has "
            f"{array.ndim} dimensions."
        )
    if array.dtype.kind == "c":
        raise ValueError(f"{name} holds complex numbers, which are no labels.")
    if _is_missing(array).any():
        raise ValueError(f"{name} contains NaN: each row needs a value.")
    return _distinct(array, name)


def labels_for_auto(y: Any, sizes: Sequence[int]) -> IntArray | None:
    """Return the classes by which ``stratify="auto"`` cuts, None where it does not.

    Never raises: whether y is a good target is for the estimator to say. Where a class
    cannot be in each part, the rarest ones are joined until their share of each part is
    a whole row; the others keep their proportion.

    Parameters
    ----------
    y : array-like
        The target.
    sizes : sequence of int
        Rows of each part.

    Returns
    -------
    ndarray of int, shape (n_rows,), or None
        None for numbers that are not all whole, missing values, several outputs, and
        where no two classes are left.

    Warns
    -----
    UserWarning
        If a class is too rare and y cannot be the target of a regression.
    """
    if sparse.issparse(y):
        return None
    try:
        array = np.asarray(y)
    except ValueError:  # rows of different lengths, as of several labels
        return None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind in "cmMV" or _is_missing(array).any():
        return None
    is_numeric = array.dtype.kind in "iuf" or (
        array.dtype.kind == "O" and all(map(_is_number, array.tolist()))
    )
    if is_numeric and not all(float(v).is_integer() for v in np.unique(array)):
        return None
    try:
        classes, codes = _distinct(array, "y")
    except TypeError:  # rows of lists, as of several labels
        return None
    counts = np.bincount(codes, minlength=len(classes))
    wanted = [size for size in sizes if size > 0]
    is_in_each_part = counts.min() >= len(wanted) and min(wanted) >= len(classes)
    if not is_in_each_part or (is_numeric and len(classes) > MAX_CLASSES):
        smallest_share = min(wanted) / len(array)
        joined = _rarest(counts, smallest_share)
        if not is_numeric:
            rare = joined[counts[joined] * smallest_share < 1]
            _warn_of_rare([classes[c] for c in rare], counts[rare])
        codes = np.where(np.isin(codes, joined), joined[0], codes)
    return None if (codes == codes[0]).all() else codes


def _rarest(counts: IntArray, smallest_share: float) -> IntArray:
    """Return the classes to be joined, the rarest first."""
    order = np.argsort(counts, kind="stable")
    together = np.cumsum(counts[order])
    following = np.append(counts[order][1:], counts.sum())
    is_enough = np.minimum(together, following) * smallest_share >= 1
    # Joining all classes is always enough, so that there is a first.
    is_enough[-1] = True
    n_joined = max(int(np.argmax(is_enough)) + 1, len(counts) - MAX_CLASSES + 1)
    return order[:n_joined]


def _warn_of_rare(classes: list[Any], counts: IntArray) -> None:
    found = [
        f"{label!r} ({counted(n, 'row')})"
        for label, n in zip(classes[:5], counts[:5], strict=True)
    ]
    if len(classes) > 5:
        found.append(f"{len(classes) - 5} more")
    which = "class" if len(classes) == 1 else "classes"
    warnings.warn(
        "y: too rare to be kept in proportion in each part: "
        f"{which} {in_words(found)}. The rarest classes are drawn at random together, "
        "so that a part may lack some. Join or drop them, or give stratify=False.",
        UserWarning,
        stacklevel=4,
    )


def _as_array(values: Any, name: str) -> npt.NDArray[Any]:
    if sparse.issparse(values):
        raise TypeError(f"{name} is sparse; give a dense array: {name}.toarray().")
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must have one label per row, or rows of labels of one length."
        ) from None


def _is_missing(array: npt.NDArray[Any]) -> npt.NDArray[np.bool]:
    """Return which values are NaN, NaT or pandas.NA; None is a label like others."""
    if array.dtype.kind == "f":
        return np.isnan(array)
    if array.dtype.kind in "mM":
        return np.isnat(array)
    if array.dtype.kind != "O":
        return np.zeros(array.shape, dtype=np.bool)
    missing = [_is_one_missing(value) for value in array.ravel().tolist()]
    return np.array(missing, dtype=np.bool).reshape(array.shape)


def _is_one_missing(value: Any) -> bool:
    # By type name, since pandas may be missing; NA cannot be compared with itself.
    return type(value).__name__ in ("NAType", "NaTType") or (
        isinstance(value, (float, np.floating)) and bool(np.isnan(value))
    )


def _is_number(value: Any) -> bool:
    numbers = (int, float, np.integer, np.floating)
    return isinstance(value, numbers) and not isinstance(value, bool)


def _distinct(array: npt.NDArray[Any], name: str) -> tuple[list[Any], IntArray]:
    if array.ndim == 1 and array.dtype.kind != "O":
        distinct, codes = np.unique(array, return_inverse=True)
        return distinct.tolist(), codes
    # A dictionary needs no order: objects of several types, or rows, have none.
    keys = array.tolist() if array.ndim == 1 else map(tuple, array.tolist())
    seen: dict[Any, int] = {}
    try:
        codes = np.array(
            [seen.setdefault(key, len(seen)) for key in keys], dtype=np.intp
        )
    except TypeError:
        raise TypeError(
            f"{name} must hold labels that can be compared: numbers, strings and the "
            f"like, but one is of a type that cannot, as {type(array.flat[0]).__name__}"
            "."
        ) from None
    return list(seen), codes


def counted(number: int, noun: str) -> str:
    """Return "1 row", "2 rows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_words(words: Sequence[str]) -> str:
    """Return "train, dev and test"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
