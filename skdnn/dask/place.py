"""The workers of a cluster, as the place where a fit's rows are."""

from skdnn.dask.inputs import partitioned_rows
from skdnn.dask.objective import PartitionedObjective
from skdnn.estimators.place import Place
from skdnn.estimators.rows import Rows


class Workers(Place):
    """Rows on the workers of a cluster.

    Parameters
    ----------
    client : Client
        Of the cluster.
    sync_every : int or "epoch"
        After how many steps of each partition θ is averaged.
    """

    def __init__(self, client, sync_every):
        self.client, self.sync_every = client, sync_every

    def rows(self, draft, given: Rows, *, reset: bool, incremental: bool) -> Rows:
        """Return the caller's training rows, of which X stays on the workers."""
        return partitioned_rows(self.client, draft, given, reset)

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
