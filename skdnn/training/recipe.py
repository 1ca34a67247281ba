"""How to train: everything that does not change while training."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.penalties import ElasticNet
from skdnn.training.averaging import OFF, Averaging
from skdnn.training.optimizers import Regularization, Rule
from skdnn.training.schedules import Schedule


class Recipe(NamedTuple):
    """How to train: everything that does not change while training."""

    network: Network
    penalty: ElasticNet
    rule: Rule
    regularization: Regularization
    keep_prob: np.ndarray  # float64, for the input and each hidden layer
    schedule: Schedule
    learning_rate_init: float
    power_t: float
    n_epochs: int  # to train for
    epoch_length: float  # the share of the training set that an epoch covers
    schedule_start: float  # the `time` of the state at which the schedule starts
    horizon: int  # the epochs that the schedule spans
    constant_cost: Callable[[], float]  # J of a network that predicts a constant
    averaging: Averaging = OFF
    is_whole: bool = True  # whether no other calls with more epochs follow
