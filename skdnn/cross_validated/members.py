"""The networks that predict: each with the inputs that it was trained on."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from skdnn.cross_validated.nets import NetInTraining
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.model import Model

_MESSAGE = "the number of steps was chosen by rows that were held out"


class Members:
    """Fitted networks whose answers are averaged.

    Parameters
    ----------
    nets : list of MLPRegularizedClassifier or MLPRegularizedRegressor
        Fitted.
    preprocessors : list of transformers
        What turns the caller's rows into the inputs of each net, which may share one;
        empty if rows are inputs as they come.
    """

    def __init__(self, nets: list[BaseMLPRegularized], preprocessors: list[Any]):
        self.nets, self.preprocessors = nets, preprocessors

    @classmethod
    def of(
        cls,
        nets: list[NetInTraining],
        thetas: list[np.ndarray],
        beta: float,
        preprocessors: list[Any],
    ) -> "Members":
        """Return networks at these θ, whose logits are multiplied by β = 1 / T."""
        return cls(
            [
                net.fitted(calibrated(net.model.with_theta(theta), beta), _MESSAGE)
                for net, theta in zip(nets, thetas, strict=True)
            ],
            preprocessors,
        )

    def ask(self, X, question: Callable[[Model, Any], np.ndarray]) -> list[np.ndarray]:
        """Return what each member answers about the caller's rows."""
        inputs: dict[int, Any] = {}
        answers = []
        for i, net in enumerate(self.nets):
            rows = X
            if self.preprocessors:
                preprocessor = self.preprocessors[i]
                if id(preprocessor) not in inputs:
                    inputs[id(preprocessor)] = preprocessor.transform(X)
                rows = inputs[id(preprocessor)]
            answers.append(question(net._model, rows))
        return answers

    def with_inputs(self) -> list[tuple[Any, BaseMLPRegularized]]:
        """Return each network behind what makes its inputs, or None."""
        preprocessors = self.preprocessors or [None] * len(self.nets)
        return list(zip(preprocessors, self.nets, strict=True))

    def estimators(self) -> list[Any]:
        """Return the members as estimators of the caller's rows."""
        if not self.preprocessors:
            return self.nets
        return [
            Pipeline([("preprocessor", preprocessor), ("net", net)])
            for preprocessor, net in self.with_inputs()
        ]


def calibrated(model: Model, beta: float) -> Model:
    """Return a copy whose logits are multiplied by β: its last layer takes it up."""
    theta, network = model.theta.copy(), model.network
    if beta != 1.0:
        network.weights(theta)[-1][...] *= theta.dtype.type(beta)
        network.biases(theta)[-1][...] *= theta.dtype.type(beta)
    return model.with_theta(theta)
