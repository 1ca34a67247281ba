"""Decision regions of classifiers on two features, side by side."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score

from skdnn._sklearn import check_matplotlib_support, style_kwargs
from skdnn.diagnosis.arguments import check_count
from skdnn.displays.arguments import check_ax, style_of
from skdnn.displays.classes import MAX_COLORED, ClassStyle, draw_boundaries, draw_names
from skdnn.displays.legends import place_legend
from skdnn.displays.models import by_name
from skdnn.displays.panels import panels
from skdnn.displays.regions import (
    check_rows,
    common_classes,
    corners_of,
    numbers_of,
    one_class_each,
    regions_of,
)
from skdnn.displays.texts import IN_PANEL, wrapped


class DecisionRegionsDisplay:
    r"""Decision regions on two features, with the rows, one panel per model.

    Use `from_estimator` to create one. Each panel is a
    :class:`sklearn.inspection.DecisionBoundaryDisplay`; this display adds a common
    scale, the training and dev rows with different markers, and the accuracies. More
    than ten classes are labelled within their regions, and their rows differ in marker
    as well as colour.

    Parameters
    ----------
    xx0, xx1 : ndarray of shape (n_grid, n_grid)
        Values of the two features on the grid.
    responses : list of ndarray of shape (n_grid, n_grid) or (n_grid, n_grid, n_classes)
        For each model the probability of the second of two classes, the probabilities
        of all classes if there are more, or the index of the predicted class.
    classes : ndarray of shape (n_classes,)
        The classes.
    X : ndarray of shape (n_samples, 2)
        Training rows.
    y : ndarray of int, shape (n_samples,)
        Class index of each row.
    X_dev, y_dev : ndarray, default=None
        Dev rows and their class indices.
    accuracies : list of float, default=None
        Accuracy of each model on the training rows.
    dev_accuracies : list of float, default=None
        Accuracy of each model on the dev rows.
    names : list of (str or None), default=None
        Names of the models.
    feature_names : (str, str), default=("feature 0", "feature 1")
        Labels of the axes.

    Attributes
    ----------
    axes_ : ndarray of shape (n_models,) of matplotlib Axes
        Axes of the models, after `plot`.
    figure_ : matplotlib Figure
        Their figure.
    regions_ : list of DecisionBoundaryDisplay
        scikit-learn's display of each panel.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : One model, any response.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from skdnn import DecisionRegionsDisplay, MLPRegularizedClassifier
    >>> X, y = make_moons(200, noise=0.2, random_state=0)
    >>> net = MLPRegularizedClassifier((16,), max_iter=1000, random_state=0).fit(X, y)
    >>> display = DecisionRegionsDisplay.from_estimator({"L2": net}, X, y)
    >>> display.axes_[0].get_title()
    'L2\naccuracy: train ...'
    """

    def __init__(
        self,
        *,
        xx0,
        xx1,
        responses,
        classes,
        X,
        y,
        X_dev=None,
        y_dev=None,
        accuracies=None,
        dev_accuracies=None,
        names=None,
        feature_names=("feature 0", "feature 1"),
    ):
        self.xx0 = xx0
        self.xx1 = xx1
        self.responses = responses
        self.classes = classes
        self.X = X
        self.y = y
        self.X_dev = X_dev
        self.y_dev = y_dev
        self.accuracies = accuracies
        self.dev_accuracies = dev_accuracies
        self.names = names
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        X_dev=None,
        y_dev=None,
        response_method="auto",
        grid_resolution=200,
        name=None,
        ax=None,
        scatter_kw=None,
    ):
        """Plot the decision regions of fitted classifiers.

        Parameters
        ----------
        estimator : estimator or dict of str to estimator
            A classifier fitted on two features, with any number of classes; several by
            name, with the same classes.
        X : {array-like, data frame} of shape (n_samples, 2)
            Training rows.
        y : array-like of shape (n_samples,)
            Class labels of X.
        X_dev, y_dev : array-like, default=None
            Dev rows and their labels, both or neither.
        response_method : {"auto", "predict_proba", "predict"}, default="auto"
            Shade the regions by predicted probability, or colour them by class only.
            "auto" shades them if the model has `predict_proba`.
        grid_resolution : int, default=200
            Number of grid points along each feature.
        name : str, default=None
            Name of the model, for a single one.
        ax : matplotlib Axes or array-like of Axes, default=None
            See `plot`.
        scatter_kw : dict, default=None
            See `plot`.

        Returns
        -------
        DecisionRegionsDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax, several=True)
        check_count("grid_resolution", grid_resolution, least=2)
        scatter_kw = style_of("scatter_kw", scatter_kw)
        allowed = ("auto", "predict_proba", "predict")
        if not isinstance(response_method, str) or response_method not in allowed:
            raise ValueError(
                "response_method must be 'auto', 'predict_proba' or 'predict', got "
                f"{response_method!r}."
            )
        if (X_dev is None) != (y_dev is None):
            raise ValueError("X_dev and y_dev must be given together.")
        check_rows("X", X, "y", y)
        if X_dev is not None:
            check_rows("X_dev", X_dev, "y_dev", y_dev)
        models = by_name(estimator, name)
        classes = common_classes(models.values())
        predicted = [one_class_each(model, X) for model in models.values()]
        corners = corners_of(X if X_dev is None else np.concatenate([X, X_dev]), X)
        grids = [
            regions_of(model, corners, response_method, grid_resolution)
            for model in models.values()
        ]
        has_dev = X_dev is not None
        display = cls(
            xx0=grids[0].xx0,
            xx1=grids[0].xx1,
            responses=[grid.response for grid in grids],
            classes=classes,
            X=np.asarray(X, dtype=float),
            y=numbers_of(y, classes, "y"),
            X_dev=np.asarray(X_dev, dtype=float) if has_dev else None,
            y_dev=numbers_of(y_dev, classes, "y_dev") if has_dev else None,
            accuracies=[accuracy_score(y, answers) for answers in predicted],
            dev_accuracies=(
                [accuracy_score(y_dev, m.predict(X_dev)) for m in models.values()]
                if has_dev
                else None
            ),
            names=list(models),
            feature_names=tuple(
                map(str, getattr(X, "columns", ("feature 0", "feature 1")))
            ),
        )
        return display.plot(ax=ax, scatter_kw=scatter_kw)

    def plot(self, ax=None, *, scatter_kw=None):
        """Plot a panel per model: training rows as dots, dev rows as triangles.

        With more than ten classes, training rows are filled, dev rows hollow, and the
        marker changes after every ten classes.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of n_models Axes, default=None
            A single Axes is divided into panels; None creates a new figure.
        scatter_kw : dict, default=None
            Keyword arguments for matplotlib's `scatter`, for the rows.

        Returns
        -------
        self : DecisionRegionsDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        scatter_kw = style_of("scatter_kw", scatter_kw)
        is_ours = ax is None
        self.axes_ = panels(ax, len(self.responses), n_columns=3, size=(3.6, 3.6))
        self.figure_ = self.axes_[0].figure
        self.regions_ = []
        for model, axes in enumerate(self.axes_):
            regions = self._draw_regions(axes, self.responses[model])
            self.regions_.append(regions)
            if self._are_many():
                self._draw_many_rows(axes, scatter_kw)
            else:
                colors = getattr(regions, "multiclass_colors_", _TWO_COLORS)
                self._draw_rows(axes, colors, scatter_kw)
            axes.set_title(self._title(model), fontsize="medium")
        handles, labels = self.axes_[-1].get_legend_handles_labels()
        place_legend(
            self.axes_[-1],
            handles,
            labels,
            side="right",
            is_ours=is_ours,
            loc="upper left",
            bbox_to_anchor=(1.02, 1),
            borderaxespad=0,
            ncols=-(-len(labels) // _MAX_BELOW_EACH_OTHER),
        )
        return self

    def _are_many(self) -> bool:
        return len(self.classes) > MAX_COLORED

    def _draw_regions(self, axes, response):
        from matplotlib.colors import LinearSegmentedColormap
        from sklearn.inspection import DecisionBoundaryDisplay

        n_classes = len(self.classes)
        regions = DecisionBoundaryDisplay(
            xx0=self.xx0,
            xx1=self.xx1,
            n_classes=n_classes,
            response=response,
            multiclass_colors=(
                [ClassStyle.of(number).color for number in range(n_classes)]
                if self._are_many()
                else None
            ),
            xlabel=wrapped(self.feature_names[0], IN_PANEL),
            ylabel=wrapped(self.feature_names[1], IN_PANEL),
        )
        style: dict[str, Any] = {"alpha": 0.6, "zorder": -1}
        if n_classes == 2:
            first, second = _TWO_COLORS
            style |= {
                "levels": np.linspace(0, 1, 11),
                "cmap": LinearSegmentedColormap.from_list("", [first, "white", second]),
            }
        regions.plot(ax=axes, plot_method="contourf", **style)
        predicted = response.argmax(axis=2) if response.ndim == 3 else response
        if response.ndim == 2 and response.dtype.kind == "f":
            predicted = response > 0.5
        draw_boundaries(axes, self.xx0, self.xx1, predicted, n_classes)
        if self._are_many():
            draw_names(axes, self.xx0, self.xx1, predicted, self.classes)
        return regions

    def _draw_rows(self, axes, colors, scatter_kw):
        parts = [("train", self.X, self.y, "o", 16)]
        if self.X_dev is not None:
            parts.append(("dev", self.X_dev, self.y_dev, "^", 26))
        for part, X, y, marker, size in parts:
            for number, label in enumerate(self.classes):
                style = {
                    "facecolor": colors[number],
                    "edgecolor": "black",
                    "linewidth": 0.5,
                    "marker": marker,
                    "s": size,
                    "label": f"{part}, class {label}",
                }
                rows = X[y == number]
                axes.scatter(*rows.T, **style_kwargs(style, scatter_kw))

    def _draw_many_rows(self, axes, scatter_kw):
        parts = [("", self.X, self.y)]
        if self.X_dev is not None:
            parts.append(("dev", self.X_dev, self.y_dev))
        for part, X, y in parts:
            for number, label in enumerate(self.classes):
                style = ClassStyle.of(number).keywords(is_dev=bool(part))
                style["label"] = "_" if part else f"class {label}"
                rows = X[y == number]
                axes.scatter(*rows.T, **style_kwargs(style, scatter_kw))
        if self.X_dev is not None:
            for is_dev, label in ((False, "train"), (True, "dev")):
                style = ClassStyle("0.3", "o").keywords(is_dev) | {"label": label}
                axes.scatter([], [], **style_kwargs(style, scatter_kw))

    def _title(self, model):
        name = None if self.names is None else self.names[model]
        lines = [] if name is None else [wrapped(name, IN_PANEL)]
        scores = []
        if self.accuracies is not None:
            scores.append(f"train {self.accuracies[model]:.1%}")
        if self.dev_accuracies is not None:
            scores.append(f"dev {self.dev_accuracies[model]:.1%}")
        if scores:
            lines.append(f"accuracy: {', '.join(scores)}")
        return "\n".join(lines)


# The first two of matplotlib's cycle, which colour-blind readers can tell apart.
_TWO_COLORS = ("#1f77b4", "#ff7f0e")

_MAX_BELOW_EACH_OTHER = 20  # entries of the legend
