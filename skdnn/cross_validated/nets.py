"""Training a network from checkpoint to checkpoint."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skdnn.estimators import plan
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.model import Model, type_out
from skdnn.estimators.preparation import first_state
from skdnn.estimators.rows import Rows
from skdnn.estimators.solving import FitRecord
from skdnn.network.objective import forward, rows_per_block
from skdnn.training.state import TrainingState
from skdnn.training.steps import Steps
from skdnn.training.stopping import MAX_ITER
from skdnn.training.tables import Examples
from skdnn.training.threads import blas_threads_for

_NO_THETA = np.empty(0)  # the current θ is in the training state


class NetInTraining:
    """A plain estimator that is trained from checkpoint to checkpoint.

    Parameters
    ----------
    net : MLPRegularizedClassifier or MLPRegularizedRegressor
        Its parameters set how to train; the caller decides how long.
    rows : Rows
        The training rows, validated and numeric.
    targets : Targets
        The encoder of the targets.
    examples : Examples, optional
        Those of another network with the same rows and data type, to share.
    """

    def __init__(
        self,
        net: BaseMLPRegularized,
        rows: Rows,
        targets,
        examples: Examples | None = None,
    ):
        # float32 even for few rows: the many steps are noisy in any case.
        dtype = np.dtype(np.float32 if net.dtype == "auto" else net.dtype)
        network = plan.network_of(net, rows.X.shape[1], targets)
        state = first_state(net, network, dtype)
        targets = net._begin_at(targets, rows, network.biases(state.theta)[-1])
        if examples is None:
            examples = rows.examples(targets, dtype)
        weight, type_in = examples.total_weight, type_out(rows.X.dtype).name
        self._begin(
            net, Model(network, targets, _NO_THETA, weight, type_in), examples, state
        )

    def _begin(
        self,
        net: BaseMLPRegularized,
        model: Model[Any],
        examples: Examples,
        state: TrainingState,
    ) -> None:
        self.estimator, self.examples, self._model = net, examples, model
        recipe = plan.recipe(net, model, state, examples, n_epochs=1)
        reader = plan.reader(net, model, state, examples)
        self._steps = Steps(state, reader, recipe)
        self._costs: dict[int, float] = {}  # J up to each checkpoint

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs to train it."""
        return {
            "estimator": self.estimator,
            "model": self._model.pack(),
            "examples": self.examples,
            "progress": self.pack(),
        }

    def __setstate__(self, plain: dict[str, Any]) -> None:
        """Restore the pickled network."""
        progress = plain["progress"]
        state = TrainingState.unpack(progress["state"]).copy()  # writeable
        model = Model.unpack(plain["model"])
        self._begin(plain["estimator"], model, plain["examples"], state)
        self.resume(progress)

    @property
    def n_steps(self) -> int:
        """The steps taken so far."""
        return self._steps.state.optimizer.t

    @property
    def model(self) -> Model:
        """The current network; its θ is updated by further training."""
        return self._model.with_theta(self._steps.state.to_predict)

    def advance_to(self, n_steps: int) -> bool:
        """Train up to `n_steps`; return whether J and θ are still finite."""
        steps = self._steps
        if n_steps > self.n_steps:
            with blas_threads_for(self._model.network, steps.reader.batch_rows):
                self._costs[n_steps] = float(steps.take(n_steps - self.n_steps))
        costs = [*self._costs.values()]
        return bool(np.isfinite(costs[-1]) and np.isfinite(steps.state.theta).all())

    def logits(self, examples: Examples) -> np.ndarray:
        """Return the logits of held-out rows."""
        model = self.model
        step = rows_per_block(model.network, examples.table.is_sparse_enough)
        rows = min(step, examples.n_rows)
        with blas_threads_for(model.network, rows):
            blocks = examples.table.blocks(step)
            return forward(model.network, model.theta, blocks, examples.n_rows, rows)

    def pack(self) -> dict[str, Any]:
        """Return the training state as numbers, arrays and a generator."""
        return {**self._steps.pack(), "costs": [*self._costs.items()]}

    def copied(self) -> dict[str, Any]:
        """Return a copy of the packed state, which further training does not change."""
        state = self._steps.state.copy().pack()
        return {**self.pack(), "state": state}

    def resume(self, plain: dict[str, Any]) -> None:
        """Restore the packed state of a network with the same rows and seed."""
        self._steps.resume(plain)
        self._costs = {int(n_steps): cost for n_steps, cost in plain["costs"]}

    def fitted(self, model: Model, n_steps: int, message: str) -> BaseMLPRegularized:
        """Return the plain estimator, fitted, which predicts with the model.

        The model is that of the checkpoint after `n_steps`; the message says why.
        A warm start continues from the parameters of the last step.
        """
        net, state = self.estimator._draft(), self._steps.state
        net.n_features_in_ = model.network.n_inputs
        unit = model.targets.cost_unit
        curve = [unit * cost for cost in self._costs.values()]
        n_batches = self._steps.reader.n_batches
        record = FitRecord(
            n_iter_=-(-self.n_steps // n_batches),
            t_=round(self.n_steps / n_batches * self.examples.n_rows),
            loss_=curve[-1],
            loss_curve_=curve,
            best_loss_=min(curve),
            validation_loss_curve_=None,
            validation_scores_=None,
            best_validation_score_=None,
            best_iteration_=1 + list(self._costs).index(n_steps),
            converged_=True,
            stop_reason_=MAX_ITER,
            optimizer_state_=state.optimizer,
            stop_message_=message,
        )
        net._assign(net._attributes_to_predict(model), state, record)
        return net


End = tuple[bool, np.ndarray | None]  # whether all is finite; logits of held-out rows


class Leg(NamedTuple):
    """A job: the training of a network over one or several checkpoints."""

    net: NetInTraining  # trained in place
    steps: Sequence[int]  # the numbers of steps at the checkpoints
    held_out: Examples | None = None  # rows whose logits are wanted at the end


def run_leg(leg: Leg) -> End:
    """Train; return whether all is finite, and the logits of the held-out rows."""
    net, steps, held_out = leg
    is_finite = all([net.advance_to(int(n_steps)) for n_steps in steps])
    if held_out is None or not is_finite:
        return is_finite, None
    Z = net.logits(held_out)
    return bool(np.isfinite(Z).all()), Z
