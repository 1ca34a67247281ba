"""The mini-batch loop: a block of many steps with no Python in between."""

import math
from typing import NamedTuple

import numpy as np

from skdnn.network.architecture import Network
from skdnn.network.compiled import entry
from skdnn.network.inputs import pick_rows, put_inputs
from skdnn.network.kernels import kernel
from skdnn.network.memory import empty_aligned
from skdnn.network.program import (
    AVERAGE,
    BLOCK_S,
    BLOCK_X,
    BLOCK_Y,
    GATHERED_S,
    GATHERED_X,
    GATHERED_Y,
    GRAD,
    ORDER,
    THETA,
    Frame,
    M,
    Program,
    S,
    V,
    X,
    Y,
    operation,
    perform,
)
from skdnn.network.propagation import Workspace, steps_back, steps_to_cost
from skdnn.network.subnormals import flush_subnormals, restore_control_word
from skdnn.network.views import matrix, vector
from skdnn.training.averaging import Averaging, average
from skdnn.training.blocks import TrainingBlock
from skdnn.training.optimizers import Regularization, Rule, update

# Bytes of rows gathered at once: long loops are faster, but these rows share a core's
# L2 cache with the data of a step.
_GATHERED_BYTES = 2**17


@kernel
def gather(op, now, at, T):
    """Gather the next rows of the block, in its order."""
    rows = vector(at[ORDER], now.first, now.count, np.int64)
    table = matrix(at[BLOCK_X], 0, now.count, op.n_in, T)
    pick_rows(table, rows, matrix(at[GATHERED_X], 0, now.count, op.n_in, T))


@kernel
def gather_sparse(op, now, at, T):
    """Do the same for sparse rows, of which only the indices are gathered."""
    rows = vector(at[ORDER], now.first, now.count, np.int64)
    table = matrix(at[BLOCK_X], 0, now.count, 1, np.int64)
    pick_rows(table, rows, matrix(at[GATHERED_X], 0, now.count, 1, np.int64))


@kernel
def gather_targets(op, now, at, T):
    """Gather the targets of these rows and, if there are any, their weights."""
    rows, n = vector(at[ORDER], now.first, now.count, np.int64), now.n_targets
    table = matrix(at[BLOCK_Y], 0, now.count, n, T)
    pick_rows(table, rows, matrix(at[GATHERED_Y], 0, now.count, n, T))
    if now.is_weighted:
        table = matrix(at[BLOCK_S], 0, now.count, 1, T)
        pick_rows(table, rows, matrix(at[GATHERED_S], 0, now.count, 1, T))


class Variables(NamedTuple):
    """What steps update in place: arrays of shape (n_parameters,); and counts."""

    theta: np.ndarray
    m: np.ndarray
    v: np.ndarray
    average: np.ndarray  # of shape (0,) if averaging is off
    t: int  # steps so far
    n_averaged: int  # how many of them are in the average

    def put_into(self, frame: Frame) -> None:
        """Bind the variables to a frame."""
        frame.put(THETA, self.theta)
        frame.put(M, self.m)
        frame.put(V, self.v)
        frame.put(AVERAGE, self.average)
        frame.set(step=self.t, n_averaged=self.n_averaged)


