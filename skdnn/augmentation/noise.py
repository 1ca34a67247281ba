"""Noise on the columns of a table."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from skdnn._sklearn import Interval
from skdnn.augmentation.base import (
    MOST,
    PROBABILITY,
    Array,
    Augmenter,
    Block,
    are_chosen,
)


class GaussianNoise(Augmenter):
    r"""Add normally distributed noise.

    .. math:: x_{ij} := x_{ij} + \sigma \varepsilon_{ij},
        \qquad \varepsilon_{ij} \sim \mathcal{N}(0, 1)

    For a linear model with squared error this is, on average over the noise, an L2
    penalty; for a network, a penalty on the slope of its output [1]_.

    Parameters
    ----------
    scale : float, default=0.1
        :math:`\sigma`, at least 0, in the units of X: with standardised columns, in
        standard deviations.
    columns : array-like of int, default=None
        Indices of the columns to change; None for all. Leave out categories, such as
        one-hot columns: noise turns them into values that do not exist.
    p : float, default=1.0
        Probability with which a row is changed, in [0, 1].

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
    array([[ 0.013,  0.   , -0.013],
           [ 0.064,  0.   ,  0.01 ]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "scale": [Interval(Real, 0, MOST, closed="both")],
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
        """Check the parameters, and that the columns exist."""
        super().check(n_features)
        if self.columns is None:
            return
        given = np.asarray(self.columns)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise ValueError(
                f"columns={self.columns!r} is not allowed: give a list of column "
                "numbers, or None for all."
            )
        unknown = given[(given < 0) | (given >= n_features)]
        if unknown.size:
            raise ValueError(
                f"columns holds {unknown[0]}, but the rows have {n_features} features: "
                f"give numbers from 0 to {n_features - 1}."
            )
        if np.unique(given).size < given.size:
            raise ValueError(
                f"columns={self.columns!r} is not allowed: a column is named twice."
            )

    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Add noise to the rows of a block; see :meth:`Augmenter.augment`."""
        n_rows, n_features = X.shape
        all_columns = self.columns is None
        columns = np.arange(n_features) if all_columns else np.asarray(self.columns)
        noise = rng.standard_normal((n_rows, columns.size), X.dtype)
        is_changed = are_chosen(rng, n_rows, self.p)
        noise *= (is_changed * self.scale).astype(X.dtype)[:, np.newaxis]
        if all_columns:
            X += noise
        elif columns.size:
            X[:, columns] += noise
        return X, Y, s
