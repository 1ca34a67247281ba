"""What an estimator would minimise on given rows, and where it would start."""

from copy import copy, deepcopy
from typing import Any, NamedTuple

import numpy as np

from skdnn.estimators.rows import Rows
from skdnn.estimators.solving import objective_of, penalty_of, train
from skdnn.estimators.validation import training_rows
from skdnn.network.objective import Objective
from skdnn.training.history import Outcome
from skdnn.training.state import TrainingState
from skdnn.training.tables import Examples


class TrainingProblem(NamedTuple):
    """J of an estimator on some rows, its first θ, and a way to train from there.

    All in float64, whatever the estimator's own type is.
    """

    estimator: Any  # a copy, with the network and the targets of these rows
    examples: Examples
    objective: Objective  # dropout off
    state: TrainingState  # θ and what the solver remembers; moved by `train`
    rows: Rows  # validated

    @classmethod
    def at_init(cls, estimator, X, y, sample_weight=None) -> "TrainingProblem":
        """Return the problem that `fit` would begin with; the estimator stays as it is.

        Parameters
        ----------
        estimator : MLPRegularizedClassifier or MLPRegularizedRegressor
            Fitted or not.
        X, y, sample_weight : array-like
            The rows, taken for the whole training set.
        """
        estimator._validate_params()
        own = copy(estimator)
        # A caller's RandomState stays where it is, for the fit to come.
        own.random_state = deepcopy(estimator.random_state)
        own._check_settings()
        rows = training_rows(own, Rows(X, y, sample_weight), reset=True)
        own._targets = own._targets_of(rows, None, goes_on=False)
        own._network = own._network_for(own._targets)
        examples, objective = examples_and_objective(own, rows)
        state = own._first_state(own._network, np.float64)
        return cls(own, examples, objective, state, rows)

    def train(self, n_epochs: int) -> Outcome:
        """Train for at most so many epochs, silently, as `partial_fit` would."""
        own = self.estimator
        network = own._network
        return train(own, network, self.state, self.examples, None, n_epochs).outcome

    def after_one_step(self) -> np.ndarray:
        """Return θ after the solver's next step on all rows; nothing here moves.

        Dropout and augmentation are off. θ is NaN where the step diverges.
        """
        own = copy(self.estimator)
        own.augmentation = None
        own.keep_prob = own.input_keep_prob = 1.0
        own.batch_size = self.examples.n_rows
        state = self.state.copy()
        trained = train(own, own._network, state, self.examples, None, n_epochs=1)
        if trained.outcome.diverged_at is not None:
            return np.full_like(state.theta, np.nan)
        return state.theta


def examples_and_objective(estimator, rows: Rows) -> tuple[Examples, Objective]:
    """Return validated rows in float64, and J with these rows for the training set.

    The estimator has the network and the targets already.
    """
    examples = estimator._examples(rows, np.dtype(np.float64))
    penalty = penalty_of(estimator, examples.total_weight)
    return examples, objective_of(estimator._network, penalty, examples)
