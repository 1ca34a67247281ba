"""The workers of a cluster, as the place of the training rows."""

from typing import Any

from distributed import Client

from skdnn.dask.inputs import partitioned_rows
from skdnn.dask.objective import PartitionedObjective
from skdnn.dask.steps import PartitionedReader, PartitionedSteps
from skdnn.estimators import plan
from skdnn.estimators.place import Place
from skdnn.estimators.rows import Rows


class Workers(Place):
    """Rows on the workers of a cluster.

    Parameters
    ----------
    client : Client
        Client of the cluster.
    sync_every : int or "epoch"
        Number of steps of each partition after which θ is averaged.
    """

    def __init__(self, client: Client, sync_every: Any):
        self.client, self.sync_every = client, sync_every

    def rows(self, draft, given: Rows, *, reset: bool, incremental: bool) -> Rows:
        """Validate the caller's training rows; X stays on the workers."""
        if draft.augmentation is not None:
            raise ValueError(
                f"{type(draft).__name__} does not support augmentation, got "
                f"{draft.augmentation!r}. Set augmentation=None."
            )
        return partitioned_rows(self.client, draft, given, reset)

    def reader(self, estimator, model, state, examples) -> Any:
        """Return the reader that forms mini-batches from the rows of all partitions."""
        most = plan.batch_rows(estimator, examples.n_rows)
        n_batches = -(-examples.n_rows // most)
        every = n_batches if self.sync_every == "epoch" else self.sync_every
        return PartitionedReader(n_batches, most, examples, estimator.shuffle, every)

    def steps(self, state, reader, recipe) -> PartitionedSteps:
        """Return the object that takes the training steps on the workers."""
        return PartitionedSteps(state, reader, recipe)

    def objective(self, model, examples, penalty) -> PartitionedObjective:
        """Return J over all partitions."""
        parts, _ = examples.table.parts(examples.Y, examples.s)
        return PartitionedObjective(
            model.network,
            penalty,
            self.client,
            parts,
            examples.n_rows,
            examples.table.dtype,
        )
