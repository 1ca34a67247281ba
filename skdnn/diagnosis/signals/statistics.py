r"""The size of the signals in each layer of a network, at one θ.

The size of a matrix is its root mean square,

.. math:: rms(A^{[l]}) = \sqrt{\frac{1}{m\, n^{[l]}} \sum_{ij} (A^{[l]}_{ij})^2}

and likewise for the derivatives :math:`dZ^{[l]}`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from skdnn.estimators.inspection import TrainingProblem
from skdnn.network.objective import Objective
from skdnn.network.signals import signals
from skdnn.training.threads import blas_threads_for

# A unit is stuck for a row if g' is at most this share of its maximum, or, where units
# can die, if its activation is 0.
FLAT = 0.05


class StuckRule(NamedTuple):
    """When a unit counts as stuck."""

    word: str  # "dead" or "saturated"
    rows: float  # stuck in more than this share of the rows
    largest_slope: float  # of g


# Bounded activations saturate for many rows; those with one flat side die for all.
# The others (identity, leaky_relu) have a nonzero derivative everywhere.
_DEAD = StuckRule("dead", 1.0, 1.0)
STUCK_RULES = {
    "logistic": StuckRule("saturated", 0.5, 0.25),
    "tanh": StuckRule("saturated", 0.5, 1.0),
    "relu": _DEAD,
    "elu": _DEAD,
    "selu": _DEAD,
    "gelu": _DEAD,
    "silu": _DEAD,
    "softplus": _DEAD,
}


class LayerSignal(NamedTuple):
    """Statistics of one layer; the last one is the output layer with its logits."""

    layer: int  # l, counted from 1
    n_units: int
    activation: str  # "identity" for the output
    mean: float  # of the activations A[l]; of the logits in the last layer
    std: float
    rms: float
    stuck: float  # share of units that are dead or saturated; NaN if none can be
    backward_rms: float  # of dZ[l]
    gradient_norm: float  # ‖dW[l]‖ of the data term of J
    gradient_rms: float  # the same per weight
    update_ratio: float  # ‖ΔW[l]‖ / ‖W[l]‖ of the solver's next step


@dataclass(frozen=True)
class SignalStage:
    """The signals at one point of training.

    Attributes
    ----------
    layers : tuple of LayerSignal
        One per layer with weights, the output layer last.
    input_rms : float
        Root mean square of the inputs X.
    cost : float
        J, penalty included.
    """

    layers: tuple[LayerSignal, ...]
    input_rms: float
    cost: float

    @property
    def forward_changes(self) -> list[float]:
        """Return rms(A[l]) / rms(A[l-1]) of each hidden layer, A[0] being X."""
        sizes = [self.input_rms, *(layer.rms for layer in self.layers[:-1])]
        return _ratios(sizes)

    @property
    def backward_changes(self) -> list[float]:
        """Return rms(dZ[l]) / rms(dZ[l+1]) of each hidden layer except the last.

        Layer 1 comes first. The step from the output layer is left out: its factor
        depends on the number of units, not on depth.
        """
        sizes = [layer.backward_rms for layer in self.layers[:-1]]
        return _ratios(sizes[::-1])[::-1]


def _ratios(sizes: list[float]) -> list[float]:
    with np.errstate(all="ignore"):
        a = np.array(sizes, dtype=np.float64)
        return (a[1:] / a[:-1]).tolist()


class _Sum:
    """Running mean, standard deviation and rms over blocks of numbers."""

    def __init__(self):
        self.n, self.sum, self.square = 0, 0.0, 0.0

    def add(self, block: np.ndarray, shape: tuple[int, int] | None = None) -> None:
        """Add a block, or the nonzero entries of one with this shape."""
        self.n += block.size if shape is None else shape[0] * shape[1]
        self.sum += float(block.sum())
        self.square += float(np.vdot(block, block))

    @property
    def mean(self) -> float:
        return self.sum / self.n

    @property
    def rms(self) -> float:
        return float(np.sqrt(self.square / self.n))

    @property
    def std(self) -> float:
        variance = self.square / self.n - np.square(self.mean)
        return float(np.sqrt(np.maximum(variance, 0.0)))


def measure(problem: TrainingProblem) -> SignalStage:
    """Measure the signals of a training problem at its current θ."""
    objective, theta = problem.objective, problem.state.theta
    network = objective.network
    hidden = network.activations
    with (
        np.errstate(over="ignore", invalid="ignore"),
        blas_threads_for(network, objective.block_rows),
    ):
        totals = _add_up(objective, theta, hidden)
        step = problem.after_one_step() - theta
        parts = map(network.weights, (theta, totals.gradient, step))
        layers = [
            _layer_signal(layer, name, totals, *matrices)
            for layer, name, matrices in zip(
                range(1, network.n_layers + 1),
                [*hidden, "identity"],
                zip(*parts, strict=True),
                strict=True,
            )
        ]
        cost = problem.model.targets.cost_unit * objective.value(theta).total
    return SignalStage(tuple(layers), totals.inputs.rms, cost)


class _Totals(NamedTuple):
    """Sums over all rows."""

    inputs: _Sum
    forward: list[_Sum]
    backward: list[_Sum]
    stuck: list[float]  # share of stuck units, NaN if units cannot be
    gradient: np.ndarray  # of the data term of J


def _add_up(objective: Objective, theta, hidden) -> _Totals:
    sizes = objective.network.sizes
    inputs = _Sum()
    forward, backward = ([_Sum() for _ in sizes[1:]] for _ in range(2))
    stuck_rows = [np.zeros(n) for n in sizes[1:-1]]
    gradient = np.zeros(theta.size)
    for block in signals(objective, theta):
        inputs.add(_entries(block.X), block.X.shape)
        for total, A in zip(forward, block.A, strict=True):
            total.add(A)
        for total, dZ in zip(backward, block.dZ, strict=True):
            total.add(dZ)
        for l, name in enumerate(hidden):
            stuck_rows[l] += _stuck(name, block.A[l], block.slopes[l])
        gradient += block.gradient
    shares = [
        _share(name, count, objective.n_rows)
        for name, count in zip(hidden, stuck_rows, strict=True)
    ]
    gradient /= objective.n_rows
    return _Totals(inputs, forward, backward, [*shares, np.nan], gradient)


def _entries(X) -> np.ndarray:
    """Return the inputs of a block; for sparse inputs, the stored entries."""
    if isinstance(X, np.ndarray):
        return X
    shape = X.bounds.size - 1, X.n_columns
    rows = sparse.csr_array((X.data, X.columns, X.bounds), shape=shape)[X.rows]
    rows.sum_duplicates()
    return rows.data


def _layer_signal(layer, activation, totals: _Totals, W, dW, step) -> LayerSignal:
    A, dZ = totals.forward[layer - 1], totals.backward[layer - 1]
    gradient_norm = float(np.linalg.norm(dW))
    size = float(np.linalg.norm(W))
    return LayerSignal(
        layer=layer,
        n_units=W.shape[1],
        activation=activation,
        mean=A.mean,
        std=A.std,
        rms=A.rms,
        stuck=totals.stuck[layer - 1],
        backward_rms=dZ.rms,
        gradient_norm=gradient_norm,
        gradient_rms=gradient_norm / float(np.sqrt(dW.size)),
        update_ratio=float(np.linalg.norm(step)) / size if size else np.inf,
    )


def _stuck(name: str, A, slopes) -> np.ndarray:
    """Return the number of rows for which each unit is stuck."""
    if name not in STUCK_RULES:
        return np.zeros(A.shape[1])
    rule = STUCK_RULES[name]
    stuck = np.abs(slopes) <= FLAT * rule.largest_slope
    if rule.word == "dead":
        stuck |= A == 0
    return stuck.sum(axis=0)


def _share(name: str, stuck_rows: np.ndarray, n_rows: int) -> float:
    """Return the share of units that are stuck for enough rows."""
    if name not in STUCK_RULES:
        return np.nan
    most = STUCK_RULES[name].rows * n_rows
    is_stuck = stuck_rows >= most if most == n_rows else stuck_rows > most
    return float(np.mean(is_stuck))
