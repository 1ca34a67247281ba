"""Weights of the units of the first layer, plotted as images."""

import math
from typing import Any

import numpy as np

from skdnn._sklearn import check_matplotlib_support, style_kwargs
from skdnn.diagnosis.arguments import (
    check_count,
    check_flag,
    check_is_instance,
    is_count,
)
from skdnn.displays.arguments import check_ax, style_of
from skdnn.displays.models import fitted_network
from skdnn.displays.panels import panels
from skdnn.displays.texts import wrapped
from skdnn.estimators.conversion.scalers import scaling_of


class FirstLayerDisplay:
    """Columns of W[1] as images: the pattern each unit of the first layer responds to.

    Use `from_estimator` to create one. Units are sorted by the norm ‖W[1][:, j]‖₂, the
    largest first. All images share one colour scale, symmetric about zero.

    Parameters
    ----------
    images : ndarray of shape (n_units, height, width) or (n_units, height, width, 3)
        Weights of each unit in the shape of the input. For colour images, the weights
        are colours around mid-grey, which stands for zero.
    units : ndarray of int, shape (n_units,)
        Index of each unit, from 0.
    weight_label : str, default="weight"
        Label of the colour bar.

    Attributes
    ----------
    axes_ : ndarray of shape (n_units,) of matplotlib Axes
        Axes of the images, after `plot`.
    figure_ : matplotlib Figure
        Their figure.
    images_ : list of matplotlib AxesImage
        The images.
    colorbar_ : matplotlib Colorbar or None
        The colour bar; None for colour images.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdnn import FirstLayerDisplay, MLPRegularizedClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPRegularizedClassifier((16,), max_iter=500, random_state=0)
    >>> display = FirstLayerDisplay.from_estimator(net.fit(X / 16, y), (8, 8))
    >>> display.images.shape
    (16, 8, 8)
    """

    def __init__(self, *, images, units, weight_label="weight"):
        self.images = images
        self.units = units
        self.weight_label = weight_label

    @classmethod
    def from_estimator(
        cls,
        estimator,
        image_shape,
        *,
        n_units=16,
        in_input_units=False,
        ax=None,
        image_kw=None,
    ):
        """Plot the first layer of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator with `coefs_`, or one in a Pipeline, a search or a
            TransformedTargetRegressor.
        image_shape : tuple of int
            (height, width) or (height, width, channels) of an input row, with 1 or 3
            channels, in C order.
        n_units : int or None, default=16
            Number of units, at most; None is all.
        in_input_units : bool, default=False
            Divide the weights by the `scale_` of the standardisers before the network
            in a Pipeline, so that they are per unit of the input. By default they are
            those of the network, per standard deviation of the input: almost constant
            pixels have tiny standard deviations, and dividing by these would hide all
            others.
        ax : matplotlib Axes or array-like of Axes, default=None
            See `plot`.
        image_kw : dict, default=None
            See `plot`.

        Returns
        -------
        FirstLayerDisplay
            The plotted display.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_ax(ax, several=True)
        check_flag("in_input_units", in_input_units)
        if n_units is not None:
            check_count("n_units", n_units)
        check_is_instance(estimator)
        unwrapped = fitted_network(estimator, "coefs_")
        W = unwrapped.model.coefs_[0]
        shape = _checked_shape(image_shape, W.shape[0])
        transformers = [step for _, step in unwrapped.transformers]
        label = "weight"
        if in_input_units:
            W = W / _input_scale(transformers)[:, np.newaxis]
            label = "weight per unit of the input"
        elif transformers:
            standardized = all(map(scaling_of, transformers))
            how = "standardised" if standardized else "transformed"
            label = f"weight of the {how} input"
        norms = np.linalg.norm(W, axis=0)
        units = np.argsort(-norms, kind="stable")[:n_units]
        images = W[:, units].T.reshape(units.size, *shape)
        display = cls(images=images, units=units, weight_label=label)
        return display.plot(ax=ax, image_kw=image_kw)

    def plot(self, ax=None, *, image_kw=None):
        """Plot an image per unit.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of n_units Axes, default=None
            A single Axes is divided; None creates a new figure.
        image_kw : dict, default=None
            Keyword arguments for matplotlib's `imshow`.

        Returns
        -------
        self : FirstLayerDisplay
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        image_kw = style_of("image_kw", image_kw)
        size = (1.1, 1.3) if len(self.images) > 3 else (2.6, 2.4)
        self.axes_ = panels(ax, len(self.images), n_columns=8, size=size)
        self.figure_ = self.axes_[0].figure
        largest = np.abs(self.images).max() or 1.0
        in_colour = self.images.ndim == 4
        pictures = self.images
        style: dict[str, Any] = {"interpolation": "nearest"}
        height, width = self.images.shape[1:3]
        if max(height, width) > _LONGEST * min(height, width):
            style["aspect"] = "auto"  # square pixels would leave a thin line
        if in_colour:
            pictures = 0.5 + self.images / (2 * largest)
        else:
            style |= {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
        style = style_kwargs(style, image_kw)
        self.images_ = []
        for axes, unit, picture in zip(self.axes_, self.units, pictures, strict=True):
            self.images_.append(axes.imshow(picture, **style))
            axes.set_title(f"unit {unit}", fontsize="small")
            axes.set(xticks=[], yticks=[])
        self.colorbar_ = None
        if in_colour:
            zero = wrapped(f"mid-grey: {self.weight_label} 0", _LETTERS)
            self.axes_[0].set_ylabel(zero, fontsize=6)
        else:
            self.colorbar_ = self.figure_.colorbar(
                self.images_[0], ax=list(self.axes_), label=self.weight_label
            )
        return self


_LETTERS = 22  # per line along an image
_LONGEST = 8  # largest aspect ratio with square pixels


def _checked_shape(image_shape, n_inputs):
    shape = tuple(np.ravel(image_shape).tolist())
    are_counts = all(is_count(size) and size > 0 for size in shape)
    if (
        not are_counts
        or len(shape) not in (2, 3)
        or (len(shape) == 3 and shape[2] not in (1, 3))
    ):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), of "
            f"positive ints, with 1 or 3 channels, got {image_shape!r}."
        )
    if math.prod(shape) != n_inputs:
        raise ValueError(
            f"image_shape={image_shape!r} has {math.prod(shape)} values, but the "
            f"network has {n_inputs} inputs."
        )
    return shape[:2] if len(shape) == 3 and shape[2] == 1 else shape


def _input_scale(transformers):
    """Return the scale by which the inputs are divided before the network."""
    scale = np.ones(1)
    for step in transformers:
        scaling = scaling_of(step)
        if scaling is None:
            raise TypeError(
                "in_input_units=True needs only standardisers before the network, got "
                f"{step!r}, which does not just shift and scale columns."
            )
        if scaling.scale is not None:
            scale = scale * scaling.scale
    return scale
