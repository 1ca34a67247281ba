"""Plots of the scores of a search against one of its parameters."""

import reprlib
from collections.abc import Mapping

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import (
    check_matplotlib_support,
    name_of_score,
    style_kwargs,
)
from skdnn.diagnosis.arguments import check_flag, check_is_instance, short_name
from skdnn.displays.arguments import (
    check_ax,
    check_text,
    one_axes,
    style_of,
)
from skdnn.displays.choice import search_of
from skdnn.displays.legends import line_style_handles, place_legend
from skdnn.displays.panels import scale_values
from skdnn.displays.search_table import SearchTable, are_numbers, text_of
from skdnn.displays.texts import IN_FIGURE, wrapped


class ParameterScoreDisplay:
    """Scores of a search against alpha, keep_prob, layers or any other parameter.

    Use `from_estimator` or `from_cv_results` to create one. If the search varied other
    parameters too, a point is the best over them. Numbers have a numeric axis, which is
    logarithmic if they span a large range; other values, such as
    ``hidden_layer_sizes=(64, 32)``, have a tick each.

    A cross-validated estimator, such as :class:`MLPRegularizedClassifierCV`, searches
    in its `fit`: the scores are the held-out scores at the best number of steps of each
    candidate, for `alphas`, `keep_probs` and `encodings`.

    For one parameter without a search, use scikit-learn's `ValidationCurveDisplay`,
    which fits a model per value. This display fits nothing, and also supports several
    parameters, non-numeric values and failed fits.

    Parameters
    ----------
    param_name : str
        Name of the parameter.
    param_values : list
        Values of the parameter.
    dev_scores : ndarray of shape (n_lines, n_values, n_splits)
        Scores on the held-out rows, NaN if a fit failed or is missing.
    train_scores : ndarray of shape (n_lines, n_values, n_splits), default=None
        Scores on the training rows.
    hue_name : str, default=None
        Name of a second parameter, with one line per value.
    hue_values : list, default=None
        Values of the second parameter.
    score_name : str, default="Score"
        Name of the scores, for the axis.
    connected : bool, default=True
        Whether lines join the points.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the scores, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : list of matplotlib Line2D
        Mean dev score of each line.
    train_lines_ : list of matplotlib Line2D
        Mean training score of each line; empty without training scores.
    spreads_ : list
        Artists that show one standard deviation over the folds: bands for connected
        numbers, error bars otherwise; empty for a single fold.
    table_ : SearchTable
        The same scores as a report: print it for the best values, and the mean and
        standard deviation of each. None unless `from_estimator` or `from_cv_results`
        made the display; `negate_score` does not change it.

    See Also
    --------
    sklearn.model_selection.ValidationCurveDisplay : Fit and plot one parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdnn import MLPRegularizedClassifier, ParameterScoreDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier(
    ...     (8,), early_stopping=True, max_iter=2000, random_state=0
    ... )
    >>> grid = {"alpha": [0.1, 1, 10], "activation": ["relu", "tanh"]}
    >>> search = GridSearchCV(net, grid, cv=3).fit(X, y)
    >>> display = ParameterScoreDisplay.from_estimator(search, "alpha")
    >>> display.dev_scores.shape
    (1, 3, 3)
    >>> print(display.table_)
    Best score 0.98 with alpha=0.1, mean of 3 folds
    <BLANKLINE>
             alpha       dev        std
               0.1      0.98      0.016
                 1      0.98      0.016
                10    0.9733      0.025
    """

    def __init__(
        self,
        *,
        param_name,
        param_values,
        dev_scores,
        train_scores=None,
        hue_name=None,
        hue_values=None,
        score_name="Score",
        connected=True,
    ):
        self.param_name = param_name
        self.param_values = param_values
        self.dev_scores = dev_scores
        self.train_scores = train_scores
        self.hue_name = hue_name
        self.hue_values = hue_values
        self.score_name = score_name
        self.connected = connected
        self.table_: SearchTable | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator,
        param,
        *,
        hue=None,
        metric=None,
        negate_score=False,
        score_name=None,
        ax=None,
        line_kw=None,
        train_line_kw=None,
    ):
        """Plot the scores of a fitted search.

        Parameters
        ----------
        estimator : GridSearchCV, RandomizedSearchCV or similar
            A fitted search with `cv_results_`, or a cross-validated estimator.
        param : str
            Full name of the parameter, or its last part ("alpha" for "net__alpha");
            "alphas" is the same as "alpha".
        hue : str, default=None
            A second parameter, with one line per value. None plots the best over it.
        metric : str, default=None
            Name of the metric if the search has several; None is the one it refits for.
        negate_score : bool, default=False
            Plot the negated score, a loss or an error for a `scoring` such as
            "neg_log_loss". The "loss" of a cross-validated estimator is never negated.
        score_name : str, default=None
            Label of the scores; None derives it from the `scoring` of the search.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        line_kw, train_line_kw : dict, default=None
            See `plot`.

        Returns
        -------
        ParameterScoreDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        check_flag("negate_score", negate_score)
        check_is_instance(estimator)
        check_is_fitted(estimator)
        if not hasattr(estimator, "cv_results_"):
            as_search = search_of(estimator, param, hue, metric, negate_score)
            as_search["score_name"] = score_name or as_search["score_name"]
            styles = {"ax": ax, "line_kw": line_kw, "train_line_kw": train_line_kw}
            return cls.from_cv_results(**as_search, **styles)
        several = getattr(estimator, "multimetric_", False)
        if several and metric is None and isinstance(estimator.refit, str):
            metric = estimator.refit
        scoring = metric if several else getattr(estimator, "scoring", None)
        if score_name is None and not (isinstance(scoring, str) or callable(scoring)):
            scoring = None
        return cls.from_cv_results(
            estimator.cv_results_,
            param,
            hue=hue,
            metric=metric,
            negate_score=negate_score,
            score_name=name_of_score(score_name, scoring, negate_score),
            ax=ax,
            line_kw=line_kw,
            train_line_kw=train_line_kw,
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results,
        param,
        *,
        hue=None,
        metric=None,
        negate_score=False,
        score_name=None,
        ax=None,
        line_kw=None,
        train_line_kw=None,
    ):
        """Plot the `cv_results_` of a search.

        Parameters
        ----------
        cv_results : dict
            The `cv_results_` of a fitted search.
        param, hue, metric, negate_score, score_name, ax, line_kw, train_line_kw
            As in `from_estimator`; `metric` is "score" by default.

        Returns
        -------
        ParameterScoreDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_cv_results")
        check_ax(ax)
        check_flag("negate_score", negate_score)
        for argument, text in (
            ("hue", hue),
            ("metric", metric),
            ("score_name", score_name),
        ):
            check_text(argument, text)
        if not isinstance(cv_results, Mapping):
            raise TypeError(
                "cv_results must be a dict, the cv_results_ of a search, got "
                f"{reprlib.repr(cv_results)}."
            )
        table = SearchTable.of(cv_results, param, hue, metric or "score")
        if len(table.hue_values) > _MAX_LINES:
            raise ValueError(
                f"hue={hue!r} has {len(table.hue_values)} values; more than "
                f"{_MAX_LINES} lines cannot be told apart."
            )
        sign = -1 if negate_score else 1
        train = table.train_scores
        display = cls(
            param_name=table.param,
            param_values=table.values,
            dev_scores=sign * table.dev_scores,
            train_scores=None if train is None else sign * train,
            hue_name=table.hue,
            hue_values=table.hue_values if hue else None,
            score_name=name_of_score(score_name, metric, negate_score),
            connected=table.is_grid,
        )
        display.table_ = table
        return display.plot(ax=ax, line_kw=line_kw, train_line_kw=train_line_kw)

    def plot(self, ax=None, *, line_kw=None, train_line_kw=None):
        """Plot dev scores solid, training scores dashed, and a cross where fits failed.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        line_kw, train_line_kw : dict, default=None
            Keyword arguments for matplotlib's `plot`, for dev and training scores.

        Returns
        -------
        self : ParameterScoreDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        line_kw = style_of("line_kw", line_kw)
        train_line_kw = style_of("train_line_kw", train_line_kw)
        is_ours = ax is None
        n_ticks = 0 if self._is_numeric() else len(self.param_values)
        ax = one_axes(ax, figsize=(max(6.4, 1 + _TICK * n_ticks), 4.8))
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_, self.train_lines_, self.spreads_ = [], [], []
        x = np.asarray(self.param_values if n_ticks == 0 else np.arange(n_ticks))
        for line in range(len(self.dev_scores)):
            self._draw_line(line, x + self._shift(line), line_kw, train_line_kw)
        self._mark_failures(x)
        scale_values(ax, self.param_values)
        n_splits = self.dev_scores.shape[-1]
        spread = f" (mean ± std of {n_splits} folds)" if n_splits > 1 else ""
        if len(self.score_name + spread) > _LONGEST_LABEL:
            spread = f"\n{spread.lstrip()}"
        ax.set(
            xlabel=wrapped(short_name(self.param_name), IN_FIGURE),
            ylabel=f"{self.score_name}{spread}",
        )
        self._draw_legend(is_ours)
        return self

    def _draw_legend(self, is_ours):
        """Draw the legend above the axes, since inside it would always cover a line.

        More than two lines are named once each, and the line styles explained once.
        """
        handles, labels = self.ax_.get_legend_handles_labels()
        n_lines, has_train = len(self.lines_), bool(self.train_lines_)
        if n_lines > 2 and has_train:
            style = (
                {"marker": "o"}
                if self.connected
                else {"marker": "o", "linestyle": "none"}
            )
            dashed = {"linestyle": "--", "markerfacecolor": "none"}
            kinds = line_style_handles({"dev": style, "training": dashed | style})
            handles, labels = handles + kinds[0], labels + kinds[1]
        longest = max(map(len, labels))
        place_legend(
            self.ax_,
            handles,
            labels,
            side="above",
            is_ours=is_ours,
            title=self.hue_name and short_name(self.hue_name),
            alignment="left",
            frameon=False,
            ncols=1 if n_lines == 1 or longest > _SHORT else 2 if n_lines == 2 else 4,
        )

    def _draw_line(self, line, x, line_kw, train_line_kw):
        dev, train = self.dev_scores, self.train_scores
        value = "" if self.hue_values is None else text_of(self.hue_values[line])
        is_named_once = len(dev) > 2 and train is not None
        prefix = f"{value}: " if value else ""
        style = {
            "marker": _MARKERS[line],
            "linestyle": "-" if self.connected else "none",
            "label": value if is_named_once else f"{prefix}dev",
        }
        (drawn,) = self.ax_.plot(
            x, dev[line].mean(axis=-1), **style_kwargs(style, line_kw)
        )
        self.lines_.append(drawn)
        color = drawn.get_color()
        self._draw_spread(line, x, color)
        if train is not None:
            style |= {
                "color": color,
                "linestyle": "--" if self.connected else "none",
                "markerfacecolor": "none",
                "label": "_" if is_named_once else f"{prefix}training",
            }
            self.train_lines_ += self.ax_.plot(
                x, train[line].mean(axis=-1), **style_kwargs(style, train_line_kw)
            )

    def _draw_spread(self, line, x, color):
        scores = self.dev_scores[line]
        if scores.shape[-1] == 1:
            return  # a single dev set has no spread
        mean, std = scores.mean(axis=-1), scores.std(axis=-1)
        if self._has_bands():
            spread = self.ax_.fill_between(
                x, mean - std, mean + std, color=color, alpha=0.2, linewidth=0
            )
        else:
            spread = self.ax_.errorbar(
                x,
                mean,
                yerr=std,
                fmt="none",
                ecolor=color,
                # Bars at the same value overlap: caps of different sizes show all.
                capsize=3 + line,
                elinewidth=1,
            )
        self.spreads_.append(spread)

    def _is_numeric(self):
        return are_numbers(self.param_values)

    def _has_bands(self):
        """Whether spreads are bands: more than two would overlap too much."""
        is_line = self._is_numeric() and self.connected and len(self.param_values) > 1
        return is_line and len(self.dev_scores) <= 2

    def _shift(self, line) -> float:
        """Return the offset of a line from the ticks; 0 on a numeric axis.

        On a numeric axis, an offset would stand for another value.
        """
        n_lines = len(self.dev_scores)
        apart = 0.0 if self._is_numeric() else min(0.1, 0.7 / n_lines)
        return apart * (line - (n_lines - 1) / 2)

    def _mark_failures(self, x):
        """Put a cross on the x axis at values without a score."""
        failed = np.isnan(self.dev_scores.mean(axis=-1)).all(axis=0)
        if failed.any():
            self.ax_.plot(
                x[failed],
                np.full(failed.sum(), 0.03),
                "kx",
                transform=self.ax_.get_xaxis_transform(),
                label="failed fits",
            )


_MARKERS = "os^Dv<>P*X"
_MAX_LINES = len(_MARKERS)
_TICK = 0.35  # inches per tick label
_SHORT = 22  # most letters of labels in several columns
_LONGEST_LABEL = 50  # letters along a y axis of default height
