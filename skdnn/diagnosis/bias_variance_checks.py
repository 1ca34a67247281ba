"""What is a number, a share or a count, said clearly where it is none."""

import warnings
from typing import Any

import numpy as np

# Whole numbers of Python can be larger, and cannot be converted.
LARGEST = float(np.finfo(np.float64).max)


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


def warn_of_accuracies(train_error, dev_error):
    """Warn of errors that are rather accuracies.

    No error: a model that knows nothing of ten classes has such errors, too.
    """
    if train_error > 0.5 and dev_error <= train_error:
        warnings.warn(
            f"train_error={train_error!r} and dev_error={dev_error!r} look like "
            "accuracies: as errors they say that most training rows are predicted "
            "wrongly, and fewer dev rows. If they are accuracies, give 1 - accuracy: "
            f"train_error={1 - train_error:.4g}, dev_error={1 - dev_error:.4g}, and so "
            "for all others.",
            UserWarning,
            stacklevel=3,
        )


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
    if is_number(value) and 0 <= value <= LARGEST:
        return float(value)
    raise ValueError(f"bayes_error={value!r} is not allowed: give a number >= 0.")