class StepProgram:
    """The operations of a training step, and its buffers.

    Parameters
    ----------
    network : Network
    rule : Rule
    regularization : Regularization
    averaging : Averaging
    keep_prob : ndarray of float64, shape (n_layers,)
        For the input and each hidden layer.
    dtype : dtype
        The type of θ and the rows.
    batch_rows : int
        The most rows of a batch.
    n_targets : int, default=1
        Columns of Y.
    is_sparse : bool, default=False
        Whether X is sparse.
    gathers : bool, default=True
        Whether rows are gathered from blocks by their indices; else blocks are used as
        they are.

    Attributes
    ----------
    grad : ndarray of shape (n_parameters,)
        The gradient of the last step.
    """

    def __init__(
        self,
        network: Network,
        rule: Rule,
        regularization: Regularization,
        averaging: Averaging,
        keep_prob: np.ndarray,
        dtype: np.dtype,
        *,
        batch_rows: int,
        n_targets: int = 1,
        is_sparse: bool = False,
        gathers: bool = True,
    ):
        picked = gather_sparse if is_sparse else gather
        gathering = [
            operation(picked, n_in=network.n_inputs),
            operation(gather_targets),
        ]
        to_cost = steps_to_cost(network, keep_prob, is_sparse)
        back = steps_back(network, keep_prob, is_sparse)
        end = [
            *update(network, rule, regularization),
            *average(averaging, network.n_parameters),
        ]
        self._program = Program([*gathering, *to_cost, *back, *end])
        self._n_gathering, self._n_to_cost = len(gathering), len(to_cost)
        drops_inputs = bool(keep_prob[0] < 1) and not is_sparse
        self._work = Workspace(network, batch_rows, dtype, drops_inputs)
        self._frame = self._work.frame
        self._item = self._frame.dtype.itemsize
        self._row_bytes = 8 if is_sparse else network.n_inputs * self._item
        self._room = self._room_to_gather(batch_rows, n_targets) if gathers else 0
        if gathers:
            self._put_room(n_targets, is_sparse)
        self.grad = empty_aligned(network.n_parameters, dtype)
        self._frame.put(GRAD, self.grad)

    def _room_to_gather(self, batch_rows: int, n_targets: int) -> int:
        bytes_of_all = self._row_bytes + (n_targets + 1) * self._item
        return max(batch_rows, _GATHERED_BYTES // bytes_of_all)

    def _put_room(self, n_targets: int, is_sparse: bool) -> None:
        rows, dtype, frame = self._room, self._frame.dtype, self._frame
        X_type = np.dtype(np.int64) if is_sparse else dtype
        X_size = rows * self._row_bytes // X_type.itemsize
        frame.put(GATHERED_X, empty_aligned(X_size, X_type), X_type)
        frame.put(GATHERED_Y, empty_aligned(rows * n_targets, dtype))
        frame.put(GATHERED_S, np.ones(rows, dtype))

    def run(
        self,
        variables: Variables,
        block: TrainingBlock,
        rates: np.ndarray,
        seed: int | np.uint64,
        total: float = 0.0,
    ) -> tuple[float, bool]:
        """Take one step for each mini-batch of a block of rows.

        Parameters
        ----------
        variables : Variables
        block : TrainingBlock
            Inputs, targets, weights that average to 1 over the training set, and the
            rows of each batch.
        rates : ndarray of float64, shape (n_batches,)
            The learning rate of each step.
        seed : uint64
            Seed of the dropout masks, together with the number of the step.
        total : float, default=0.0
            Sum of sᵢ ℓᵢ over the blocks before this one. It is passed on so that the
            sum has the same bits however batches are grouped into blocks.

        Returns
        -------
        total : float
            Sum of sᵢ ℓᵢ including this block, each batch at the θ of its step.
        finite : bool
            False if a batch's cost was not finite; θ is not updated by that batch.
        """
        frame, names_rows = self._frame, block.rows.size > 0
        variables.put_into(frame)
        put_inputs(frame, BLOCK_X if names_rows else X, block.X)
        frame.put(BLOCK_Y if names_rows else Y, np.ascontiguousarray(block.Y))
        frame.put(BLOCK_S if names_rows else S, np.ascontiguousarray(block.s))
        frame.put(ORDER, block.rows, np.int64)
        frame.set(
            n_targets=block.Y.shape[1],
            is_weighted=block.is_weighted,
            seed=int(np.uint64(seed).astype(np.int64)),
            factor=1.0,
            square=0.0,
        )
        return _train_block(
            self._program.table,
            self._n_gathering,
            self._n_gathering + self._n_to_cost,
            self._program.kernels(frame.dtype),
            frame.at,
            frame.now,
            block.bounds,
            block.rows.size,
            self._room,
            rates,
            (self._row_bytes, block.Y.shape[1] * self._item, self._item),
            total,
        )


@entry
def _train_block(
    operations,
    to_cost,
    back,
    kernels,
    at,
    nows,
    bounds,
    n_rows,
    room,
    rates,
    row_bytes,
    total,
):
    """Run the operations once for each batch.

    Those before `to_cost` gather up to `room` of the `n_rows` rows that the block
    lists; those from `back` on follow the cost. `row_bytes` has the bytes of a row of
    X, Y and s.
    """
    word, now = flush_subnormals(), nows[0]
    X_at, Y_at, s_at, first = at[X], at[Y], at[S], 0
    gathered_to = 0 if n_rows > 0 else bounds[-1]
    for k in range(rates.size):
        start, stop = bounds[k], bounds[k + 1]
        if stop > gathered_to:
            now.first, now.count = start, min(room, n_rows - start)
            perform(operations, 0, to_cost, kernels, at, now)
            X_at, Y_at, s_at = at[GATHERED_X], at[GATHERED_Y], at[GATHERED_S]
            first, gathered_to = start, start + now.count
        at[X] = X_at + (start - first) * row_bytes[0]
        at[Y] = Y_at + (start - first) * row_bytes[1]
        at[S] = s_at + (start - first) * row_bytes[2]
        now.rows, now.scale, now.rate = stop - start, 1.0 / (stop - start), rates[k]
        perform(operations, to_cost, back, kernels, at, now)
        if not math.isfinite(now.value):
            restore_control_word(word)
            return total, False
        total += now.value * now.rows
        perform(operations, back, operations.size, kernels, at, now)
        now.step += 1
        now.n_averaged += 1
    restore_control_word(word)
    return total, True
