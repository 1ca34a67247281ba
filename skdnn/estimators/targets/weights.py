"""The weights of rows and classes, validated."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_class_weight

from skdnn.estimators.checks.arrays import WEIGHTS, explained
from skdnn.estimators.checks.values import listed

# With such weights, products of a few, sums over all rows and 1 / S are finite.
_LARGEST = 1e100


def row_weights(weight, n_rows: int, name: str) -> np.ndarray | None:
    """Validate sample weights: a float64 vector, or None for None.

    Raises
    ------
    ValueError, TypeError
        If there is not one weight >= 0 for each row, or if none is > 0.
    """
    if weight is None:
        return None
    if isinstance(weight, Real):
        weight = np.full(n_rows, weight)
    with explained(weight, name, WEIGHTS):
        weight = check_array(
            weight, ensure_2d=False, dtype=np.float64, order="C", input_name=name
        )
    if weight.shape != (n_rows,):
        raise ValueError(
            f"{name} must be a number, or a 1D array with one weight for each row, of "
            f"shape ({n_rows},), got shape {weight.shape}."
        )
    if weight.min() < 0:
        raise ValueError(
            f"{name} has negative weights, such as {weight.min():.3g} in row "
            f"{weight.argmin()}. A weight is how many times a row counts, and must be "
            ">= 0; 0 leaves the row out."
        )
    if weight.max() == 0:
        raise ValueError(f"{name} must be positive for at least one row; all are zero.")
    if not 1 / _LARGEST <= weight.max() <= _LARGEST:
        raise ValueError(
            f"The maximum of {name} is {weight.max():.3g}; it must be between "
            f"{1 / _LARGEST:g} and {_LARGEST:g}. Divide the weights by their mean."
        )
    return weight


def class_weights(class_weight, classes: np.ndarray, y, sample_weight) -> np.ndarray:
    """Return the weight of each class.

    Parameters
    ----------
    class_weight : dict or "balanced"
        A class that is not in the dict has weight 1. Other keys are allowed only if
        every class has a weight, as when the rows are a part of a larger set.
    classes : ndarray of shape (n_classes,)
        The class labels.
    y : ndarray of shape (n_samples,)
        The labels of the rows.
    sample_weight : ndarray of shape (n_samples,) or None
        Rows are counted by their weight; classes of weight 0 are ignored.
    """
    if isinstance(class_weight, list):
        raise ValueError(
            "class_weight can be a list of dicts for multilabel targets only; it must "
            f"be one dict {{label: weight}}, got {class_weight!r}."
        )
    if isinstance(class_weight, dict):
        return _of_labels(class_weight, classes.tolist(), "class_weight")
    present, balanced = _balanced(y, sample_weight)
    weights = np.ones(len(classes))
    weights[np.isin(classes, present)] = balanced
    return weights


def label_weights(class_weight, y, sample_weight) -> list[dict]:
    """Return the weights of 0 and of 1 for each label of an indicator.

    Parameters
    ----------
    class_weight : list of dict or "balanced"
        A dict for each label.
    y : {ndarray, sparse matrix} of shape (n_samples, n_labels)
        The indicator.
    sample_weight : ndarray of shape (n_samples,) or None
        Rows are counted by their weight.
    """
    if isinstance(class_weight, str):  # "balanced"
        Y = y.toarray() if sparse.issparse(y) else np.asarray(y)
        each = (_balanced(column, sample_weight) for column in Y.T)
        return [dict(zip(present.tolist(), w, strict=True)) for present, w in each]
    n_labels = y.shape[1]
    if isinstance(class_weight, dict) or len(class_weight) != n_labels:
        raise ValueError(
            f"class_weight must be 'balanced' or a list of {n_labels} dicts "
            f"{{0: weight, 1: weight}}, one for each label, got {class_weight!r}."
        )
    for k, of_label in enumerate(class_weight):
        name = f"class_weight[{k}]"
        if not isinstance(of_label, dict):
            raise ValueError(
                f"{name} must be a dict {{0: weight, 1: weight}}, got {of_label!r}."
            )
        _of_labels(of_label, [0, 1], name)
    return class_weight


def weights_of_indicator(weights: list[dict], Y: np.ndarray) -> np.ndarray:
    """Return for each row the product of the weights of its labels."""
    product = np.ones(len(Y))
    for of_label, column in zip(weights, Y.T, strict=True):
        product *= np.where(column > 0.5, of_label.get(1, 1.0), of_label.get(0, 1.0))
    return product


def _of_labels(class_weight: dict, labels: list, name: str) -> np.ndarray:
    unknown = [key for key in class_weight if key not in labels]
    without = [label for label in labels if label not in class_weight]
    if unknown and without:
        raise ValueError(
            f"{name} has keys that are not among the classes: {listed(unknown)}. The "
            f"classes are {listed(labels)}; those without a weight are "
            f"{listed(without)}."
        )
    for key, weight in class_weight.items():
        if not (isinstance(weight, Real) and weight <= _LARGEST and not weight < 0):
            raise ValueError(
                f"{name} must have finite weights >= 0 (and at most {_LARGEST:g}), got "
                f"{weight!r} for {key!r}."
            )
    return np.array([float(class_weight.get(label, 1)) for label in labels])


def _balanced(y: np.ndarray, sample_weight) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of rows of positive weight, and their balanced weights."""
    if sample_weight is not None:
        y, sample_weight = y[sample_weight > 0], sample_weight[sample_weight > 0]
    present = np.unique(y)
    return present, compute_class_weight(
        "balanced", classes=present, y=y, sample_weight=sample_weight
    )
