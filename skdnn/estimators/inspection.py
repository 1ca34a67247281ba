"""J of a network on given rows, and the check of its gradient."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators import settings
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.rows import Rows
from skdnn.estimators.solving import objective_of, penalty_of
from skdnn.estimators.training_problem import (
    TrainingProblem,
    examples_and_objective,
)
from skdnn.estimators.validation import training_rows
from skdnn.network.gradient_check import GradientCheckReport, check_gradient
from skdnn.network.objective import Cost
from skdnn.training.threads import blas_threads_for


class ObjectiveInspection(BaseMLPRegularized):
    """Methods that look at the objective an estimator minimises."""

    def cost(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Cost:
        r"""Return J of the fitted parameters on the given rows, and its parts.

        .. math:: J = \frac{1}{\sum s_i} \sum_i s_i \ell_i + \Omega(W)

        Dropout is off; class weights and label smoothing are as in fit. The penalty Ω
        is that of the training set, so that J of different rows differs by its data
        part only.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights; None counts each row once.

        Returns
        -------
        Cost
            A named tuple ``(total, data, penalty)`` of floats.
        """
        check_is_fitted(self)
        rows = training_rows(self, Rows(X, y, sample_weight), reset=False)
        settings.check_range(rows.X, self._theta.dtype, "X")
        examples = self._examples(rows, self._theta.dtype)
        penalty = penalty_of(self, self._total_weight)
        objective = objective_of(self._network, penalty, examples)
        with blas_threads_for(self._network, objective.block_rows):
            return objective.value(self._theta)

    def gradient_check(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        at: str = "fitted",
        epsilon: float = 1e-5,
        max_params: int | None = 1000,
    ) -> GradientCheckReport:
        r"""Compare the gradient that training uses with two-sided differences of J.

        .. math::

            d\theta_{approx,i} =
                \frac{J(\theta + \epsilon e_i) - J(\theta - \epsilon e_i)}{2\epsilon},
            \qquad
            \text{error} = \frac{\|d\theta_{approx} - d\theta\|_2}
                {\|d\theta_{approx}\|_2 + \|d\theta\|_2}

        All in float64, penalty and weights included, dropout off: while units drop, J
        is not one function. A debugging tool, with two evaluations of J per component:
        a few hundred rows are enough.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows; J takes them for the whole training set.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights; None counts each row once.
        at : {"fitted", "init"}, default="fitted"
            Check at the fitted parameters, or at the random ones that fit would start
            from. "init" works on an estimator that has not been fitted.
        epsilon : float, default=1e-5
            The step ε.
        max_params : int or None, default=1000
            Check at most so many components, drawn evenly from all layers; None checks
            all. The report says how many.

        Returns
        -------
        GradientCheckReport
            Its `verdict` is "correct" up to an error of 1e-7, "wrong" above 1e-3 and
            "suspicious" between; print it for a table with the error of each layer and
            the worst components. Components on a kink of ReLU or of the L1 penalty
            have no derivative; they are left out and listed in `kinks`.

        References
        ----------
        Y. Bengio, "Practical recommendations for gradient-based training of deep
        architectures", 2012, section 4.2.
        """
        settings.check_gradient_check_arguments(at, epsilon, max_params)
        if at == "init":
            problem = TrainingProblem.at_init(self, X, y, sample_weight)
            objective, theta = problem.objective, problem.state.theta
        else:
            self._validate_params()
            check_is_fitted(self)
            self._check_settings()
            rows = training_rows(self, Rows(X, y, sample_weight), reset=False)
            objective = examples_and_objective(self, rows)[1]
            theta = self._theta.astype(np.float64)
        with blas_threads_for(objective.network, objective.block_rows):
            return check_gradient(
                objective,
                theta,
                epsilon=epsilon,
                max_params=max_params,
                notes=settings.gradient_check_notes(self),
            )
