"""A step with a given gradient, which was computed elsewhere from parts of a batch."""

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.program import GRAD, Frame, Program
from skdnn.training.averaging import Averaging, average
from skdnn.training.epoch import Variables
from skdnn.training.optimizers import Regularization, Rule, update


def take_step(
    network: Network,
    rule: Rule,
    regularization: Regularization,
    averaging: Averaging,
    variables: Variables,
    grad: np.ndarray,
    rate: float,
) -> None:
    """Take a step, in place on `variables`; `grad` is of the data part of J."""
    frame = Frame(variables.theta.dtype)
    variables.put_into(frame)
    frame.put(GRAD, grad)
    frame.set(rate=rate, factor=1.0)
    end = average(averaging, network.n_parameters)
    frame.run(Program([*update(network, rule, regularization), *end]))
