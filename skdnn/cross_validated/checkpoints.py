"""After how many steps the networks are looked at."""

import numpy as np

# The best number of steps ran from 70 to 5 000 between real tables: what counts is
# their ratio, so that each checkpoint is this many times the one before.
_RATIO = 1.2
_FIRST = 24


def checkpoints(most: int) -> np.ndarray:
    """Return numbers of steps, fine at the start, up to the most that are allowed."""
    steps = [min(_FIRST, most)]
    while steps[-1] < most:
        further = max(steps[-1] + 1, round(steps[-1] * _RATIO))
        # A last interval that is hardly one would be a look for nothing.
        steps.append(most if further * _RATIO > most else further)
    return np.array(steps)
