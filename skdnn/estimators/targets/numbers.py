"""Numbers to predict, as the losses want them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import huber, xlogy
from sklearn.metrics import r2_score

from skdnn.network.architecture import Network
from skdnn.network.losses import LOSSES, apply_link

# What each loss says of rows that are all predicted to be their mean.
_AT_THE_MEAN: dict[str, Callable] = {
    "squared_error": lambda Y, mean, delta: huber(np.inf, Y - mean),
    "huber": lambda Y, mean, delta: huber(delta, Y - mean),
    "poisson": lambda Y, mean, delta: xlogy(Y, Y / np.where(mean > 0, mean, 1.0)),
}


@dataclass(frozen=True)
class RegressionTargets:
    """The loss of a fit, and the shape of its targets.

    Attributes
    ----------
    loss : {"squared_error", "poisson", "huber"}
        The name of the loss.
    n_outputs : int
        Numbers to predict for each row.
    is_1d : bool
        Whether y was one-dimensional, as predictions are to be, too.
    """

    loss: str
    n_outputs: int
    is_1d: bool

    are_classes = False
    is_constant = False  # to learn a constant takes training, too
    weights_besides = ""

    @classmethod
    def of(cls, y: np.ndarray, loss: str) -> "RegressionTargets":
        """Read the shape off y."""
        return cls(loss, 1 if y.ndim == 1 else y.shape[1], y.ndim == 1)

    @property
    def out_activation(self) -> str:
        """The name of the link."""
        return LOSSES[self.loss].out_activation

    def encode(self, y, dtype, name: str = "y") -> np.ndarray:
        """Return Y of shape (n_rows, n_outputs).

        Raises
        ------
        ValueError
            If y has another number of outputs, or a value that the loss or the type
            cannot take.
        """
        Y = self._numbers(y, name)
        least = LOSSES[self.loss].least_target
        if Y.min(initial=np.inf) < least:
            raise ValueError(
                f"loss={self.loss!r} needs {name} >= {least:g}; its least value is "
                f"{Y.min():.3g}."
            )
        largest = np.abs(Y).max(initial=0)
        # Sums of squares over many rows are to be finite.
        if largest > np.sqrt(np.finfo(dtype).max) / 1000:
            raise ValueError(
                f"{name} contains {largest:.3g}, a value too large for {dtype}. Scale "
                "it (TransformedTargetRegressor) or set dtype='float64'."
            )
        return np.ascontiguousarray(Y, dtype=dtype)

    def comparable(self, y) -> np.ndarray:
        """Return the caller's y as what predictions can be compared with."""
        return self._numbers(y, "y")

    def _numbers(self, y, name) -> np.ndarray:
        y = np.asarray(y, dtype=np.float64)
        Y = y.reshape(len(y), -1)
        if Y.shape[1] != self.n_outputs:
            raise ValueError(
                f"{name} has {Y.shape[1]} outputs, but the network has "
                f"{self.n_outputs}."
            )
        return Y

    def weigh(self, Y: np.ndarray, sample_weight: np.ndarray | None):
        """Return rows' weights as they are, or None for all 1."""
        return sample_weight

    def mixable(self, Y: np.ndarray) -> np.ndarray:
        """Return the targets as they are: their averages are targets."""
        return Y

    def predictions(self, Z: np.ndarray) -> np.ndarray:
        """Return the numbers that Z, of shape (n_rows, n_outputs), stands for."""
        numbers = Z.copy()
        apply_link(LOSSES[self.loss].code, numbers)
        return numbers

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Turn what the last layer gives into the mean of each output."""
        return self.predictions(Z)

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""
        return Y.std(axis=0, dtype=np.float64)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Give predictions the shape that y had."""
        return predictions.ravel() if self.is_1d else predictions

    def score(self, predictions, Y: np.ndarray, weight: np.ndarray) -> float:
        """Return R², the explained share of the variance, averaged over outputs."""
        if len(Y) < 2 or not np.all(np.isfinite(predictions)):
            return np.nan  # of one row, or of a training that is about to diverge
        with np.errstate(over="ignore", invalid="ignore"):
            return float(r2_score(Y, predictions, sample_weight=weight))

    def constant_cost(self, Y: np.ndarray, s: np.ndarray, delta: float) -> float:
        """Return J of the best constant prediction; Huber's is that of the mean."""
        mean = np.average(Y, axis=0, weights=s)
        losses = _AT_THE_MEAN[self.loss](Y, mean, delta)
        return float(np.average(losses, axis=0, weights=s).sum())

    def without_smoothing(self, network: Network) -> Network:
        """Return the network as the dev set sees it."""
        return network
