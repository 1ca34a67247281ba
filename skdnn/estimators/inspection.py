"""Inspect an estimator: J on given rows, gradient check, training problem.

No function here changes the estimator.
"""

from copy import deepcopy
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators import parameters, plan
from skdnn.estimators.model import Model, type_out
from skdnn.estimators.preparation import first_state
from skdnn.estimators.rows import Rows, training_rows
from skdnn.estimators.solving import train
from skdnn.network.gradient_check import GradientCheckReport, check_gradient
from skdnn.network.objective import Cost, Objective
from skdnn.training.history import Outcome
from skdnn.training.state import TrainingState
from skdnn.training.tables import Examples
from skdnn.training.threads import blas_threads_for


class TrainingProblem(NamedTuple):
    """J of an estimator on some rows, its initial θ, and training from there.

    Everything is in float64, whatever the `dtype` of the estimator is.
    """

    estimator: Any  # a copy, with the columns of these rows
    model: Model  # at the initial θ
    examples: Examples
    objective: Objective  # dropout off
    state: TrainingState  # θ and the solver's memory; updated by `train`
    rows: Rows  # validated

    @classmethod
    def at_init(cls, estimator, X, y, sample_weight=None) -> "TrainingProblem":
        """Return the problem that `fit` would start with; the estimator is unchanged.

        Parameters
        ----------
        estimator : MLPRegularizedClassifier or MLPRegularizedRegressor
            Fitted or not.
        X, y, sample_weight : array-like
            The rows, taken for the whole training set.
        """
        estimator._validate_params()
        own = estimator._draft()
        # The caller's RandomState must not advance before `fit`.
        own.random_state = deepcopy(estimator.random_state)
        parameters.check(own)
        rows = training_rows(own, Rows(X, y, sample_weight), reset=True)
        targets, dtype = own._targets_of(rows), np.dtype(np.float64)
        network = plan.network_of(own, rows.X.shape[1], targets)
        state = first_state(own, network, dtype)
        targets = own._begin_at(targets, rows, network.biases(state.theta)[-1])
        examples = rows.examples(targets, dtype)
        type_in = type_out(rows.X.dtype).name
        model = Model(network, targets, state.theta, examples.total_weight, type_in)
        objective = _objective(own, model, examples)
        return cls(own, model, examples, objective, state, rows)

    def train(self, n_epochs: int) -> Outcome:
        """Train for at most `n_epochs` epochs, silently, as `partial_fit` would."""
        trained = train(
            self.estimator, self.model, self.state, self.examples, None, n_epochs
        )
        return trained.outcome

    def after_one_step(self) -> np.ndarray:
        """Return θ after the solver's next step on all rows, without taking it.

        Dropout and augmentation are off. θ is NaN if the step diverges.
        """
        own = self.estimator._draft()
        own.augmentation = None
        own.keep_prob = own.input_keep_prob = 1.0
        own.batch_size = self.examples.n_rows
        state = self.state.copy()
        trained = train(own, self.model, state, self.examples, None, n_epochs=1)
        if trained.outcome.diverged_at is not None:
            return np.full_like(state.theta, np.nan)
        return state.theta


def objective_over(estimator, rows: Rows) -> Objective:
    """Return J of a fitted estimator in float64, with these rows as training set.

    Parameters
    ----------
    estimator : BaseMLPRegularized
    rows : Rows
        Validated.
    """
    examples = rows.examples(estimator._model.targets, np.dtype(np.float64))
    return _objective(estimator, estimator._model, examples)


def _objective(estimator, model: Model, examples: Examples) -> Objective:
    penalty = plan.penalty_of(estimator, examples.total_weight)
    return model.objective(examples, penalty)


def cost(estimator, rows: Rows) -> Cost:
    """Return J of a fitted estimator, with the penalty of its training set."""
    check_is_fitted(estimator)
    model = estimator._model
    rows = training_rows(estimator, rows, reset=False)
    examples = rows.examples(model.targets, model.theta.dtype)
    penalty = plan.penalty_of(estimator, model.total_weight)
    objective = model.objective(examples, penalty)
    with blas_threads_for(model.network, objective.block_rows):
        J = objective.value(model.theta)
    return Cost(*(model.targets.cost_unit * part for part in J))


def gradient_check(
    estimator, rows: Rows, at: str, epsilon: float, max_params: int | None
) -> GradientCheckReport:
    """Return the report of the estimator's method of the same name."""
    check_gradient_check_arguments(at, epsilon, max_params)
    if at == "init":
        X, y, sample_weight, _ = rows
        problem = TrainingProblem.at_init(estimator, X, y, sample_weight)
        model, objective = problem.model, problem.objective
    else:
        estimator._validate_params()
        check_is_fitted(estimator)
        parameters.check(estimator)
        objective = objective_over(
            estimator, training_rows(estimator, rows, reset=False)
        )
        model = estimator._model
    notes = gradient_check_notes(estimator)
    return gradient_report(objective, model, epsilon, max_params, notes)


def gradient_report(
    objective: Objective,
    model: Model,
    epsilon: float,
    max_params: int | None,
    notes: list[str],
) -> GradientCheckReport:
    """Return the gradient check at θ of `model`, with J in the caller's units."""
    with blas_threads_for(objective.network, objective.block_rows):
        report = check_gradient(
            objective,
            model.theta.astype(np.float64),
            epsilon=epsilon,
            max_params=max_params,
            notes=notes,
        )
    return replace(report, cost=model.targets.cost_unit * report.cost)


def check_gradient_check_arguments(at, epsilon, max_params) -> None:
    """Check the arguments of `gradient_check`."""
    if at not in ("fitted", "init"):
        raise ValueError(f"at must be 'fitted' or 'init', got {at!r}.")
    if not (isinstance(epsilon, Real) and epsilon < 1 and not epsilon <= 0):
        raise ValueError(f"epsilon must be in the range (0, 1), got {epsilon!r}.")
    if max_params is not None and not (
        isinstance(max_params, Integral) and int(max_params) > 0
    ):
        raise ValueError(f"max_params must be an int > 0 or None, got {max_params!r}.")


def gradient_check_notes(estimator) -> list[str]:
    """Return notes on these settings for the report of a gradient check."""
    keep = plan.keep_probs(estimator)
    if np.all(keep == 1):
        return []
    return [
        f"Dropout is off in this check (input_keep_prob={estimator.input_keep_prob}, "
        f"keep_prob={estimator.keep_prob}): under dropout J is not a single function."
    ]
