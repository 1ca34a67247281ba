"""What is a number, a share or a count, said clearly where it is none."""

from typing import Any

import numpy as np


def is_number(value: Any) -> bool:
    """Whether a value is a real number; True and False are none."""
    numbers = (int, float, np.integer, np.floating)
    return isinstance(value, numbers) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number by its type."""
    return is_number(value) and isinstance(value, (int, np.integer))


def check_fraction(name, value):
    """Return an error as a float, or say why it is none."""
    if is_number(value):
        if 0 <= value <= 1:
            return float(value)
        hint = f" {value / 100:g} is meant?" if 1 < value <= 100 else ""
        raise ValueError(
            f"{name}={value!r} is not allowed: an error is a fraction in [0, 1].{hint}"
        )
    raise TypeError(f"{name}={value!r} is not allowed: give a fraction in [0, 1].")


def check_count(name, value):
    """Return a number of rows as an int, None where there is none."""
    if value is None:
        return None
    if not is_count(value):
        raise TypeError(
            f"{name}={value!r} is not allowed: give a whole number or None."
        )
    if value < 1:
        raise ValueError(f"{name}={value!r} is not allowed: give 1 row or more.")
    return int(value)


def check_confidence(confidence):
    """Return a probability strictly between 0 and 1."""
    if is_number(confidence) and 0 < confidence < 1:
        return float(confidence)
    raise ValueError(
        f"confidence={confidence!r} is not allowed: give a number strictly between 0 "
        "and 1."
    )


def check_bayes_error(value):
    """Return the error of the best possible model, in any unit ≥ 0."""
    if is_number(value) and 0 <= value < np.inf:
        return float(value)
    raise ValueError(f"bayes_error={value!r} is not allowed: give a number >= 0.")
