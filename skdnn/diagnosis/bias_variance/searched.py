"""What a search around the estimator has tried already: it is not proposed again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdnn.diagnosis.arguments import is_count, is_number


def values_tried(wrappers) -> dict[str, list[Any]]:
    """Return the values of each parameter that the innermost fitted search has tried.

    Parameters
    ----------
    wrappers : sequence
        What is around the estimator, outermost first.
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
    """Whether a step from the chosen value leads to what lost, or towards it.

    A search that has tried a value on that side has preferred the one it chose; only at
    the edge of what was tried is the next value news. Sizes of layers are compared by
    their sum, keep probabilities by their mean.
    """
    if any(repr(proposed) == repr(value) for value in tried):
        return True
    here, there = _figure(now), _figure(proposed)
    if there is None:
        return False
    others = [figure for figure in map(_figure, tried) if figure is not None]
    if here is None:  # "auto": which way the step leads is not said
        return there in others
    return any((other - here) * (there - here) > 0 for other in others)


def _figure(value) -> float | None:
    """Return a number that values of one parameter can be ordered by."""
    if is_number(value):
        return float(value)
    if isinstance(value, (tuple, list, np.ndarray)) and len(value):
        if all(map(is_number, value)):
            return float(np.sum(value) if all(map(is_count, value)) else np.mean(value))
    return None
