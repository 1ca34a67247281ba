"""Mini-batches of rows that are on the workers, and the steps on them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from distributed import Client, Future

from skdnn.dask import tasks
from skdnn.dask.objective import ADDED_AT_ONCE, PackedNetwork, PartitionedObjective
from skdnn.dask.tasks import Batches, Job, Moving
from skdnn.network.penalties import ElasticNet
from skdnn.training.recipe import Recipe
from skdnn.training.state import TrainingState
from skdnn.training.steps import Steps
from skdnn.training.tables import Examples

# So many tasks are handed over before the client waits. If a worker is lost, Dask does
# again what has not come back to the client.
_TASKS_AT_ONCE = 1000
# Of a small θ, the moments are sent along with it: an answer of the scheduler takes
# longer than they do. Of a large one a task of its own leaves them out.
_SMALL_THETA = 2**18


class PartitionedReader(NamedTuple):
    """How an epoch of mini-batches is made of the rows of all partitions.

    Attributes
    ----------
    n_batches, batch_rows
        As of a `Reader`.
    examples : Examples
        The training rows.
    shuffle : bool
        Whether the rows of each partition come in a new order in each epoch.
    sync_every : int
        After how many steps θ is averaged.
    """

    n_batches: int
    batch_rows: int
    examples: Examples
    shuffle: bool
    sync_every: int


def shares_of_batches(sizes: np.ndarray, n_batches: int) -> np.ndarray:
    """Return where each batch begins in each partition, and the end.

    Every partition has a share of every batch, in proportion to its rows. So that the
    shares of a batch add up to about as many rows as those of another, each partition
    begins at another point between two of its rows.

    Parameters
    ----------
    sizes : ndarray of int
        The rows of each partition.
    n_batches : int

    Returns
    -------
    ndarray of int, shape (n_partitions, n_batches + 1)
    """
    shift = (np.cumsum(sizes) - sizes) % n_batches
    k = np.arange(n_batches + 1)
    return (k * sizes[:, np.newaxis] + shift[:, np.newaxis]) // n_batches


class PartitionedSteps(Steps):
    """Moves a training on, by steps on the workers.

    θ passes from task to task, so that an epoch needs no answer from the client; the
    client waits once for some hundred tasks, and hands over the next ones. All sums are
    made in the order of the partitions: no worker has a part in the result.
    """

    reader: Any

    def __init__(self, state: TrainingState, reader: Any, recipe: Recipe):
        self.state, self.reader, self.recipe = state, reader, recipe
        examples = reader.examples
        self._client: Client = examples.table.client
        self._parts, self._sizes = examples.table.parts(examples.Y, examples.s)
        self._bounds = shares_of_batches(self._sizes, reader.n_batches)
        packed = PackedNetwork(recipe.network)
        job = Job(
            packed,
            recipe.rule,
            recipe.regularization,
            recipe.averaging,
            tuple(recipe.keep_prob.tolist()),
            state.mask_seed,
            examples.is_weighted,
        )
        self._job = self._submit(tasks.itself, job)
        state.begin_averaging(recipe.averaging.is_on)

    def _submit(self, function: Callable, *arguments: Any) -> Future:
        return self._client.submit(function, *arguments, pure=False)

    def run_epoch(self) -> tuple[float, float]:
        """Take the steps of an epoch; return J over it and the last learning rate."""
        state, recipe, n_batches = self.state, self.recipe, self.reader.n_batches
        rates = self._rates(n_batches)
        penalty = recipe.penalty.value(state.theta, recipe.network.groups)
        orders = self._orders()
        every = min(self.reader.sync_every, n_batches)
        n_parts = len(self._parts)
        tasks_per_round = n_parts + 2
        at_once = every * max(1, _TASKS_AT_ONCE // tasks_per_round)
        take = self._steps_together if every == 1 else self._steps_apart
        total, n_rows = 0.0, 0
        for first in range(0, n_batches, at_once):
            last = min(first + at_once, n_batches)
            moving = self._submit(tasks.itself, self._moving())
            for start in range(first, last, every):
                stop = min(start + every, last)
                steps = Batches(start - first, rates[start:stop], state.optimizer.t)
                moving = take(moving, orders, start, stop, steps)
            moved = moving.result()
            if not moved.is_finite:
                return np.nan, rates[-1]
            self._take_over(moved, last - first)
            total, n_rows = total + moved.total, n_rows + moved.n_rows
        return total / n_rows + penalty, rates[-1]

    def _orders(self) -> list[Future | None]:
        """Return the order of each partition's rows in this epoch; None as they are."""
        seed = int(self.state.rng.integers(2**63))
        if not self.reader.shuffle or self.reader.n_batches == 1:
            return [None] * len(self._parts)
        return [
            self._submit(tasks.order, seed, number, int(size))
            for number, size in enumerate(self._sizes)
        ]

    def _moving(self) -> Moving:
        state = self.state
        start = Moving(
            state.theta,
            state.optimizer.m,
            state.optimizer.v,
            state.average,
            state.n_averaged,
        )
        return start.copied()

    def _take_over(self, moved: Moving, n_steps: int) -> None:
        state = self.state
        state.theta[:], state.average[:] = moved.theta, moved.average
        state.optimizer.m[:], state.optimizer.v[:] = moved.m, moved.v
        state.optimizer.t += n_steps
        state.n_averaged = moved.n_averaged

    def _steps_together(
        self, moving: Future, orders: list, start: int, stop: int, steps: Batches
    ) -> Future:
        """Take one step by the gradient of a batch, added up over the partitions."""
        bounds = self._bounds[:, start : stop + 1]
        n_rows = int(np.sum(bounds[:, 1] - bounds[:, 0]))
        if not n_rows:
            return moving
        source = moving
        if self.state.theta.nbytes > _SMALL_THETA:
            source = self._submit(tasks.theta_of, moving)
        shares = [
            self._submit(
                tasks.gradient,
                self._job,
                part,
                orders[p],
                source,
                p,
                (int(bounds[p, 0]), int(bounds[p, 1])),
                n_rows,
                steps,
            )
            for p, part in enumerate(self._parts)
            if bounds[p, 1] > bounds[p, 0]
        ]
        while len(shares) > ADDED_AT_ONCE:
            shares = [
                self._submit(tasks.added, shares[k : k + ADDED_AT_ONCE])
                for k in range(0, len(shares), ADDED_AT_ONCE)
            ]
        return self._submit(tasks.moved, self._job, moving, shares, n_rows, steps)

    def _steps_apart(
        self, moving: Future, orders: list, start: int, stop: int, steps: Batches
    ) -> Future:
        """Let each partition take its steps, and average where they lead."""
        bounds = self._bounds[:, start : stop + 1]
        apart = [
            self._submit(
                tasks.moved_alone,
                self._job,
                part,
                orders[p],
                moving,
                p,
                bounds[p].tolist(),
                steps,
            )
            for p, part in enumerate(self._parts)
            if bounds[p, -1] > bounds[p, 0]
        ]
        return self._submit(tasks.averaged, moving, apart)

    def take(self, n_steps: int) -> float:
        """Refuse: nobody takes less than an epoch of steps on workers."""
        raise NotImplementedError("steps on workers are taken in whole epochs")

    def _cost(self) -> float:
        """Return the cost of all rows where the last step has led to."""
        objective = PartitionedObjective(
            self.recipe.network,
            ElasticNet(0.0, 0.0),
            self._client,
            self._parts,
            self.reader.examples.n_rows,
            self.state.theta.dtype,
        )
        return objective.data_cost(self.state.theta)
