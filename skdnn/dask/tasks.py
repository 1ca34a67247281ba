"""Training steps as tasks of a cluster: functions of a part of the rows and of θ.

Tasks are pure functions: what is lost with a worker is recomputed to the same
result.
"""

from typing import Any, NamedTuple

import numpy as np

from skdnn.dask.objective import PackedNetwork
from skdnn.dask.partitions import Part, as_compiled
from skdnn.network.inputs import SparseRows
from skdnn.network.memory import aligned_copy
from skdnn.training.averaging import OFF, Averaging, no_average
from skdnn.training.blocks import ALL_ROWS, TrainingBlock, random_order
from skdnn.training.epoch import StepProgram, Variables
from skdnn.training.given_gradient import take_step
from skdnn.training.optimizers import Regularization, Rule
from skdnn.training.threads import blas_threads_for

# At a learning rate of 0, a step by this rule only computes the gradient.
_NO_STEP = Rule("sgd", False, 0.0, False, 0.0, 0.0, 1.0)
_NO_REGULARIZATION = Regularization(0.0, 0.0, np.inf, np.inf)


class Job(NamedTuple):
    """What all tasks of a fit have in common."""

    packed: PackedNetwork
    rule: Rule
    regularization: Regularization
    averaging: Averaging
    keep_prob: tuple[float, ...]
    mask_seed: int
    is_weighted: bool


class StepState(NamedTuple):
    """The state that is passed from task to task."""

    theta: np.ndarray
    m: np.ndarray
    v: np.ndarray
    average: np.ndarray
    n_averaged: int
    total: float = 0.0  # Σ sᵢ ℓᵢ since the client last waited
    n_rows: int = 0  # the number of rows in that sum
    is_finite: bool = True

    def copied(self) -> "StepState":
        """Return a writable copy: a task must not change its arguments."""
        theta, m, v, average = map(aligned_copy, self[:4])
        return self._replace(theta=theta, m=m, v=v, average=average)


class Batches(NamedTuple):
    """Some consecutive steps."""

    first: int  # index of the first, since the client last waited
    rates: np.ndarray
    t: int  # number of steps before the client last waited

    @property
    def steps_before(self) -> int:
        """The number of all steps before the first."""
        return self.t + self.first


def identity(value: Any) -> Any:
    """Return the argument; as a task, its result is passed between workers."""
    return value


def order(seed: int, number: int, n_rows: int) -> np.ndarray:
    """Return the order of a partition's rows in one epoch."""
    return random_order(np.random.default_rng([seed, number]), n_rows)


def theta_of(current: StepState) -> np.ndarray | None:
    """Return θ, which is all that a gradient needs; None if training has diverged."""
    return current.theta if current.is_finite else None


def _block(job: Job, part: Part, order: Any, bounds: list[int]) -> TrainingBlock:
    """Return a part's batches, without empty ones, as a block."""
    bounds_of_all = np.unique(np.array(bounds, np.int64))
    start, stop = bounds_of_all[0], bounds_of_all[-1]
    rows = np.arange(start, stop) if order is None else as_compiled(order)[start:stop]
    if rows.size == part.n_rows and order is None:
        rows = ALL_ROWS
    return TrainingBlock(
        part.X, part.Y, part.s, job.is_weighted, rows, bounds_of_all - start
    )


def _mask_seed(job: Job, number: int) -> np.uint64:
    """Return the seed of the dropout masks of a partition."""
    return np.uint64(job.mask_seed) + (np.uint64(number) << np.uint64(32))


def _run(
    job: Job,
    rule: Rule,
    regularization: Regularization,
    averaging: Averaging,
    current: StepState,
    block: TrainingBlock,
    rates: np.ndarray,
    seed: np.uint64,
    t: int,
) -> tuple[float, bool, np.ndarray]:
    """Take steps in place; return Σ sᵢ ℓᵢ, whether it is finite, and the last gradient.

    This is the only function here that calls the compiled loop.
    """
    network, dtype = job.packed.network, current.theta.dtype
    keep_prob = np.array(job.keep_prob)
    batch_rows = int(np.diff(block.bounds).max())
    steps = StepProgram(
        network,
        rule,
        regularization,
        averaging,
        keep_prob,
        dtype,
        batch_rows=batch_rows,
        n_targets=block.Y.shape[1],
        is_sparse=isinstance(block.X, SparseRows),
        gathers=block.rows.size > 0,
    )
    with blas_threads_for(network, batch_rows):
        total, finite = steps.run(_variables(current, t), block, rates, seed)
    return total, finite, steps.grad


