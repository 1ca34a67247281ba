"""One step by a gradient that is given: computed elsewhere, of parts of a batch."""

from skdnn.network.compiled import entry
from skdnn.training.averaging import average_in
from skdnn.training.optimizers import update


@entry
def take_step(
    network,
    rule,
    regularization,
    averaging,
    theta,
    grad,
    m,
    v,
    average,
    t,
    n_averaged,
    rate,
):
    """Take a step, in place on θ, m, v and the average.

    The arguments are those of `train_block`; `grad` is of the data part of J.
    """
    update(rule, network, theta, grad, m, v, rate, t + 1, regularization)
    if averaging.is_on:
        average_in(average, theta, n_averaged + 1, averaging.decay)
