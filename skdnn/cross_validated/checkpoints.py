"""The grid of checkpoints: the numbers of steps after which networks are scored."""

import numpy as np

# The best number of steps ranged from 70 to 5 000 between real tables. What matters is
# the ratio of two numbers, so the grid is geometric.
_RATIO = 1.2
_FIRST = 24


def checkpoints(most: int) -> np.ndarray:
    """Return increasing numbers of steps on a geometric grid up to `most`."""
    steps = [min(_FIRST, most)]
    while steps[-1] < most:
        further = max(steps[-1] + 1, round(steps[-1] * _RATIO))
        # A very short last interval would waste a checkpoint.
        steps.append(most if further * _RATIO > most else further)
    return np.array(steps)
