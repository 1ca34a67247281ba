"""Warps by fractions of pixels: crops, rotations, elastic distortions."""

from functools import lru_cache
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter1d

from skdnn._sklearn import Interval
from skdnn.augmentation.base import MAX_VALUE, PROBABILITY, Array, Block, chosen_rows
from skdnn.augmentation.draws import new_key
from skdnn.augmentation.images import (
    FILL,
    ImageAugmenter,
    ImageShape,
    with_channels,
)
from skdnn.augmentation.interpolation import displace, padded_image, resample, rotate

# Of the variance of a displacement.
_TOLERANCE = 1e-5
# Far below this any image moves as a whole; the filter has 8 times as many weights.
_MAX_SIGMA = 1000


class RandomResizedCrop(ImageAugmenter):
    r"""Cut a random part out of each image and zoom it to full size.

    The part is :math:`\sqrt{a / r}` times as high and :math:`\sqrt{a r}` times as wide
    as the image (at most all of it), its place is uniformly distributed, and it is
    enlarged by bilinear interpolation [1]_:

    .. math::

        a \sim \mathrm{U}(a_\text{min}, a_\text{max}),
        \qquad \log r \sim \mathrm{U}(\log r_\text{min}, \log r_\text{max})

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the image that a row holds, flattened in C order, channels last.
    scale : (float, float), default=(0.7, 1.0)
        Smallest and largest share :math:`a` of the image's area, in (0, 1].
    ratio : (float, float), default=(3/4, 4/3)
        Smallest and largest ratio :math:`r` of width to height, 1 being the image's
        own. The image is stretched by its inverse.
    p : float, default=1.0
        Probability with which an image is cropped, in [0, 1].

    References
    ----------
    .. [1] C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import RandomResizedCrop
    >>> X = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> crop = RandomResizedCrop((1, 4), scale=(0.5, 0.5), ratio=(1, 1))
    >>> crop.augment(X, None, None, np.random.default_rng(0))[0].round(2)
    array([[1.81, 2.51, 3.22, 3.93]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ImageAugmenter._parameter_constraints,
        "scale": [tuple, list],
        "ratio": [tuple, list],
        "p": PROBABILITY,
    }

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        scale: tuple[float, float] = (0.7, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        p: float = 1.0,
    ) -> None:
        self.image_shape = image_shape
        self.scale = scale
        self.ratio = ratio
        self.p = p

    def check(self, n_features: int) -> None:
        """Check the parameters, and that an image has as many values as a row."""
        super().check(n_features)
        _check_range("scale", self.scale, 1)
        _check_range("ratio", self.ratio, np.inf)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Crop and zoom the images of a block; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        shape = with_channels(self.image_shape)
        rows = chosen_rows(rng, len(X), self.p)
        area = rng.uniform(*self.scale, rows.size)
        narrowest, widest = np.log(self.ratio)
        stretch = np.exp(rng.uniform(narrowest, widest, rows.size))
        place = rng.random((2, rows.size)).T
        shares = np.sqrt([area / stretch, area * stretch]).T
        first, step = _crop_grids(shape[:2], np.minimum(1, shares), place)
        resample(X, rows, first, step, shape)
        return X, Y, s


class RandomRotation(ImageAugmenter):
    """Turn images about their centre, with bilinear interpolation.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the image that a row holds, flattened in C order, channels last.
    max_angle : float, default=10.0
        Largest angle in degrees, from 0 to 180. Each angle is drawn uniformly from
        -max_angle to max_angle.
    fill : float or "nearest", default=0.0
        Value of the pixels that come in from outside the image: a number, in the
        units of X, or the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability with which an image is turned, in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import RandomRotation
    >>> X = np.array([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
    >>> rotation = RandomRotation((3, 3), max_angle=30)
    >>> X, _, _ = rotation.augment(X, None, None, np.random.default_rng(0))
    >>> X.reshape(3, 3).round(1)
    array([[0. , 0. , 0.2],
           [0.8, 1. , 0.8],
           [0.2, 0. , 0. ]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ImageAugmenter._parameter_constraints,
        "max_angle": [Interval(Real, 0, 180, closed="both")],
        "fill": FILL,
        "p": PROBABILITY,
    }

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        max_angle: float = 10.0,
        fill: float | str = 0.0,
        p: float = 1.0,
    ) -> None:
        self.image_shape = image_shape
        self.max_angle = max_angle
        self.fill = fill
        self.p = p

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Turn the images of a block; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        shape = with_channels(self.image_shape)
        rows = chosen_rows(rng, len(X), self.p)
        angle = np.deg2rad(rng.uniform(-self.max_angle, self.max_angle, rows.size))
        cosine, sine = (f(angle).astype(X.dtype) for f in (np.cos, np.sin))
        padded = padded_image(*shape, 1, self.fill, X.dtype)
        rotate(X, rows, cosine, sine, shape, padded, self.fill == "nearest")
        return X, Y, s


class ElasticDistortion(ImageAugmenter):
    r"""Move each pixel a little, neighbours alike, as an unsteady hand would.

    Each image gets two fields of displacements, in pixels, one for each direction:
    noise smoothed by a Gaussian [1]_. The image is interpolated bilinearly at the
    displaced places.

    .. math::

        d = \alpha\, G_\sigma * u, \qquad u_{ij} \sim \mathcal{N}(0, 1/3),
        \qquad \mathrm{std}(d) \approx
            \frac{\alpha}{\sqrt 3} \frac{1}{2 \sqrt \pi \sigma}
            \approx 0.16 \frac \alpha \sigma

    Noise counts as 0 beyond the border, so pixels near it move less.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the image that a row holds, flattened in C order, channels last.
    alpha : float, default=34.0
        :math:`\alpha`, how far pixels move, at least 0. With the default `sigma` this
        is 1.4 pixels in each direction, for 28 × 28 pixels; small images need less.
    sigma : float, default=4.0
        :math:`\sigma` in pixels, more than 0, at most 1000. Small: ripples. Large: the
        image moves as a whole.
    fill : float or "nearest", default=0.0
        Value of the pixels that come in from outside the image: a number, in the
        units of X, or the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability with which an image is distorted, in [0, 1].

    References
    ----------
    .. [1] P. Y. Simard, D. Steinkraus, J. C. Platt, "Best practices for convolutional
       neural networks applied to visual document analysis", ICDAR 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import ElasticDistortion
    >>> X = np.tile([0.0, 0.0, 1.0, 1.0], (1, 4))
    >>> elastic = ElasticDistortion((4, 4), alpha=5, sigma=2)
    >>> X, _, _ = elastic.augment(X, None, None, np.random.default_rng(0))
    >>> X.shape
    (1, 16)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ImageAugmenter._parameter_constraints,
        "alpha": [Interval(Real, 0, MAX_VALUE, closed="both")],
        "sigma": [Interval(Real, 0, _MAX_SIGMA, closed="right")],
        "fill": FILL,
        "p": PROBABILITY,
    }

    def __init__(
        self,
        image_shape: ImageShape,
        *,
        alpha: float = 34.0,
        sigma: float = 4.0,
        fill: float | str = 0.0,
        p: float = 1.0,
    ) -> None:
        self.image_shape = image_shape
        self.alpha = alpha
        self.sigma = sigma
        self.fill = fill
        self.p = p

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Distort the images of a block; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        shape = with_channels(self.image_shape)
        rows = chosen_rows(rng, len(X), self.p)
        down, right = (_field_factor(n, float(self.sigma)) for n in shape[:2])
        down = (self.alpha / np.sqrt(3) * down).astype(np.float32)
        right = np.ascontiguousarray(right.T, np.float32)
        padded = padded_image(*shape, 1, self.fill, X.dtype)
        is_nearest = self.fill == "nearest"
        displace(X, rows, new_key(rng), down, right, shape, padded, is_nearest)
        return X, Y, s


def _check_range(name: str, value: Any, most: float) -> None:
    """Raise ValueError unless the value is 0 < smallest <= largest <= most."""
    is_pair = len(value) == 2 and all(isinstance(v, Real) for v in value)
    if not (is_pair and 0 < value[0] <= value[1] <= most) or np.isinf(value[1]):
        limit = "" if np.isinf(most) else f" <= {most}"
        raise ValueError(
            f"{name}={value!r} is not allowed: give (smallest, largest) with "
            f"0 < smallest <= largest{limit}."
        )


def _crop_grids(
    n_pixels: tuple[int, ...], shares: Array, places: Array
) -> tuple[Array, Array]:
    """Return where the first pixels of crops lie in the image, and the step from there.

    A pixel reaches half a unit to either side of its position. `shares` are the shares
    of both sides that a crop takes, `places` its places from 0 (at the start) to 1 (at
    the end).
    """
    edge = places * (1 - shares) * n_pixels
    return edge + 0.5 * shares - 0.5, shares


@lru_cache(maxsize=8)
def _field_factor(n_pixels: int, sigma: float) -> Array:
    """Return L with L Lᵀ = G Gᵀ up to a hundred-thousandth, G being a Gaussian filter.

    L z with independent z is then distributed as G u with independent u, and z is much
    shorter: ten numbers for 28 pixels and σ = 4. It is Cholesky's factor with the
    largest pivots first, where it stops.
    """
    units = np.eye(n_pixels)
    twice = _smoothed(_smoothed(units, sigma), sigma)  # G is symmetric
    left = twice.diagonal().copy()
    columns: list[Array] = []
    enough = _TOLERANCE * left.max()
    while left.max() > enough:
        pivot = left.argmax()
        column = twice[:, pivot].copy()
        for other in columns:
            column -= other[pivot] * other
        columns.append(column / np.sqrt(left[pivot]))
        left = np.maximum(left - columns[-1] ** 2, 0)
        left[pivot] = 0
    return np.stack(columns, axis=1)


def _smoothed(lines: Array, sigma: float) -> Array:
    return gaussian_filter1d(lines, sigma, axis=0, mode="constant")
