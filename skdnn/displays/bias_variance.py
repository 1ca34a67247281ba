"""Bar plots of the Bayes error, avoidable bias, variance and further gaps."""

from collections.abc import Mapping

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis.bias_variance import BiasVarianceReport
from skdnn.diagnosis.bias_variance.findings import KINDS
from skdnn.displays.arguments import check_ax, check_report, one_axes
from skdnn.displays.legends import place_legend
from skdnn.displays.models import by_name

BAYES = "Bayes error"
_THRESHOLD = "threshold"
_WIDTH = 0.8  # of all bars of one gap together; the rest is the space in between
# Seven, coprime to the ten colours, so that 70 bars look different.
_HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "++")
_BAR = 0.14  # least width of a bar in inches
_MAX_ABOVE = 4  # legend entries in a row above the axes …
_SHORT = 14  # … if no name has more letters than this


class BiasVarianceDisplay:
    """Bar plot of the gaps between errors, for one model or several side by side.

    Use `from_report` or `from_estimator` to create one. All parameters are stored as
    attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.
    gaps : list of str
        Names of the gaps, from left to right.
    sizes : ndarray of shape (n_models, n_gaps)
        Heights of the bars, NaN if a model has no such gap.
    low, high : ndarray of shape (n_models, n_gaps), default=None
        Ends of the intervals, NaN if a gap has none. None draws no intervals.
    thresholds : ndarray of shape (n_gaps,), default=None
        Thresholds above which a gap is high, NaN if there is none. None draws none.
    measure : str, default="error"
        Name of the error, for the axis.

    Attributes
    ----------
    bars_ : list of matplotlib.container.BarContainer
        The bars of each model.
    ax_ : matplotlib.axes.Axes
        Axes with the bars.
    figure_ : matplotlib.figure.Figure
        Figure with the axes.

    See Also
    --------
    BiasVarianceReport : The numbers, the verdicts and what to try next.

    Examples
    --------
    >>> from skdnn import BiasVarianceDisplay, BiasVarianceReport
    >>> reports = {
    ...     "small": BiasVarianceReport.from_errors(0.15, 0.16),
    ...     "large": BiasVarianceReport.from_errors(0.01, 0.11)}
    >>> display = BiasVarianceDisplay.from_report(reports)
    >>> display.gaps
    ['Bayes error', 'avoidable bias', 'variance']
    """

    def __init__(
        self,
        names,
        gaps,
        sizes,
        *,
        low=None,
        high=None,
        thresholds=None,
        measure="error",
    ):
        self.names = names
        self.gaps = gaps
        self.sizes = sizes
        self.low = low
        self.high = high
        self.thresholds = thresholds
        self.measure = measure

    @classmethod
    def from_report(cls, report, *, name=None, ax=None, **bar_kw):
        """Plot existing reports.

        Parameters
        ----------
        report : BiasVarianceReport or dict of str to BiasVarianceReport
            One report, or several by name; their thresholds must be equal.
        name : str, default=None
            Name of the model, for a single report.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        **bar_kw : dict
            Keyword arguments for matplotlib's `bar`.

        Returns
        -------
        BiasVarianceDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_report")
        check_ax(ax)
        check_report(report, BiasVarianceReport, or_dict=True)
        reports = by_name(report, name, "report")
        measures = {each.measure for each in reports.values()}
        if len(measures) > 1:
            raise ValueError(
                f"The reports must measure the same error, got {sorted(measures)}."
            )
        by_gap = [{gap.name: gap for gap in each.gaps} for each in reports.values()]
        present = [gap for gap in KINDS if any(gap in gaps for gaps in by_gap)]
        thresholds = [
            {gaps[gap].threshold for gaps in by_gap if gap in gaps} for gap in present
        ]
        if any(len(values) > 1 for values in thresholds):
            raise ValueError("The reports must have the same thresholds.")
        bayes = np.array([[each.errors[0].error] for each in reports.values()])
        nothing = np.full_like(bayes, np.nan)
        sizes = _table(by_gap, present, lambda gap: gap.size)
        low = _table(by_gap, present, lambda gap: (gap.interval or (np.nan,) * 2)[0])
        high = _table(by_gap, present, lambda gap: (gap.interval or (np.nan,) * 2)[1])
        (measure,) = measures
        display = cls(
            list(reports),
            [BAYES, *(KINDS[gap].label for gap in present)],
            np.hstack([bayes, sizes]),
            low=np.hstack([nothing, low]),
            high=np.hstack([nothing, high]),
            thresholds=np.array([np.nan, *(values.pop() for values in thresholds)]),
            measure="error" if measure == "as given" else measure,
        )
        return display.plot(ax=ax, **bar_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X_train,
        y_train,
        X_dev=None,
        y_dev=None,
        bayes_error=None,
        *,
        X_train_dev=None,
        y_train_dev=None,
        X_test=None,
        y_test=None,
        scoring=None,
        confidence=0.95,
        thresholds=None,
        name=None,
        ax=None,
        **bar_kw,
    ):
        """Measure the errors of fitted estimators and plot their gaps.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A fitted estimator, or several by name.
        X_train, y_train, X_dev, y_dev, bayes_error
            As in :meth:`BiasVarianceReport.from_estimator`, and so are `X_train_dev`,
            `y_train_dev`, `X_test`, `y_test`, `scoring`, `confidence`, `thresholds`.
        name : str, default=None
            Name of the model, for a single estimator; by default its class name.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        **bar_kw : dict
            Keyword arguments for matplotlib's `bar`.

        Returns
        -------
        BiasVarianceDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        if name is None and not isinstance(estimator, Mapping):
            name = type(estimator).__name__
        reports = {
            each_name: BiasVarianceReport.from_estimator(
                each,
                X_train,
                y_train,
                X_dev,
                y_dev,
                bayes_error,
                X_train_dev=X_train_dev,
                y_train_dev=y_train_dev,
                X_test=X_test,
                y_test=y_test,
                scoring=scoring,
                confidence=confidence,
                thresholds=thresholds,
            )
            for each_name, each in by_name(estimator, name).items()
        }
        return cls.from_report(reports, ax=ax, **bar_kw)

    def plot(self, ax=None, **bar_kw):
        """Plot the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        **bar_kw : dict
            Keyword arguments for matplotlib's `bar`.

        Returns
        -------
        BiasVarianceDisplay
            This object, with `ax_`, `figure_` and `bars_`.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        is_ours = ax is None
        n_bars = len(self.gaps) * (len(self.names) + 1)
        ax = one_axes(ax, figsize=(max(6.4, 1 + _BAR * n_bars), 4.8))
        at = np.arange(len(self.gaps))
        width = _WIDTH / len(self.names)
        shifts = (np.arange(len(self.names)) - (len(self.names) - 1) / 2) * width
        self.bars_ = []
        for model, shift in enumerate(shifts):
            style = {
                "width": 0.9 * width,
                "label": self.names[model],
                "hatch": _HATCHES[model % len(_HATCHES)],
                "edgecolor": "white",
                **bar_kw,
            }
            self.bars_.append(ax.bar(at + shift, self.sizes[model], **style))
            self._draw_intervals(ax, at + shift, model)
        self._draw_thresholds(ax, at)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set(
            ylabel=self.measure,
            xticks=at,
            xticklabels=[gap.replace(" ", "\n", 1) for gap in self.gaps],
        )
        self._draw_legend(ax, is_ours)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_legend(self, ax, is_ours):
        """Draw the legend outside the axes, the models before the threshold."""
        handles, labels = ax.get_legend_handles_labels()
        in_order = sorted(zip(labels, handles, strict=True), key=_is_threshold)
        if not in_order:
            return
        labels, handles = zip(*in_order, strict=True)
        is_row = len(labels) <= 2 * _MAX_ABOVE and max(map(len, labels)) <= _SHORT
        columns = min(_MAX_ABOVE, len(labels)) if is_row else 1
        place_legend(
            ax,
            handles,
            labels,
            side="above" if is_row else "right",
            is_ours=is_ours,
            ncols=columns,
            frameon=False,
            # Large enough for a hatch to show.
            handlelength=2.2,
            handleheight=1.2,
        )

    def _draw_intervals(self, ax, at, model):
        if self.low is None or self.high is None:
            return
        has_one = np.isfinite(self.low[model])
        if has_one.any():
            middle = self.sizes[model][has_one]
            below = middle - self.low[model][has_one]
            above = self.high[model][has_one] - middle
            ax.errorbar(
                at[has_one],
                middle,
                yerr=[below, above],
                fmt="none",
                ecolor="black",
                elinewidth=1,
                capsize=3,
            )

    def _draw_thresholds(self, ax, at):
        if self.thresholds is None or not np.isfinite(self.thresholds).any():
            return
        half = (_WIDTH + 0.1) / 2
        ax.hlines(
            self.thresholds,
            at - half,
            at + half,
            colors="black",
            linestyles="dashed",
            linewidth=1,
            label=_THRESHOLD,
        )


def _is_threshold(label_and_handle):
    return label_and_handle[0] == _THRESHOLD


def _table(by_gap, present, number):
    return np.array(
        [
            [number(gaps[gap]) if gap in gaps else np.nan for gap in present]
            for gaps in by_gap
        ]
    )
