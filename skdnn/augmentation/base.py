"""The base class of augmenters."""

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from skdnn._sklearn import Interval

Array = npt.NDArray[np.floating]
Block = tuple[Array, Array, Array]

# The largest allowed parameter, well within the range of float32.
MAX_VALUE = 1e30
PROBABILITY = [Interval(Real, 0, 1, closed="both")]


class Augmenter(BaseEstimator, ABC):
    """Base class of all augmenters, including custom ones.

    During training, :meth:`augment` receives a copy of each block of training rows in
    each epoch, and the network is trained on the rows that it returns. Dev rows and
    rows to predict are never augmented.

    A subclass must implement :meth:`augment`. Its ``__init__`` only stores the
    parameters, so that ``clone``, ``set_params`` and hyperparameter searches work as
    for any estimator. It can declare their valid values in ``_parameter_constraints``,
    as scikit-learn's estimators do.

    Attributes
    ----------
    mixes_targets : bool
        Whether :meth:`augment` changes targets and weights; False by default. If True,
        the targets are numbers that can be averaged: for three or more classes, one
        column of 0 and 1 per class; for two classes, a single column of 0 and 1;
        otherwise one column per label or output.

    See Also
    --------
    AugmentationPipeline : Apply several augmenters in sequence.

    Examples
    --------
    Spectra with a random brightness:

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
        """Check that the parameters are valid and compatible with the rows.

        It is called once, before training.

        Parameters
        ----------
        n_features : int
            Number of columns of the training rows.

        Raises
        ------
        ValueError
            If a parameter is invalid or not compatible with this number of columns.
        """
        self._validate_params()

    @abstractmethod
    def augment(self, X: Array, Y: Array, s: Array, rng: np.random.Generator) -> Block:
        """Return a block of randomly changed rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Inputs, a C-contiguous array of float32 or float64. It may be changed in
            place and returned, or a new array of the same shape and type be returned.
        Y : ndarray of shape (n_rows, n_targets)
            Targets, of the same type. Must not be changed in place, and not be read
            unless :attr:`mixes_targets` is True.
        s : ndarray of shape (n_rows,)
            Weights, with a mean of 1 over the training set. Must not be changed in
            place.
        rng : numpy.random.Generator
            The generator; no other source of randomness may be used.

        Returns
        -------
        X : ndarray of shape (n_rows, n_features)
            The changed inputs, of the same type.
        Y : ndarray of shape (n_rows, n_targets)
            The targets, which are new if :attr:`mixes_targets` is True.
        s : ndarray of shape (n_rows,)
            The weights, which are new if :attr:`mixes_targets` is True.
        """


def are_chosen(rng: np.random.Generator, n_rows: int, p: float) -> npt.NDArray[np.bool]:
    """Choose each row with probability p; return a boolean mask."""
    return rng.random(n_rows) < p


def chosen_rows(
    rng: np.random.Generator, n_rows: int, p: float
) -> npt.NDArray[np.intp]:
    """Choose each row with probability p; return the indices of the chosen rows."""
    return np.flatnonzero(are_chosen(rng, n_rows, p))
