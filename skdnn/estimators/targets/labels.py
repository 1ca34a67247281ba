"""Which arrays are labels, and what is wrong with the others."""

from numbers import Number

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skdnn.estimators.checks.arrays import LABELS, explained
from skdnn.estimators.checks.values import is_missing


def check_labels_alike(y, name: str) -> None:
    """Refuse Python objects that are labels of several types, or missing.

    Raises
    ------
    ValueError
        If there are such; sorting them would fail, or lie.
    """
    if sparse.issparse(y) or y.dtype.kind != "O":
        return
    if set(map(type, y.ravel().tolist())) == {str}:
        return
    first: dict[str, object] = {}
    for row, label in enumerate(y.ravel()):
        if is_missing(label):
            raise ValueError(
                f"{name} contains {label!r}, first in row {row // (y.size // len(y))}:"
                " no label. Leave out the rows without one."
            )
        if isinstance(label, complex):
            raise ValueError(f"{name} has complex numbers, such as {label!r}.")
        first.setdefault(type_of_label(label), label)
    if len(first) > 1:
        examples = " and ".join(f"{label!r} ({t})" for t, label in first.items())
        raise ValueError(
            f"{name} mixes labels of several types: {examples}. Make them all of one "
            f"type, e.g. with {name}.astype(str)."
        )


def checked_classes(classes) -> np.ndarray | None:
    """Return the `classes` of partial_fit as an array; None stays None."""
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
    """Return what scikit-learn's `type_of_target` says of labels.

    Raises
    ------
    ValueError
        If they are not labels that a classifier can learn.
    """
    if y.dtype.kind == "O" and not isinstance(y.flat[0], str):
        example = y.flat[0]
        cure = f"Convert them, with {name}.astype(str)."
        if isinstance(example, Number):
            cure = f"Convert them, with {name}.astype(int) or {name}.astype(str)."
        raise ValueError(
            f"Unknown label type: {name} holds Python objects (dtype=object) of type "
            f"{type(example).__name__}, such as {example!r}, of which scikit-learn "
            f"cannot tell whether they are classes. {cure}"
        )
    if sparse.issparse(y) and y.shape[1] == 1:
        raise TypeError(f"{name} is sparse with one column; give {name}.toarray().")
    if y.dtype.kind == "S":
        raise TypeError(
            f"{name} has labels of type bytes, such as {y.flat[0]!r}; decode them, "
            f"with {name}.astype(str)."
        )
    with np.errstate(invalid="ignore"):  # numbers beyond those of int64
        kind = type_of_target(y, input_name=name)
        if kind.startswith("continuous"):
            raise ValueError(
                f"Unknown label type: continuous. {name} has numbers with decimals, or "
                f"very large ones, such as {with_decimals(y):.3g}; a classifier needs "
                "classes. For numbers use MLPRegularizedRegressor, or cut them into "
                "classes, e.g. with KBinsDiscretizer."
            )
        if kind.endswith("multioutput"):
            raise ValueError(
                f"{name} should be a 1d array of labels, or a label indicator of 0 and "
                f"1, got an array of shape {y.shape}. For several labels of several "
                "classes in each row use MultiOutputClassifier."
            )
        check_classification_targets(y)  # warns where most rows have their own class
    return kind


def type_of_label(label) -> str:
    """Return the name of a label's type; labels of one type can be compared."""
    if isinstance(label, str):
        return "text"
    is_number = isinstance(label, Number | np.bool) and not isinstance(label, complex)
    return "number" if is_number else type(label).__name__


def with_decimals(y) -> float:
    """Return the first number that is not whole, or the largest if all are."""
    values = y.data if sparse.issparse(y) else y.ravel()
    no_whole = values[values != np.round(values)]
    return no_whole[0] if no_whole.size else values.max()
