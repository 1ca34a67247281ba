"""Where the time of a step goes: its parts, each timed alone.

A part that runs alone has its numbers in the nearest cache, which in a step it shares
with the others; so the parts add up to a little less than the whole, and the remainder
is shown too. The cost of dropout is the difference of two whole blocks.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from benchmarks import floor
from benchmarks.contestants import skdnn_epochs, skdnn_examples, skdnn_model
from benchmarks.measuring import alternate, summary, threads_limited
from benchmarks.nets import NETS, Net, data_for
from skdnn.estimators import plan
from skdnn.network.activations import ON_LAYERS
from skdnn.network.layers import dense
from skdnn.network.losses import ON_BATCHES
from skdnn.network.memory import aligned_copy, empty_aligned
from skdnn.network.program import (
    BLOCK_S,
    BLOCK_X,
    BLOCK_Y,
    D_A,
    GATHERED_S,
    GATHERED_X,
    GATHERED_Y,
    GRAD,
    ORDER,
    Frame,
    Program,
    S,
    X,
    Y,
    operation,
)
from skdnn.network.propagation import Workspace, steps_back, steps_to_cost
from skdnn.training.averaging import OFF, no_average
from skdnn.training.blocks import random_order
from skdnn.training.epoch import StepProgram, Variables, gather, gather_targets
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


# The kernels of each part.
_KERNELS = {
    "activation": ON_LAYERS.values(),
    "derivative": [dense.through_activation],
    "loss": [dense.add_biases, *ON_BATCHES.values()],
    "bias gradient": [dense.bias_gradient],
}


def measure_parts(
    nets: Iterable[Net] = NETS, repetitions: int | None = None, threads: int = 1
) -> Iterator[dict]:
    """Yield one result per network: the parts of its step."""
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
    """The functions to time for one network, and the steps that each stands for."""

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
        n = self.net.n_batches
        products = floor.buffers(self.net.sizes, self.net.batch_size)
        runs = {
            "products": lambda: floor.run_products(n, *products),
            **{name: self._part(name) for name in _KERNELS},
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

    def _part(self, name: str) -> Callable[[], object]:
        """Return a function that does the operations of a part, for all steps."""
        all_kept, codes = np.ones(len(self.net.sizes) - 1), _codes(_KERNELS[name])
        step = [
            *steps_to_cost(self.network, all_kept, is_sparse=False),
            *steps_back(self.network, all_kept, is_sparse=False),
        ]
        own = [operation for operation in step if operation[0] in codes]
        program, frame = Program(own * self.net.n_batches), self._frame()
        return lambda: frame.run(program)

    def _frame(self) -> Frame:
        """Return buffers with numbers that keep their scale when parts are repeated."""
        size, dtype = self.net.batch_size, self.theta.dtype
        work = Workspace(self.network, size, dtype)
        for buffer in (*work.A, work.Z):
            buffer[:] = self.rng.standard_normal(buffer.size, dtype)
        for buffer in work.G:
            buffer[:] = 1
        frame, targets = work.frame, self.examples.Y[:size]
        frame.put(D_A, np.ones(size * max(self.net.hidden), dtype))
        for place, array in [
            (GRAD, self.grad),
            (X, self.X[:size]),
            (Y, targets),
            (S, self.examples.s[:size]),
        ]:
            frame.put(place, array)
        self._variables().put_into(frame)
        frame.set(rows=size, n_targets=targets.shape[1], scale=1.0, factor=1.0)
        frame.set(rate=1e-3)
        return frame

    def _variables(self) -> Variables:
        theta, state = aligned_copy(self.theta), OptimizerState.start(self.theta)
        moments = aligned_copy(state.m), aligned_copy(state.v)
        return Variables(theta, *moments, no_average(theta.dtype), 10_000, 0)

    def _update(self) -> Callable[[], object]:
        step = update(self.network, self.rule, self.regularization)
        program = Program(step * self.net.n_batches)
        frame = self._frame()
        return lambda: frame.run(program)

    def _gather(self) -> Callable[[], object]:
        """Return a function that shuffles and gathers the rows of an epoch."""
        frame, dtype = Frame(self.theta.dtype), self.theta.dtype
        n_in, n_targets = self.net.sizes[0], self.examples.Y.shape[1]
        room = max(self.net.batch_size, 2**17 // (dtype.itemsize * (n_in + n_targets)))
        frame.put(GATHERED_X, empty_aligned(room * n_in, dtype))
        frame.put(GATHERED_Y, empty_aligned(room * n_targets, dtype))
        frame.put(GATHERED_S, np.ones(room, dtype))
        program = Program([operation(gather, n_in=n_in), operation(gather_targets)])

        def run():
            for block in self.reader.epoch():
                frame.put(BLOCK_X, block.X)
                frame.put(BLOCK_Y, block.Y)
                frame.put(BLOCK_S, block.s)
                frame.put(ORDER, block.rows, np.int64)
                for first in range(0, block.rows.size, room):
                    count = min(room, block.rows.size - first)
                    frame.set(first=first, count=count, n_targets=n_targets)
                    frame.run(program)

        return run

    def _block(self, keep: float) -> tuple[Callable[[], object], int]:
        block = next(self.reader.epoch())
        n = block.bounds.size - 1
        block = block._replace(rows=np.empty(0, np.int64))  # nothing to gather
        steps = StepProgram(
            self.network,
            self.rule,
            self.regularization,
            OFF,
            np.array([1.0, *(keep for _ in self.net.hidden)]),
            self.theta.dtype,
            batch_rows=self.net.batch_size,
            gathers=False,
        )
        variables, rates = self._variables(), np.full(n, 1e-3)
        again = max(1, self.net.n_batches // n)

        def run():
            for _ in range(again):
                steps.run(variables, block, rates, 0)

        return run, again * n


def _codes(kernels) -> set[int]:
    return {kernel.code for kernel in kernels}


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
