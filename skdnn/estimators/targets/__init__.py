"""What a network learns to give: classes or numbers, and what their rows weigh."""

from typing import Any, Protocol

import numpy as np

from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.network.architecture import Network


class Targets(Protocol):
    """What a fit has learnt of its targets; it never changes.

    Between the caller's y and the network there are two forms: Y, of shape (n_rows,
    n_targets), is what the loss compares, and predictions are what logits Z, of shape
    (n_rows, n_outputs), say in few bytes a row.
    """

    @property
    def are_classes(self) -> bool:
        """Whether y holds labels."""

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to learn."""

    @property
    def n_outputs(self) -> int:
        """The units of the last layer."""

    @property
    def loss(self) -> str:
        """The name of the loss."""

    @property
    def out_activation(self) -> str:
        """The name of the link."""

    @property
    def weights_besides(self) -> str:
        """What multiplies sample_weight, for an error about both."""

    @property
    def cost_unit(self) -> float:
        """What J is multiplied by to be in the caller's units."""

    def outward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Return what the last layer gives, or its biases, in the caller's units.

        Without an offset, as of its weights, they are multiplied only.
        """

    def inward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Undo `outward`."""

    def encode(self, y, dtype, name: str = "y") -> np.ndarray:
        """Return Y, or refuse a y that the network cannot learn or be scored on."""

    def comparable(self, y) -> np.ndarray:
        """Return the caller's y as what predictions can be compared with."""

    def weigh(
        self, Y: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        """Return the weights of rows, or None for all 1."""

    def mixable(self, Y: np.ndarray) -> np.ndarray:
        """Return targets whose averages are targets."""

    def predictions(self, Z: np.ndarray) -> np.ndarray:
        """Return what logits say."""

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Turn logits, in place where that works, into the mean of each output."""

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Turn predictions into labels or numbers, in the shape of y."""

    def score(
        self, predictions: np.ndarray, Y: np.ndarray, weight: np.ndarray
    ) -> float:
        """Return the accuracy or R²."""

    def constant_cost(self, Y: np.ndarray, s: np.ndarray, option: float) -> float:
        """Return J, without its penalty, of the best constant prediction.

        `option` is the loss's own number.
        """

    def without_smoothing(self, network: Network) -> Network:
        """Return the network as dev rows see it."""


_KINDS: dict[str, type[Targets]] = {
    "classes": ClassTargets,
    "numbers": RegressionTargets,
}


def pack_targets(targets: Targets) -> dict[str, Any]:
    """Return targets as names, numbers and arrays."""
    kind = next(kind for kind, cls in _KINDS.items() if type(targets) is cls)
    return {"of": kind, **vars(targets)}


def unpack_targets(plain: dict[str, Any]) -> Targets:
    """Return the targets that `pack_targets` has written down."""
    fields = dict(plain)
    return _KINDS[fields.pop("of")](**fields)
