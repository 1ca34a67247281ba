r"""An exponential moving average of θ: smoother than θ, at hardly any cost.

At a constant learning rate, θ wanders around a minimum. Its moving average settles as θ
would under a decaying rate, and can be evaluated, and training stopped, at any time
(B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging",
1992; D. Kingma and J. Ba, "Adam", 2015, section 7.2, with the correction below).

.. math::

    \bar\theta_t = \bar\theta_{t-1} + w_t (\theta_t - \bar\theta_{t-1}), \qquad
    w_t = \frac{1 - d}{1 - d^t}

Since w₁ = 1, the initial average does not count, and the first θ has no more weight
than its age gives it; w tends to 1 − d.
"""

from typing import NamedTuple

import numpy as np

from skdnn.network.kernels import kernel
from skdnn.network.program import AVERAGE, THETA, operation
from skdnn.network.views import vector


class Averaging(NamedTuple):
    """Whether and how θ is averaged."""

    is_on: bool
    decay: float  # d, in [0, 1)


OFF = Averaging(False, 0.0)


@kernel
def average_in(op, now, at, T):
    """Add θ, as it is at the end of a step, to the average."""
    size, t = op.stop - op.start, now.n_averaged + 1
    theta = vector(at[THETA], op.start, size, T)
    average = vector(at[AVERAGE], op.start, size, T)
    weight = T((1 - op.decay) / (1 - op.decay**t))
    for i in range(size):
        average[i] += weight * (theta[i] - average[i])


def average(averaging: Averaging, n_parameters: int) -> list[tuple]:
    """Return the operation that averages θ at the end of a step, or none."""
    if not averaging.is_on:
        return []
    return [operation(average_in, stop=n_parameters, decay=averaging.decay)]


def no_average(dtype: np.dtype | type = np.float64) -> np.ndarray:
    """Return an empty average, for training without averaging."""
    return np.empty(0, dtype)
