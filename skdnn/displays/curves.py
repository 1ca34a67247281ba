"""Training curves of a network, and how they are plotted."""

import numpy as np

from skdnn._sklearn import style_kwargs
from skdnn.cross_validated.checkpoints import checkpoints
from skdnn.cross_validated.members import STEPS_CHOSEN
from skdnn.estimators import plan


def steps_of(net) -> np.ndarray | None:
    """Return the steps after which a network recorded its cost; None for epochs.

    A member of a cross-validated estimator is evaluated at checkpoints, which need not
    coincide with ends of epochs. The last one is after its last step.
    """
    if getattr(net, "stop_message_", None) != STEPS_CHOSEN:
        return None
    last, n_costs = int(net.optimizer_state_.t), len(net.loss_curve_)
    return np.append(checkpoints(3 * last)[: n_costs - 1], last)


def curve_of(net, attribute):
    """Return a dev curve, or None; raise ValueError if some epochs have no value."""
    values = getattr(net, attribute, None)
    if values is None:
        return None
    if len(values) != len(net.loss_curve_):
        raise ValueError(
            f"{attribute} has {len(values)} epochs, but loss_curve_ has "
            f"{len(net.loss_curve_)}: a dev set was given to some of several fits, and "
            "it is not known to which."
        )
    return np.asarray(values)


def kept_epoch_of(net) -> int | None:
    """Return the epoch of the fitted parameters; None if unknown or before epoch 1."""
    return getattr(net, "best_iteration_", None) or None


def ingredients_of(net) -> list[str]:
    """Return the terms that the training cost has and the dev cost lacks."""
    is_ours = hasattr(net, "keep_prob")
    n_rows = net.t_ // len(net.loss_curve_)
    present = {
        "penalty": getattr(net, "alpha", 0) > 0,
        "dropout": is_ours and bool(np.any(plan.keep_probs(net, n_rows) < 1)),
        "label smoothing": getattr(net, "label_smoothing", 0) > 0,
        "augmentation": getattr(net, "augmentation", None) is not None,
    }
    return [name for name, is_there in present.items() if is_there]


def ingredients_in_words(ingredients) -> str:
    """Return these terms as a phrase for the legend."""
    if not ingredients:
        return ""
    *others, last = ingredients
    return f" with {', '.join(others)} and {last}" if others else f" with {last}"


def check_scale(cost_scale) -> None:
    """Raise ValueError unless `cost_scale` is "log", "linear" or None."""
    is_scale = isinstance(cost_scale, str) and cost_scale in ("log", "linear")
    if cost_scale is not None and not is_scale:
        raise ValueError(
            f"cost_scale must be 'log', 'linear' or None, got {cost_scale!r}."
        )


def scale_of(curves) -> str:
    """Return "log" if all values are positive and span a factor of ten."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    if values.size == 0 or values.min() <= 0:
        return "linear"
    return "log" if values.max() >= 10 * values.min() else "linear"


def draw_curve(ax, x, curve, style, user_kw):
    """Plot a curve, unless it is None.

    Values that are not finite leave a gap. A single value between gaps, as with one
    epoch, is marked with a dot, since it has no line.
    """
    if curve is None:
        return None
    values = np.where(np.isfinite(curve), curve, np.nan)
    is_gap = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    single = np.flatnonzero(~np.isnan(values) & is_gap[:-2] & is_gap[2:])
    if single.size and "marker" not in style:
        style = style | {"marker": ".", "markevery": single.tolist()}
    return ax.plot(x, values, **style_kwargs(style, user_kw))[0]


def marker_slice(model: int, n_points: int) -> slice:
    """Return the points of a curve with markers: about seven, staggered by model."""
    apart = max(1, n_points // 7)
    return slice(model % apart, None, apart)
