"""Axes for plots of several panels, and x axes for parameter values."""

import numpy as np

from skdnn._sklearn import interval_max_min_ratio
from skdnn.displays.arguments import check_ax
from skdnn.displays.search_table import are_numbers, text_of
from skdnn.displays.texts import IN_TICK, wrapped


def panels(ax, n_panels, *, n_columns=None, size=(3.6, 3.4), **subplots_kw):
    """Return one axes per panel, left to right and row by row.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes or None
        None creates a figure. A single Axes is divided if there are several panels;
        several Axes are used as they are.
    n_panels : int
        Number of panels.
    n_columns : int, default=None
        Largest number of panels in a row; None puts all in one row.
    size : (float, float), default=(3.6, 3.4)
        Width and height of a panel in a new figure, in inches.
    **subplots_kw : dict
        Keyword arguments for `subplots`, such as `sharex`, if axes are created.

    Returns
    -------
    ndarray of shape (n_panels,) of matplotlib Axes
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    check_ax(ax, several=True)
    if ax is not None and not isinstance(ax, Axes):
        given = np.asarray(ax, dtype=object).ravel()
        if given.size != n_panels:
            raise ValueError(
                f"ax must be one matplotlib Axes or {n_panels} of them (one per "
                f"panel), got {given.size}: {ax!r}."
            )
        return given
    n_columns = min(n_panels, n_columns or n_panels)
    n_rows = -(-n_panels // n_columns)
    if ax is None:
        figsize = (size[0] * n_columns, size[1] * n_rows)
        figure = plt.figure(figsize=figsize, layout="constrained")
        axes = figure.subplots(n_rows, n_columns, squeeze=False, **subplots_kw)
    elif n_panels == 1:
        return np.array([ax], dtype=object)
    else:
        ax.set_axis_off()
        grid = ax.get_subplotspec()
        if grid is None:
            raise ValueError(
                "ax cannot be divided into panels, since it is not in a grid of "
                f"subplots; pass {n_panels} Axes."
            )
        inner = grid.subgridspec(n_rows, n_columns)
        axes = inner.subplots(squeeze=False, **subplots_kw)
    for unused in axes.ravel()[n_panels:]:
        unused.remove()
    return axes.ravel()[:n_panels]


def scale_values(ax, values):
    """Set up the x axis for parameter values; non-numeric ones get a tick each."""
    x = np.asarray(values if are_numbers(values) else np.arange(len(values)))
    if not are_numbers(values):
        labels = [wrapped(text_of(value), IN_TICK) for value in values]
        rotation = rotation_of(labels)
        ax.set_xticks(
            x,
            labels,
            rotation=rotation,
            ha="right" if rotation == _SLANTED else "center",
        )
        ax.set_xlim(-0.5, len(x) - 0.5)
    # The rule of scikit-learn's ValidationCurveDisplay.
    elif len(x) > 2 and interval_max_min_ratio(x) > 5:
        if min(x) > 0:
            ax.set_xscale("log")
        else:  # linear up to the nonzero value closest to 0
            nearest = np.abs(x[x != 0]).min()
            ax.set_xscale("symlog", linthresh=nearest)


_SLANTED = 30


def rotation_of(labels) -> int:
    """Return the rotation of tick labels in degrees: vertical if there are many."""
    if sum(map(len, labels)) <= 50:
        return 0
    return _SLANTED if len(labels) <= 8 else 90
