"""The targets of a network, classes or numbers, and the weights of their rows."""

from typing import Any, Protocol

import numpy as np

from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.network.architecture import Network


class Targets(Protocol):
    """What a fit has learned about its targets; immutable.

    There are two forms between the caller's y and the network: Y, of shape (n_rows,
    n_targets), is the target of the loss; predictions are a compact form of the logits
    Z, of shape (n_rows, n_outputs).
    """

    @property
    def are_classes(self) -> bool:
        """Whether y holds class labels."""

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to learn."""

    @property
    def n_outputs(self) -> int:
        """The number of units in the last layer."""

    @property
    def loss(self) -> str:
        """The name of the loss."""

    @property
    def out_activation(self) -> str:
        """The name of the link."""

    @property
    def weight_factor(self) -> str:
        """The other factor of the row weights, for an error message."""

    @property
    def cost_unit(self) -> float:
        """The factor that converts J to the caller's units."""

    def outward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Convert outputs, weights or biases of the last layer to the caller's units.

        Without an offset, as for weights, they are only scaled.
        """

    def inward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Undo `outward`."""

    def encode(self, y, dtype, name: str = "y") -> np.ndarray:
        """Return Y; raise an error if y cannot be learned or scored."""

    def comparable(self, y) -> np.ndarray:
        """Return the caller's y in a form to compare predictions with."""

    def weigh(
        self, Y: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        """Return the weights of the rows, or None if all are 1."""

    def mixable(self, Y: np.ndarray) -> np.ndarray:
        """Return Y in a form of which convex combinations are valid targets."""

    def predictions(self, Z: np.ndarray) -> np.ndarray:
        """Return the predictions for logits."""

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Convert logits, in place if possible, to the mean of each output."""

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Convert predictions to labels or numbers, in the shape of y."""

    def score(
        self, predictions: np.ndarray, Y: np.ndarray, weight: np.ndarray
    ) -> float:
        """Return the accuracy or R²."""

    def constant_cost(self, Y: np.ndarray, s: np.ndarray, option: float) -> float:
        """Return J, without its penalty, of the best constant prediction.

        `option` is the parameter of the loss.
        """

    def without_smoothing(self, network: Network) -> Network:
        """Return the network as it is evaluated on dev rows."""


_KINDS: dict[str, type[Targets]] = {
    "classes": ClassTargets,
    "numbers": RegressionTargets,
}


def pack_targets(targets: Targets) -> dict[str, Any]:
    """Return targets as names, numbers and arrays."""
    kind = next(kind for kind, cls in _KINDS.items() if type(targets) is cls)
    return {"of": kind, **vars(targets)}


def unpack_targets(plain: dict[str, Any]) -> Targets:
    """Return the targets from the output of `pack_targets`."""
    fields = dict(plain)
    return _KINDS[fields.pop("of")](**fields)
