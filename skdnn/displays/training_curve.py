"""Plots of training and dev cost against epochs, or of candidates against steps."""

from typing import Any

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis.arguments import check_flag, check_is_instance
from skdnn.displays.arguments import (
    check_ax,
    one_axes,
    style_of,
)
from skdnn.displays.candidate_curves import draw_candidates, label_axes
from skdnn.displays.choice import Choice
from skdnn.displays.curves import (
    check_scale,
    curve_of,
    draw_curve,
    ingredients_in_words,
    ingredients_of,
    kept_epoch_of,
    marker_slice,
    scale_of,
    steps_of,
)
from skdnn.displays.legends import MARKERS, line_style_handles, place_legend
from skdnn.displays.models import by_name, fitted_network
from skdnn.displays.texts import IN_LEGEND


class TrainingCurveDisplay:
    """Training and dev cost of each epoch, and the epoch whose parameters were kept.

    Use `from_estimator` to create one. Several models share one set of axes.
    (scikit-learn's `LearningCurveDisplay` is something else: scores against the number
    of training rows.)

    The two curves measure different sums. The training cost is J as training computes
    it: with penalty, dropout, label smoothing and augmentation, averaged over an epoch
    in which the parameters change. The dev cost has none of these and is evaluated at
    the end of the epoch. The legend says what J includes. So a dev curve below the
    training curve is no mistake; what matters is where the dev cost begins to rise.

    More than two models are named once each and have different markers; the marker of
    the dev curve is at the epoch kept. A member of a cross-validated estimator is
    evaluated at numbers of steps and plotted against these.

    For a cross-validated estimator, such as :class:`MLPRegularizedClassifierCV`, there
    is one line per candidate instead: the held-out score, averaged over the folds,
    against the number of steps. A dot and a vertical line mark the choice; thin lines
    are the folds of the chosen candidate. With more than ten candidates, the best ten
    are named.

    Parameters
    ----------
    costs : list of ndarray of shape (n_epochs,)
        J of each epoch, one array per model.
    dev_costs : list of (ndarray of shape (n_epochs,) or None)
        Dev cost of each epoch, None without a dev set.
    dev_scores : list of (ndarray of shape (n_epochs,) or None), default=None
        Dev score of each epoch, None without one. None has none for all models.
    kept_epochs : list of (int or None), default=None
        Epoch of the fitted parameters, counted from 1: their position in the curve.
    ingredients : list of (sequence of str), default=None
        Terms of J in addition to the data term, for the legend.
    stop_reasons : list of (str or None), default=None
        Why training stopped, the `stop_reason_` of an estimator, for the legend.
    names : list of (str or None), default=None
        Names of the models.
    choice : Choice, default=None
        The candidates of a cross-validated estimator, as found by `from_estimator`.
        They are plotted instead of costs, which are then empty lists.
    steps : list of (ndarray of shape (n_epochs,) or None), default=None
        Steps after which costs were recorded, for networks that count steps. None
        counts epochs from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the costs, after `plot`.
    ax_score_ : matplotlib Axes or None
        Axes of the scores, on the right.
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
    sklearn.model_selection.LearningCurveDisplay : Plot scores against the number of
        training rows.

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
        steps=None,
    ):
        self.costs = costs
        self.dev_costs = dev_costs
        self.dev_scores = dev_scores
        self.kept_epochs = kept_epochs
        self.ingredients = ingredients
        self.stop_reasons = stop_reasons
        self.names = names
        self.choice = choice
        self.steps = steps

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
        """Plot the training history of fitted estimators.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A fitted estimator with `loss_curve_` (scikit-learn's `MLPClassifier` has
            one too), or one in a Pipeline, a search or a TransformedTargetRegressor;
            several by name. A cross-validated estimator must be the only one.
        name : str, default=None
            Name of the model in the legend, for a single one.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        cost_scale, show_scores, line_kw, dev_line_kw
            See `plot`.

        Returns
        -------
        TrainingCurveDisplay
            The plotted display.
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
                "A cross-validated estimator has a line for each candidate and needs a "
                f"plot of its own: give one estimator instead of {len(models)}."
            )
        return cls(costs=[], dev_costs=[], names=list(models), choice=choice)

    @classmethod
    def _of_models(cls, models):
        nets = [fitted_network(each, "loss_curve_").model for each in models.values()]
        steps = [steps_of(net) for net in nets]
        if len({each is None for each in steps}) > 1:
            raise ValueError(
                "estimator must not mix members of a cross-validated estimator, whose "
                "costs are against steps, with other models, whose costs are against "
                "epochs: draw them in two plots."
            )
        return cls(
            costs=[np.asarray(net.loss_curve_) for net in nets],
            dev_costs=[curve_of(net, "validation_loss_curve_") for net in nets],
            dev_scores=[curve_of(net, "validation_scores_") for net in nets],
            kept_epochs=[kept_epoch_of(net) for net in nets],
            ingredients=[ingredients_of(net) for net in nets],
            stop_reasons=[
                getattr(net, "stop_reason_", None) if each is None else None
                for net, each in zip(nets, steps, strict=True)
            ],
            names=list(models),
            steps=steps,
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
        """Plot the training cost dashed, the dev cost solid, a dot at the kept epoch.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        cost_scale : {"log", "linear"}, default=None
            Scale of the cost axis. None is "log" if all costs are positive and span a
            factor of 10 or more.
        show_scores : bool, default=False
            Plot the dev scores too, on an axis on the right.
        line_kw, dev_line_kw : dict, default=None
            Keyword arguments for matplotlib's `plot`, for training and dev costs;
            `dev_line_kw` also applies to held-out scores.

        Returns
        -------
        self : TrainingCurveDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        check_flag("show_scores", show_scores)
        styles = style_of("line_kw", line_kw), style_of("dev_line_kw", dev_line_kw)
        check_scale(cost_scale)
        has_scores = any(scores is not None for scores in self._all("dev_scores"))
        if show_scores and self.choice is not None:
            raise ValueError(
                "show_scores=True is for a network with a dev set; for a "
                "cross-validated estimator, the held-out scores are plotted anyway."
            )
        if show_scores and not has_scores:
            raise ValueError(
                "show_scores=True needs validation_scores_: fit with a dev set (X_val "
                "and y_val, or early_stopping=True)."
            )
        n_lines = len(self.costs if self.choice is None else self.choice.candidates)
        is_ours = ax is None
        ax = one_axes(ax, figsize=(6.4, 4.8))
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
            lines = draw_candidates(ax, self.choice, name, styles[1])
            self.dev_lines_, self.fold_lines_ = lines
        drawn = [*self.costs, *(c for c in self.dev_costs if c is not None)]
        if self.choice is not None:
            drawn = [self.choice.means().ravel()]
        scale = cost_scale or scale_of(drawn)
        xlabel, ylabel = self._unit(), "mean cost per row"
        if self.choice is None:
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if self.choice is not None:
            xlabel, ylabel = label_axes(ax, self.choice)
        ax.set(xlabel=xlabel, ylabel=f"{ylabel} ({scale} scale)")
        ax.set_yscale(scale)
        self._draw_legend(n_lines, is_ours)
        return self

    def _draw_model(self, model, line_kw, dev_line_kw):
        kept, dev_cost = self._all("kept_epochs")[model], self.dev_costs[model]
        steps = self._all("steps")[model]
        x = np.arange(1, len(self.costs[model]) + 1) if steps is None else steps
        labels = self._labels(model)
        often: dict[str, Any] = {}
        dot: dict[str, Any] = {}
        if self._are_many():
            often = {"marker": MARKERS[model % len(MARKERS)], "markersize": 4}
            often["markevery"] = marker_slice(model, len(x))
            dot = dict(often)
        if kept is not None:
            dot |= {"markersize": 7, "markevery": slice(kept - 1, kept)}
            dot.setdefault("marker", "o")

        style: dict[str, Any] = {"linestyle": "--", "label": labels[0]}
        style |= often if dev_cost is not None or self._are_many() else dot
        line = draw_curve(self.ax_, x, self.costs[model], style, line_kw)
        self.lines_.append(line)
        color = line.get_color()
        if kept is not None:
            at = x[kept - 1]
            self.ax_.axvline(at, color=color, linewidth=0.8, alpha=0.6, zorder=0)

        style = {"color": color, "label": labels[1]} | dot
        dev_line = draw_curve(self.ax_, x, dev_cost, style, dev_line_kw)
        self.dev_lines_.append(dev_line)
        scores = self._all("dev_scores")[model] if self.ax_score_ else None
        style = {"color": color, "linestyle": ":", "label": labels[2]} | often
        self.score_lines_.append(draw_curve(self.ax_score_, x, scores, style, {}))

    def _are_many(self) -> bool:
        """Whether models are named once each: they are many or have long names."""
        longest = max((len(str(name)) for name in self._all("names")), default=0)
        n_models = len(self.costs)
        return n_models > _MAX_ABOVE or (n_models > 1 and longest > IN_LEGEND)

    def _unit(self) -> str:
        has_steps = any(steps is not None for steps in self._all("steps"))
        return "step" if has_steps else "epoch"

    def _labels(self, model) -> tuple[str, str, str]:
        """Return the labels of the training cost, the dev cost and the dev score."""
        name, kept = self._all("names")[model], self._all("kept_epochs")[model]
        has_dev = self.dev_costs[model] is not None
        kept_here = ""
        if kept is not None:
            steps = self._all("steps")[model]
            reason = self._all("stop_reasons")[model]
            stopped = f"; stopped: {reason.replace('_', ' ')}" if reason else ""
            at = kept if steps is None else steps[kept - 1]
            kept_here = f"{self._unit()} {at}{stopped}"
        if self._are_many():
            label = f"model {model}" if name is None else str(name)
            label += f" (kept: {kept_here})" if kept is not None else ""
            # matplotlib omits labels that begin with "_" from the legend.
            return ("_", label, "_") if has_dev else (label, "_", "_")
        if kept is not None:
            kept_here = f" (● parameters kept: {kept_here})"
        prefix = "" if name is None else f"{name}: "
        in_J = ingredients_in_words(self._all("ingredients")[model])
        training = f"{prefix}training cost{in_J}"
        return (
            training if has_dev else training + kept_here,
            f"{prefix}dev cost{kept_here}",
            f"{prefix}dev score",
        )

    def _line_style_handles(self) -> tuple[list, list[str]]:
        """Return handles and labels that explain the line styles of many models."""
        in_J = set(map(ingredients_in_words, self._all("ingredients")))
        parts = in_J.pop() if len(in_J) == 1 else " (terms of J differ by model)"
        kinds = {f"training cost{parts}": {"linestyle": "--"}}
        if any(each is not None for each in self.dev_costs):
            kept = any(each is not None for each in self._all("kept_epochs"))
            kinds["dev cost" + (", marked at the epoch kept" if kept else "")] = {}
        if self.ax_score_ is not None:
            kinds["dev score"] = {"linestyle": ":"}
        return line_style_handles(kinds)

    def _draw_legend(self, n_lines, is_ours):
        handles, labels = self.ax_.get_legend_handles_labels()
        if self.ax_score_ is not None:
            more_handles, more_labels = self.ax_score_.get_legend_handles_labels()
            handles, labels = handles + more_handles, labels + more_labels
        if self._are_many():
            more_handles, more_labels = self._line_style_handles()
            handles, labels = handles + more_handles, labels + more_labels
        # Outside the axes, since inside it would always cover a curve.
        side, kw = "above", {}
        if n_lines > _MAX_ABOVE or self._are_many():
            side = "right"
            if self.ax_score_ is not None:
                # To the right of the ticks and label of the score axis.
                kw["bbox_to_anchor"] = (1.14, 0.5)
        place_legend(
            self.ax_, handles, labels, side=side, is_ours=is_ours, frameon=False, **kw
        )

    def _all(self, attribute):
        values = getattr(self, attribute)
        return [None] * len(self.costs) if values is None else values


# With more models, of two lines each, the legend is next to the axes.
_MAX_ABOVE = 2
