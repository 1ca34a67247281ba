"""Where a step's time goes: its parts, each timed in a compiled loop of its own.

A part that runs alone finds its numbers in the nearest cache, which in a step it shares
with the others; so the parts add up to a little less than the whole, and the remainder
is shown too. What dropout adds is the difference of two whole blocks.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numba import njit

from benchmarks import floor
from benchmarks.contestants import skdnn_epochs, skdnn_examples, skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from skdnn.estimators import plan
from skdnn.network.layers import dense
from skdnn.network.losses import loss_and_gradient
from skdnn.network.memory import aligned_copy
from skdnn.network.propagation import Workspace, hidden
from skdnn.network.views import matrix
from skdnn.training.averaging import OFF, nothing
from skdnn.training.blocks import random_order
from skdnn.training.epoch import Gathered, gather_ahead, train_block
from skdnn.training.optimizers import OptimizerState, update
from skdnn.training.readers.tables import TableReader

_KEEP = 0.8
# The parts of the compiled block; "dropout" is on top of them.
_INSIDE = ("products", "activation", "derivative", "loss", "bias gradient", "update")
PARTS = (
    *_INSIDE,
    "rest of block",
    "shuffle",
    "gather",
    "rest of epoch",
    "epoch",
    "dropout",
)


@njit(error_model="numpy")
def _activations(n, network, theta, work, rows):
    layers = network.layers
    for _ in range(n):
        for l in range(layers.size - 1):
            Z, G = hidden(work.A, layers, l, rows), hidden(work.G, layers, l, rows)
            dense.activate_units(layers[l], theta, Z, G, 1.0, np.uint64(0))


@njit(error_model="numpy")
def _derivatives(n, network, work, rows):
    layers = network.layers
    for _ in range(n):
        for l in range(layers.size - 1):
            dA = matrix(work.dA, 0, rows, layers[l].n_out)
            dense.through_activation(hidden(work.G, layers, l, rows), dA)


@njit(error_model="numpy")
def _losses(n, network, theta, work, Y, s):
    total = 0.0
    output = network.layers[network.layers.size - 1]
    Z = matrix(work.Z, 0, s.size, output.n_out)
    for _ in range(n):
        dense.add_biases(output, theta, Z)
        total += loss_and_gradient(
            network.loss, Z, Y, s, 1.0, network.loss_option, work.loss
        )
    return total


@njit(error_model="numpy")
def _bias_gradients(n, network, work, grad, rows):
    layers = network.layers
    output = layers[layers.size - 1]
    for _ in range(n):
        dense.bias_gradient(output, matrix(work.Z, 0, rows, output.n_out), grad)
        for l in range(layers.size - 1):
            dense.bias_gradient(layers[l], hidden(work.G, layers, l, rows), grad)


@njit(error_model="numpy")
def _updates(n, network, rule, regularization, theta, grad, m, v):
    for k in range(n):
        update(rule, network, theta, grad, m, v, 1e-3, k + 1, regularization)


@njit(error_model="numpy")
def _gathers(block, gathered):
    start = 0
    while start < block.rows.size:
        _, start = gather_ahead(block, start, gathered)


def measure_parts(
    nets: Iterable[Net] = NETS, repetitions: int | None = None, threads: int = 1
) -> Iterator[dict]:
    """Yield the parts of one network's step after the other."""
    with threads_limited(threads):
        for net in nets:
            runs = _Runs(net).all()
            seconds = alternate(
                {name: run for name, (run, _) in runs.items()},
                repetitions or net.repetitions,
            )
            us = {name: seconds[name] / runs[name][1] * 1e6 for name in runs}
            yield _result(net, us)


