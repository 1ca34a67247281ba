"""Rows mixed with each other, and their targets with them."""

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
    r"""Average each row with another one, targets too.

    Row :math:`i` of a block gets a partner :math:`j` and a share :math:`\lambda` of its
    own [1]_:

    .. math::

        x := \lambda x_i + (1 - \lambda) x_j,
        \qquad \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    The partners are a random permutation of the block. The cost of the mixed row must
    be :math:`\lambda s_i \ell(y_i) + (1 - \lambda) s_j \ell(y_j)`. A cross-entropy is
    affine in its targets, so this is the cost :math:`s\,\ell(y)` of one row with

    .. math::

        s = \lambda s_i + (1 - \lambda) s_j,
        \qquad y = \frac{\lambda s_i y_i + (1 - \lambda) s_j y_j}{s},

    and :math:`y = y_i` where :math:`s = 0`. Squared error and Poisson deviance differ
    from that by a term without the prediction, so that the gradient is the same. With
    Huber's loss it is not: there the mixed number is what is learnt.

    Parameters
    ----------
    alpha : float, default=0.2
        :math:`\alpha > 0`. Small: most rows stay nearly what they are. 1: all shares
        are equally likely. Large: shares are near one half.
    p : float, default=1.0
        Probability with which a row is mixed, in [0, 1].

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
        """Mix the rows of a block; see :meth:`Augmenter.augment`."""
        partner, share = draw_partners(rng, len(X), self.alpha, self.p)
        share = share.astype(X.dtype)
        mix(X, partner, share)
        return X, *mixed_targets(Y, s, partner, share)


class CutMix(Augmenter):
    r"""Put columns, or a rectangle, of another row into each row; mix targets to match.

    Row :math:`i` of a block gets a partner :math:`j`, from a random permutation of the
    block, and a share of it, :math:`1 - \lambda` with
    :math:`\lambda \sim \mathrm{Beta}(\alpha, \alpha)`. In tables each column is the
    partner's with probability :math:`1 - \lambda`. With `image_shape` a rectangle of
    the image is, :math:`\sqrt{1 - \lambda}` times as high and as wide, its centre
    anywhere and what lies outside cut off [1]_. Targets and weights are mixed as by
    :class:`Mixup`, where :math:`1 - \lambda` is now the share of columns or pixels that
    really are the partner's.

    Parameters
    ----------
    alpha : float, default=1.0
        :math:`\alpha > 0`. Small: most rows stay nearly what they are. 1: all shares
        are equally likely. Large: shares are near one half.
    image_shape : (height, width) or (height, width, channels), default=None
        Shape of the image that a row holds, flattened in C order, channels last; None
        for tables.
    p : float, default=1.0
        Probability with which a row is mixed, in [0, 1].

    Notes
    -----
    In tables columns are exchanged one by one: the one-hot columns of one feature can
    come from both rows.

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
        """Check the parameters, and that an image has as many values as a row."""
        super().check(n_features)
        if self.image_shape is not None:
            check_image_shape(self.image_shape, n_features)

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Mix the rows of a block; see :meth:`Augmenter.augment`."""
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
    """Draw boxes of this share of the image's area, before clipping at its border."""
    side = np.sqrt(share)
    height, width = (np.rint(side * n).astype(np.intp) for n in image_shape[:2])
    return random_boxes(rng, height, width, image_shape)


def draw_partners(
    rng: np.random.Generator, n_rows: int, alpha: float, p: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw each row's partner, and the partner's share 1 - λ; 0 with probability 1 - p.

    λ and 1 - λ have the same distribution.
    """
    partner = rng.permutation(n_rows)
    share = rng.beta(alpha, alpha, n_rows)
    return partner, share * are_chosen(rng, n_rows, p)


def mixed_targets(
    Y: Array, s: Array, partner: np.ndarray, share: Array
) -> tuple[Array, Array]:
    """Mix targets and weights, given the partner's share 1 - λ in each row.

    Written as steps from a row towards its partner, so that a share of 0 with equal
    weights leaves the row exactly as it was.
    """
    s_mixed = s + share * (s[partner] - s)
    weighted = np.zeros_like(s)
    np.divide(share * s[partner], s_mixed, out=weighted, where=s_mixed > 0)
    return Y + weighted[:, np.newaxis] * (Y[partner] - Y), s_mixed


@inlined
def _in_cycles(partner):
    """Return all rows in an order in which they can be mixed in place.

    A permutation falls into cycles. Along one, each row comes before the row that it is
    the partner of: what it takes from its own partner is still there, but for the last,
    whose partner is the first. Also return for each row whether it is such a last one.
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
    """Return the row to mix row i with; keep a copy of the first row of a cycle."""
    if is_first:
        of_first[:] = X[i]
    return of_first if is_last else X[partner[i]]


@entry
def mix(X, partner, share):
    """Move each row towards its partner by a share of the way, in place; compiled."""
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
    """Set columns to the partner's, each with the probability `share`; compiled.

    Parameters
    ----------
    bits : ndarray of uint32 or uint64, shape (n_rows, n_features)
        Numbers of this size, seen as their bits: a choice among these is arithmetic,
        where one among numbers would be a branch that is guessed wrongly half the time.
    partner, share : ndarray of shape (n_rows,)
    key : uint64
        Of the block.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        How many were set.
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
    """Set the pixels of boxes to the partner's, in place; compiled."""
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
