"""Sizes of signals through the layers, for several initialisers."""

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
    """The rms of the activations and of the derivatives dZ, per layer.

    It is recommended to use `from_estimator` or `from_report` to make one.

    Parameters
    ----------
    activation_rms : dict of str to ndarray of shape (L + 1,)
        rms of A[0] = X, A[1], …, and of the logits; one entry for each curve.
    backward_rms : dict of str to ndarray of shape (L,)
        rms of dZ[1], …, dZ[L].
    title : str, default=None
        Title of the legend.

    Attributes
    ----------
    axes_ : ndarray of 2 matplotlib Axes
        Activations and derivatives, after `plot`.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    signal_propagation : The measurement behind the picture.

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
        """Draw one report, at the start and after training, or the starts of several.

        Parameters
        ----------
        report : SignalReport or dict of str to SignalReport
            What `signal_propagation` returned; several by the names of their curves.
        ax : matplotlib Axes or 2 of them, default=None
            Axes to draw on: a single one is divided, None makes new ones.

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
        """Run `signal_propagation` and draw it, once or for several initialisers.

        Parameters
        ----------
        estimator, X, y, sample_weight
            As in :func:`skdnn.signal_propagation`.
        init : sequence or dict of str to (str or callable), default=None
            Draw the start of the estimator with each of these values of `init`; a dict
            names the curves. None draws the estimator's own start, and its state
            after training.
        n_epochs : int, default=5
            Epochs of training; not used with `init`.
        ax : matplotlib Axes or 2 of them, default=None
            Axes to draw on: a single one is divided, None makes new ones.

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
        """Draw activations to the left and derivatives to the right, on log axes.

        Parameters
        ----------
        ax : matplotlib Axes or 2 of them, default=None
            Axes to draw on: a single one is divided, None makes new ones.

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
                # Zero has no place on a log axis; the curve ends there.
                values = np.where(values > 0, values, np.nan)
                marker = MARKERS[n % len(MARKERS)]
                style = _STYLES[n % len(_STYLES)]
                layers = np.arange(first, first + len(values))
                if np.isnan(values).any():
                    name += " (where missing: 0)"
                ax.plot(layers, values, style, marker=marker, ms=4, label=name)
            ax.set_yscale("log")
            _show_decades(ax, sizes)
            ax.set(xlabel="layer l", ylabel=label)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            ax.set_xlim(first - 0.5, layers[-1] + 0.5)
        place_legend(
            self.axes_[-1],
            side="beside",
            is_ours=is_ours,
            title=self.title,
            fontsize="small",
        )
        return self


_STYLES = ("-", "--", "-.", ":")


# An axis has at least so many powers of ten: what changes by a tenth from layer to
# layer is healthy and looks level; what vanishes or explodes crosses the axis.
_LEAST_DECADES = 2.0


def _show_decades(ax, sizes):
    """Widen the axis about its values; say so where there are none to show."""
    values = np.concatenate([np.asarray(each, dtype=float) for each in sizes.values()])
    values = values[(values > 0) & np.isfinite(values)]
    if values.size == 0:
        ax.text(0.5, 0.5, "all are 0", transform=ax.transAxes, ha="center")
        ax.set_ylim(0.1, 10)
        return
    low, high = np.log10(values.min()), np.log10(values.max())
    missing = max(0.0, _LEAST_DECADES - (high - low)) / 2
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
                f"init has values of the same name, {names}; give a dict with a name "
                "for each."
            )
        named = dict(zip(names, init, strict=True))
    if not named:
        raise ValueError("init must hold at least one value, got none.")
    return named
