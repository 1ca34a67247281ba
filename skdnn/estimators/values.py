"""Values, recognised and shown: what messages about arrays are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # NA is neither
        return type(value).__name__ == "NAType"
    except ValueError:  # an array
        return False


def listed(values: Sequence | np.ndarray, most: int = 10) -> str:
    """Return the first values, and how many there are if these are not all."""
    values = values.tolist() if isinstance(values, np.ndarray) else values
    shown = ", ".join(repr(v) for v in values[:most])
    return shown if len(values) <= most else f"{shown}, … ({len(values)} in all)"
