"""Mixing pairs of rows and their targets: Mixup and CutMix."""

from numbers import Real
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
from skdnn.augmentation.draws import key_of_row, new_key
from skdnn.augmentation.images import (
    IMAGE_SHAPE,
    ImageShape,
    check_image_shape,
    with_channels,
)
from skdnn.augmentation.regions import Boxes, random_boxes
from skdnn.network.compiled import entry, inlined
from skdnn.network.dropout import hash_bits, keep_threshold

ALPHA = [Interval(Real, 0, MAX_VALUE, closed="right")]


class Mixup(Augmenter):
    r"""Replace each row and its target by a random convex combination with another row.

    Row :math:`i` is mixed with a partner :math:`j` of the same block [1]_:

    .. math::

        x := \lambda x_i + (1 - \lambda) x_j,
        \qquad \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    The weight :math:`\lambda` is drawn for each row; the partners are a random
    permutation of the block. The cost of the mixed row should be
    :math:`\lambda s_i \ell(y_i) + (1 - \lambda) s_j \ell(y_j)`. A cross-entropy is
    affine in its target, so this is the cost :math:`s\,\ell(y)` of one row with

    .. math::

        s = \lambda s_i + (1 - \lambda) s_j,
        \qquad y = \frac{\lambda s_i y_i + (1 - \lambda) s_j y_j}{s},

    and :math:`y = y_i` if :math:`s = 0`. For the squared error and the Poisson deviance
    the difference does not depend on the prediction, so the gradient is the same. For
    Huber's loss it is not; the network is then trained on the mixed target itself.

    Parameters
    ----------
    alpha : float, default=0.2
        Parameter :math:`\alpha > 0` of the beta distribution. With small values, most
        rows hardly change; with 1, :math:`\lambda` is uniformly distributed; with large
        values, it is close to 1/2.
    p : float, default=1.0
        Probability, in [0, 1], that a row is mixed.

    See Also
    --------
    CutMix : Replace columns or a rectangle by those of another row.

    References
    ----------
    .. [1] H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: Beyond empirical
       risk minimization", ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import Mixup
    >>> X, Y, s = np.array([[0.0], [1.0]]), np.eye(2), np.ones(2)
    >>> X, Y, s = Mixup(1.0).augment(X, Y, s, np.random.default_rng(4))
    >>> X.round(2)
    array([[0.12],
           [0.47]])
    >>> Y.round(2)
    array([[0.88, 0.12],
           [0.53, 0.47]])
    """

    mixes_targets = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": ALPHA,
        "p": PROBABILITY,
    }

    def __init__(self, alpha: float = 0.2, *, p: float = 1.0) -> None:
        self.alpha = alpha
        self.p = p

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Mix the rows; see :meth:`Augmenter.augment`."""
        partner, share = draw_partners(rng, len(X), self.alpha, self.p)
        share = share.astype(X.dtype)
        mix(X, partner, share)
        return X, *mixed_targets(Y, s, partner, share)


class CutMix(Augmenter):
    r"""Replace columns, or a rectangle, by those of another row; mix targets to match.

    Row :math:`i` is mixed with a partner :math:`j`; the partners are a random
    permutation of the block. The share of the partner is :math:`1 - \lambda`, with
    :math:`\lambda \sim \mathrm{Beta}(\alpha, \alpha)` for each row. In tables, each
    column is replaced by the partner's with probability :math:`1 - \lambda`. With
    `image_shape`, a rectangle of :math:`\sqrt{1 - \lambda}` times the height and width
    of the image is replaced; its centre is uniformly distributed in the image, and the
    part outside the image is cut off [1]_. Targets and weights are mixed as in
    :class:`Mixup`, with :math:`1 - \lambda` now the share of columns or pixels that
    were actually replaced.

    Parameters
    ----------
    alpha : float, default=1.0
        Parameter :math:`\alpha > 0` of the beta distribution. With small values, most
        rows hardly change; with 1, :math:`\lambda` is uniformly distributed; with large
        values, it is close to 1/2.
    image_shape : (height, width) or (height, width, channels), default=None
        Shape of the images, which are the rows flattened in C order, channels last;
        None for tables.
    p : float, default=1.0
        Probability, in [0, 1], that a row is mixed.

    See Also
    --------
    Mixup : Convex combinations of whole rows.
    Cutout : Mask columns or a square with a fixed value.

    Notes
    -----
    In tables, columns are replaced independently, so the one-hot columns of one feature
    can come from both rows.

    References
    ----------
    .. [1] S. Yun et al., "CutMix: Regularization strategy to train strong classifiers
       with localizable features", ICCV 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import CutMix
    >>> X, Y, s = np.array([[0.0] * 4, [1.0] * 4]), np.eye(2), np.ones(2)
    >>> X, Y, s = CutMix().augment(X, Y, s, np.random.default_rng(5))
    >>> X
    array([[1., 1., 1., 0.],
           [1., 0., 1., 0.]])
    >>> Y
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """

    mixes_targets = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "alpha": ALPHA,
        "image_shape": [*IMAGE_SHAPE, None],
        "p": PROBABILITY,
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        image_shape: ImageShape | None = None,
        p: float = 1.0,
    ) -> None:
        self.alpha = alpha
        self.image_shape = image_shape
        self.p = p

    def check(self, n_features: int) -> None:
        """Check the parameters; see :meth:`Augmenter.check`."""
        super().check(n_features)
        if self.image_shape is not None:
            check_image_shape(self.image_shape, n_features)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Mix the rows; see :meth:`Augmenter.augment`."""
        partner, share = draw_partners(rng, len(X), self.alpha, self.p)
        if self.image_shape is None:
            bits = X.view(f"u{X.itemsize}")
            taken = take_columns(bits, partner, share, new_key(rng))
            share = taken / X.shape[1]
        else:
            shape = with_channels(self.image_shape)
            boxes = _boxes(share, rng, self.image_shape)
            take_boxes(X, partner, boxes, shape)
            share = boxes.n_pixels / (shape[0] * shape[1])
        return X, *mixed_targets(Y, s, partner, share.astype(X.dtype))


