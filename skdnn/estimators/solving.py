"""Training: where it starts, what says when to stop, and the solver that does it."""

from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skdnn.estimators import plan
from skdnn.estimators.model import Model
from skdnn.estimators.rows import check_total_weight
from skdnn.network.initializers import initialize
from skdnn.network.objective import rows_per_block
from skdnn.network.propagation import Network
from skdnn.training.batches import Examples
from skdnn.training.lbfgs import minimize_lbfgs
from skdnn.training.loop import Evaluate, OnEpoch, train_epochs
from skdnn.training.optimizers import OptimizerState
from skdnn.training.state import Outcome, TrainingState
from skdnn.training.stopping import MAX_ITER, Monitor
from skdnn.training.threads import blas_threads_for


class Trained(NamedTuple):
    """What training leaves behind."""

    theta: np.ndarray  # the parameters to predict with
    state: TrainingState  # where to go on
    outcome: Outcome
    best_epoch: int  # the epoch that theta is from, counted over all so far


def first_state(estimator, network: Network, dtype) -> TrainingState:
    """Return where a training starts anew: at a random θ."""
    seeds = check_random_state(estimator.random_state).randint(2**31 - 1, size=4)
    names = plan.hidden_activations(estimator, network.layout.n_layers - 1)
    rng, bias_init = np.random.default_rng(seeds[0]), estimator.bias_init
    theta = initialize(network.layout, estimator.init, names, rng, dtype, bias_init)
    return TrainingState(
        theta,
        OptimizerState.start(theta),
        rng=np.random.default_rng(seeds[1]),
        mask_seed=np.uint64(seeds[2]),
        split_seed=int(seeds[3]),
        solver=estimator.solver,
    )


def next_state(
    estimator, before: TrainingState, dtype, incremental: bool
) -> TrainingState:
    """Return a copy of where training stopped, to go on from as the parameters say."""
    state = deepcopy(before)
    state.theta = state.theta.astype(dtype)
    state.optimizer.m = state.optimizer.m.astype(dtype)
    state.optimizer.v = state.optimizer.v.astype(dtype)
    if estimator.solver != before.solver:
        # What one rule remembers, another would take for something else.
        state.optimizer = OptimizerState.start(state.theta)
        state.solver = estimator.solver
    if state.is_over and not incremental:
        state.begin_anew()
    return state


def check_same_layers(before: Network, now: Network) -> None:
    """Refuse to go on with other layers than training began with."""
    old, new = before.layout.sizes, now.layout.sizes
    if not np.array_equal(old, new):
        raise ValueError(
            f"Training can go on only with the layers it began with, {old} "
            f"(inputs, hidden units, outputs); hidden_layer_sizes and X now make "
            f"them {new}. Set warm_start=False and fit anew."
        )


def count_rows(
    examples: Examples, state: TrainingState, incremental: bool, total_weight
) -> None:
    """Count rows that are about to be trained on; they may be one part of several."""
    state.rows_seen = state.rows_seen.after(
        examples.weight, examples.checksum(), total_weight
    )
    if incremental:
        check_total_weight(state.rows_seen.known, examples.weight)
        examples.total_weight = state.rows_seen.total
        state.time = state.rows_seen.passes


def train(
    estimator,
    model: Model,
    state: TrainingState,
    examples: Examples,
    evaluate: Evaluate | None,
    n_epochs: int | None = None,
    reason_at_end: str = MAX_ITER,
    on_epoch: OnEpoch | None = None,
) -> Trained:
    """Train as the estimator's parameters say.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Read, not changed.
    model : Model
        The network and the targets; its θ is not used.
    state : TrainingState
        Where to start; moved in place. Patience and the best parameters go on from it,
        too, if what is followed is the same.
    examples : Examples
        The training rows.
    evaluate : callable (theta) -> DevResult or None
        Looks at the dev set after each epoch.
    n_epochs : int, optional
        Train so long, on a schedule that counts from the first row ever: what
        partial_fit wants. By default `max_iter` epochs on a schedule of their own.
    reason_at_end : str, default="max_iter"
        Why training stops after these epochs, a code of training/stopping.py.
    on_epoch : callable (EpochRecord, theta) -> bool, optional
        Told of each epoch; a true answer stops the training.
    """
    network = model.network
    monitor = state.monitor = _monitor(estimator, network, state, examples, evaluate)
    if plan.is_stochastic(estimator):
        recipe = plan.recipe(estimator, model, state, examples, n_epochs)
        with blas_threads_for(network.layout, recipe.batch_size):
            outcome = train_epochs(state, examples, recipe, monitor, evaluate, on_epoch)
    else:
        outcome = _minimize(
            estimator, model, state, examples, monitor, evaluate, n_epochs, on_epoch
        )
    if outcome.reason == MAX_ITER:
        outcome.reason = reason_at_end
    weight = examples.weight * len(outcome.history)
    state.rows_seen = state.rows_seen.trained(weight)
    if monitor.best_theta is not None:
        best = monitor.best_theta.astype(state.theta.dtype, copy=False)
        return Trained(best, state, outcome, monitor.best_epoch)
    return Trained(state.theta, state, outcome, state.n_epochs)


def _monitor(estimator, network, state, examples, evaluate) -> Monitor:
    """Return what says when to stop: the last training's, if it followed the same."""
    follows_dev = bool(estimator.early_stopping and evaluate is not None)
    fingerprint = 0 if follows_dev else plan.fingerprint(estimator, network, examples)
    limits = {"tol": estimator.tol, "patience": estimator.n_iter_no_change}
    before, followed = state.monitor, (follows_dev, fingerprint)
    if before is None or (before.follows_dev, before.subject) != followed:
        return Monitor(**limits, follows_dev=follows_dev, subject=fingerprint)
    monitor = replace(before, **limits)
    if follows_dev:
        monitor.look_again(evaluate)
    return monitor


def _minimize(
    estimator, model, state, examples, monitor, evaluate, n_epochs, on_epoch
) -> Outcome:
    """Train on all rows at once."""
    layout = model.network.layout
    penalty = plan.penalty_of(estimator, examples.total_weight)
    with blas_threads_for(layout, rows_per_block(layout)):
        state.theta, outcome = minimize_lbfgs(
            state.theta,
            model.objective(examples, penalty),
            monitor,
            tol=estimator.tol,
            max_iterations=n_epochs or estimator.max_iter,
            max_evaluations=estimator.max_fun,
            evaluate=evaluate,
            on_epoch=on_epoch,
            epochs_before=state.n_epochs,
        )
    state.n_epochs += len(outcome.history)
    state.time += len(outcome.history)
    state.is_over = outcome.converged
    return outcome
