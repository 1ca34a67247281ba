"""One curve of a training: what it counts along, and how it is drawn."""

import numpy as np

from skdnn._sklearn import style_kwargs
from skdnn.cross_validated.checkpoints import checkpoints
from skdnn.cross_validated.members import _MESSAGE as STEPS_WERE_CHOSEN


def steps_of(net) -> np.ndarray | None:
    """Return the steps after which a network noted its cost; None for its epochs.

    A member of a cross-validated estimator is looked at after numbers of steps, which
    no epoch ends with. Its last look is after its last step.
    """
    if getattr(net, "stop_message_", None) != STEPS_WERE_CHOSEN:
        return None
    last, n_looks = int(net.optimizer_state_.t), len(net.loss_curve_)
    return np.append(checkpoints(3 * last)[: n_looks - 1], last)


def draw_curve(ax, x, curve, style, user_kw):
    """Draw a curve, where there is one.

    Infinite values leave a gap; a value alone between gaps, as of a single epoch, gets
    a dot, since no line leads to it.
    """
    if curve is None:
        return None
    values = np.where(np.isfinite(curve), curve, np.nan)
    beside = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    alone = np.flatnonzero(~np.isnan(values) & beside[:-2] & beside[2:])
    if alone.size and "marker" not in style:
        style = style | {"marker": ".", "markevery": alone.tolist()}
    return ax.plot(x, values, **style_kwargs(style, user_kw))[0]


def now_and_then(model: int, n_points: int) -> slice:
    """Return where a curve has its markers: about seven, beside those of others."""
    apart = max(1, n_points // 7)
    return slice(model % apart, None, apart)
