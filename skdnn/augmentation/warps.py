"""Warps with interpolation: crops, rotations and elastic distortions."""

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

# The fraction of the variance of the displacements that may be neglected.
_TOLERANCE = 1e-5
# Even a far smaller sigma moves any image as a whole. The filter has 8 sigma weights.
_MAX_SIGMA = 1000


class RandomResizedCrop(ImageAugmenter):
    r"""Crop a random part of each image and resize it to the full size.

    The part has :math:`\sqrt{a / r}` times the height and :math:`\sqrt{a r}` times the
    width of the image (at most all of it) and a uniformly distributed position. It is
    enlarged by bilinear interpolation [1]_:

    .. math::

        a \sim \mathrm{U}(a_\text{min}, a_\text{max}),
        \qquad \log r \sim \mathrm{U}(\log r_\text{min}, \log r_\text{max})

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the images, which are the rows flattened in C order, channels last.
    scale : (float, float), default=(0.7, 1.0)
        Minimum and maximum of :math:`a`, the share of the image's area, in (0, 1].
    ratio : (float, float), default=(3/4, 4/3)
        Minimum and maximum of :math:`r`, the aspect ratio (width to height) of the part
        relative to that of the image. Resizing then stretches the part by its inverse.
    p : float, default=1.0
        Probability, in [0, 1], that an image is cropped.

    See Also
    --------
    RandomShift : Shift images by whole pixels.
    RandomRotation : Rotate images.
    ElasticDistortion : Distort images locally.

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
        """Check the parameters; see :meth:`Augmenter.check`."""
        super().check(n_features)
        _check_range("scale", self.scale, 1)
        _check_range("ratio", self.ratio, np.inf)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Crop and resize images; see :meth:`Augmenter.augment`."""
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
    """Rotate images about their centre by a random angle.

    Pixel values are interpolated bilinearly.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the images, which are the rows flattened in C order, channels last.
    max_angle : float, default=10.0
        Maximum angle in degrees, from 0 to 180. Angles are drawn uniformly from
        [-max_angle, max_angle].
    fill : float or "nearest", default=0.0
        Value of pixels from outside the image: a number in the units of X, or "nearest"
        for the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability, in [0, 1], that an image is rotated.

    See Also
    --------
    RandomShift : Shift images by whole pixels.
    RandomResizedCrop : Zoom into a random part of an image.
    ElasticDistortion : Distort images locally.

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
        """Rotate images; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        shape = with_channels(self.image_shape)
        rows = chosen_rows(rng, len(X), self.p)
        angle = np.deg2rad(rng.uniform(-self.max_angle, self.max_angle, rows.size))
        cosine, sine = (f(angle).astype(X.dtype) for f in (np.cos, np.sin))
        padded = padded_image(*shape, 1, self.fill, X.dtype)
        rotate(X, rows, cosine, sine, shape, padded, self.fill == "nearest")
        return X, Y, s


class ElasticDistortion(ImageAugmenter):
    r"""Distort images with a random smooth displacement field.

    Neighbouring pixels move alike, which imitates the variability of handwriting [1]_.
    Each image gets two displacement fields d in pixels, one per direction: Gaussian
    noise that is smoothed by a Gaussian filter :math:`G_\sigma`. The image is
    interpolated bilinearly at the displaced positions.

    .. math::

        d = \alpha\, G_\sigma * u, \qquad u_{ij} \sim \mathcal{N}(0, 1/3),
        \qquad \mathrm{std}(d) \approx
            \frac{\alpha}{\sqrt 3} \frac{1}{2 \sqrt \pi \sigma}
            \approx 0.16 \frac \alpha \sigma

    The variance of u is that of the uniform noise in [-1, 1] of [1]_. Noise beyond the
    border is 0, so pixels near the border move less.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
        Shape of the images, which are the rows flattened in C order, channels last.
    alpha : float, default=34.0
        Strength :math:`\alpha \ge 0` of the displacements. With the default `sigma`,
        their standard deviation is 1.4 pixels in each direction, which suits images of
        28 × 28 pixels; smaller images need less.
    sigma : float, default=4.0
        Standard deviation :math:`\sigma` of the Gaussian filter in pixels, in
        (0, 1000]. Small values give ripples; large values move the image as a whole.
    fill : float or "nearest", default=0.0
        Value of pixels from outside the image: a number in the units of X, or "nearest"
        for the value of the nearest pixel of the image.
    p : float, default=1.0
        Probability, in [0, 1], that an image is distorted.

    See Also
    --------
    RandomRotation : Rotate images.
    RandomResizedCrop : Zoom into a random part of an image.

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
        """Distort images; see :meth:`Augmenter.augment`."""
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
    """Raise ValueError unless value is (min, max) with 0 < min <= max <= most."""
    is_pair = len(value) == 2 and all(isinstance(v, Real) for v in value)
    if not (is_pair and 0 < value[0] <= value[1] <= most) or np.isinf(value[1]):
        limit = "" if np.isinf(most) else f" <= {most}"
        raise ValueError(
            f"{name}={value!r} is not allowed: it must be (min, max) with "
            f"0 < min <= max{limit}."
        )


def _crop_grids(
    n_pixels: tuple[int, ...], shares: Array, places: Array
) -> tuple[Array, Array]:
    """Return the position of the first pixel of each crop, and the step to the next.

    A pixel extends half a unit to either side of its position. `shares` are the sizes
    of the crops relative to the height and width of the image, `places` their positions
    from 0 (at the start) to 1 (at the end).
    """
    edge = places * (1 - shares) * n_pixels
    return edge + 0.5 * shares - 0.5, shares


@lru_cache(maxsize=8)
def _field_factor(n_pixels: int, sigma: float) -> Array:
    """Return a low-rank factor L with L Lᵀ ≈ G Gᵀ, where G is a Gaussian filter.

    For independent normal z and u, L z has the distribution of G u, but z is much
    shorter: ten numbers for 28 pixels and σ = 4. L is a pivoted Cholesky factor,
    truncated when the remaining variances are below `_TOLERANCE` of the largest.
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