class _Runs:
    """What to time for one network, and how many steps each run stands for."""

    def __init__(self, net: Net):
        self.net = net
        self.X, self.y = data_for(net)
        self.model = skdnn_model(net, self.X, self.y, 1.0)
        self.examples = skdnn_examples(self.model, self.X, self.y)
        self.network = self.model._model.network
        self.theta = aligned_copy(self.model._model.theta)
        self.rng = np.random.default_rng(0)
        self.grad = aligned_copy(self.theta)
        self.rule = plan.rule(self.model)
        penalty = plan.penalty_of(self.model, net.n_rows)
        self.regularization = plan.regularization(self.model, penalty)
        self.reader = TableReader(self.examples, net.batch_size, self.rng)

    def all(self) -> dict[str, tuple[Callable[[], object], int]]:
        n, network, theta = self.net.n_batches, self.network, self.theta
        work = self._work()
        size = self.net.batch_size
        Y, s = self.examples.Y[:size], self.examples.s[:size]
        products = floor.buffers(self.net.sizes, size)
        runs = {
            "products": lambda: floor.run_products(n, *products),
            "activation": lambda: _activations(n, network, theta, work, size),
            "derivative": lambda: _derivatives(n, network, work, size),
            "loss": lambda: _losses(n, network, theta, work, Y, s),
            "bias gradient": lambda: _bias_gradients(n, network, work, self.grad, size),
            "update": self._update(),
            "shuffle": lambda: random_order(self.rng, self.net.n_rows),
            "gather": self._gather(),
        }
        counted = {name: (run, n) for name, run in runs.items()}
        epochs = skdnn_epochs(self.net, self.X, self.y, self.model)
        counted["epoch"] = epochs, self.net.n_steps
        counted["block"] = self._block(1.0)
        counted["block with dropout"] = self._block(_KEEP)
        return counted

    def _work(self) -> Workspace:
        """Return buffers with numbers that the parts, repeated, leave of one size."""
        dtype = self.theta.dtype
        work = Workspace.of(self.network, self.net.batch_size, dtype)
        for buffer in (work.A, work.Z):
            buffer[:] = self.rng.standard_normal(buffer.size, dtype)
        work.G[:] = work.dA[:] = 1
        return work

    def _update(self):
        theta, state = aligned_copy(self.theta), self._optimizer()
        arguments = self.rule, self.regularization, theta, self.grad, state.m, state.v
        return lambda: _updates(self.net.n_batches, self.network, *arguments)

    def _gather(self):
        gathered = self._gathered()

        def run():  # and shuffle
            for block in self.reader.epoch():
                _gathers(block, gathered)

        return run

    def _optimizer(self):
        state = OptimizerState.start(self.theta)
        return OptimizerState(aligned_copy(state.m), aligned_copy(state.v))

    def _gathered(self):
        size, sizes = self.net.batch_size, self.net.sizes
        n_targets = self.examples.Y.shape[1]
        return Gathered.of(size, sizes[0], n_targets, self.theta.dtype)

    def _block(self, keep):
        block = next(self.reader.epoch())
        n = block.bounds.size - 1
        block = block._replace(rows=np.empty(0, np.int64))  # nothing to gather
        theta, state = aligned_copy(self.theta), self._optimizer()
        grad, gathered = aligned_copy(self.grad), self._gathered()
        work = self._work()
        keep_prob = np.array([1.0, *(keep for _ in self.net.hidden)])
        rates = np.full(n, 1e-3)
        again = max(1, self.net.n_batches // n)

        def run():
            for _ in range(again):
                train_block(
                    self.network,
                    self.rule,
                    self.regularization,
                    OFF,
                    theta,
                    state.m,
                    state.v,
                    nothing(theta.dtype),
                    10_000,
                    0,
                    block,
                    rates,
                    keep_prob,
                    np.uint64(0),
                    gathered,
                    work,
                    grad,
                    0.0,
                )

        return run, again * n


def _result(net: Net, us: dict[str, np.ndarray]) -> dict:
    block = us.pop("block")
    us["dropout"] = us.pop("block with dropout") - block
    us["rest of block"] = block - sum(us[name] for name in _INSIDE)
    us["gather"] = us["gather"] - us["shuffle"]
    us["rest of epoch"] = us["epoch"] - block - us["shuffle"] - us["gather"]
    return {
        "net": net.name,
        "batch_size": net.batch_size,
        "repetitions": len(block),
        "us_per_step": {name: summary(us[name]) for name in PARTS},
    }
