"""Plots of J against the steps of gradient descent."""

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis import CostDescentReport, check_cost_descends
from skdnn.diagnosis.arguments import check_count
from skdnn.displays.arguments import check_ax, check_report, one_axes
from skdnn.displays.legends import MARKERS, place_legend


class CostDescentDisplay:
    """Curves of J over steps of gradient descent at several learning rates.

    Use `from_estimator` or `from_report` to create one.

    Parameters
    ----------
    learning_rates : ndarray of shape (n_rates,)
        Learning rates η, ascending.
    costs : ndarray of shape (n_rates, n_steps + 1)
        J before the first step and after each; infinite once it has overflowed.
    first_rises : sequence of int or None
        For each η the first step at which J rose, or None.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : list of matplotlib Line2D
        A curve per learning rate.

    See Also
    --------
    check_cost_descends : The check whose result is plotted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import CostDescentDisplay, MLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((8,), random_state=0)
    >>> display = CostDescentDisplay.from_estimator(net, X, y)
    >>> display.ax_.get_ylabel()
    'cost J (log scale)'
    """

    def __init__(self, *, learning_rates, costs, first_rises):
        self.learning_rates = learning_rates
        self.costs = costs
        self.first_rises = first_rises

    @classmethod
    def from_report(cls, report, *, ax=None, max_rates=6):
        """Plot a report of `check_cost_descends`.

        Parameters
        ----------
        report : CostDescentReport
            The report.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        max_rates : int, default=6
            See `plot`.

        Returns
        -------
        CostDescentDisplay
        """
        check_report(report, CostDescentReport)
        display = cls(
            learning_rates=report.learning_rates,
            costs=report.costs,
            first_rises=report.first_rises,
        )
        return display.plot(ax=ax, max_rates=max_rates)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        sample_weight=None,
        *,
        learning_rates=None,
        n_steps=20,
        ax=None,
        max_rates=6,
    ):
        """Run `check_cost_descends` and plot the result.

        Parameters
        ----------
        estimator, X, y, sample_weight, learning_rates, n_steps
            As in :func:`skdnn.check_cost_descends`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        max_rates : int, default=6
            See `plot`.

        Returns
        -------
        CostDescentDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        check_count("max_rates", max_rates)
        report = check_cost_descends(
            estimator,
            X,
            y,
            sample_weight,
            learning_rates=learning_rates,
            n_steps=n_steps,
        )
        return cls.from_report(report, ax=ax, max_rates=max_rates)

    def plot(self, ax=None, *, max_rates=6):
        """Plot a curve per learning rate; a cross marks the first rise.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.
        max_rates : int, default=6
            Number of curves, at most: those of the largest rates, up to the second one
            at which J rises.

        Returns
        -------
        self : CostDescentDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        check_count("max_rates", max_rates)
        is_ours = ax is None
        ax = one_axes(ax, figsize=(5.6, 4.2))
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_ = []
        shown = self._shown(max_rates)
        colors = plt.colormaps["viridis"](np.linspace(0, 0.85, len(shown)))
        for n, k in enumerate(shown):
            J, rise = self.costs[k], self.first_rises[k]
            label = f"{self.learning_rates[k]:.3g}"
            if rise is not None:
                label += f", J rises in step {rise}"
                ax.plot(rise, J[rise], "x", color=colors[n], ms=10, mew=2.5)
            (line,) = ax.plot(J, "-" if rise is None else "--", label=label)
            line.set(color=colors[n], marker=MARKERS[n % len(MARKERS)])
            line.set(markersize=4, markevery=max(1, len(J) // 8))
            self.lines_.append(line)
        is_positive = np.min(self.costs[shown]) > 0
        ax.set_yscale("log" if is_positive else "linear")
        scale = " (log scale)" if is_positive else ""
        ax.set(xlabel="step of gradient descent", ylabel=f"cost J{scale}")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        self._limit_y_axis(ax)
        place_legend(ax, side="right", is_ours=is_ours, title="learning rate")
        return self

    def _shown(self, max_rates) -> list[int]:
        rising = [k for k, step in enumerate(self.first_rises) if step is not None]
        stop = rising[1] + 1 if len(rising) > 1 else len(self.learning_rates)
        return list(range(stop))[-max_rates:]

    def _limit_y_axis(self, ax) -> None:
        """Limit the y axis: a curve that explodes must not flatten the others."""
        start = self.costs[0, 0]
        if ax.get_ylim()[1] > 100 * start > 0:
            ax.set_ylim(top=100 * start)
