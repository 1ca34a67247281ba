"""Prepare a fit: from the caller's arrays and the parameters to the first epoch."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skdnn.estimators import parameters, plan
from skdnn.estimators.checks.scales import warn_of_inputs
from skdnn.estimators.dev_set import DevSet, cut_dev_set
from skdnn.estimators.first_pass import dev_rows_of_fit, sample_of
from skdnn.estimators.model import Model, type_out
from skdnn.estimators.place import HERE, Place
from skdnn.estimators.rows import (
    Rows,
    as_counts,
    check_total_weight,
    dev_rows_of,
)
from skdnn.network.architecture import Network
from skdnn.network.initializers import initialize
from skdnn.training.optimizers import OptimizerState
from skdnn.training.state import TrainingState
from skdnn.training.tables import Examples


class Start(NamedTuple):
    """The starting point of training, and its data."""

    model: Model  # with an empty θ; `state` holds the one that is trained
    state: TrainingState
    examples: Examples  # the training rows
    dev_rows: Rows | None
    evaluate: DevSet | None  # evaluates the dev rows


def prepare(
    draft,
    given: Rows,
    given_dev: Rows,
    *,
    warm: bool = False,
    incremental: bool = False,
    classes=None,
    total_weight: float | None = None,
    split_seed: int | None = None,
    place: Place = HERE,
) -> Start:
    """Return the starting point of a call of fit or partial_fit.

    Parameters
    ----------
    draft : BaseMLPRegularized
        A copy of the estimator, whose feature count and names are set here.
    given, given_dev : Rows
        As the caller passed them. X without y may be a batch source, unless
        `incremental`.
    warm : bool, default=False
        Whether training resumes where it stopped.
    incremental : bool, default=False
        Whether these rows are only a part of the training set (partial_fit).
    classes, total_weight
        As in `partial_fit`.
    split_seed : int, optional
        Seed of the dev split. By default it is drawn.
    place : Place, optional
        Where the rows are held.
    """
    parameters.check(draft)
    rows = place.rows(draft, given, reset=not warm, incremental=incremental)
    dtype = plan.network_dtype(draft, rows.X.shape[0])
    if warm and draft.dtype == "auto":
        dtype = draft._state.theta.dtype
    targets = draft._targets_of(rows, classes, warm, incremental)
    network = plan.network_of(draft, rows.X.shape[1], targets)
    if warm:
        check_same_layers(draft._model.network, network)
        state = next_state(draft, draft._state, dtype, incremental)
    else:
        state = first_state(draft, network, dtype)
    if split_seed is not None:
        state.split_seed = split_seed
    dev_rows = (dev_rows_of if incremental else dev_rows_of_fit)(draft, given_dev)
    if dev_rows is None and incremental:
        parameters.warn_of_no_dev_set(draft)
    elif dev_rows is None and draft.early_stopping:
        rows, dev_rows = cut_dev_set(draft, rows, targets, state.split_seed)
    if not warm:
        targets = draft._begin_at(targets, rows, network.biases(state.theta)[-1])
    if not incremental:
        rows = rows._replace(sample_weight=as_counts(rows.sample_weight))
    examples = rows.examples(targets, dtype)
    count_rows(examples, state, incremental, total_weight)
    type_in = type_out(rows.X.dtype).name
    no_theta = np.empty(0, dtype)
    model = Model(network, targets, no_theta, examples.total_weight, type_in)
    evaluate = None if dev_rows is None else DevSet.of(draft, model, dev_rows)
    if not warm:
        seen = None if given_dev.X is None or dev_rows is None else sample_of(dev_rows)
        warn_of_inputs(draft, sample_of(rows), seen)
    if evaluate is not None and not (incremental and warm):
        evaluate.try_scorer(state.theta)
    return Start(model, state, examples, dev_rows, evaluate)


def first_state(estimator, network: Network, dtype) -> TrainingState:
    """Return the state in which training from scratch starts: at a random θ."""
    seeds = check_random_state(estimator.random_state).randint(2**31 - 1, size=4)
    rng, bias_init = np.random.default_rng(seeds[0]), estimator.bias_init
    theta = initialize(network, estimator.init, rng, dtype, bias_init)
    return TrainingState(
        theta,
        OptimizerState.start(theta),
        rng=np.random.default_rng(seeds[1]),
        mask_seed=int(seeds[2]),
        split_seed=int(seeds[3]),
        solver=estimator.solver,
    )


def next_state(
    estimator, before: TrainingState, dtype, incremental: bool
) -> TrainingState:
    """Return a copy of the state in which training stopped, ready to resume."""
    state = before.copy(dtype)
    state.switch_solver(estimator.solver)
    if state.is_over and not incremental:
        state.start_new_fit()
    return state


def check_same_layers(before: Network, now: Network) -> None:
    """Raise an error if the sizes of the layers differ from those of the last fit."""
    old, new = before.sizes, now.sizes
    if old != new:
        raise ValueError(
            f"Training can only continue with the layers of the first fit, {old} "
            "(inputs, hidden units, outputs); hidden_layer_sizes, X and y now require "
            f"{new}. Set warm_start=False to start a new fit."
        )


def count_rows(
    examples: Examples, state: TrainingState, incremental: bool, total_weight
) -> None:
    """Update S and the schedule's time by the rows that are about to be trained on."""
    state.rows_seen = state.rows_seen.after(
        examples.weight, examples.checksum(), total_weight
    )
    if incremental:
        check_total_weight(state.rows_seen.known, examples.weight)
        examples.total_weight = state.rows_seen.total
        state.time = state.rows_seen.passes
