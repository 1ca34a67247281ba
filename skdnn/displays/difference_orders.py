"""Log-log plots of the errors of one- and two-sided differences against the step."""

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis import DifferenceOrders, difference_orders
from skdnn.displays.arguments import check_ax, check_report, one_axes
from skdnn.displays.texts import wrapped


class DifferenceOrderDisplay:
    """Errors of one- and two-sided differences, with reference slopes 1 and 2.

    Use `from_estimator` or `from_report` to create one.

    Parameters
    ----------
    epsilons : ndarray of shape (n_steps,)
        Steps ε, ascending.
    one_sided, two_sided : ndarray of shape (n_steps,)
        The errors.
    rounding : ndarray of shape (n_steps,)
        The order of magnitude of the rounding error.
    one_sided_order, two_sided_order : float
        The measured slopes; NaN if the differences are exact.
    notes : sequence of str, default=()
        Remarks shown above the axes, such as a kink that spoils the slopes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the errors, after `plot`.
    figure_ : matplotlib Figure
        Its figure.

    See Also
    --------
    difference_orders : The measurement that is plotted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import DifferenceOrderDisplay, MLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> display = DifferenceOrderDisplay.from_estimator(net, X / 10, y)
    >>> display.ax_.get_xlabel()
    'step ε (log scale)'
    """

    def __init__(
        self,
        *,
        epsilons,
        one_sided,
        two_sided,
        rounding,
        one_sided_order,
        two_sided_order,
        notes=(),
    ):
        self.epsilons = epsilons
        self.one_sided = one_sided
        self.two_sided = two_sided
        self.rounding = rounding
        self.one_sided_order = one_sided_order
        self.two_sided_order = two_sided_order
        self.notes = notes

    @classmethod
    def from_report(cls, report, *, ax=None):
        """Plot a result of `difference_orders`.

        Parameters
        ----------
        report : DifferenceOrders
            The result.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        DifferenceOrderDisplay
        """
        check_report(report, DifferenceOrders)
        display = cls(
            epsilons=report.epsilons,
            one_sided=report.one_sided,
            two_sided=report.two_sided,
            rounding=report.rounding,
            one_sided_order=report.one_sided_order,
            two_sided_order=report.two_sided_order,
            notes=report.notes,
        )
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        sample_weight=None,
        *,
        epsilons=None,
        n_params=20,
        ax=None,
    ):
        """Run `difference_orders` and plot the result.

        Parameters
        ----------
        estimator, X, y, sample_weight, epsilons, n_params
            As in :func:`skdnn.difference_orders`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        DifferenceOrderDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        report = difference_orders(
            estimator, X, y, sample_weight, epsilons=epsilons, n_params=n_params
        )
        return cls.from_report(report, ax=ax)

    def plot(self, ax=None):
        """Plot both errors, the reference slopes and the rounding error.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        self : DifferenceOrderDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        ax = one_axes(ax)
        self.ax_, self.figure_ = ax, ax.figure
        e = self.epsilons
        ways = (
            ("one-sided", "o", self.one_sided, self.one_sided_order, 1, "--"),
            ("two-sided", "s", self.two_sided, self.two_sided_order, 2, "-."),
        )
        for name, marker, errors, order, power, style in ways:
            measured = "exact" if np.isnan(order) else f"slope {order:.2f}"
            ax.plot(e, errors, marker, ms=5, label=f"{name}: {measured}")
            if not np.isnan(order):
                through = np.argmin(np.abs(np.log(e / _ANCHOR)))
                line = errors[through] * (e / e[through]) ** power
                ax.plot(e, line, style, color="0.45", lw=1, label=f"slope {power}")
        ax.plot(e, self.rounding, ":", color="0.1", lw=1.2, label="rounding of J")
        shown = np.concatenate([self.one_sided, self.two_sided])
        shown = shown[shown > 0]
        ax.set_xscale("log")
        ax.set_yscale("log")
        if shown.size:
            ax.set_ylim(shown.min() / 10, shown.max() * 100)
        ax.set(xlabel="step ε (log scale)", ylabel="relative error (log scale)")
        ax.legend(ncols=2, loc="upper center", fontsize="small")
        if self.notes:
            notes = "\n".join(wrapped(note, _LETTERS) for note in self.notes)
            ax.set_title(notes, fontsize="small", loc="left")
        return self


# The step at which reference lines meet the errors; truncation dominates there.
_ANCHOR = 1e-2
_LETTERS = 84  # per line of a note
