"""Mini-batches of rows on the workers, and training steps on them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from distributed import Client, Future

from skdnn.dask import tasks
from skdnn.dask.objective import ADDED_AT_ONCE, PackedNetwork, PartitionedObjective
from skdnn.dask.tasks import Batches, Job, StepState
from skdnn.network.penalties import ElasticNet
from skdnn.training.recipe import Recipe
from skdnn.training.state import TrainingState
from skdnn.training.steps import Steps
from skdnn.training.tables import Examples

# Number of tasks to submit before the client waits. If a worker is lost, Dask repeats
# the tasks since then.
_TASKS_AT_ONCE = 1000
# Bytes. A smaller θ is sent along with the moments: another task would take longer. For
# a larger one a separate task extracts θ.
_SMALL_THETA = 2**18


class PartitionedReader(NamedTuple):
    """How the rows of all partitions are divided into mini-batches.

    Attributes
    ----------
    n_batches, batch_rows
        As in a `Reader`.
    examples : Examples
        The training rows.
    shuffle : bool
        Whether to shuffle the rows within each partition in each epoch.
    sync_every : int
        Number of steps after which θ is averaged.
    """

    n_batches: int
    batch_rows: int
    examples: Examples
    shuffle: bool
    sync_every: int


def shares_of_batches(sizes: np.ndarray, n_batches: int) -> np.ndarray:
    """Return the bounds of each batch within each partition.

    Every partition has a share of every batch, in proportion to its size. The rounding
    of the bounds is shifted from partition to partition, so that batches have about the
    same number of rows.

    Parameters
    ----------
    sizes : ndarray of int
        Number of rows of each partition.
    n_batches : int

    Returns
    -------
    ndarray of int, shape (n_partitions, n_batches + 1)
    """
    shift = (np.cumsum(sizes) - sizes) % n_batches
    k = np.arange(n_batches + 1)
    return (k * sizes[:, np.newaxis] + shift[:, np.newaxis]) // n_batches


class PartitionedSteps(Steps):
    """Takes training steps on the workers.

    θ is passed from task to task, without a round trip to the client, which submits
    some hundred tasks at a time and waits for the last. All sums are in the order of
    the partitions, so the result does not depend on the workers.
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
        self._job = self._submit(tasks.identity, job)
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
        take = self._synchronous_steps if every == 1 else self._local_steps
        total, n_rows = 0.0, 0
        for first in range(0, n_batches, at_once):
            last = min(first + at_once, n_batches)
            current = self._submit(tasks.identity, self._step_state())
            for start in range(first, last, every):
                stop = min(start + every, last)
                steps = Batches(start - first, rates[start:stop], state.optimizer.t)
                current = take(current, orders, start, stop, steps)
            moved = current.result()
            if not moved.is_finite:
                return np.nan, rates[-1]
            self._take_over(moved, last - first)
            total, n_rows = total + moved.total, n_rows + moved.n_rows
        return total / n_rows + penalty, rates[-1]

    def _orders(self) -> list[Future | None]:
        """Return the order of rows in each partition in this epoch, or None."""
        seed = int(self.state.rng.integers(2**63))
        if not self.reader.shuffle or self.reader.n_batches == 1:
            return [None] * len(self._parts)
        return [
            self._submit(tasks.order, seed, number, int(size))
            for number, size in enumerate(self._sizes)
        ]

    def _step_state(self) -> StepState:
        state = self.state
        start = StepState(
            state.theta,
            state.optimizer.m,
            state.optimizer.v,
            state.average,
            state.n_averaged,
        )
        return start.copied()

    def _take_over(self, moved: StepState, n_steps: int) -> None:
        state = self.state
        state.theta[:], state.average[:] = moved.theta, moved.average
        state.optimizer.m[:], state.optimizer.v[:] = moved.m, moved.v
        state.optimizer.t += n_steps
        state.n_averaged = moved.n_averaged

    def _synchronous_steps(
        self, current: Future, orders: list, start: int, stop: int, steps: Batches
    ) -> Future:
        """Take one step with the gradient of a batch, summed over the partitions."""
        bounds = self._bounds[:, start : stop + 1]
        n_rows = int(np.sum(bounds[:, 1] - bounds[:, 0]))
        if not n_rows:
            return current
        source = current
        if self.state.theta.nbytes > _SMALL_THETA:
            source = self._submit(tasks.theta_of, current)
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
        return self._submit(tasks.after_step, self._job, current, shares, n_rows, steps)

    def _local_steps(
        self, current: Future, orders: list, start: int, stop: int, steps: Batches
    ) -> Future:
        """Let each partition take its own steps, and average the results."""
        bounds = self._bounds[:, start : stop + 1]
        apart = [
            self._submit(
                tasks.after_local_steps,
                self._job,
                part,
                orders[p],
                current,
                p,
                bounds[p].tolist(),
                steps,
            )
            for p, part in enumerate(self._parts)
            if bounds[p, -1] > bounds[p, 0]
        ]
        return self._submit(tasks.averaged, current, apart)

    def take(self, n_steps: int) -> float:
        """Raise an error: steps on workers are taken in whole epochs."""
        raise NotImplementedError("steps on workers are taken in whole epochs")

    def _cost(self) -> float:
        """Return the cost of all rows at the current θ."""
        objective = PartitionedObjective(
            self.recipe.network,
            ElasticNet(0.0, 0.0),
            self._client,
            self._parts,
            self.reader.examples.n_rows,
            self.state.theta.dtype,
        )
        return objective.data_cost(self.state.theta)
