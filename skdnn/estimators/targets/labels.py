"""Validation of class labels."""

from numbers import Number

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skdnn.estimators.checks.arrays import LABELS, explained
from skdnn.estimators.checks.values import is_missing


def check_labels_alike(y, name: str) -> None:
    """Check that labels in an object array are of one type, and none is missing.

    Raises
    ------
    ValueError
        If they are not: sorting them would fail or give a wrong order.
    """
    if sparse.issparse(y) or y.dtype.kind != "O":
        return
    if set(map(type, y.ravel().tolist())) == {str}:
        return
    first: dict[str, object] = {}
    for row, label in enumerate(y.ravel()):
        if is_missing(label):
            raise ValueError(
                f"{name} contains {label!r}, first in row {row // (y.size // len(y))}. "
                "Leave out the rows without a label."
            )
        if isinstance(label, complex):
            raise ValueError(f"{name} has complex numbers, such as {label!r}.")
        first.setdefault(type_of_label(label), label)
    if len(first) > 1:
        examples = " and ".join(f"{label!r} ({t})" for t, label in first.items())
        raise ValueError(
            f"{name} mixes labels of several types: {examples}. Convert them to one "
            f"type, e.g. with {name}.astype(str)."
        )


def checked_classes(classes) -> np.ndarray | None:
    """Validate `classes` of partial_fit; None is returned as it is."""
    if classes is None:
        return None
    with explained(classes, "classes", LABELS):
        classes = check_array(
            classes, ensure_2d=False, dtype=None, input_name="classes"
        )
    check_labels_alike(classes, "classes")
    if kind_of_labels(classes, "classes") == "multilabel-indicator":
        raise ValueError(
            "classes must be an array of labels, shape (n_classes,), got an array of "
            f"shape {classes.shape}."
        )
    return classes


def kind_of_labels(y, name: str = "y") -> str:
    """Return the kind of labels, as scikit-learn's `type_of_target` names it.

    Raises
    ------
    ValueError, TypeError
        If they are not labels that a classifier can learn.
    """
    if y.dtype.kind == "O" and not isinstance(y.flat[0], str):
        example = y.flat[0]
        cure = f"Convert them with {name}.astype(str)."
        if isinstance(example, Number):
            cure = f"Convert them with {name}.astype(int) or {name}.astype(str)."
        raise ValueError(
            f"Unknown label type: {name} holds Python objects (dtype=object) of type "
            f"{type(example).__name__}, such as {example!r}, and scikit-learn cannot "
            f"tell whether they are classes. {cure}"
        )
    if sparse.issparse(y) and y.shape[1] == 1:
        raise TypeError(f"{name} is sparse with one column; pass {name}.toarray().")
    if y.dtype.kind == "S":
        raise TypeError(
            f"{name} has labels of type bytes, such as {y.flat[0]!r}; decode them with "
            f"{name}.astype(str)."
        )
    with np.errstate(invalid="ignore"):  # numbers beyond the range of int64
        kind = type_of_target(y, input_name=name)
        if kind.startswith("continuous"):
            raise ValueError(
                f"Unknown label type: continuous. {name} has numbers with decimals, or "
                f"very large ones, such as {with_decimals(y):.3g}; a classifier needs "
                "classes. For numbers use MLPRegularizedRegressor, or bin them into "
                "classes, e.g. with KBinsDiscretizer."
            )
        if kind.endswith("multioutput"):
            raise ValueError(
                f"{name} should be a 1d array of labels, or a label indicator of 0 and "
                f"1, got an array of shape {y.shape}. For several multiclass labels in "
                "each row use MultiOutputClassifier."
            )
        check_classification_targets(y)  # warns if most rows have a class of their own
    return kind


def type_of_label(label) -> str:
    """Return the name of a label's type; labels of the same type can be compared."""
    if isinstance(label, str):
        return "text"
    is_number = isinstance(label, Number | np.bool) and not isinstance(label, complex)
    return "number" if is_number else type(label).__name__


def with_decimals(y) -> float:
    """Return the first number that is not whole, or the largest if all are."""
    values = y.data if sparse.issparse(y) else y.ravel()
    fractional = values[values != np.round(values)]
    return fractional[0] if fractional.size else values.max()
