"""Small problems shared by the tests of the engine."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.objective import Objective
from skdnn.network.penalties import ElasticNet
from skdnn.network.propagation import Workspace
from skdnn.training.blocks import TrainingBlock
from skdnn.training.loop import train_epochs
from skdnn.training.optimizers import (
    OPTIMIZERS,
    OptimizerState,
    Regularization,
    Rule,
)
from skdnn.training.readers.tables import TableReader
from skdnn.training.recipe import Recipe
from skdnn.training.schedules import SCHEDULES
from skdnn.training.state import TrainingState
from skdnn.training.stopping import Monitor
from skdnn.training.tables import Examples, Table
from tests import oracle
from tests.programs import drop

# Kind of target: its loss and the number of logits
KINDS = {
    "binary": ("sigmoid_cross_entropy", 1),
    "multilabel": ("sigmoid_cross_entropy", 3),
    "multiclass": ("softmax_cross_entropy", 4),
    "regression": ("squared_error", 2),
    "counts": ("poisson", 2),
    "robust": ("huber", 3),
}
HUBER_DELTA = 0.7
DTYPES = [np.float32, np.float64]
# Tolerances for two ways to compute the same short sums
RTOL = {np.float32: 2e-5, np.float64: 1e-11}
ATOL = {np.float32: 2e-6, np.float64: 1e-13}


def tolerance(dtype, times=1):
    """Return the tolerances of assert_allclose for one dtype."""
    return {"rtol": times * RTOL[dtype], "atol": times * ATOL[dtype]}


@dataclass
class Problem:
    """A network, its θ and data, for both skdnn and the oracle."""

    sizes: tuple
    activations: tuple
    loss: str
    X: np.ndarray
    Y: np.ndarray
    weights: np.ndarray  # raw sample weights
    theta: np.ndarray
    alpha: float
    l1_ratio: float
    loss_option: float

    @property
    def dtype(self):
        return self.theta.dtype.type

    @property
    def n_rows(self):
        return len(self.X)

    @property
    def network(self):
        return Network.of(self.sizes, self.activations, self.loss, self.loss_option)

    @property
    def n_weights(self):
        """The number of weights, which are the first entries of θ."""
        return sum(W.size for W in self.network.weights(self.theta))

    @property
    def penalty(self):
        total = float(self.weights.sum())
        return ElasticNet.of(self.alpha, self.l1_ratio, total)

    @property
    def s(self):
        """The sample weights that compiled code takes: scaled to mean 1."""
        return (self.weights / self.weights.mean()).astype(self.dtype)

    def workspace(self, rows=None, input_dropout=False):
        rows = rows or self.n_rows
        return Workspace(self.network, rows, self.dtype, input_dropout)

    def block(self, bounds, rows=()):
        """The rows with these indices, or all rows in order, cut into mini-batches."""
        rows = np.array(rows, dtype=np.int64)
        is_weighted = bool(np.any(self.s != 1))
        return TrainingBlock(
            self.X, self.Y, self.s, is_weighted, rows, np.array(bounds)
        )

    def blocks(self, block_rows):
        for start in range(0, self.n_rows, block_rows):
            part = slice(start, start + block_rows)
            yield self.X[part], self.Y[part], self.s[part]

    def objective(self, block_rows=None):
        rows = block_rows or self.n_rows
        return Objective(
            self.network,
            self.penalty,
            lambda: self.blocks(rows),
            self.n_rows,
            rows,
            self.dtype,
        )

    def expected_data_part(self, factors=None):
        """The oracle's 1/S Σ sᵢ ℓᵢ and its gradient."""
        value, gradient = oracle.data_part(*self._rows(), self.loss_option, factors)
        return value / self.weights.sum(), gradient / self.weights.sum()

    def expected_objective(self):
        """The oracle's J and ∇J."""
        return oracle.objective(
            *self._rows(), self.alpha, self.l1_ratio, self.loss_option
        )

    def _rows(self):
        network = self.theta, self.sizes, self.activations, self.loss
        return *network, self.X, self.Y, self.weights