def _boxes(
    share: np.ndarray, rng: np.random.Generator, image_shape: ImageShape
) -> Boxes:
    """Draw boxes with this share of the image's area, before clipping at the border."""
    side = np.sqrt(share)
    height, width = (np.rint(side * n).astype(np.intp) for n in image_shape[:2])
    return random_boxes(rng, height, width, image_shape)


def draw_partners(
    rng: np.random.Generator, n_rows: int, alpha: float, p: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw each row's partner and the partner's share 1 - λ.

    The share is 0 with probability 1 - p. λ and 1 - λ have the same distribution.
    """
    partner = rng.permutation(n_rows)
    share = rng.beta(alpha, alpha, n_rows)
    return partner, share * are_chosen(rng, n_rows, p)


def mixed_targets(
    Y: Array, s: Array, partner: np.ndarray, share: Array
) -> tuple[Array, Array]:
    """Mix targets and weights, given the partner's share 1 - λ of each row.

    The formulas add a step towards the partner, so that a share of 0 leaves a row
    unchanged to the bit.
    """
    s_mixed = s + share * (s[partner] - s)
    weighted = np.zeros_like(s)
    np.divide(share * s[partner], s_mixed, out=weighted, where=s_mixed > 0)
    return Y + weighted[:, np.newaxis] * (Y[partner] - Y), s_mixed


@inlined
def _in_cycles(partner):
    """Return an order in which rows can be mixed in place, and the ends of its cycles.

    The order follows the cycles of the permutation. Each row comes before its partner,
    which is therefore still unchanged, except that the partner of the last row of a
    cycle is the first. The second result marks these last rows.
    """
    n_rows = partner.size
    order, is_last = np.empty(n_rows, np.int64), np.zeros(n_rows, np.bool_)
    is_done, n_done = np.zeros(n_rows, np.bool_), 0
    for first in range(n_rows):
        row = first
        while not is_done[row]:
            is_done[row] = True
            order[n_done] = row
            n_done += 1
            row = partner[row]
        is_last[n_done - 1] = True
    return order, is_last


@inlined
def _partner_of(X, i, partner, is_first, is_last, of_first):
    """Return the row to mix row i with; copy the first row of a cycle to `of_first`."""
    if is_first:
        of_first[:] = X[i]
    return of_first if is_last else X[partner[i]]


@entry
def mix(X, partner, share):
    """Move each row towards its partner by `share`, in place; compiled."""
    order, is_last = _in_cycles(partner)
    of_first, is_first = np.empty(X.shape[1], X.dtype), True
    for k in range(order.size):
        i = order[k]
        other = _partner_of(X, i, partner, is_first, is_last[k], of_first)
        if share[i] > 0:
            row, part = X[i], share[i]
            for j in range(row.size):
                row[j] += part * (other[j] - row[j])
        is_first = is_last[k]


@entry
def take_columns(bits, partner, share, key):
    """Replace columns by the partner's with probability `share`; compiled.

    Parameters
    ----------
    bits : ndarray of uint32 or uint64, shape (n_rows, n_features)
        A view of the inputs as integers. Selecting bits with a mask needs no branch;
        with floats, half of the branches would be mispredicted.
    partner : ndarray of int, shape (n_rows,)
        Index of each row's partner.
    share : ndarray of float, shape (n_rows,)
        The partner's share of each row.
    key : uint64
        The key of the block.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Number of replaced columns of each row.
    """
    U, (n_rows, n_features) = bits.dtype.type, bits.shape
    order, is_last = _in_cycles(partner)
    of_first, is_first = np.empty(n_features, bits.dtype), True
    taken, mask = np.zeros(n_rows, np.int64), np.empty(n_features, bits.dtype)
    for k in range(n_rows):
        i = order[k]
        other = _partner_of(bits, i, partner, is_first, is_last[k], of_first)
        low, high = key_of_row(key, i)
        threshold, n_taken, row = keep_threshold(share[i]), np.int64(0), bits[i]
        for j in range(n_features):
            mask[j] = U(0) - U(hash_bits(j, low, high) < threshold)
        for j in range(n_features):
            n_taken += np.int64(mask[j] & U(1))
            row[j] ^= (row[j] ^ other[j]) & mask[j]
        taken[i] = n_taken
        is_first = is_last[k]
    return taken


@entry
def take_boxes(X, partner, boxes, image_shape):
    """Replace the pixels of boxes by the partner's, in place; compiled."""
    _, width, channels = image_shape
    order, is_last = _in_cycles(partner)
    of_first, is_first = np.empty(X.shape[1], X.dtype), True
    for k in range(order.size):
        i = order[k]
        other = _partner_of(X, i, partner, is_first, is_last[k], of_first)
        row, length = X[i], (boxes.right[i] - boxes.left[i]) * channels
        for y in range(boxes.top[i], boxes.bottom[i]):
            first = (y * width + boxes.left[i]) * channels
            for j in range(first, first + length):
                row[j] = other[j]
        is_first = is_last[k]
