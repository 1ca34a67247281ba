"""The architecture of a network: tables of its parameters, and names."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skdnn.network import segments as table
from skdnn.network.layers.dense import LAYER, Dense


class Network(NamedTuple):
    """Layers, where their parameters stand in θ, and the loss of the last one.

    Attributes
    ----------
    layers : ndarray of LAYER, shape (L,)
        A row for each layer with parameters: network/layers/dense.py.
    segments : ndarray of SEGMENT, shape (2 L,)
        A row for each W[l] and b[l]: network/segments.py.
    groups : ndarray of GROUP
        Runs of segments that updates treat alike.
    activations : tuple of str
        Of the hidden layers.
    loss : str
    loss_option : float
        The loss's own number: network/losses.py.
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
        """Return the network of the sizes n[0], …, n[L] and of these names.

        There is an activation for each hidden layer: the output layer's link is its
        loss's business.
        """
        dense = [Dense(n_in, n_out) for n_in, n_out in pairwise(sizes)]
        if len(activations) != len(dense) - 1:
            raise ValueError(
                f"{len(dense) - 1} hidden layers have {len(activations)} activations."
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
        """n[0], …, n[L]: inputs, hidden units, outputs."""
        return [int(self.layers["n_in"][0]), *self.layers["n_out"].tolist()]

    @property
    def n_layers(self) -> int:
        """L, the number of layers with parameters."""
        return len(self.layers)

    @property
    def n_parameters(self) -> int:
        """The length of θ."""
        return table.n_parameters(self.segments)

    @property
    def n_inputs(self) -> int:
        """n[0]."""
        return int(self.layers["n_in"][0])

    @property
    def n_outputs(self) -> int:
        """n[L]."""
        return int(self.layers["n_out"][-1])

    def weights(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return W[1], …, W[L] as views of θ."""
        return table.views(self.segments, theta, table.WEIGHTS)

    def biases(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return b[1], …, b[L] as views of θ."""
        return table.views(self.segments, theta, table.BIASES)

    def pack(self) -> dict:
        """Return names and numbers that say all of it: what `of` takes."""
        return {
            "sizes": self.sizes,
            "activations": list(self.activations),
            "loss": self.loss,
            "loss_option": self.loss_option,
        }
