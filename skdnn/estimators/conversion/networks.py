"""Estimators that predict by one network, or by the average of several."""

from typing import Any


class OfNetworks:
    """Mixin for estimators that predict by networks."""

    def _averaged(self) -> list[tuple[Any, Any]]:
        """Return the networks whose predictions are averaged.

        Each is a pair of the transformer of its inputs, or None, and the network.
        """
        return [(None, self)]
