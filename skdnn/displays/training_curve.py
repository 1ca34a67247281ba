"""Cost against epochs: training and dev on one set of axes; or a choice by steps."""

from typing import Any

import numpy as np

from skdnn._sklearn import check_matplotlib_support, style_kwargs
from skdnn.diagnosis.arguments import check_flag, check_is_instance
from skdnn.displays.arguments import (
    check_ax,
    one_axes,
    style_of,
)
from skdnn.displays.candidate_curves import draw_candidates, names_of_axes
from skdnn.displays.choice import Choice
from skdnn.displays.models import by_name, fitted_network
from skdnn.displays.panels import place_legend
from skdnn.estimators import plan


class TrainingCurveDisplay:
    """Training and dev cost of each epoch, and the epoch whose parameters were kept.

    It is recommended to use `from_estimator` to make one. Several models are drawn on
    one set of axes. (scikit-learn's `LearningCurveDisplay` shows something else: scores
    against the number of training rows.)

    The two curves are not the same sum. The training cost is J as training computes it:
    with penalty, dropout, label smoothing and augmentation, averaged over an epoch in
    which the parameters move. The dev cost has none of these and is taken at the end of
    the epoch. The legend says what is in J. A dev curve below the training curve is
    therefore not a mistake; look at where the dev cost turns up.

    Of a cross-validated estimator, such as :class:`MLPRegularizedClassifierCV`, there
    is a line for each candidate instead: the score of the rows held out, averaged over
    the folds, against the number of steps. A dot and an upright line mark what was
    chosen; thin lines are the folds of the chosen candidate. Of more than ten
    candidates the best ten are named.

    Parameters
    ----------
    costs : list of ndarray of shape (n_epochs,)
        J of each epoch, one array per model.
    dev_costs : list of (ndarray of shape (n_epochs,) or None)
        Dev cost of each epoch, None where no dev set was watched.
    dev_scores : list of (ndarray of shape (n_epochs,) or None), default=None
        Dev scores. None has none for any model.
    kept_epochs : list of (int or None), default=None
        The epoch, counted from 1, of the fitted parameters.
    ingredients : list of (sequence of str), default=None
        What J has besides the data term, for the legend.
    stop_reasons : list of (str or None), default=None
        Why each training stopped, an estimator's `stop_reason_`, for the legend.
    names : list of (str or None), default=None
        Names of the models.
    choice : Choice, default=None
        The candidates of a cross-validated estimator, as `from_estimator` finds them;
        they are drawn in the place of costs, which are then empty lists.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the costs, after `plot`.
    ax_score_ : matplotlib Axes or None
        Axes of the scores, to the right.
    figure_ : matplotlib Figure
        Their figure.
    lines_ : list of matplotlib Line2D
        Training cost of each model.
    dev_lines_ : list of (matplotlib Line2D or None)
        Dev cost of each model; or the held-out score of each of `candidates_`.
    fold_lines_ : list of matplotlib Line2D
        Held-out score of each fold of the chosen candidate; empty for models.
    score_lines_ : list of (matplotlib Line2D or None)
        Dev scores of each model.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores against training rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, TrainingCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier(
    ...     (8,), early_stopping=True, max_iter=1000, random_state=0
    ... ).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(net)
    >>> display.ax_.get_xlabel()
    'epoch'
    """

    def __init__(
        self,
        *,
        costs,
        dev_costs,
        dev_scores=None,
        kept_epochs=None,
        ingredients=None,
        stop_reasons=None,
        names=None,
        choice=None,
    ):
        self.costs = costs
        self.dev_costs = dev_costs
        self.dev_scores = dev_scores
        self.kept_epochs = kept_epochs
        self.ingredients = ingredients
        self.stop_reasons = stop_reasons
        self.names = names
        self.choice = choice

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        name=None,
        ax=None,
        cost_scale=None,
        show_scores=False,
        line_kw=None,
        dev_line_kw=None,
    ):
        """Draw the training history of fitted estimators.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A fitted estimator with `loss_curve_` (scikit-learn's `MLPClassifier` has
            one too), or one in a Pipeline, a search or a TransformedTargetRegressor;
            several by name. A cross-validated estimator has a picture of its own.
        name : str, default=None
            Name of the one model, for the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        cost_scale, show_scores, line_kw, dev_line_kw
            See `plot`.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        models = by_name(estimator, name)
        for model in models.values():
            check_is_instance(model)
        choices = [choice for each in models.values() if (choice := Choice.of(each))]
        display = (
            cls._of_choice(choices[0], models) if choices else cls._of_models(models)
        )
        return display.plot(
            ax=ax,
            cost_scale=cost_scale,
            show_scores=show_scores,
            line_kw=line_kw,
            dev_line_kw=dev_line_kw,
        )

    @classmethod
    def _of_choice(cls, choice: Choice, models):
        if len(models) > 1:
            raise ValueError(
                "A cross-validated estimator has a line for each candidate, and so a "
                f"picture of its own: give one estimator instead of {len(models)}."
            )
        return cls(costs=[], dev_costs=[], names=list(models), choice=choice)

    @classmethod
    def _of_models(cls, models):
        nets = [fitted_network(each, "loss_curve_").model for each in models.values()]
        return cls(
            costs=[np.asarray(net.loss_curve_) for net in nets],
            dev_costs=[_curve(net, "validation_loss_curve_") for net in nets],
            dev_scores=[_curve(net, "validation_scores_") for net in nets],
            kept_epochs=[_kept_epoch(net) for net in nets],
            ingredients=[_ingredients(net) for net in nets],
            stop_reasons=[getattr(net, "stop_reason_", None) for net in nets],
            names=list(models),
        )

    def plot(
        self,
        ax=None,
        *,
        cost_scale=None,
        show_scores=False,
        line_kw=None,
        dev_line_kw=None,
    ):
        """Draw the training cost dashed, the dev cost solid, a dot at the kept epoch.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        cost_scale : {"log", "linear"}, default=None
            Scale of the cost axis. None is "log" where all costs are positive and span
            a factor of 10 or more.
        show_scores : bool, default=False
            Draw the dev scores too, on an axis to the right.
        line_kw, dev_line_kw : dict, default=None
            Keyword arguments for matplotlib's `plot`, for training and dev costs; the
            latter for held-out scores too.

        Returns
        -------
        self : TrainingCurveDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        check_flag("show_scores", show_scores)
        styles = style_of("line_kw", line_kw), style_of("dev_line_kw", dev_line_kw)
        is_scale = isinstance(cost_scale, str) and cost_scale in ("log", "linear")
        if cost_scale is not None and not is_scale:
            raise ValueError(
                f"cost_scale must be 'log', 'linear' or None, got {cost_scale!r}."
            )
        has_scores = any(scores is not None for scores in self._all("dev_scores"))
        if show_scores and self.choice is not None:
            raise ValueError(
                "show_scores=True is for a network that watched a dev set; of a "
                "cross-validated estimator the score it chose by is what is drawn."
            )
        if show_scores and not has_scores:
            raise ValueError(
                "show_scores=True needs a dev set watched in fit (X_val and y_val, or "
                "early_stopping=True); there are no validation_scores_."
            )
        n_lines = len(self.costs if self.choice is None else self.choice.candidates)
        width = 11 if n_lines > _MOST_ABOVE else 6.4
        ax = one_axes(ax, figsize=(width, 4.8))
        self.ax_, self.figure_, self.ax_score_ = ax, ax.figure, None
        if show_scores:
            self.ax_score_ = ax.twinx()
            self.ax_score_.set_ylabel("dev score (dotted)")
        self.lines_, self.score_lines_ = [], []
        self.dev_lines_: list[Any] = []
        self.fold_lines_: list[Any] = []
        for model in range(len(self.costs)):
            self._draw_model(model, *styles)
        if self.choice is not None:
            (name,) = self._all("names") or [None]
            drawn = draw_candidates(ax, self.choice, name, styles[1])
            self.dev_lines_, self.fold_lines_ = drawn
        scale = cost_scale or self._scale()
        xlabel, ylabel = "epoch", "mean cost per row"
        if self.choice is not None:
            xlabel, ylabel = names_of_axes(ax, self.choice)
        ax.set(xlabel=xlabel, ylabel=f"{ylabel} ({scale} scale)")
        ax.set_yscale(scale)
        self._draw_legend(n_lines)
        return self

    def _draw_model(self, model, line_kw, dev_line_kw):
        name, kept = self._all("names")[model], self._all("kept_epochs")[model]
        dev_cost = self.dev_costs[model]
        prefix = "" if name is None else f"{name}: "
        dot: dict[str, Any] = {}
        kept_here = ""
        if kept is not None:
            dot = {"marker": "o", "markersize": 7, "markevery": slice(kept - 1, kept)}
            reason = self._all("stop_reasons")[model]
            stopped = f"; stopped: {reason.replace('_', ' ')}" if reason else ""
            kept_here = f" (● parameters kept: epoch {kept}{stopped})"

        label = f"{prefix}training cost{self._what_is_in_J(model)}"
        style: dict[str, Any] = {"linestyle": "--", "label": label}
        if dev_cost is None:
            style |= dot | {"label": label + kept_here}
        line = _draw(self.ax_, self.costs[model], style, line_kw)
        self.lines_.append(line)
        color = line.get_color()
        if kept is not None:
            self.ax_.axvline(kept, color=color, linewidth=0.8, alpha=0.6, zorder=0)

        style = {"color": color, "label": f"{prefix}dev cost{kept_here}"} | dot
        self.dev_lines_.append(_draw(self.ax_, dev_cost, style, dev_line_kw))
        scores = self._all("dev_scores")[model] if self.ax_score_ else None
        style = {"color": color, "linestyle": ":", "label": f"{prefix}dev score"}
        self.score_lines_.append(_draw(self.ax_score_, scores, style, {}))

    def _what_is_in_J(self, model) -> str:
        parts = self._all("ingredients")[model]
        if not parts:
            return ""
        *others, last = parts
        return f" with {', '.join(others)} and {last}" if others else f" with {last}"

    def _scale(self) -> str:
        curves = [*self.costs, *(c for c in self.dev_costs if c is not None)]
        if self.choice is not None:
            curves = [self.choice.means().ravel()]
        values = np.concatenate(curves)
        values = values[np.isfinite(values)]
        if values.size == 0 or values.min() <= 0:
            return "linear"
        return "log" if values.max() >= 10 * values.min() else "linear"

    def _draw_legend(self, n_lines):
        handles, labels = self.ax_.get_legend_handles_labels()
        if self.ax_score_ is not None:
            more_handles, more_labels = self.ax_score_.get_legend_handles_labels()
            handles, labels = handles + more_handles, labels + more_labels
        # Outside the axes: inside it would cover a curve wherever it is.
        above = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
        beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}
        place = beside if n_lines > _MOST_ABOVE else above
        place_legend(self.ax_, handles, labels, frameon=False, **place)

    def _all(self, attribute):
        values = getattr(self, attribute)
        return [None] * len(self.costs) if values is None else values


# With more models, of two lines each, the legend stands beside the axes.
_MOST_ABOVE = 2


def _draw(ax, curve, style, user_kw):
    """Draw a curve from epoch 1 on, where there is one; infinite values leave a gap."""
    if curve is None:
        return None
    epochs = np.arange(1, len(curve) + 1)
    values = np.where(np.isfinite(curve), curve, np.nan)
    return ax.plot(epochs, values, **style_kwargs(style, user_kw))[0]


def _curve(net, attribute):
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


def _kept_epoch(net) -> int | None:
    """Return the epoch of the fitted parameters; 0, before the first, has no place."""
    return getattr(net, "best_iteration_", None) or None


def _ingredients(net) -> list[str]:
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
