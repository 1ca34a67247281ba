r"""Learning-rate schedules: functions of progress, one rate per step.

Time e is counted in epochs (passes over the training set) and is fractional within an
epoch; E is `max_iter`.

.. math::

    \text{constant: } \eta_0, \qquad
    \text{invscaling: } \frac{\eta_0}{(1 + \lfloor e \rfloor)^{p}}, \qquad
    \text{cosine: } \frac{\eta_0}{2} \left(1 + \cos \pi \frac{e}{E}\right)

(cosine: I. Loshchilov and F. Hutter, "SGDR", 2017, eq. 5, one period.) `adaptive` is
constant until training stalls and is then divided by STALL_FACTOR; the loop does that,
because it sees the cost.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Progress(NamedTuple):
    """The progress of training, and the constants that a schedule may use."""

    epochs: np.ndarray  # float64: the time of each step of a block, in epochs
    horizon: int
    power: float


def constant(progress: Progress) -> np.ndarray:
    """Return 1 at all times."""
    return np.ones_like(progress.epochs)


def invscaling(progress: Progress) -> np.ndarray:
    """Return the epoch, counted from 1, to the power of -`power_t`."""
    # A pass that is summed from parts may end slightly below a whole number.
    return (1 + np.floor(progress.epochs + 1e-9)) ** -progress.power


def cosine(progress: Progress) -> np.ndarray:
    """Return half a cosine wave from 1 down to 0 at the last epoch."""
    part = np.minimum(progress.epochs / progress.horizon, 1.0)
    return 0.5 * (1 + np.cos(np.pi * part))


class Schedule(NamedTuple):
    """What the rest of the package needs to know about a schedule."""

    factor: Callable[[Progress], np.ndarray]  # of the initial rate, at each step
    lowers_on_stall: bool = False  # a stall lowers the rate before it ends training
    spans_fit: bool = False  # spans the epochs of one fit and ends with them
    is_in_sklearn: bool = False  # exists there with the same meaning, for sgd


SCHEDULES = {
    "constant": Schedule(constant, is_in_sklearn=True),
    "invscaling": Schedule(invscaling),
    "adaptive": Schedule(constant, lowers_on_stall=True, is_in_sklearn=True),
    "cosine": Schedule(cosine, spans_fit=True),
}

# scikit-learn's rule for "adaptive": divide by 5 at each stall, and stop once the rate
# has fallen to 1e-6.
STALL_FACTOR = 5.0
MIN_RATE = 1e-6
