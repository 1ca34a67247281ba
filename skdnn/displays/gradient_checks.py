"""Plots of the errors of a gradient check, layer by layer."""

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis import GradientChecks, check_gradients
from skdnn.displays.arguments import check_ax, check_report, one_axes
from skdnn.displays.legends import place_legend
from skdnn.network.gradient_check import CORRECT_UP_TO, WRONG_ABOVE, GradientCheckReport

# Stands for 0, which a log axis cannot show.
_MIN_ERROR = 1e-16
_TICK = 0.2  # inches per vertical tick label


class GradientCheckDisplay:
    """Relative errors of the W[l] and b[l] in a gradient check, on a log axis.

    Use `from_estimator` or `from_report` to create one.

    Parameters
    ----------
    segments : sequence of str
        "W[1]", "b[1]", "W[2]", …
    errors : dict of str to ndarray of shape (n_segments,)
        The errors of each check, by its name ("at initialisation", …).

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the errors, after `plot`.
    figure_ : matplotlib Figure
        Its figure.

    See Also
    --------
    check_gradients : The two checks that are plotted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import GradientCheckDisplay, MLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((4,), activation="tanh", random_state=0)
    >>> display = GradientCheckDisplay.from_estimator(net, X / 10, y)
    >>> display.segments
    ['W[1]', 'b[1]', 'W[2]', 'b[2]']
    """

    def __init__(self, *, segments, errors):
        self.segments = segments
        self.errors = errors

    @classmethod
    def from_report(cls, report, *, ax=None):
        """Plot one gradient check, or the two of `check_gradients`.

        Parameters
        ----------
        report : GradientCheckReport or GradientChecks
            Result of `gradient_check` or `check_gradients`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        GradientCheckDisplay
        """
        check_report(report, GradientCheckReport, GradientChecks)
        reports = {"gradient check": report}
        if isinstance(report, GradientChecks):
            epochs = "epoch" if report.n_epochs == 1 else "epochs"
            after = f"after {report.n_epochs} {epochs}"
            reports = {"at initialisation": report.at_init, after: report.trained}
        layers = next(iter(reports.values())).layers
        display = cls(
            segments=[f"{e.kind}[{e.layer}]" for e in _in_order(layers)],
            errors={
                when: np.array([e.relative_error for e in _in_order(r.layers)])
                for when, r in reports.items()
            },
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
        n_epochs=5,
        epsilon=1e-5,
        max_params=1000,
        ax=None,
    ):
        """Run `check_gradients` and plot the result.

        Parameters
        ----------
        estimator, X, y, sample_weight, n_epochs, epsilon, max_params
            As in :func:`skdnn.check_gradients`.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        GradientCheckDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax)
        report = check_gradients(
            estimator,
            X,
            y,
            sample_weight,
            n_epochs=n_epochs,
            epsilon=epsilon,
            max_params=max_params,
        )
        return cls.from_report(report, ax=ax)

    def plot(self, ax=None):
        """Plot the errors and the thresholds of the verdict.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a new figure.

        Returns
        -------
        self : GradientCheckDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        is_ours = ax is None
        ax = one_axes(ax, figsize=(max(6.4, 1 + _TICK * len(self.segments)), 4.8))
        self.ax_, self.figure_ = ax, ax.figure
        places = np.arange(len(self.segments))
        apart = 0.16 * (np.arange(len(self.errors)) - (len(self.errors) - 1) / 2)
        for n, (when, errors) in enumerate(self.errors.items()):
            errors = np.maximum(errors, _MIN_ERROR)
            ax.plot(places + apart[n], errors, "os^D"[n % 4], label=when)
        ax.axhline(CORRECT_UP_TO, color="0.4", ls="--", lw=1)
        ax.axhline(WRONG_ABOVE, color="0.1", ls="-", lw=1)
        right = places[-1] + 0.4
        style = {"va": "bottom", "ha": "right", "fontsize": "small"}
        ax.text(right, CORRECT_UP_TO, f"correct up to {CORRECT_UP_TO:.0e}", **style)
        ax.text(right, WRONG_ABOVE, f"wrong above {WRONG_ABOVE:.0e}", **style)
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        ax.set(
            xlabel="part of θ",
            ylabel="relative error (log scale)",
            xticks=places,
            xticklabels=self.segments,
            xlim=(-0.5, right + 0.1),
            ylim=(low / 3, max(high, 1.0)),
        )
        if len(self.segments) > 14:
            ax.tick_params(axis="x", rotation=90)
        place_legend(ax, side="above", is_ours=is_ours, ncols=2, frameon=False)
        return self


def _in_order(layers):
    """Return the errors layer by layer, W before b."""
    return sorted(layers, key=lambda error: (error.layer, error.kind))
