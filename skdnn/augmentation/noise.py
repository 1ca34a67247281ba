"""Gaussian noise on the columns of a table."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from skdnn._sklearn import Interval
from skdnn.augmentation.base import (
    MAX_VALUE,
    PROBABILITY,
    Array,
    Augmenter,
    Block,
    are_chosen,
)
from skdnn.augmentation.draws import key_of_row, new_key, normal
from skdnn.network.compiled import entry
from skdnn.network.views import flat, part


class GaussianNoise(Augmenter):
    r"""Add Gaussian noise to the inputs.

    .. math:: x_{ij} := x_{ij} + \sigma \varepsilon_{ij},
        \qquad \varepsilon_{ij} \sim \mathcal{N}(0, 1)

    For a linear model with squared error, this is equivalent in expectation to an L2
    penalty; for a network, approximately to a penalty on the gradient of its output
    with respect to its input [1]_.

    Parameters
    ----------
    scale : float, default=0.1
        Standard deviation :math:`\sigma \ge 0` of the noise, in the units of X; for
        standardised columns, in standard deviations of the column.
    columns : array-like of int, default=None
        Indices of the columns to change; None for all. Leave out one-hot columns, which
        noise would turn into values that do not occur.
    p : float, default=1.0
        Probability, in [0, 1], that a row is changed.

    See Also
    --------
    Cutout : Set random columns to a fixed value.
    Mixup : Convex combinations of rows.

    References
    ----------
    .. [1] C. M. Bishop, "Training with noise is equivalent to Tikhonov
       regularization", Neural Computation 7, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from skdnn import GaussianNoise
    >>> X = np.zeros((2, 3))
    >>> noise = GaussianNoise(0.1, columns=[0, 2])
    >>> noise.augment(X, None, None, np.random.default_rng(0))[0].round(3)
    array([[ 0.064,  0.   ,  0.02 ],
           [-0.063,  0.   , -0.048]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "scale": [Interval(Real, 0, MAX_VALUE, closed="both")],
        "columns": [None, "array-like"],
        "p": PROBABILITY,
    }

    def __init__(
        self,
        scale: float = 0.1,
        *,
        columns: npt.ArrayLike | None = None,
        p: float = 1.0,
    ) -> None:
        self.scale = scale
        self.columns = columns
        self.p = p

    def check(self, n_features: int) -> None:
        """Check the parameters; see :meth:`Augmenter.check`."""
        super().check(n_features)
        if self.columns is None:
            return
        given = np.asarray(self.columns)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise ValueError(
                f"columns={self.columns!r} is not allowed: it must be a list of column "
                "indices, or None for all columns."
            )
        unknown = given[(given < 0) | (given >= n_features)]
        if unknown.size:
            raise ValueError(
                f"columns contains {unknown[0]}, but the rows have {n_features} "
                f"features: indices must be from 0 to {n_features - 1}."
            )
        if np.unique(given).size < given.size:
            raise ValueError(
                f"columns={self.columns!r} is not allowed: indices must be unique."
            )

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Add noise to the rows; see :meth:`Augmenter.augment`."""
        X = np.ascontiguousarray(X)
        n_rows, n_features = X.shape
        columns = np.arange(n_features if self.columns is None else 0)
        if self.columns is not None:
            columns = np.asarray(self.columns, np.int64)
        is_changed = are_chosen(rng, n_rows, self.p)
        if self.scale > 0:
            scale = X.dtype.type(self.scale)
            add_noise(X, columns, is_changed, scale, new_key(rng))
        return X, Y, s


@entry
def add_noise(X, columns, is_changed, scale, key):
    """Add Gaussian noise to some columns of some rows, in place; compiled.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The rows.
    columns : ndarray of int64
        Indices of the columns. If there are `n_features` of them, their order is
        ignored.
    is_changed : ndarray of bool, shape (n_rows,)
        Which rows to change.
    scale : float, of the type of X
        The standard deviation.
    key : uint64
        The key of the block.
    """
    n_rows, n_features = X.shape
    values, noise = flat(X), np.empty(columns.size, np.float32)
    for i in range(n_rows):
        if not is_changed[i]:
            continue
        low, high = key_of_row(key, i)
        normal(noise, low, high)
        row = flat(part(values, i * n_features, 1, n_features))
        if columns.size == n_features:
            for j in range(n_features):
                row[j] += scale * noise[j]
        else:
            for j in range(columns.size):
                row[columns[j]] += scale * noise[j]
