"""The architecture of a network: tables of its layers and parameters, and names."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skdnn.network import segments as table
from skdnn.network.layers.dense import LAYER, Dense


class Network(NamedTuple):
    """Layers, the positions of their parameters in θ, and the loss.

    Attributes
    ----------
    layers : ndarray of LAYER, shape (L,)
        One row per layer with parameters (network/layers/dense.py).
    segments : ndarray of SEGMENT, shape (2 L,)
        One row per W[l] and b[l] (network/segments.py).
    groups : ndarray of GROUP
        Runs of segments that are updated alike.
    activations : tuple of str
        Names of the hidden layers' activations.
    loss : str
        Name of the loss.
    loss_option : float
        The parameter of the loss (network/losses.py).
    """

    layers: np.ndarray
    segments: np.ndarray
    groups: np.ndarray
    activations: tuple[str, ...]
    loss: str
    loss_option: float

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        activations: Sequence[str],
        loss: str,
        loss_option: float = 0.0,
    ) -> "Network":
        """Return the network with the layer sizes n[0], …, n[L].

        There is one activation per hidden layer; the link of the output layer belongs
        to the loss.
        """
        dense = [Dense(n_in, n_out) for n_in, n_out in pairwise(sizes)]
        if len(activations) != len(dense) - 1:
            raise ValueError(
                "activations must have one name per hidden layer, got "
                f"{len(activations)} for {len(dense) - 1} hidden layers."
            )
        segments = table.lay_out(
            parameter
            for number, layer in enumerate(dense, start=1)
            for parameter in layer.parameters(number)
        )
        layers = np.zeros(len(dense), LAYER)
        layers["n_in"], layers["n_out"] = sizes[:-1], sizes[1:]
        starts, kinds = segments["start"], segments["kind"]
        layers["weights_at"] = starts[kinds == table.WEIGHTS]
        layers["biases_at"] = starts[kinds == table.BIASES]
        groups = table.groups_of(segments)
        names = tuple(activations), loss
        return cls(layers, segments, groups, *names, float(loss_option))

    @property
    def sizes(self) -> list[int]:
        """The layer sizes n[0], …, n[L]: inputs, hidden units, outputs."""
        return [int(self.layers["n_in"][0]), *self.layers["n_out"].tolist()]

    @property
    def n_layers(self) -> int:
        """The number of layers with parameters, L."""
        return len(self.layers)

    @property
    def n_parameters(self) -> int:
        """The length of θ."""
        return table.n_parameters(self.segments)

    @property
    def n_inputs(self) -> int:
        """The number of inputs, n[0]."""
        return int(self.layers["n_in"][0])

    @property
    def n_outputs(self) -> int:
        """The number of outputs, n[L]."""
        return int(self.layers["n_out"][-1])

    def weights(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return W[1], …, W[L] as views of θ."""
        return table.views(self.segments, theta, table.WEIGHTS)

    def biases(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return b[1], …, b[L] as views of θ."""
        return table.views(self.segments, theta, table.BIASES)

    def pack(self) -> dict:
        """Return the arguments of `of` as plain names and numbers."""
        return {
            "sizes": self.sizes,
            "activations": list(self.activations),
            "loss": self.loss,
            "loss_option": self.loss_option,
        }
