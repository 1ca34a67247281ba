"""The base class of augmenters, which change copies of training rows."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from skdnn._sklearn import Interval

Array = npt.NDArray[np.floating]
Block = tuple[Array, Array, Array]

# What float32 can hold, with room for sums and products.
MAX_VALUE = 1e30
PROBABILITY = [Interval(Real, 0, 1, closed="both")]


class Augmenter(BaseEstimator, ABC):
    """Base class of all augmenters, your own included.

    Training hands each block of training rows, freshly copied, to :meth:`augment` and
    learns from what comes back. Rows to predict and dev rows are never augmented.

    A subclass stores its parameters in ``__init__`` and does nothing else there, so
    that ``clone``, ``set_params`` and searches work as for any estimator. It declares
    what they may be in ``_parameter_constraints``, in scikit-learn's way.

    Attributes
    ----------
    mixes_targets : bool
        Whether :meth:`augment` changes targets and weights. Targets are then given as
        numbers that can be averaged: one column per class, 0 or 1, where there are
        three classes or more; one column of 0 and 1 for two; one per label or output
        otherwise.

    Examples
    --------
    Spectra whose brightness varies from one measurement to the next:

    >>> import numpy as np
    >>> from skdnn import Augmenter
    >>> class RandomBrightness(Augmenter):
    ...     def __init__(self, spread=0.1):
    ...         self.spread = spread
    ...
    ...     def augment(self, X, Y, s, rng):
    ...         X *= rng.uniform(1 - self.spread, 1 + self.spread, (len(X), 1))
    ...         return X, Y, s
    >>> X, Y, s = np.ones((3, 2)), np.zeros((3, 1)), np.ones(3)
    >>> X, Y, s = RandomBrightness().augment(X, Y, s, np.random.default_rng(0))
    >>> X.round(3)
    array([[1.027, 1.027],
           [0.954, 0.954],
           [0.908, 0.908]])
    """

    mixes_targets: bool = False
    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    def check(self, n_features: int) -> None:
        """Check the parameters, and that they fit the rows.

        Training calls this once, before the first block.

        Parameters
        ----------
        n_features : int
            Columns of the rows to come.

        Raises
        ------
        ValueError
            If a parameter is not allowed or does not fit.
        """
        self._validate_params()

    @abstractmethod
    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Return a block of rows, changed at random.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Inputs, float32 or float64 and C-contiguous. The array may be changed and
            returned, or another of its shape and type be returned.
        Y : ndarray of shape (n_rows, n_targets)
            Targets of the same type. Must not be changed in place, nor read unless
            :attr:`mixes_targets`.
        s : ndarray of shape (n_rows,)
            Weights, on average 1 over the training set. Must not be changed in place.
        rng : numpy.random.Generator
            The only source of random numbers.

        Returns
        -------
        X, Y, s : ndarray
            Of the same shapes and types.
        """


def are_chosen(rng: np.random.Generator, n_rows: int, p: float) -> npt.NDArray[np.bool]:
    """Choose each row with probability p; return a boolean per row."""
    return rng.random(n_rows) < p


def chosen_rows(
    rng: np.random.Generator, n_rows: int, p: float
) -> npt.NDArray[np.intp]:
    """Choose each row with probability p; return the indices of the chosen ones."""
    return np.flatnonzero(are_chosen(rng, n_rows, p))
