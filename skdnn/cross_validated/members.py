"""The ensemble members: fitted networks, each with its preprocessor."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from skdnn.cross_validated.inputs import transformed
from skdnn.cross_validated.nets import NetInTraining
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.model import Model
from skdnn.estimators.rows import check_range

STEPS_CHOSEN = "the number of steps was chosen on held-out rows"


class Members:
    """Fitted networks whose predictions are averaged.

    Parameters
    ----------
    nets : list of MLPRegularizedClassifier or MLPRegularizedRegressor
        The fitted networks.
    preprocessors : list of transformers
        The preprocessor of each network, which several may share; empty with
        ``preprocess=False``.
    """

    def __init__(self, nets: list[BaseMLPRegularized], preprocessors: list[Any]):
        self.nets, self.preprocessors = nets, preprocessors

    @classmethod
    def of(
        cls,
        nets: list[NetInTraining],
        thetas: list[np.ndarray],
        n_steps: int,
        beta: float,
        preprocessors: list[Any],
    ) -> "Members":
        """Return members with these θ, whose logits are multiplied by β = 1 / T."""
        models = [
            calibrated(net.model.with_theta(theta), beta)
            for net, theta in zip(nets, thetas, strict=True)
        ]
        fitted = [
            net.fitted(model, n_steps, STEPS_CHOSEN)
            for net, model in zip(nets, models, strict=True)
        ]
        return cls(fitted, preprocessors)

    def map(self, X, function: Callable[[Model, Any], np.ndarray]) -> list[np.ndarray]:
        """Return a function's result for each network and its inputs made of X."""
        outputs, rows, made_by = [], None, None
        for i, net in enumerate(self.nets):
            preprocessor = self.preprocessors[i] if self.preprocessors else None
            if rows is None or preprocessor is not made_by:
                rows, made_by = transformed(preprocessor, X), preprocessor
                check_range(rows, net._model.theta.dtype, "X")
            outputs.append(function(net._model, rows))
        return outputs

    def with_inputs(self) -> list[tuple[Any, BaseMLPRegularized]]:
        """Return pairs of a preprocessor, or None, and a network."""
        preprocessors = self.preprocessors or [None] * len(self.nets)
        return list(zip(preprocessors, self.nets, strict=True))

    def estimators(self) -> list[Any]:
        """Return the members as estimators that take the caller's rows."""
        if not self.preprocessors:
            return self.nets
        return [
            Pipeline([("preprocessor", preprocessor), ("net", net)])
            for preprocessor, net in self.with_inputs()
        ]


def calibrated(model: Model, beta: float) -> Model:
    """Return a copy whose logits are multiplied by β, folded into the last layer."""
    theta, network = model.theta.copy(), model.network
    if beta != 1.0:
        network.weights(theta)[-1][...] *= theta.dtype.type(beta)
        network.biases(theta)[-1][...] *= theta.dtype.type(beta)
    return model.with_theta(theta)
