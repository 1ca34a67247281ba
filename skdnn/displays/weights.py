"""Histograms of the weights of each layer, and the share of exact zeros."""

import numpy as np

from skdnn._sklearn import check_matplotlib_support, style_kwargs
from skdnn.diagnosis.arguments import check_count, check_is_instance
from skdnn.displays.arguments import check_ax, style_of
from skdnn.displays.legends import place_legends_below
from skdnn.displays.models import by_name, fitted_network
from skdnn.displays.panels import panels


class WeightsDisplay:
    """Histograms of the weights of each layer, and the share of exact zeros.

    Use `from_estimator` to create one. Each layer has a panel with one histogram per
    model, on common bins. Weights that are exactly zero are not in the histogram; a
    vertical line with a marker at w = 0 shows their share, and the legend their number.
    An L1 penalty yields exact zeros, while L2 only makes weights small.

    Parameters
    ----------
    bin_edges : list of ndarray of shape (n_bins + 1,)
        Edges of the bins of each layer, in units of the weights.
    counts : list of list of ndarray of shape (n_bins,)
        ``counts[model][layer]``: number of nonzero weights in each bin.
    n_zeros : ndarray of int, shape (n_models, L)
        Number of weights that are exactly zero.
    shapes : list of list of (int, int)
        ``shapes[model][layer]``: shape of W[l].
    names : list of (str or None), default=None
        Names of the models.

    Attributes
    ----------
    axes_ : ndarray of shape (L,) of matplotlib Axes
        Axes of the layers, after `plot`.
    figure_ : matplotlib Figure
        Their figure.
    histograms_ : list of list of matplotlib StepPatch
        ``histograms_[model][layer]``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdnn import MLPRegularizedClassifier, WeightsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> lasso = MLPRegularizedClassifier(
    ...     (8,), alpha=5, l1_ratio=1, early_stopping=True, max_iter=999, random_state=0
    ... ).fit(X, y)
    >>> display = WeightsDisplay.from_estimator(lasso)
    >>> bool(display.n_zeros.sum() == sum((W == 0).sum() for W in lasso.coefs_))
    True
    """

    def __init__(self, *, bin_edges, counts, n_zeros, shapes, names=None):
        self.bin_edges = bin_edges
        self.counts = counts
        self.n_zeros = n_zeros
        self.shapes = shapes
        self.names = names

    @classmethod
    def from_estimator(
        cls, estimator, *, n_bins=40, name=None, ax=None, histogram_kw=None
    ):
        """Plot the weights of fitted estimators.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A fitted estimator with `coefs_` (scikit-learn's `MLPClassifier` has them
            too), or one in a Pipeline, a search or a TransformedTargetRegressor; up to
            six by name, with the same number of layers.
        n_bins : int, default=40
            Number of bins per layer, symmetric about 0 up to the largest absolute
            weight of all models.
        name : str, default=None
            Name of the model in the legend, for a single one.
        ax : matplotlib Axes or array-like of L Axes, default=None
            See `plot`.
        histogram_kw : dict, default=None
            See `plot`.

        Returns
        -------
        WeightsDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax, several=True)
        check_count("n_bins", n_bins)
        models = by_name(estimator, name)
        for model in models.values():
            check_is_instance(model)
        if len(models) > _MAX_MODELS:
            raise ValueError(
                f"estimator must hold at most {_MAX_MODELS} models, since more "
                f"histograms cannot be told apart, got {len(models)}."
            )
        nets = [fitted_network(each, "coefs_").model for each in models.values()]
        weights = [net.coefs_ for net in nets]
        depths = {len(each) for each in weights}
        if len(depths) > 1:
            raise ValueError(
                "The models must have the same number of layers, got "
                f"{[len(each) for each in weights]}."
            )
        edges = [_edges(layer, n_bins) for layer in zip(*weights, strict=True)]
        display = cls(
            bin_edges=edges,
            counts=[
                [
                    np.histogram(W[W != 0], e)[0]
                    for W, e in zip(each, edges, strict=True)
                ]
                for each in weights
            ],
            n_zeros=np.array([[np.sum(W == 0) for W in each] for each in weights]),
            shapes=[[W.shape for W in each] for each in weights],
            names=list(models),
        )
        return display.plot(ax=ax, histogram_kw=histogram_kw)

    def plot(self, ax=None, *, histogram_kw=None):
        """Plot a panel per layer.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of L Axes, default=None
            A single Axes is divided into L panels; None creates a new figure.
        histogram_kw : dict, default=None
            Keyword arguments for matplotlib's `stairs`.

        Returns
        -------
        self : WeightsDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        histogram_kw = style_of("histogram_kw", histogram_kw)
        n_layers = len(self.bin_edges)
        is_ours = ax is None
        self.axes_ = panels(ax, n_layers, n_columns=3, size=(4.2, 3.6))
        self.figure_ = self.axes_[0].figure
        self.histograms_ = [
            [
                self._draw(axes, model, layer, histogram_kw)
                for layer, axes in enumerate(self.axes_)
            ]
            for model in range(len(self.counts))
        ]
        for layer, axes in enumerate(self.axes_):
            axes.set(title=self._title(layer), xlabel="weight w", yscale="log")
            axes.set_ylim(0.5 / self._largest_layer(), 1.5)
        place_legends_below(self.axes_, is_ours=is_ours, frameon=False)
        self.axes_[0].set_ylabel("share of the layer's weights (log scale)")
        return self

    def _draw(self, axes, model, layer, histogram_kw):
        counts, n_zeros = self.counts[model][layer], self.n_zeros[model, layer]
        n_weights = np.prod(self.shapes[model][layer])
        name = None if self.names is None else self.names[model]
        prefix = "" if name is None else f"{name}: "
        marker, symbol, linestyle = _STYLES[model % len(_STYLES)]
        style = {
            "color": f"C{model}",
            "linestyle": linestyle,
            "linewidth": 1.5,
            "baseline": None,
        }
        label = f"{prefix}{n_zeros} of {n_weights} weights are 0"
        if not n_zeros:
            style["label"] = label
        patch = axes.stairs(
            counts / n_weights,
            self.bin_edges[layer],
            **style_kwargs(style, histogram_kw),
        )
        if n_zeros:
            axes.plot(
                [0, 0],
                [1e-12, n_zeros / n_weights],
                color=patch.get_edgecolor(),
                linestyle=linestyle,
                marker=marker,
                markevery=[1],
                linewidth=2,
                label=f"{label} ({symbol})",
            )
        return patch

    def _largest_layer(self):
        return max(n_in * n_out for each in self.shapes for n_in, n_out in each)

    def _title(self, layer):
        shapes = {each[layer] for each in self.shapes}
        size = f" ({' × '.join(map(str, shapes.pop()))})" if len(shapes) == 1 else ""
        return f"W[{layer + 1}]{size}"


_MAX_MODELS = 6
_STYLES = [
    ("o", "●", "-"),
    ("s", "■", "--"),
    ("^", "▲", "-."),
    ("D", "◆", ":"),
]


def _edges(weights, n_bins):
    largest = max(np.abs(W).max(initial=0) for W in weights)
    if not np.isfinite(largest):
        raise ValueError("The weights must be finite; did training diverge?")
    return np.linspace(-1, 1, n_bins + 1) * (largest or 1.0)
