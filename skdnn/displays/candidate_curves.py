"""Held-out scores of the candidates of a cross-validated estimator, against steps."""

from typing import Any

import numpy as np

from skdnn._sklearn import style_kwargs
from skdnn.displays.choice import Choice
from skdnn.displays.curves import marker_slice
from skdnn.displays.legends import MARKERS

# No more candidates are named: further colours are hard to tell apart, and nobody reads
# longer legends. Grey (C7) is left to the others.
_COLORS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "C8", "C9", "black")
_MAX_NAMED = len(_COLORS)
_OTHERS = "0.8"


def draw_candidates(ax, choice: Choice, name, line_kw) -> tuple[list, list]:
    """Draw a line per candidate; that of the chosen one is thick and has its folds.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to plot on.
    choice : Choice
        The candidates and their scores.
    name : str or None
        Name of the estimator, for the legend.
    line_kw : dict
        The caller's keyword arguments for the lines.

    Returns
    -------
    lines : list of matplotlib Line2D
        One per candidate, in the order of the candidates.
    fold_lines : list of matplotlib Line2D
        One per fold of the chosen candidate; empty for a single fold.
    """
    lines, labels = {}, choice.labels()
    prefix = "" if name is None else f"{name}: "
    n_unnamed = len(labels) - _MAX_NAMED
    # From best to worst, the order of the legend.
    for place, candidate in enumerate(choice.order()):
        label = f"{prefix}{labels[candidate] or 'held-out score'}"
        style: dict[str, Any] = {
            "linewidth": 1.2,
            "linestyle": "-" if 2 * place < _MAX_NAMED else "--",
            "color": _COLORS[place] if place < _MAX_NAMED else _OTHERS,
            "zorder": 2 - place / 1000,
        }
        if candidate == choice.chosen:
            label += f" (● chosen: {choice.best_n_steps} steps)"
            style |= {
                "linewidth": 2.5,
                "zorder": 3,
                "marker": "o",
                "markersize": 8,
                "markevery": [int(np.searchsorted(choice.steps, choice.best_n_steps))],
            }
        elif place >= _MAX_NAMED:
            is_first = place == _MAX_NAMED
            others = f"{prefix}{n_unnamed} other candidates"
            label = others if is_first else "_"
            style |= {"linewidth": 0.8, "linestyle": "-"}
        else:
            style |= {
                "marker": MARKERS[place],
                "markersize": 4,
                "markevery": marker_slice(place, len(choice.steps)),
            }
        scores = choice.means()[candidate]
        style |= {"label": label}
        (line,) = ax.plot(choice.steps, scores, **style_kwargs(style, line_kw))
        lines[candidate] = line
    color = lines[choice.chosen].get_color()
    ax.axvline(choice.best_n_steps, color=color, linewidth=0.8, alpha=0.6, zorder=0)
    fold_lines = _draw_folds(ax, choice, color)
    return [lines[candidate] for candidate in range(len(labels))], fold_lines


def _draw_folds(ax, choice: Choice, color) -> list:
    scores = choice.scores[choice.chosen]
    if scores.shape[1] == 1:
        return []
    lines = ax.plot(
        choice.steps, scores, color=color, linewidth=0.7, alpha=0.5, zorder=1
    )
    lines[0].set_label("folds of the chosen candidate")
    return lines


def label_axes(ax, choice: Choice) -> tuple[str, str]:
    """Make the x axis logarithmic; return the labels of both axes."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    ax.set_xscale("log")
    # Powers of ten alone could leave a short axis without a tick label.
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    n_folds = choice.scores.shape[2]
    of_folds = f"\nmean of {n_folds} folds" if n_folds > 1 else ""
    return "steps (log scale)", f"{choice.name()}{of_folds}"
