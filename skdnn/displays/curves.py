"""The curves of a training: what a network tells of them, and how they are drawn."""

import numpy as np

from skdnn._sklearn import style_kwargs
from skdnn.cross_validated.checkpoints import checkpoints
from skdnn.cross_validated.members import _MESSAGE as STEPS_WERE_CHOSEN
from skdnn.estimators import plan


def steps_of(net) -> np.ndarray | None:
    """Return the steps after which a network noted its cost; None for its epochs.

    A member of a cross-validated estimator is looked at after numbers of steps, which
    no epoch ends with. Its last look is after its last step.
    """
    if getattr(net, "stop_message_", None) != STEPS_WERE_CHOSEN:
        return None
    last, n_looks = int(net.optimizer_state_.t), len(net.loss_curve_)
    return np.append(checkpoints(3 * last)[: n_looks - 1], last)


def curve_of(net, attribute):
    """Return a curve of the dev rows, or None; ValueError if some epochs have none."""
    values = getattr(net, attribute, None)
    if values is None:
        return None
    if len(values) != len(net.loss_curve_):
        raise ValueError(
            f"{attribute} has {len(values)} epochs and loss_curve_ has "
            f"{len(net.loss_curve_)}: a dev set was watched in some of several "
            "fits, and it is not known in which."
        )
    return np.asarray(values)


def kept_epoch_of(net) -> int | None:
    """Return the epoch of the fitted parameters; 0, before the first, has no place."""
    return getattr(net, "best_iteration_", None) or None


def ingredients_of(net) -> list[str]:
    """Return what J has in training and the dev cost has not."""
    is_ours = hasattr(net, "keep_prob")
    n_rows = net.t_ // len(net.loss_curve_)
    present = {
        "penalty": getattr(net, "alpha", 0) > 0,
        "dropout": is_ours and bool(np.any(plan.keep_probs(net, n_rows) < 1)),
        "label smoothing": getattr(net, "label_smoothing", 0) > 0,
        "augmentation": getattr(net, "augmentation", None) is not None,
    }
    return [name for name, is_there in present.items() if is_there]


def said_of(ingredients) -> str:
    """Return what J has in training, for the legend."""
    if not ingredients:
        return ""
    *others, last = ingredients
    return f" with {', '.join(others)} and {last}" if others else f" with {last}"


def check_scale(cost_scale) -> None:
    """Raise ValueError unless this is the name of a scale or None."""
    is_scale = isinstance(cost_scale, str) and cost_scale in ("log", "linear")
    if cost_scale is not None and not is_scale:
        raise ValueError(
            f"cost_scale must be 'log', 'linear' or None, got {cost_scale!r}."
        )


def scale_of(curves) -> str:
    """Return "log" where all values are positive and span a factor of ten."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if values.size == 0 or values.min() <= 0:
        return "linear"
    return "log" if values.max() >= 10 * values.min() else "linear"


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
