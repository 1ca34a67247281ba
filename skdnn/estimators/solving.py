"""Training: choice of the solver, stopping, and the record of the fit."""

import zlib
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from skdnn.estimators import plan
from skdnn.estimators.model import Model
from skdnn.estimators.place import HERE, Place
from skdnn.network.architecture import Network
from skdnn.network.objective import rows_per_block
from skdnn.training.history import Outcome, Run
from skdnn.training.lbfgs import minimize_lbfgs
from skdnn.training.loop import Evaluate, OnEpoch, train_epochs
from skdnn.training.optimizers import OptimizerState
from skdnn.training.state import TrainingState
from skdnn.training.stopping import MAX_ITER, Monitor
from skdnn.training.tables import Examples
from skdnn.training.threads import blas_threads_for


class Trained(NamedTuple):
    """The result of training."""

    theta: np.ndarray  # the parameters to predict with
    state: TrainingState  # from which training can resume
    outcome: Outcome  # with costs in the caller's units
    best_epoch: int  # the epoch of theta, counted over all epochs so far
    first_cost: float | None  # J in the first epoch of this training run


@dataclass
class FitRecord:
    """The fitted attributes about training; each field is one of them."""

    n_iter_: int
    t_: int
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    best_iteration_: int
    converged_: bool
    stop_reason_: str
    optimizer_state_: OptimizerState
    stop_message_: str = ""

    @classmethod
    def of(
        cls, trained: Trained, n_rows: int, has_dev: bool, before: Any = None
    ) -> "FitRecord":
        """Return the record of a call of fit or partial_fit.

        Parameters
        ----------
        trained : Trained
        n_rows : int
            Number of training rows.
        has_dev : bool
            Whether there was a dev set.
        before : FitRecord or fitted estimator, optional
            The previous record, whose curves are extended.
        """
        outcome, history = trained.outcome, trained.outcome.history
        curve = [] if before is None else before.loss_curve_
        curve = [*curve, *(r.cost for r in history)]
        costs = None if before is None else before.validation_loss_curve_
        scores = None if before is None else before.validation_scores_
        if has_dev:
            now = [r.dev for r in history if r.dev is not None]
            costs = [*(costs or []), *(d.cost for d in now)]
            scores = [*(scores or []), *(d.score for d in now)]
        best_loss, best_score = min(curve, default=np.inf), None
        monitor = trained.state.monitor
        if monitor is not None and monitor.follows_dev:
            best_loss = None  # as in scikit-learn: the dev set decides
            best_score = monitor.best_score
        return cls(
            n_iter_=len(history),
            t_=(0 if before is None else before.t_) + len(history) * n_rows,
            loss_=curve[-1] if curve else np.inf,
            loss_curve_=curve,
            best_loss_=best_loss,
            validation_loss_curve_=costs,
            validation_scores_=scores,
            best_validation_score_=best_score,
            best_iteration_=trained.best_epoch,
            converged_=bool(outcome.converged),
            stop_reason_=outcome.reason,
            optimizer_state_=trained.state.optimizer,
        )


def train(
    estimator,
    model: Model,
    state: TrainingState,
    examples: Examples,
    evaluate: Evaluate | None,
    n_epochs: int | None = None,
    reason_at_end: str = MAX_ITER,
    on_epoch: OnEpoch | None = None,
    run: Run | None = None,
    place: Place = HERE,
) -> Trained:
    """Train by the estimator's parameters.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        Read, not changed.
    model : Model
        The network and the targets; its θ is not used.
    state : TrainingState
        The starting point; updated in place. Its patience and best parameters are kept
        if the monitored quantity is the same.
    examples : Examples
        The training rows.
    evaluate : callable (theta) -> DevResult or None
        Evaluates the dev set after each epoch.
    n_epochs : int, optional
        Number of epochs, on a schedule that counts from the first row ever, as
        partial_fit needs it. By default `max_iter` epochs on a schedule of their own.
    reason_at_end : str, default="max_iter"
        Why training stops after these epochs, a code of training/stopping.py.
    on_epoch : callable (EpochRecord, theta) -> bool, optional
        Called after each epoch; a true result stops training.
    run : Run, optional
        The start of this fit, and its epochs before `state`. By default it starts here.
    place : Place, optional
        Where the rows are held.
    """
    run = Run(state.time) if run is None else run
    network, unit = model.network, model.targets.cost_unit
    if on_epoch is not None:
        on_epoch = _told_in_units(on_epoch, unit)
    monitor = state.monitor
    if monitor is None or not run.history:
        monitor = _monitor(estimator, network, state, examples, evaluate)
        state.monitor = monitor
    if plan.is_stochastic(estimator):
        recipe = plan.recipe(estimator, model, state, examples, n_epochs, run.began)
        reader = place.reader(estimator, model, state, examples)
        with blas_threads_for(network, reader.batch_rows):
            outcome = train_epochs(
                state,
                reader,
                recipe,
                evaluate,
                on_epoch,
                run.history,
                place.steps,
            )
    else:
        state.begin_averaging(False)
        penalty = plan.penalty_of(estimator, examples.total_weight)
        objective = place.objective(model, examples, penalty)
        outcome = _minimize(
            estimator, objective, state, monitor, evaluate, n_epochs, on_epoch
        )
    if outcome.reason == MAX_ITER:
        outcome.reason = reason_at_end
    weight = examples.weight * len(outcome.history)
    state.rows_seen = state.rows_seen.trained(weight)
    outcome.history = [record.in_units(unit) for record in outcome.history]
    first_cost = None if state.first_cost is None else unit * state.first_cost
    theta, epoch = state.to_predict, state.n_epochs
    if monitor.best_theta is not None:
        theta = monitor.best_theta.astype(theta.dtype, copy=False)
        epoch = monitor.best_epoch
    return Trained(theta, state, outcome, epoch, first_cost)


def _told_in_units(on_epoch: OnEpoch, unit: float) -> OnEpoch:
    return lambda record, theta: on_epoch(record.in_units(unit), theta)


def _monitor(estimator, network, state, examples, evaluate) -> Monitor:
    """Return the previous monitor if it monitors the same quantity, else a new one."""
    follows_dev = bool(estimator.early_stopping and evaluate is not None)
    fingerprint = 0 if follows_dev else _fingerprint(estimator, network, examples)
    limits = {"tol": estimator.tol, "patience": estimator.n_iter_no_change}
    before, followed = state.monitor, (follows_dev, fingerprint)
    if before is None or (before.follows_dev, before.fingerprint) != followed:
        return Monitor(**limits, follows_dev=follows_dev, fingerprint=fingerprint)
    monitor = replace(before, **limits)
    if follows_dev:
        monitor.reevaluate_best(evaluate)
    return monitor


def _fingerprint(estimator, network: Network, examples: Examples) -> int:
    """Return a checksum that identifies the cost being minimised.

    Rows are identified by their targets and weights, which are in memory in one type.
    """
    settings_of_cost = (
        plan.penalty_of(estimator, examples.total_weight),
        plan.keep_probs(estimator, plan.training_rows(examples)).tolist(),
        (network.loss, network.loss_option, examples.n_rows),
    )
    number = zlib.crc32(repr(settings_of_cost).encode())
    return zlib.crc32(examples.s.data, zlib.crc32(examples.Y.data, number))


def _minimize(
    estimator, objective, state, monitor, evaluate, n_epochs, on_epoch
) -> Outcome:
    """Train by lbfgs, on all rows at once."""
    network = objective.network
    with blas_threads_for(network, rows_per_block(network)):
        state.theta, outcome = minimize_lbfgs(
            state.theta,
            objective,
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
