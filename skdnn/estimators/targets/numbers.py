"""Numbers to predict, as the losses want them.

A network starts near zero and moves in small steps, so what it learns are targets of
mean 0 and deviation 1: docs/design/0019-standardised-targets.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

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


# The quartiles of a normal distribution lie so many deviations apart.
_QUARTILES_APART = 1.349


@dataclass(frozen=True)
class RegressionTargets:
    """The loss of a fit, the shape of its targets, and their centre and scale.

    Attributes
    ----------
    loss : {"squared_error", "poisson", "huber"}
        The name of the loss.
    n_outputs : int
        Numbers to predict for each row.
    is_1d : bool
        Whether y was one-dimensional, as predictions are to be, too.
    centre, scale : ndarray of shape (n_outputs,), default=0.0, 1.0
        Y is (y - centre) / scale. Numbers stand for targets that are learnt as they
        are.
    """

    loss: str
    n_outputs: int
    is_1d: bool
    centre: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0

    are_classes = False
    is_constant = False  # to learn a constant takes training, too
    weights_besides = ""

    @classmethod
    def of(cls, y: np.ndarray, loss: str) -> "RegressionTargets":
        """Read the shape off y."""
        return cls(loss, 1 if y.ndim == 1 else y.shape[1], y.ndim == 1)

    # -- centre and scale --------------------------------------------------------------

    def like(self, before: "RegressionTargets") -> "RegressionTargets":
        """Return the same on the scale of a training that goes on, if that fits."""
        are_alike = (
            self.n_outputs == before.n_outputs
            and LOSSES[self.loss].is_of_distances == LOSSES[before.loss].is_of_distances
        )
        if not are_alike:
            return self
        return replace(self, centre=before.centre, scale=before.scale)

    def standardizing(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> "RegressionTargets":
        """Return the same with the centre and scale of these rows; counts have none.

        These are mean and deviation; for a loss that resists outliers, which move
        both, the median and the distance of the quartiles. A constant is centred only.
        """
        loss = LOSSES[self.loss]
        if not loss.is_of_distances:
            return self
        Y, s = self._counting(y, sample_weight)
        if not len(Y):  # refused when the weights are looked at
            return self
        with np.errstate(over="ignore", invalid="ignore"):  # refused by `encode`
            # From a typical row, so that no digits are lost far from zero.
            typical = np.median(Y, axis=0)
            D = Y - typical
            centre = np.average(D, axis=0, weights=s)
            scale = np.sqrt(np.average(np.square(D - centre), axis=0, weights=s))
            if loss.resists_outliers:
                low, centre, high = (_quantile(D, s, q) for q in (0.25, 0.5, 0.75))
                apart = (high - low) / _QUARTILES_APART
                scale = np.where(apart > 0, apart, scale)
            varies = scale > np.finfo(np.float64).eps * np.abs(Y).max(axis=0)
            centre, scale = centre + typical, np.where(varies, scale, 1.0)
        if not (np.isfinite(centre).all() and np.isfinite(scale).all()):
            return self
        return replace(self, centre=centre, scale=scale)

    def first_biases(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray:
        """Return the output biases that predict the mean of y; 0 for a mean of 0."""
        biases = np.zeros(self.n_outputs)
        Y, s = self._counting(y, sample_weight)
        if len(Y) and LOSSES[self.loss].out_activation == "exp":
            mean = np.average(Y, axis=0, weights=s)
            np.log(mean, out=biases, where=mean > 0)
        return biases

    def _counting(self, y, sample_weight) -> tuple[np.ndarray, np.ndarray]:
        """Return the targets of the rows that have a weight, and these weights."""
        Y = self._numbers(y, "y")
        if sample_weight is None:
            return Y, np.ones(len(Y))
        counts = sample_weight > 0
        return Y[counts], sample_weight[counts]

    @property
    def cost_unit(self) -> float:
        """What J is multiplied by to be in the caller's units.

        The mean over outputs: the J of several constant predictions is then what it is
        without scaling.
        """
        return float(np.mean(np.square(self.scale)))

    def outward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Return what the last layer gives in the caller's units, float64.

        Without an offset, as of weights, it is multiplied only.
        """
        if np.ndim(self.scale) == 0:
            return A
        return A * self.scale + (self.centre if has_offset else 0.0)

    def inward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Return what is in the caller's units as the network has it, float64."""
        if np.ndim(self.scale) == 0:
            return A
        return (A - (self.centre if has_offset else 0.0)) / self.scale

    # -- as the network wants them -----------------------------------------------------

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
        with np.errstate(over="ignore"):
            inward = self.inward(Y)
        # Sums of squares over many rows are to be finite.
        most = np.sqrt(np.finfo(dtype).max) / 1000
        is_too_large = np.maximum(np.abs(Y), np.abs(inward)) > most
        if is_too_large.any():
            refused = Y[is_too_large]
            raise ValueError(
                f"{name} contains {refused[np.abs(refused).argmax()]:.3g}, a value too "
                f"large for {dtype}. Divide it by a constant or set dtype='float64'."
            )
        return np.ascontiguousarray(inward, dtype=dtype)

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
        """Return the numbers that Z stands for, on the network's scale."""
        numbers = Z.copy()
        apply_link(self.loss, numbers)
        return numbers

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Turn what the last layer gives into the mean of each output."""
        return self.predictions(Z)

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""
        return Y.std(axis=0, dtype=np.float64)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Give predictions the units and the shape that y had."""
        numbers = self.outward(predictions)
        return numbers.ravel() if self.is_1d else numbers

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


def _quantile(Y: np.ndarray, s: np.ndarray, q: float) -> np.ndarray:
    """Return a weighted quantile of each column; a weight of 2 is a row given twice."""
    S = np.broadcast_to(s[:, np.newaxis], Y.shape)
    return np.quantile(Y, q, axis=0, weights=S, method="inverted_cdf")
