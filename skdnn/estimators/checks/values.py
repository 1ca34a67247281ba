"""Missing values, and lists of values for messages."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # NA has no truth value
        return type(value).__name__ == "NAType"
    except ValueError:  # an array
        return False


def listed(values: Sequence | np.ndarray, most: int = 10) -> str:
    """Return "1, 2": the first values, and their total number if there are more."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    return shortened([repr(v) for v in values[:most]], len(values))


def shortened(words: Sequence[str], n_all: int) -> str:
    """Return "a, b", or "a, b, … (9 in all)" if these are not all."""
    shown = ", ".join(words)
    return shown if len(words) == n_all else f"{shown}, … ({n_all} in all)"
