"""Values that a search around the estimator has tried, not to be proposed again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdnn.diagnosis.arguments import is_count, is_number


def values_tried(wrappers) -> dict[str, list[Any]]:
    """Return the values of each parameter tried by the innermost fitted search.

    Parameters
    ----------
    wrappers : sequence
        The wrappers around the estimator, outermost first.
    """
    searches = [each for each in wrappers if hasattr(each, "cv_results_")]
    tried: dict[str, list[Any]] = {}
    if not searches:
        return tried
    for candidate in searches[-1].cv_results_["params"]:
        for name, value in candidate.items():
            tried.setdefault(name, []).append(value)
    return tried


def leads_back(now, proposed, tried: Sequence[Any]) -> bool:
    """Whether a step from the chosen value leads to or towards values that lost.

    A search that has tried any value on that side has preferred the one it chose, so
    only a step beyond the edge of the grid is new. Layer sizes are compared by their
    sum, keep probabilities by their mean.
    """
    if any(repr(proposed) == repr(value) for value in tried):
        return True
    here, there = _sort_key(now), _sort_key(proposed)
    if there is None:
        return False
    others = [key for key in map(_sort_key, tried) if key is not None]
    if here is None:  # "auto": the direction of the step is unknown
        return there in others
    return any((other - here) * (there - here) > 0 for other in others)


def _sort_key(value) -> float | None:
    """Return a number by which values of one parameter can be ordered."""
    if is_number(value):
        return float(value)
    if isinstance(value, (tuple, list, np.ndarray)) and len(value):
        if all(map(is_number, value)):
            return float(np.sum(value) if all(map(is_count, value)) else np.mean(value))
    return None
