"""Labels and groups of rows: encoding, and merging classes that are too rare."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

PARTS = ("train", "dev", "test")

# Maximum number of classes that "auto" stratifies by, which is that of ImageNet.
MAX_CLASSES = 1000

IntArray = npt.NDArray[np.intp]


def encode(values: Any, name: str) -> tuple[list[Any], IntArray]:
    """Return the distinct values (or rows), and the index of each row's value.

    Parameters
    ----------
    values : array-like of shape (n_rows,) or (n_rows, n_columns)
        Labels or groups, of any type.
    name : str
        The name of the argument that holds them, for messages.

    Returns
    -------
    distinct : list
        The distinct values.
    codes : ndarray of shape (n_rows,)
        Row i has the value ``distinct[codes[i]]``.

    Raises
    ------
    ValueError, TypeError
        If the values are sparse, complex, ragged, missing, not hashable, or have more
        than two dimensions.
    """
    array = _as_array(values, name)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} must have one label or one row of labels for each row, but it has "
            f"{array.ndim} dimensions."
        )
    if array.dtype.kind == "c":
        raise ValueError(
            f"{name} holds complex numbers, which cannot be labels. Convert them to "
            "strings or integers."
        )
    if _is_missing(array).any():
        raise ValueError(f"{name} contains NaN: each row needs a value.")
    return _distinct(array, name)


def labels_for_auto(y: Any, sizes: Sequence[int]) -> IntArray | None:
    """Return the classes for ``stratify="auto"``, or None if it does not stratify.

    It never raises an error: the estimator will check y. If a class cannot be in each
    part, the rarest classes are merged until their share of each part is at least one
    row; the other classes keep their proportions.

    Parameters
    ----------
    y : array-like
        The target.
    sizes : sequence of int
        Number of rows of each part.

    Returns
    -------
    ndarray of int, shape (n_rows,), or None
        The class of each row. None if y has fractional numbers, missing values or
        several outputs, and if fewer than two classes are left.

    Warns
    -----
    UserWarning
        If a class is too rare and y cannot be the target of a regression.
    """
    if sparse.issparse(y):
        return None
    try:
        array = np.asarray(y)
    except ValueError:  # rows of different lengths, such as lists of labels
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
    except TypeError:  # an array of lists, such as lists of labels
        return None
    counts = np.bincount(codes, minlength=len(classes))
    wanted = [size for size in sizes if size > 0]
    is_in_each_part = counts.min() >= len(wanted) and min(wanted) >= len(classes)
    if not is_in_each_part or (is_numeric and len(classes) > MAX_CLASSES):
        smallest_share = min(wanted) / len(array)
        merged = _rarest(counts, smallest_share)
        if not is_numeric:
            rare = merged[counts[merged] * smallest_share < 1]
            _warn_of_rare([classes[c] for c in rare], counts[rare])
        codes = np.where(np.isin(codes, merged), merged[0], codes)
    return None if (codes == codes[0]).all() else codes


def _rarest(counts: IntArray, smallest_share: float) -> IntArray:
    """Return the classes to be merged, the rarest first."""
    order = np.argsort(counts, kind="stable")
    together = np.cumsum(counts[order])
    following = np.append(counts[order][1:], counts.sum())
    is_enough = np.minimum(together, following) * smallest_share >= 1
    # Merging all classes is always enough, so argmax finds one.
    is_enough[-1] = True
    n_merged = max(int(np.argmax(is_enough)) + 1, len(counts) - MAX_CLASSES + 1)
    return order[:n_merged]


def _warn_of_rare(classes: list[Any], counts: IntArray) -> None:
    found = [
        f"{label!r} ({counted(n, 'row')})"
        for label, n in zip(classes[:5], counts[:5], strict=True)
    ]
    if len(classes) > 5:
        found.append(f"{len(classes) - 5} more")
    which, are = ("class", "is") if len(classes) == 1 else ("classes", "are")
    warnings.warn(
        f"y: {which} {in_words(found)} {are} too rare to stratify by. The rarest "
        "classes are merged for the split, so a part may lack some of them. Merge or "
        "drop these classes, or set stratify=False.",
        UserWarning,
        stacklevel=4,
    )


def _as_array(values: Any, name: str) -> npt.NDArray[Any]:
    if sparse.issparse(values):
        raise TypeError(f"{name} is sparse, but must be dense: pass {name}.toarray().")
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must have one label for each row, or rows of labels of the same "
            "length."
        ) from None


def _is_missing(array: npt.NDArray[Any]) -> npt.NDArray[np.bool]:
    """Return which values are NaN, NaT or pandas.NA; None is an ordinary label."""
    if array.dtype.kind == "f":
        return np.isnan(array)
    if array.dtype.kind in "mM":
        return np.isnat(array)
    if array.dtype.kind != "O":
        return np.zeros(array.shape, dtype=np.bool)
    missing = [_is_one_missing(value) for value in array.ravel().tolist()]
    return np.array(missing, dtype=np.bool).reshape(array.shape)


def _is_one_missing(value: Any) -> bool:
    # By type name, because pandas is optional; NA cannot be compared with itself.
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
    # With a dictionary, because objects of several types, or rows, cannot be sorted.
    keys = array.tolist() if array.ndim == 1 else map(tuple, array.tolist())
    seen: dict[Any, int] = {}
    try:
        codes = np.array(
            [seen.setdefault(key, len(seen)) for key in keys], dtype=np.intp
        )
    except TypeError:
        raise TypeError(
            f"{name} must hold hashable labels, such as numbers or strings, but some "
            f"are not hashable (the first label is of type "
            f"{type(array.flat[0]).__name__})."
        ) from None
    return list(seen), codes


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "2 rows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_words(words: Sequence[str]) -> str:
    """Return an enumeration: "train, dev and test"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
