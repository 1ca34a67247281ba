"""Shared by the transformers: parameter checks, failed fits, callbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from skdnn._sklearn import callback_context


def refuse_parameter(estimator: Any, name: str, allowed: str) -> NoReturn:
    """Raise ValueError for a parameter whose value is not allowed."""
    raise ValueError(
        f"The {name!r} parameter of {type(estimator).__name__} must be {allowed}. "
        f"Got {getattr(estimator, name)!r} instead."
    )


def check_choices(estimator: Any, **choices: tuple[str, ...]) -> None:
    """Raise ValueError unless each parameter is one of the allowed strings."""
    for name, allowed in choices.items():
        value = getattr(estimator, name)
        if not isinstance(value, str) or value not in allowed:
            refuse_parameter(estimator, name, f"one of {allowed}")


def check_bools(estimator: Any, *names: str) -> None:
    """Raise ValueError unless these parameters are bools."""
    for name in names:
        if not isinstance(getattr(estimator, name), bool | np.bool_):
            refuse_parameter(estimator, name, "a bool")


@contextmanager
def restored_on_error(estimator: Any) -> Iterator[None]:
    """Restore the estimator's attributes if the block raises an error."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@contextmanager
def callback_fit_task(
    estimator: Any, X: Any, y: Any, sample_weight: Any
) -> Iterator[None]:
    """Notify scikit-learn's callbacks of the beginning and the end of a fit."""
    metadata = {"sample_weight": sample_weight}
    context = callback_context(estimator, "fit", 0)
    context.call_on_fit_task_begin(estimator=estimator, X=X, y=y, metadata=metadata)
    yield
    context.call_on_fit_task_end(
        estimator=estimator,
        X=X,
        y=y,
        metadata=metadata,
        reconstruction_attributes={},
    )
