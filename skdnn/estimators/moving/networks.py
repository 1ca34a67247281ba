"""What is moved: one network, or several of which the average is predicted."""

from typing import Any


class OfNetworks:
    """An estimator that predicts by networks."""

    def _averaged(self) -> list[tuple[Any, Any]]:
        """Return the networks of which the average is predicted.

        Each stands behind the transformer that makes its inputs, or None.
        """
        return [(None, self)]
