"""Cutout: masking parts of rows."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from skdnn._sklearn import Interval
from skdnn.augmentation.base import (
    MAX_VALUE,
    PROBABILITY,
    Array,
    Augmenter,
    Block,
    are_chosen,
)
from skdnn.augmentation.draws import below, key_of_row, new_key
from skdnn.augmentation.images import (
    IMAGE_SHAPE,
    ImageShape,
    check_image_shape,
    with_channels,
)
from skdnn.augmentation.regions import random_boxes
from skdnn.network.compiled import entry


class Cutout(Augmenter):
    """Set random columns, or a random square of an image, to a fixed value.

    The network learns not to depend on any single part of the input [1]_. Unlike input
    dropout (`input_keep_prob`), the remaining values are not scaled up, and in images a
    whole region is masked; single pixels could be inferred from their neighbours.

    Parameters
    ----------
    size : int
        For tables, the number of columns to mask, which are drawn for each row. With
        `image_shape`, the side length of the square in pixels. The centre of the square
        is uniformly distributed in the image, so part of the square may lie outside.
    image_shape : (height, width) or (height, width, channels), default=None
        Shape of the images, which are the rows flattened in C order, channels last;
        None for tables.
    fill : float, default=0.0
        The value to set, in the units of X. For standardised columns, 0 is the mean.
    p : float, default=1.0
        Probability, in [0, 1], that a row is changed.

    See Also
    --------
    CutMix : Replace columns or a rectangle by those of another row.

    References
    ----------
    .. [1] T. DeVries, G. W. Taylor, "Improved regularization of convolutional neural
       networks with cutout", arXiv:1708.04552, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import Cutout
    >>> X = np.ones((1, 12))
    >>> cutout = Cutout(2, image_shape=(3, 4))
    >>> cutout.augment(X, None, None, np.random.default_rng(0))[0].reshape(3, 4)
    array([[0., 0., 1., 1.],
           [0., 0., 1., 1.],
           [1., 1., 1., 1.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "size": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [*IMAGE_SHAPE, None],
        "fill": [Interval(Real, -MAX_VALUE, MAX_VALUE, closed="both")],
        "p": PROBABILITY,
    }

    def __init__(
        self,
        size: int,
        *,
        image_shape: ImageShape | None = None,
        fill: float = 0.0,
        p: float = 1.0,
    ) -> None:
        self.size = size
        self.image_shape = image_shape
        self.fill = fill
        self.p = p

    def check(self, n_features: int) -> None:
        """Check the parameters; see :meth:`Augmenter.check`."""
        super().check(n_features)
        most, what = n_features, "number of features"
        if self.image_shape is not None:
            check_image_shape(self.image_shape, n_features)
            most, what = (
                min(self.image_shape[:2]),
                "shorter side of the image in pixels",
            )
        if self.size > most:
            raise ValueError(
                f"size={self.size} is not allowed: it must be at most {most}, the "
                f"{what}."
            )

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Mask parts of the rows; see :meth:`Augmenter.augment`."""
        is_cut = are_chosen(rng, len(X), self.p)
        fill = X.dtype.type(self.fill)
        if self.image_shape is None:
            cut_columns(X, np.flatnonzero(is_cut), self.size, fill, new_key(rng))
        else:
            sizes = is_cut * self.size
            boxes = random_boxes(rng, sizes, sizes, self.image_shape)
            cut_boxes(X, boxes, with_channels(self.image_shape), fill)
        return X, Y, s


@entry
def cut_columns(X, rows, size, fill, key):
    """Set `size` random columns of each of these rows, in place; compiled.

    R. W. Floyd's algorithm (Communications of the ACM 30, 1987) needs only `size`
    random numbers, whatever the number of columns.
    """
    n_features = X.shape[1]
    set_for = np.full(n_features, -1, np.int64)  # the last row that had a column set
    for i in rows:
        low, high = key_of_row(key, i)
        for last in range(n_features - size, n_features):
            column = below(last + 1, last, low, high)
            if set_for[column] == i:
                column = last
            set_for[column] = i
            X[i, column] = fill


@entry
def cut_boxes(X, boxes, image_shape, fill):
    """Set the pixels of a box in each image, in place; compiled."""
    _, width, channels = image_shape
    for i in range(X.shape[0]):
        for y in range(boxes.top[i], boxes.bottom[i]):
            first = (y * width + boxes.left[i]) * channels
            for j in range(first, first + (boxes.right[i] - boxes.left[i]) * channels):
                X[i, j] = fill
