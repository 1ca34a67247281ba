"""Contour plots of J over two parameters, with the path of gradient descent."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import check_matplotlib_support, style_kwargs
from skdnn.diagnosis.arguments import check_count, check_is_instance
from skdnn.displays.arguments import (
    check_ax,
    check_positive,
    style_of,
)
from skdnn.displays.cost_plane import CostPlane
from skdnn.displays.legends import place_legends_below
from skdnn.displays.models import by_name
from skdnn.displays.panels import panels
from skdnn.displays.texts import IN_PANEL, wrapped
from skdnn.estimators.unwrapping import unwrap_network


class CostContoursDisplay:
    r"""Contours of J in a plane of two parameters, for one model or several.

    Use `from_estimator` to create one. Two components of θ vary, all others keep their
    fitted values; θ and J of a regressor are those of its standardised targets. Both
    axes have the same scale, so that circular contours look circular. Their elongation
    at the fitted parameters is measured by the condition number of the Hessian H of J
    in the plane,

    .. math:: \kappa = \lambda_{\max}(H) / \lambda_{\min}(H),

    which is 1 for circles. Plain gradient descent in the plane uses the learning rate
    :math:`1 / \lambda_{\max}` for the larger of the curvatures at its start and at the
    fitted parameters; along the flattest direction it then takes on the order of κ
    steps.

    Parameters
    ----------
    xx0, xx1 : list of ndarray of shape (n_grid, n_grid)
        The two parameters on the grid of each model.
    costs : list of ndarray of shape (n_grid, n_grid)
        J on the grid of each model.
    centres : ndarray of shape (n_models, 2)
        Fitted values of the two parameters.
    paths : list of ndarray of shape (n_steps + 1, 2)
        Points of gradient descent of each model.
    learning_rates : ndarray of shape (n_models,)
        Learning rates of gradient descent.
    condition_numbers : ndarray of shape (n_models,)
        The value of κ at the fitted parameters; infinite if J does not curve upwards in
        all directions of the plane.
    names : list of (str or None), default=None
        Names of the models.
    parameter_names : (str, str), default=("θ[0]", "θ[1]")
        Labels of the axes.

    Attributes
    ----------
    axes_ : ndarray of shape (n_models,) of matplotlib Axes
        Axes of the models, after `plot`.
    figure_ : matplotlib Figure
        Their figure.
    contours_ : list of matplotlib QuadContourSet
        The filled contours.
    lines_ : list of matplotlib Line2D
        The paths of gradient descent.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import (
    ...     CostContoursDisplay, InputStandardizer, MLPRegularizedClassifier)
    >>> X, y = load_iris(return_X_y=True)
    >>> X, y = X[50:, [0, 3]], y[50:]
    >>> logistic = MLPRegularizedClassifier((), solver="lbfgs", max_iter=1000)
    >>> display = CostContoursDisplay.from_estimator(
    ...     {
    ...         "raw": logistic.fit(X, y),
    ...         "standardised": make_pipeline(InputStandardizer(), logistic).fit(X, y),
    ...     },
    ...     X, y, grid_resolution=20,
    ... )
    >>> bool(display.condition_numbers[1] < display.condition_numbers[0])
    True
    """

    def __init__(
        self,
        *,
        xx0,
        xx1,
        costs,
        centres,
        paths,
        learning_rates,
        condition_numbers,
        names=None,
        parameter_names=("θ[0]", "θ[1]"),
    ):
        self.xx0 = xx0
        self.xx1 = xx1
        self.costs = costs
        self.centres = centres
        self.paths = paths
        self.learning_rates = learning_rates
        self.condition_numbers = condition_numbers
        self.names = names
        self.parameter_names = parameter_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        parameters=None,
        half_width=None,
        grid_resolution=60,
        learning_rate=None,
        n_steps=20,
        name=None,
        ax=None,
        contour_kw=None,
        path_kw=None,
    ):
        """Compute J around the fitted parameters and plot it.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A fitted MLPRegularizedClassifier or MLPRegularizedRegressor, or one in a
            Pipeline, a search or a TransformedTargetRegressor; several by name.
        X : array-like of shape (n_samples, n_features)
            Training rows as passed to the estimator; J is evaluated on them
            ``grid_resolution ** 2`` times.
        y : array-like of shape (n_samples,)
            Targets of X.
        parameters : pair of (int, {"W", "b"}, index), default=None
            The two components of θ, each given by its layer l (counted from 1), "W" or
            "b", and its index in W[l] or b[l]. None is the weights from the first two
            inputs to the first unit, ``((1, "W", (0, 0)), (1, "W", (1, 0)))``; if there
            is one input, its weight and the bias, ``((1, "W", (0, 0)), (1, "b", 0))``.
        half_width : float, default=None
            Half the width of the plane, in units of the parameters. None derives it
            from the curvature, so that J rises by about 1/2 towards the edge.
        grid_resolution : int, default=60
            Number of grid points along each parameter.
        learning_rate : float, default=None
            Learning rate of gradient descent. None is one over the largest curvature.
        n_steps : int, default=20
            Number of steps of gradient descent.
        name : str, default=None
            Name of the model, for a single one.
        ax : matplotlib Axes or array-like of Axes, default=None
            See `plot`.
        contour_kw, path_kw : dict, default=None
            See `plot`.

        Returns
        -------
        CostContoursDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax, several=True)
        is_pair = isinstance(parameters, (tuple, list)) and len(parameters) == 2
        if parameters is not None and not is_pair:
            raise ValueError(
                "parameters must be a pair of (layer from 1, 'W' or 'b', index), one "
                f"for each axis, or None, got {parameters!r}."
            )
        check_count("grid_resolution", grid_resolution, least=2)
        check_count("n_steps", n_steps, least=0)
        check_positive("half_width", half_width)
        check_positive("learning_rate", learning_rate)
        contour_kw = style_of("contour_kw", contour_kw)
        path_kw = style_of("path_kw", path_kw)
        models = by_name(estimator, name)
        for model in models.values():
            check_is_instance(model)
        if parameters is None:
            parameters = _first_two(models.values())
        drawn = [
            _explore(
                CostPlane.of(model, X, y, parameters),
                half_width,
                grid_resolution,
                learning_rate,
                n_steps,
            )
            for model in models.values()
        ]
        display = cls(
            **{key: [each[key] for each in drawn] for key in drawn[0]},
            names=list(models),
            parameter_names=tuple(_label(p, X) for p in parameters),
        )
        return display.plot(ax=ax, contour_kw=contour_kw, path_kw=path_kw)

    def plot(self, ax=None, *, contour_kw=None, path_kw=None):
        """Draw a panel per model.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of n_models Axes, default=None
            A single Axes is divided into panels; None creates a new figure.
        contour_kw : dict, default=None
            Keyword arguments for matplotlib's `contourf`.
        path_kw : dict, default=None
            Keyword arguments for matplotlib's `plot`, for gradient descent.

        Returns
        -------
        self : CostContoursDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        styles = style_of("contour_kw", contour_kw), style_of("path_kw", path_kw)
        n_models = len(self.costs)
        is_ours = ax is None
        self.axes_ = panels(ax, n_models, n_columns=3, size=(4.4, 4.2))
        self.figure_ = self.axes_[0].figure
        self.contours_, self.lines_ = [], []
        for model, axes in enumerate(self.axes_):
            self._draw(axes, model, *styles)
        place_legends_below(
            self.axes_, is_ours=is_ours, inside="upper right", frameon=False
        )
        return self

    def _draw(self, axes, model, contour_kw, path_kw):
        xx0, xx1, J = self.xx0[model], self.xx1[model], self.costs[model]
        path, centre = self.paths[model], self.centres[model]
        # Quadratic levels, for which the contours of a parabola are evenly spaced.
        levels = J.min() + np.ptp(J) * np.linspace(0, 1, 13) ** 2
        style = {"levels": levels, "cmap": "Blues", "alpha": 0.9}
        contours = axes.contourf(xx0, xx1, J, **style_kwargs(style, contour_kw))
        axes.contour(xx0, xx1, J, levels=levels, colors="0.35", linewidths=0.6)
        bar = axes.figure.colorbar(contours, ax=axes, shrink=0.8, format="%.3g")
        bar.set_label("cost J")
        style = {
            "color": "C1",
            "marker": "o",
            "markersize": 4,
            "label": f"gradient descent, {len(path) - 1} steps",
        }
        (line,) = axes.plot(*path.T, **style_kwargs(style, path_kw))
        axes.plot(*centre, "k*", markersize=11, linestyle="", label="fitted")
        axes.set(
            xlim=(xx0.min(), xx0.max()),
            ylim=(xx1.min(), xx1.max()),
            xlabel=wrapped(self.parameter_names[0], IN_PANEL),
            ylabel=wrapped(self.parameter_names[1], IN_PANEL),
            aspect="equal",
        )
        axes.set_title(self._title(model), fontsize="medium")
        self.contours_.append(contours)
        self.lines_.append(line)

    def _title(self, model):
        name = None if self.names is None else self.names[model]
        numbers = (
            f"condition number {self.condition_numbers[model]:.3g}, "
            f"learning rate {self.learning_rates[model]:.2g}"
        )
        return numbers if name is None else f"{wrapped(name, IN_PANEL)}\n{numbers}"


def _explore(plane, half_width, grid_resolution, learning_rate, n_steps) -> dict:
    """Compute the plot of one model, as arguments of the display."""
    (flat, steep), directions = plane.curvature(plane.centre)
    condition = steep / flat if flat > 0 else np.inf
    if half_width is None:
        _check_curves(steep, "half_width")
        # Along a flat direction J would rise by that much only far away.
        flat = max(flat, 1e-4 * steep)
        half_width = np.sqrt(1 / np.sqrt(flat * steep))
    towards = _upward(directions).sum(axis=1) / np.sqrt(2)
    start = plane.centre + 0.7 * half_width * towards
    if learning_rate is None:
        steepest = max(steep, plane.curvature(start)[0][1])
        _check_curves(steepest, "learning_rate")
        learning_rate = 1 / steepest
    ticks = np.linspace(-half_width, half_width, grid_resolution)
    xx0, xx1 = np.meshgrid(*(centre + ticks for centre in plane.centre))
    costs = plane.cost(xx0, xx1)
    if not 0 < np.ptp(costs) < np.inf:
        raise ValueError(
            "J must vary in the plane and be finite; choose other parameters or a "
            f"half_width other than {half_width:.3g}."
        )
    return {
        "xx0": xx0,
        "xx1": xx1,
        "costs": costs,
        "centres": plane.centre,
        "paths": plane.descend(start, learning_rate, n_steps),
        "learning_rates": learning_rate,
        "condition_numbers": condition,
    }


def _check_curves(steep, what_to_give):
    if not steep > 0:
        raise ValueError(
            "J does not curve upwards in this plane (a unit without effect?): give "
            f"{what_to_give}, or other parameters."
        )


def _upward(directions):
    """Return eigenvectors whose largest component is positive."""
    largest = np.abs(directions).argmax(axis=0)
    return directions * np.sign(directions[largest, range(2)])


def _first_two(models) -> tuple:
    """Return the weights of the first two inputs, or the weight and bias of one."""
    n_inputs = []
    for model in models:
        check_is_fitted(model)
        n_inputs.append(len(unwrap_network(model, fitted=True).model.coefs_[0]))
    second = (1, "W", (1, 0)) if min(n_inputs) > 1 else (1, "b", 0)
    return (1, "W", (0, 0)), second


def _label(parameter, X) -> str:
    layer, kind, index = parameter
    inside = ", ".join(map(str, np.atleast_1d(index)))
    label = f"{kind}[{layer}][{inside}]"
    if (layer, kind) == (1, "W") and hasattr(X, "columns"):
        label += f", the weight of {X.columns[index[0]]}"
    return label
