"""From an estimator's settings to a trained θ, whichever solver does it."""

import zlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skdnn.estimators import settings
from skdnn.network.architecture import Network
from skdnn.network.objective import Objective, rows_per_block
from skdnn.network.penalties import ElasticNet
from skdnn.training.blocks import Augment
from skdnn.training.history import Outcome
from skdnn.training.lbfgs import minimize_lbfgs
from skdnn.training.loop import Evaluate, OnEpoch, Recipe, train_epochs
from skdnn.training.readers.tables import TableReader
from skdnn.training.schedules import SCHEDULES
from skdnn.training.state import TrainingState
from skdnn.training.stopping import MAX_ITER, Monitor
from skdnn.training.tables import Examples
from skdnn.training.threads import blas_threads_for


class Trained(NamedTuple):
    """What training leaves behind."""

    theta: np.ndarray  # the parameters to predict with
    state: TrainingState  # where to go on
    outcome: Outcome
    best_epoch: int  # the epoch that theta is from, counted over all so far


def penalty_of(estimator, total_weight: float) -> ElasticNet:
    """Return the estimator's penalty over training rows of this total weight S."""
    return ElasticNet.of(estimator.alpha, estimator.l1_ratio, total_weight)


def objective_of(
    network: Network, penalty: ElasticNet, examples: Examples
) -> Objective:
    """Return J over the examples."""
    step = rows_per_block(network, examples.table.is_sparse_enough)
    return Objective(
        network,
        penalty,
        lambda: examples.blocks(step),
        examples.n_rows,
        min(step, examples.n_rows),
        examples.table.dtype,
    )


def train(
    estimator,
    network: Network,
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
    network : Network
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
    monitor = state.monitor = _monitor(estimator, network, state, examples, evaluate)
    solve = _solve_lbfgs if estimator.solver == "lbfgs" else _solve_stochastic
    outcome = solve(
        estimator, network, state, examples, monitor, evaluate, n_epochs, on_epoch
    )
    if outcome.reason == MAX_ITER:
        outcome.reason = reason_at_end
    if monitor.best_theta is not None:
        best = monitor.best_theta.astype(state.theta.dtype, copy=False)
        return Trained(best, state, outcome, monitor.best_epoch)
    return Trained(state.theta, state, outcome, state.n_epochs)


def _monitor(estimator, network, state, examples, evaluate) -> Monitor:
    """Return what says when to stop, as it was left by a training that goes on."""
    follows_dev = bool(estimator.early_stopping and evaluate is not None)
    fingerprint = 0 if follows_dev else _fingerprint(estimator, network, examples)
    limits = {"tol": estimator.tol, "patience": estimator.n_iter_no_change}
    before = state.monitor
    if before is None or (before.follows_dev, before.fingerprint) != (
        follows_dev,
        fingerprint,
    ):
        return Monitor(**limits, follows_dev=follows_dev, fingerprint=fingerprint)
    monitor = replace(before, **limits)
    if follows_dev:
        monitor.reevaluate_best(evaluate)
    return monitor


def _fingerprint(estimator, network, examples) -> int:
    """Return a number that changes with the cost that training lowers.

    Rows are told apart by their targets and weights: those are in memory, in one type.
    """
    settings_of_cost = (
        penalty_of(estimator, examples.total_weight),
        settings.keep_probs(estimator, network.n_layers - 1).tolist(),
        (network.loss, network.loss_option, examples.n_rows),
    )
    number = zlib.crc32(repr(settings_of_cost).encode())
    return zlib.crc32(examples.s, zlib.crc32(examples.Y, number))


def _solve_stochastic(
    estimator, network, state, examples, monitor, evaluate, n_epochs, on_epoch
) -> Outcome:
    penalty = penalty_of(estimator, examples.total_weight)
    recipe = Recipe(
        network=network,
        penalty=penalty,
        rule=settings.rule(estimator),
        regularization=settings.regularization(estimator, penalty),
        keep_prob=settings.keep_probs(estimator, network.n_layers - 1),
        schedule=SCHEDULES[estimator.learning_rate],
        learning_rate_init=float(estimator.learning_rate_init),
        power_t=float(estimator.power_t),
        n_epochs=n_epochs or estimator.max_iter,
        epoch_length=examples.weight / examples.total_weight,
        schedule_start=_schedule_start(estimator, state, n_epochs),
        horizon=estimator.max_iter,
        constant_cost=lambda: estimator._targets.constant_cost(
            examples.Y, examples.s, network.loss_option
        ),
        is_whole=n_epochs is None,
    )
    reader = TableReader(
        examples,
        settings.batch_rows(estimator, examples.n_rows),
        state.rng,
        estimator.shuffle,
        _augment_of(estimator),
    )
    with blas_threads_for(network, reader.batch_rows):
        return train_epochs(state, reader, recipe, evaluate, on_epoch)


def _augment_of(estimator) -> Augment | None:
    """Return what alters the training rows, as training calls it."""
    augmentation, targets = estimator.augmentation, estimator._targets
    if augmentation is None:
        return None
    augmentation.check(estimator.n_features_in_)
    if not augmentation.mixes_targets:
        return augmentation.augment
    return lambda X, Y, s, rng: augmentation.augment(X, targets.mixable(Y), s, rng)


def _schedule_start(estimator, state: TrainingState, n_epochs: int | None) -> float:
    """Return the time that the schedule counts from.

    A warm start goes on with the learning rates where it stopped. A cosine wave is laid
    out for `max_iter` epochs, so that each fit needs one of its own.
    """
    starts_anew = SCHEDULES[estimator.learning_rate].spans_fit and n_epochs is None
    return state.time if starts_anew else state.schedule_start


def _solve_lbfgs(
    estimator, network, state, examples, monitor, evaluate, n_epochs, on_epoch
) -> Outcome:
    penalty = penalty_of(estimator, examples.total_weight)
    with blas_threads_for(network, rows_per_block(network)):
        state.theta, outcome = minimize_lbfgs(
            state.theta,
            objective_of(network, penalty, examples),
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
