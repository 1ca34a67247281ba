"""Validation of display arguments, before anything is computed or drawn."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdnn.diagnosis.arguments import LARGEST, is_number


def check_ax(ax: Any, *, several: bool = False) -> None:
    """Raise TypeError unless `ax` is None, a matplotlib Axes or, if allowed, several.

    If several are allowed, the caller checks their number.
    """
    from matplotlib.axes import Axes

    if ax is None or isinstance(ax, Axes):
        return
    given = np.asarray(ax, dtype=object).ravel()
    are_axes = all(isinstance(each, Axes) for each in given)
    if several and are_axes:
        return
    allowed = (
        "a matplotlib Axes, an array of them or None"
        if several
        else "one matplotlib Axes or None"
    )
    hint = "; pass one of them, such as ax[0]" if are_axes and given.size else ""
    raise TypeError(f"ax must be {allowed}, got {reprlib.repr(ax)}{hint}.")


def one_axes(ax: Any, **subplots_kw: Any) -> Any:
    """Return the caller's axes, or new ones in a figure with constrained layout."""
    import matplotlib.pyplot as plt

    check_ax(ax)
    if ax is not None:
        return ax
    return plt.subplots(layout="constrained", **subplots_kw)[1]


def check_report(report: Any, *kinds: type, or_dict: bool = False) -> None:
    """Raise TypeError unless `report` is one of these kinds or a dict of them."""
    reports = report.values() if or_dict and isinstance(report, Mapping) else [report]
    for each in reports:
        if not isinstance(each, kinds):
            names = " or ".join(f"a {kind.__name__}" for kind in kinds)
            several = ", or a dict of them" if or_dict else ""
            raise TypeError(
                f"report must be {names}{several}, got {reprlib.repr(each)}."
            )
    if not len(reports):
        raise ValueError("report is an empty dict.")


def check_text(name: str, value: Any) -> None:
    """Raise TypeError unless the value is a string or None."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, got {value!r}.")


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError unless the value is a finite number above 0 or None."""
    if value is not None and not (is_number(value) and 0 < value <= LARGEST):
        raise ValueError(f"{name} must be a finite number > 0 or None, got {value!r}.")


def style_of(name: str, keywords: Any) -> dict:
    """Return keyword arguments for matplotlib as a dict, empty for None."""
    if keywords is None:
        return {}
    if not isinstance(keywords, Mapping):
        raise TypeError(
            f"{name} must be a dict of matplotlib keyword arguments or None, got "
            f"{keywords!r}."
        )
    return dict(keywords)
