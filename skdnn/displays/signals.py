"""Plots of signal sizes through the layers, for several initialisers."""

from collections.abc import Iterable

import numpy as np

from skdnn._sklearn import check_matplotlib_support
from skdnn.diagnosis import SignalReport, signal_propagation
from skdnn.diagnosis.networks import problem_at_init
from skdnn.diagnosis.signals.report import name_of_init, report_of
from skdnn.displays.arguments import check_ax, check_report
from skdnn.displays.legends import MARKERS, place_legend
from skdnn.displays.panels import panels


class SignalPropagationDisplay:
    """Root mean squares of the activations and of the derivatives dZ, per layer.

    Use `from_estimator` or `from_report` to create one.

    Parameters
    ----------
    activation_rms : dict of str to ndarray of shape (L + 1,)
        The rms of A[0] = X, A[1], …, and of the logits, for each curve.
    backward_rms : dict of str to ndarray of shape (L,)
        The rms of dZ[1], …, dZ[L], for each curve.
    title : str, default=None
        Title of the legend.

    Attributes
    ----------
    axes_ : ndarray of 2 matplotlib Axes
        Axes of the activations and the derivatives, after `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    signal_propagation : The measurement that is plotted.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdnn import MLPRegularizedClassifier, SignalPropagationDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> deep = MLPRegularizedClassifier((32,) * 10, random_state=0)
    >>> display = SignalPropagationDisplay.from_estimator(
    ...     deep, X[:200] / 16, y[:200], init=["normal", "xavier", "he"]
    ... )
    >>> list(display.activation_rms)
    ['normal: vanishing', 'xavier: vanishing', 'he: healthy']
    """

    def __init__(self, *, activation_rms, backward_rms, title=None):
        self.activation_rms = activation_rms
        self.backward_rms = backward_rms
        self.title = title

    @classmethod
    def from_report(cls, report, *, ax=None):
        """Plot both stages of one report, or the initial stages of several.

        Parameters
        ----------
        report : SignalReport or dict of str to SignalReport
            Result of `signal_propagation`; several by the names of their curves.
        ax : matplotlib Axes or 2 of them, default=None
            Axes to plot on; a single one is divided, None creates a new figure.

        Returns
        -------
        SignalPropagationDisplay
        """
        check_report(report, SignalReport, or_dict=True)
        if isinstance(report, SignalReport):
            stages = report.stages
            title = f"init={report.init}"
        else:
            stages = {
                f"{name}: {r.verdict_at_init}": r.at_init for name, r in report.items()
            }
            title = "init"
        display = cls(
            activation_rms={
                name: np.array([stage.input_rms, *(l.rms for l in stage.layers)])
                for name, stage in stages.items()
            },
            backward_rms={
                name: np.array([l.backward_rms for l in stage.layers])
                for name, stage in stages.items()
            },
            title=title,
        )
        return display.plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator, X, y, sample_weight=None, *, init=None, n_epochs=5, ax=None
    ):
        """Run `signal_propagation` and plot it, once or for several initialisers.

        Parameters
        ----------
        estimator, X, y, sample_weight
            As in :func:`skdnn.signal_propagation`.
        init : sequence or dict of str to (str or callable), default=None
            Plot the initial stage for each of these values of `init`; the keys of a
            dict name the curves. None plots the estimator with its own `init`, at
            initialisation and after training.
        n_epochs : int, default=5
            Number of epochs of training; ignored if `init` is given.
        ax : matplotlib Axes or 2 of them, default=None
            Axes to plot on; a single one is divided, None creates a new figure.

        Returns
        -------
        SignalPropagationDisplay
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax, several=True)
        if init is None:
            report = signal_propagation(
                estimator, X, y, sample_weight, n_epochs=n_epochs
            )
            return cls.from_report(report, ax=ax)
        reports = {
            name: report_of(
                problem_at_init(estimator, X, y, sample_weight, init=value), n_epochs=0
            )
            for name, value in _named(init).items()
        }
        return cls.from_report(reports, ax=ax)

    def plot(self, ax=None):
        """Plot activations on the left and derivatives on the right, on log axes.

        Parameters
        ----------
        ax : matplotlib Axes or 2 of them, default=None
            Axes to plot on; a single one is divided, None creates a new figure.

        Returns
        -------
        self : SignalPropagationDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.ticker import MaxNLocator

        is_ours = ax is None
        self.axes_ = panels(ax, 2, size=(4.5, 3.8))
        self.figure_ = self.axes_[0].figure
        ways = (
            (self.activation_rms, 0, "rms of activations A[l] (log scale)"),
            (self.backward_rms, 1, "rms of derivatives dZ[l] (log scale)"),
        )
        for ax, (sizes, first, label) in zip(self.axes_, ways, strict=True):
            for n, (name, values) in enumerate(sizes.items()):
                # A log axis cannot show zero; the curve has a gap there.
                values = np.where(values > 0, values, np.nan)
                marker = MARKERS[n % len(MARKERS)]
                style = _STYLES[n % len(_STYLES)]
                layers = np.arange(first, first + len(values))
                if np.isnan(values).any():
                    name += " (0 where missing)"
                ax.plot(layers, values, style, marker=marker, ms=4, label=name)
            ax.set_yscale("log")
            _show_decades(ax, sizes)
            ax.set(xlabel="layer l", ylabel=label)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            ax.set_xlim(first - 0.5, layers[-1] + 0.5)
        place_legend(
            self.axes_[-1],
            side="right",
            is_ours=is_ours,
            title=self.title,
            fontsize="small",
        )
        return self


_STYLES = ("-", "--", "-.", ":")


# Least number of decades on a y axis: a signal that changes by a tenth per layer is
# healthy and looks level, while one that vanishes or explodes crosses the axis.
_MIN_DECADES = 2.0


def _show_decades(ax, sizes):
    """Set the limits of the y axis; write a note if there are no positive values."""
    values = np.concatenate([np.asarray(each, dtype=float) for each in sizes.values()])
    values = values[(values > 0) & np.isfinite(values)]
    if values.size == 0:
        ax.text(0.5, 0.5, "all values are 0", transform=ax.transAxes, ha="center")
        ax.set_ylim(0.1, 10)
        return
    low, high = np.log10(values.min()), np.log10(values.max())
    missing = max(0.0, _MIN_DECADES - (high - low)) / 2
    margin = max(missing, 0.05 * (high - low))
    ax.set_ylim(10 ** (low - margin), 10 ** (high + margin))


def _named(init) -> dict:
    if isinstance(init, dict):
        named = init
    elif isinstance(init, str) or not isinstance(init, Iterable) or callable(init):
        raise ValueError(f"init must be a sequence or a dict of values, got {init!r}.")
    else:
        names = [name_of_init(value) for value in init]
        if len(set(names)) < len(names):
            raise ValueError(
                f"init has values of the same name, {names}; give a dict with a unique "
                "name for each."
            )
        named = dict(zip(names, init, strict=True))
    if not named:
        raise ValueError(f"init must hold at least one value, got {init!r}.")
    return named
