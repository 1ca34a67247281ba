"""Numeric targets encoded for the losses.

A network starts near zero and moves in small steps, so it is trained on targets of mean
0 and standard deviation 1: docs/design/0019-standardised-targets.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import huber, xlogy
from sklearn.metrics import r2_score

from skdnn.network.architecture import Network
from skdnn.network.losses import LOSSES, apply_link

# Each loss when the mean is predicted for all rows.
_AT_THE_MEAN: dict[str, Callable] = {
    "squared_error": lambda Y, mean, delta: huber(np.inf, Y - mean),
    "huber": lambda Y, mean, delta: huber(delta, Y - mean),
    "poisson": lambda Y, mean, delta: xlogy(Y, Y / np.where(mean > 0, mean, 1.0)),
}


# Interquartile range of the standard normal distribution.
_IQR = 1.349


@dataclass(frozen=True)
class RegressionTargets:
    """The loss of a fit, the shape of its targets, and their centre and scale.

    Attributes
    ----------
    loss : {"squared_error", "poisson", "huber"}
        The name of the loss.
    n_outputs : int
        Number of targets for each row.
    is_1d : bool
        Whether y was one-dimensional, and predictions are, too.
    centre, scale : ndarray of shape (n_outputs,) or float, default=0.0, 1.0
        Y is (y - centre) / scale. Floats mean that targets are not standardised.
    """

    loss: str
    n_outputs: int
    is_1d: bool
    centre: np.ndarray | float = 0.0
    scale: np.ndarray | float = 1.0

    are_classes = False
    is_constant = False  # a constant, too, is learned by training
    weight_factor = ""

    @classmethod
    def of(cls, y: np.ndarray, loss: str) -> "RegressionTargets":
        """Return the targets with the shape of y."""
        return cls(loss, 1 if y.ndim == 1 else y.shape[1], y.ndim == 1)

    # -- centre and scale --------------------------------------------------------------

    def like(self, before: "RegressionTargets") -> "RegressionTargets":
        """Return the targets on the scale of the previous fit, if it is compatible."""
        are_alike = (
            self.n_outputs == before.n_outputs
            and LOSSES[self.loss].depends_on_residual
            == LOSSES[before.loss].depends_on_residual
        )
        if not are_alike:
            return self
        return replace(self, centre=before.centre, scale=before.scale)

    def standardizing(
        self, y: np.ndarray, sample_weight: np.ndarray | None
    ) -> "RegressionTargets":
        """Return the targets with the centre and scale of these rows; counts have none.

        They are the mean and the standard deviation or, for a loss that is robust to
        outliers, the median and the scaled interquartile range. A constant output is
        only centred.
        """
        loss = LOSSES[self.loss]
        if not loss.depends_on_residual:
            return self
        Y, s = self._counting(y, sample_weight)
        if not len(Y):  # an error when the weights are validated
            return self
        with np.errstate(over="ignore", invalid="ignore"):  # `encode` raises an error
            # Relative to the median, so that no digits are lost far from zero.
            typical = np.median(Y, axis=0)
            D = Y - typical
            centre = np.average(D, axis=0, weights=s)
            scale = np.sqrt(np.average(np.square(D - centre), axis=0, weights=s))
            if loss.resists_outliers:
                low, centre, high = (_quantile(D, s, q) for q in (0.25, 0.5, 0.75))
                apart = (high - low) / _IQR
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
        """Return the targets and weights of the rows of positive weight."""
        Y = self._numbers(y, "y")
        if sample_weight is None:
            return Y, np.ones(len(Y))
        counts = sample_weight > 0
        return Y[counts], sample_weight[counts]

    @property
    def cost_unit(self) -> float:
        """The factor that converts J to the caller's units.

        It is the mean over outputs, so that J of a constant prediction is the same as
        without scaling.
        """
        return float(np.mean(np.square(self.scale)))

    def outward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Convert outputs of the last layer to the caller's units, in float64.

        Without an offset, as for weights, they are only scaled.
        """
        if np.ndim(self.scale) == 0:
            return A
        return A * self.scale + (self.centre if has_offset else 0.0)

    def inward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Convert from the caller's units to those of the network, in float64."""
        if np.ndim(self.scale) == 0:
            return A
        return (A - (self.centre if has_offset else 0.0)) / self.scale

    # -- encoding and predictions ------------------------------------------------------

    @property
    def out_activation(self) -> str:
        """The name of the link."""
        return LOSSES[self.loss].out_activation

    def encode(self, y, dtype, name: str = "y") -> np.ndarray:
        """Return Y of shape (n_rows, n_outputs).

        Raises
        ------
        ValueError
            If y has another number of outputs, or a value outside the range of the loss
            or the type.
        """
        Y = self._numbers(y, name)
        least = LOSSES[self.loss].least_target
        if Y.min(initial=np.inf) < least:
            raise ValueError(
                f"loss={self.loss!r} needs {name} >= {least:g}; its minimum is "
                f"{Y.min():.3g}."
            )
        with np.errstate(over="ignore"):
            inward = self.inward(Y)
        # Sums of squares over many rows must be finite.
        most = np.sqrt(np.finfo(dtype).max) / 1000
        is_too_large = np.maximum(np.abs(Y), np.abs(inward)) > most
        if is_too_large.any():
            large = Y[is_too_large]
            raise ValueError(
                f"{name} contains {large[np.abs(large).argmax()]:.3g}, a value too "
                f"large for {dtype}. Divide it by a constant or set dtype='float64'."
            )
        return np.ascontiguousarray(inward, dtype=dtype)

    def comparable(self, y) -> np.ndarray:
        """Return the caller's y in a form to compare predictions with."""
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
        """Return the row weights, or None if all are 1."""
        return sample_weight

    def mixable(self, Y: np.ndarray) -> np.ndarray:
        """Return Y: convex combinations of numbers are numbers."""
        return Y

    def predictions(self, Z: np.ndarray) -> np.ndarray:
        """Return predictions for outputs Z, on the network's scale."""
        numbers = Z.copy()
        apply_link(self.loss, numbers)
        return numbers

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Convert outputs of the last layer to the mean of each output."""
        return self.predictions(Z)

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""
        return Y.std(axis=0, dtype=np.float64)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Convert predictions to the units and the shape of y."""
        numbers = self.outward(predictions)
        return numbers.ravel() if self.is_1d else numbers

    def score(self, predictions, Y: np.ndarray, weight: np.ndarray) -> float:
        """Return the coefficient of determination R², averaged over outputs."""
        if len(Y) < 2 or not np.all(np.isfinite(predictions)):
            return np.nan  # of one row, or when training is about to diverge
        with np.errstate(over="ignore", invalid="ignore"):
            return float(r2_score(Y, predictions, sample_weight=weight))

    def constant_cost(self, Y: np.ndarray, s: np.ndarray, delta: float) -> float:
        """Return J of the best constant prediction; for Huber's loss, of the mean."""
        mean = np.average(Y, axis=0, weights=s)
        losses = _AT_THE_MEAN[self.loss](Y, mean, delta)
        return float(np.average(losses, axis=0, weights=s).sum())

    def without_smoothing(self, network: Network) -> Network:
        """Return the network as it is evaluated on dev rows."""
        return network


def _quantile(Y: np.ndarray, s: np.ndarray, q: float) -> np.ndarray:
    """Return a weighted quantile of each column; a weight of 2 counts a row twice."""
    S = np.broadcast_to(s[:, np.newaxis], Y.shape)
    return np.quantile(Y, q, axis=0, weights=S, method="inverted_cdf")
