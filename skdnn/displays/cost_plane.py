"""J of a fitted network on a plane of two of its parameters."""

import operator
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators.inspection import objective_over
from skdnn.estimators.rows import Rows, training_rows
from skdnn.estimators.unwrapping import unwrap_network
from skdnn.network.objective import Objective
from skdnn.training.threads import blas_threads_for


class CostPlane(NamedTuple):
    """The cost J as a function of two components of θ, the others as fitted."""

    objective: Objective
    theta: np.ndarray  # the fitted parameters, in float64
    indices: np.ndarray  # of the two components

    @classmethod
    def of(cls, estimator, X, y, parameters) -> "CostPlane":
        """Return the plane of a fitted model, for rows as passed to the estimator.

        Parameters
        ----------
        estimator : estimator
            One of our networks, bare or wrapped as in
            :mod:`skdnn.estimators.unwrapping`.
        X, y : array-like
            Rows, taken as the whole training set.
        parameters : pair of (layer, "W" or "b", index)
            The two components, in the notation of the gradient check.
        """
        check_is_fitted(estimator)
        unwrapped = unwrap_network(estimator, fitted=True)
        network = unwrapped.model
        X, y = unwrapped.rows(X, y, refit=False)
        rows = training_rows(network, Rows(X, y), reset=False)
        objective = objective_over(network, rows)
        indices = [_position(objective.network, each) for each in parameters]
        if indices[0] == indices[1]:
            raise ValueError(
                f"parameters must name two different components, got {parameters}."
            )
        return cls(
            objective, network._model.theta.astype(np.float64), np.array(indices)
        )

    @property
    def centre(self) -> np.ndarray:
        """The fitted values of the two components."""
        return self.theta[self.indices]

    def cost(self, xx0, xx1) -> np.ndarray:
        """Return J at each grid point."""
        with self._threads():
            points = zip(xx0.ravel(), xx1.ravel(), strict=True)
            J = [self.objective.value(self._at(point)).total for point in points]
        return np.reshape(J, xx0.shape)

    def gradient(self, point) -> np.ndarray:
        """Return the two components of the gradient of J."""
        with self._threads():
            gradient = self.objective.value_and_gradient(self._at(point))[1]
        return gradient[self.indices]

    def curvature(self, point) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues, ascending, and eigenvectors of the 2 × 2 Hessian."""
        H = np.empty((2, 2))
        for k in range(2):
            # The cube root of the machine epsilon, optimal for a two-sided difference.
            step = np.zeros(2)
            step[k] = 6e-6 * max(1.0, abs(point[k]))
            difference = self.gradient(point + step) - self.gradient(point - step)
            H[k] = difference / (2 * step[k])
        values, vectors = np.linalg.eigh((H + H.T) / 2)
        return values, vectors

    def descend(self, start, learning_rate, n_steps) -> np.ndarray:
        """Return the points of plain gradient descent, the start included."""
        points = [np.asarray(start, dtype=float)]
        for _ in range(n_steps):
            with np.errstate(over="ignore", invalid="ignore"):
                step = learning_rate * self.gradient(points[-1])
            if not np.all(np.isfinite(step)):
                break
            points.append(points[-1] - step)
        return np.array(points)

    def _at(self, point):
        theta = self.theta.copy()
        theta[self.indices] = point
        return theta

    def _threads(self):
        return blas_threads_for(self.objective.network, self.objective.block_rows)


def _position(network, parameter) -> int:
    """Return the position in θ of a (layer, "W" or "b", index)."""
    views = {"W": network.weights, "b": network.biases}
    positions = np.arange(network.n_parameters)
    try:
        layer, kind, index = parameter
        if layer < 1:
            raise IndexError(layer)
        part = views[kind](positions)[layer - 1]
        return operator.index(part[tuple(np.atleast_1d(index))])
    except (IndexError, KeyError, TypeError, ValueError):
        shapes = ", ".join(
            f"{name}[{layer}] {view.shape}"
            for name in views
            for layer, view in enumerate(views[name](positions), start=1)
        )
        raise ValueError(
            "each of parameters must be (layer from 1, 'W' or 'b', index), such as "
            f"(1, 'W', (0, 0)), and exist in the network, which has {shapes}; got "
            f"{parameter!r}."
        ) from None
