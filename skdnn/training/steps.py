"""Training steps: those of an epoch, or a given number."""

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import numpy as np

from skdnn.network.objective import forward_by_blocks, rows_per_block
from skdnn.network.propagation import cost_of_logits
from skdnn.training.blocks import EndlessBlocks, Reader, TrainingBlock
from skdnn.training.epoch import StepProgram, Variables
from skdnn.training.recipe import Recipe
from skdnn.training.schedules import Progress
from skdnn.training.state import TrainingState

# Parameters of this size may give outputs that are not finite.
_FAR = 100.0


class Steps:
    """Takes training steps; owns what they share.

    Parameters
    ----------
    state : TrainingState
        Where to start; changed in place.
    reader : Reader
        Yields the training rows, epoch by epoch.
    recipe : Recipe
        How to train.
    """

    def __init__(self, state: TrainingState, reader: Reader, recipe: Recipe):
        self.state, self.recipe, self.reader = state, recipe, reader
        state.begin_averaging(recipe.averaging.is_on)
        state.align()
        self._steps = StepProgram(
            recipe.network,
            recipe.rule,
            recipe.regularization,
            recipe.averaging,
            recipe.keep_prob,
            state.theta.dtype,
            batch_rows=reader.batch_rows,
            n_targets=reader.n_targets,
            is_sparse=reader.is_sparse,
            gathers=not reader.copies,
        )
        self._endless = EndlessBlocks(reader)

    def run_epoch(self) -> tuple[float, float]:
        """Take the steps of an epoch; return J over it and the last learning rate."""
        rates = self._rates(self.reader.n_batches)
        with closing(self.reader.epoch()) as blocks:  # an interrupt ends its thread
            return self._run(blocks, rates)

    def take(self, n_steps: int) -> float:
        """Take `n_steps` steps, over consecutive epochs; return J over their rows.

        If the previous call ended within an epoch, this one continues there.
        """
        cost, _ = self._run(self._endless.take(n_steps), self._rates(n_steps))
        self.state.time += n_steps / self.reader.n_batches * self.recipe.epoch_length
        return cost

    def pack(self) -> dict[str, Any]:
        """Return the state and the position within the epoch, to be saved."""
        return {"state": self.state.pack(), "epoch": self._endless.pack()}

    def resume(self, plain: dict[str, Any]) -> None:
        """Resume from what was packed by another object that trains on these rows."""
        self.state.take_over(TrainingState.unpack(plain["state"]))
        self._endless.resume_from(plain["epoch"])

    def _run(
        self, blocks: Iterable[TrainingBlock], rates: np.ndarray
    ) -> tuple[float, float]:
        """Return J over the blocks and the last learning rate."""
        state, recipe = self.state, self.recipe
        # The penalty is also that before the steps: with one batch of all rows, this is
        # J at one θ.
        penalty = recipe.penalty.value(state.theta, recipe.network.groups)
        total, n_rows, step = 0.0, 0, 0
        for block in blocks:
            n_steps = block.bounds.size - 1
            variables = Variables(
                state.theta,
                state.optimizer.m,
                state.optimizer.v,
                state.average,
                state.optimizer.t,
                state.n_averaged,
            )
            rates_here = rates[step : step + n_steps]
            total, finite = self._steps.run(
                variables, block, rates_here, state.mask_seed, total
            )
            if not finite:
                return np.nan, rates[-1]
            state.optimizer.t += n_steps
            state.n_averaged += n_steps if recipe.averaging.is_on else 0
            step += n_steps
            n_rows += int(block.bounds[-1] - block.bounds[0])
        return total / n_rows + penalty, rates[-1]

    def end_is_finite(self) -> bool:
        """Whether the cost is finite after the last step, which no next step checks.

        This evaluates all rows, unless no parameter is unusually large.
        """
        theta = self.state.theta
        is_near = max(theta.max(), -theta.min()) < _FAR
        return bool(is_near or np.isfinite(self._cost()))

    def _cost(self) -> float:
        """Return the sum of the costs of all rows after the last step."""
        theta, network = self.state.theta, self.recipe.network
        block_rows, cost = rows_per_block(network, self.reader.is_sparse), 0.0
        for X, Y, s in self.reader.in_order(block_rows):
            (Z,) = forward_by_blocks(network, theta, [X], X.shape[0])
            cost += cost_of_logits(network, Z, Y, s, 1.0)
        return cost

    def _rates(self, n_steps: int) -> np.ndarray:
        """Return the learning rate of each of the next steps."""
        recipe, n_batches = self.recipe, self.reader.n_batches
        within = np.arange(n_steps) / n_batches
        times = self.state.time + within * recipe.epoch_length
        progress = Progress(
            times - recipe.schedule_start, recipe.horizon, recipe.power_t
        )
        factor = self.state.rate_factor * recipe.schedule.factor(progress)
        return recipe.learning_rate_init * factor