def _variables(current: StepState, t: int) -> Variables:
    """Return the variables that the compiled loop updates."""
    return Variables(*current[:4], t, current.n_averaged)


def gradient(
    job: Job,
    part: Part,
    order: np.ndarray | None,
    at: StepState | np.ndarray | None,
    number: int,
    bounds: tuple[int, int],
    n_rows: int,
    steps: Batches,
) -> tuple[float, np.ndarray] | None:
    """Return Σ sᵢ ℓᵢ over a part's share of a batch, and its share of ∇J.

    Parameters
    ----------
    job : Job
    part : Part
    order : ndarray of int or None
        Order of the part's rows in this epoch.
    at : StepState, ndarray or None
        θ, alone or within the state; None if training has diverged.
    number : int
        Index of the part.
    bounds : tuple of int
        The share: start and stop within `order`.
    n_rows : int
        Number of rows of the whole batch.
    steps : Batches
        The step.
    """
    theta = theta_of(at) if isinstance(at, StepState) else at
    if theta is None:
        return None
    zero = np.zeros_like(theta)
    here = StepState(aligned_copy(theta), zero, zero, no_average(theta.dtype), 0)
    total, _, grad = _run(
        job,
        _NO_STEP,
        _NO_REGULARIZATION,
        OFF,
        here,
        _block(job, as_compiled(part), order, list(bounds)),
        np.zeros(1),
        _mask_seed(job, number),
        steps.steps_before,
    )
    return total, grad * grad.dtype.type((bounds[1] - bounds[0]) / n_rows)


def added(shares: list) -> tuple[float, np.ndarray] | None:
    """Add costs and gradients in the given order."""
    if any(share is None for share in shares):
        return None
    total, gradient = shares[0][0], shares[0][1].astype(np.float64)
    for cost, other in shares[1:]:
        total += cost
        gradient += other
    return total, gradient


def after_step(
    job: Job, current: StepState, shares: list, n_rows: int, steps: Batches
) -> StepState:
    """Return the state after the step of a whole batch."""
    batch = added(shares)
    if batch is None or not np.isfinite(batch[0]):
        return current._replace(is_finite=False)
    total, gradient = batch
    current = current.copied()
    take_step(
        job.packed.network,
        job.rule,
        job.regularization,
        job.averaging,
        _variables(current, steps.steps_before),
        aligned_copy(gradient, current.theta.dtype),
        float(steps.rates[0]),
    )
    return current._replace(
        n_averaged=current.n_averaged + int(job.averaging.is_on),
        total=current.total + total,
        n_rows=current.n_rows + n_rows,
    )


def after_local_steps(
    job: Job,
    part: Part,
    order: np.ndarray | None,
    current: StepState,
    number: int,
    bounds: list[int],
    steps: Batches,
) -> StepState:
    """Return the state after a part's own steps, and their cost."""
    if not current.is_finite:
        return current
    current, block = current.copied(), _block(job, as_compiled(part), order, bounds)
    has_rows = np.diff(bounds) > 0
    total, finite, _ = _run(
        job,
        job.rule,
        job.regularization,
        job.averaging,
        current,
        block,
        steps.rates[has_rows],
        _mask_seed(job, number),
        steps.steps_before,
    )
    return current._replace(
        n_averaged=current.n_averaged + int(job.averaging.is_on) * has_rows.size,
        total=total,
        n_rows=int(block.bounds[-1]),
        is_finite=finite,
    )


def averaged(before: StepState, apart: list[StepState]) -> StepState:
    """Return the average of the parts' states, weighted by the rows they used."""
    if not all(current.is_finite for current in apart):
        return before._replace(is_finite=False)
    n_rows = sum(current.n_rows for current in apart)
    shares = [current.n_rows / n_rows for current in apart]
    theta, m, v, average = (
        _mean(list(arrays), shares)
        for arrays in zip(*(current[:4] for current in apart), strict=True)
    )
    return before._replace(
        theta=theta,
        m=m,
        v=v,
        average=average,
        n_averaged=max(current.n_averaged for current in apart),
        total=before.total + sum(current.total for current in apart),
        n_rows=before.n_rows + n_rows,
    )


def _mean(arrays: list[np.ndarray], shares: list[float]) -> np.ndarray:
    mean = np.zeros(arrays[0].size)
    for array, share in zip(arrays, shares, strict=True):
        mean += array * share
    return aligned_copy(mean, arrays[0].dtype)
