"""Where the training rows are held: in this process, or where a subclass has them."""

from typing import Any

from skdnn.estimators import plan
from skdnn.estimators.first_pass import rows_of_fit
from skdnn.estimators.model import Model
from skdnn.estimators.rows import Rows, training_rows
from skdnn.network.objective import Objective
from skdnn.network.penalties import ElasticNet
from skdnn.streams import refuse_lazy
from skdnn.training.blocks import Reader
from skdnn.training.recipe import Recipe
from skdnn.training.state import TrainingState
from skdnn.training.steps import Steps
from skdnn.training.tables import Examples


class Place:
    """The process of the caller, which holds the rows or reads them from a source.

    A fit accesses its rows only through this interface, so rows held elsewhere need
    another place, but no other fit.
    """

    def rows(self, draft, given: Rows, *, reset: bool, incremental: bool) -> Rows:
        """Return the caller's training rows, checked; `reset` as in `training_rows`."""
        refuse_lazy(given.X)
        read = training_rows if incremental else rows_of_fit
        return read(draft, given, reset=reset)

    def reader(
        self, estimator, model: Model, state: TrainingState, examples: Examples
    ) -> Reader:
        """Return the reader that forms the mini-batches of an epoch."""
        return plan.reader(estimator, model, state, examples)

    def steps(self, state: TrainingState, reader: Any, recipe: Recipe) -> Steps:
        """Return the object that takes the training steps."""
        return Steps(state, reader, recipe)

    def objective(
        self, model: Model, examples: Examples, penalty: ElasticNet
    ) -> Objective:
        """Return J over all rows."""
        return model.objective(examples, penalty)


HERE = Place()