def make_problem(
    kind="multiclass",
    activation="tanh",
    hidden=(5, 4),
    *,
    rows=12,
    n_inputs=3,
    weighted=False,
    alpha=0.0,
    l1_ratio=0.0,
    loss_option=0.0,
    dtype=np.float64,
    seed=0,
):
    """Draw a problem; if it is weighted, one row has weight zero."""
    rng = np.random.default_rng(seed)
    loss, n_outputs = KINDS[kind]
    sizes = (n_inputs, *hidden, n_outputs)
    X = rng.normal(size=(rows, n_inputs))
    if loss == "huber":
        loss_option = HUBER_DELTA
    Y = targets_for(loss, rng, rows, n_outputs)
    weights = rng.uniform(0.5, 3.0, rows) if weighted else np.ones(rows)
    if weighted:
        weights[rows // 2] = 0.0
    return Problem(
        sizes,
        (activation,) * len(hidden),
        loss,
        X.astype(dtype),
        Y.astype(dtype),
        weights,
        random_theta(sizes, rng).astype(dtype),
        alpha,
        l1_ratio,
        loss_option,
    )


def targets_for(loss, rng, rows, n_outputs):
    """Draw targets that are valid for a loss."""
    if loss == "softmax_cross_entropy":
        return rng.integers(n_outputs, size=(rows, 1))
    if loss == "sigmoid_cross_entropy":
        return rng.integers(2, size=(rows, n_outputs))
    if loss == "poisson":
        return rng.poisson(1.5, size=(rows, n_outputs))
    return 1.5 * rng.normal(size=(rows, n_outputs))


def random_theta(sizes, rng):
    """Draw weights of variance 1 / n_in and biases that are not zero."""
    W = [rng.normal(size=(n, k)) / np.sqrt(n) for n, k in pairwise(sizes)]
    b = [0.3 * rng.normal(size=k) for k in sizes[1:]]
    return oracle.pack(W, b)


def dropout_factor(shape, keep_prob, seed, step, layer, dtype=np.float64):
    """Return mask / keep_prob as the network draws it for one layer and step."""
    ones = np.ones(shape, dtype)
    if keep_prob < 1:
        drop(ones, np.ones_like(ones), keep_prob, seed, step, layer)
    return ones


def dropout_factors(problem, keep_prob, seed, step, rows=None):
    """Return mask / keep_prob of the input and of each hidden layer."""
    return [
        dropout_factor((rows or problem.n_rows, n), p, seed, step, layer, problem.dtype)
        for layer, (n, p) in enumerate(zip(problem.sizes[:-1], keep_prob, strict=True))
    ]


def rule_of(solver, momentum=0.9, nesterov=True):
    """Return an optimiser's rule with the default constants."""
    optimizer = OPTIMIZERS[solver]
    constants = momentum, nesterov, 0.9, 0.999, 1e-8
    return Rule(optimizer.step, optimizer.decouples_l2, *constants)


def network_of(sizes, activation="relu"):
    """Return a network of these sizes, with some loss."""
    return Network.of(sizes, [activation] * (len(sizes) - 2), "squared_error")


def recipe(problem, solver="adam", *, n_epochs=5, **changes):
    """Return the Recipe that trains a problem's network, with changes."""
    keep_prob = np.array(changes.pop("keep_prob", [1.0] * (len(problem.sizes) - 1)))
    l2, l1 = problem.penalty
    settings = {
        "network": problem.network,
        "penalty": problem.penalty,
        "rule": rule_of(solver),
        "regularization": Regularization(l2, l1, np.inf, np.inf),
        "keep_prob": keep_prob,
        "learning_rate_init": 0.02,
        "power_t": 0.5,
        "n_epochs": n_epochs,
        "epoch_length": 1.0,
        "schedule_start": 0.0,
        "horizon": n_epochs,
        "constant_cost": lambda: np.inf,
    }
    schedule = SCHEDULES[changes.pop("schedule", "constant")]
    return Recipe(**(settings | changes), schedule=schedule)


def training_state(problem, seed=0):
    """Return the state before the first step from the problem's θ."""
    theta = problem.theta.copy()
    rng = np.random.default_rng(seed)
    return TrainingState(theta, OptimizerState.start(theta), rng, seed, seed)


def reader(problem, rng, *, batch_size=4, shuffle=True, augment=None):
    """Return a reader for the training loop: the problem's rows in batches."""
    examples = Examples(Table(problem.X, problem.dtype), problem.Y, problem.weights)
    return TableReader(examples, batch_size, rng, shuffle, augment)


def train(problem, *, state=None, monitor=None, evaluate=None, on_epoch=None, **how):
    """Train for some epochs with `recipe` and `reader`; return state and outcome."""
    state = state or training_state(problem)
    state.monitor = monitor or Monitor(0.0, np.inf)
    read = {n: how.pop(n) for n in ("batch_size", "shuffle", "augment") if n in how}
    outcome = train_epochs(
        state,
        reader(problem, state.rng, **read),
        recipe(problem, **how),
        evaluate,
        on_epoch,
    )
    return state, outcome
