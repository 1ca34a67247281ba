"""The candidates: all combinations of `alphas`, `keep_probs` and `encodings`."""

from collections.abc import Sequence
from itertools import product
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from skdnn.estimators import plan
from skdnn.preprocessing.mixed_tables import ENCODINGS, TableColumns


class Candidate(NamedTuple):
    """One combination of hyperparameters."""

    alpha: float
    keep_prob: Any  # a number, or one for each hidden layer
    encoding: str | None  # of numeric columns; None with preprocess=False

    def of_net(self) -> dict[str, Any]:
        """Return the values that are parameters of the plain estimator."""
        return {"alpha": self.alpha, "keep_prob": self.keep_prob}


# With fewer rows per numeric column, the bins overfit these rows.
_MIN_ROWS_PER_COLUMN = 10


def candidates_of(estimator) -> list[Candidate]:
    """Return all combinations of `alphas`, `keep_probs` and `encodings`."""
    encodings = _encodings(estimator) if estimator.preprocess else [None]
    alphas = _as_numbers("alphas", estimator.alphas, 0, np.inf)
    return [
        Candidate(*values)
        for values in product(alphas, _keep_probs(estimator), encodings)
    ]


def resolve_auto_encodings(
    candidates: list[Candidate], estimator, columns: TableColumns | None, n_rows: int
) -> list[Candidate]:
    """Drop the piecewise candidates of ``encodings="auto"`` if they are of no use.

    Without numeric columns, both encodings are the same.
    """
    if columns is None or not _is_auto(estimator.encodings):
        return candidates
    n_numeric = len(columns.numeric)
    if 0 < n_numeric * _MIN_ROWS_PER_COLUMN <= n_rows:
        return candidates
    return [candidate for candidate in candidates if candidate.encoding == "standard"]


def _is_auto(encodings) -> bool:
    return isinstance(encodings, str) and encodings == "auto"


def _encodings(estimator) -> list[str]:
    given = estimator.encodings
    if _is_auto(given):
        return list(ENCODINGS)
    names = [given] if isinstance(given, str) else plan.in_order(given)
    if not names or not all(name in ENCODINGS for name in names):
        raise ValueError(
            f"encodings={given!r} is not allowed: it must be 'auto', or one or several "
            f"of {list(ENCODINGS)}."
        )
    return _unique(names)


def _as_numbers(name: str, given: Any, least: float, most: float) -> list[float]:
    """Return one number or several as a list without duplicates."""
    values: Any = [given] if isinstance(given, Real) else plan.in_order(given)
    if not values or not all(_is_number(v) and least <= v < most for v in values):
        raise ValueError(
            f"{name}={given!r} is not allowed: it must be a number >= {least} or a "
            "sequence of such numbers."
        )
    return _unique([float(value) for value in values])


def _keep_probs(estimator) -> list:
    """Return the values in the form of the plain estimator's `keep_prob`."""
    given = estimator.keep_probs
    values = [given] if isinstance(given, Real) else plan.in_order(given)
    n_hidden = len(plan.hidden_sizes(estimator))
    if not values or not all(_is_keep_prob(value, n_hidden) for value in values):
        raise ValueError(
            f"keep_probs={given!r} is not allowed: it must be a number in (0, 1], or a "
            "sequence of such numbers or of tuples with one number for each hidden "
            f"layer, {n_hidden} in all."
        )
    return _unique([v if isinstance(v, Real) else tuple(v) for v in values])


def _is_keep_prob(value, n_hidden: int) -> bool:
    if _is_number(value):
        return bool(0 < value <= 1)
    return (
        isinstance(value, Sequence | np.ndarray)
        and not isinstance(value, str)
        and len(value) == n_hidden
        and all(_is_number(v) and 0 < v <= 1 for v in value)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _unique(values: list) -> list:
    """Return the values without duplicates, in order."""
    return list(dict.fromkeys(values))
