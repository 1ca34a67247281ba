"""J and ∇J as sums over partitions."""

from functools import lru_cache
from typing import Any

import numpy as np
from distributed import Client, Future

from skdnn.dask.partitions import Part, as_compiled
from skdnn.network.architecture import Network
from skdnn.network.inputs import SparseRows, rows_between
from skdnn.network.objective import Objective, rows_per_block
from skdnn.network.penalties import ElasticNet
from skdnn.training.threads import blas_threads_for

# Number of gradients that one task adds. It fetches them from other workers, so with
# many its network would be the bottleneck.
ADDED_AT_ONCE = 16
_NO_PENALTY = ElasticNet(0.0, 0.0)


class PackedNetwork:
    """A compact, picklable network, which all tasks of a fit share."""

    def __init__(self, network: Network):
        packed = network.pack()
        packed = {k: tuple(v) if isinstance(v, list) else v for k, v in packed.items()}
        self._packed = tuple(packed.items())

    @property
    def network(self) -> Network:
        """The network; each worker builds it once."""
        return _unpacked(self._packed)


@lru_cache(maxsize=8)
def _unpacked(packed: tuple) -> Network:
    return Network.of(**dict(packed))


def objective_of(network: Network, part: Part, n_rows: int) -> Objective:
    """Return the objective 1/n_rows Σ sᵢ ℓᵢ over a part, without a penalty."""
    step = rows_per_block(network, isinstance(part.X, SparseRows))

    def blocks():
        for start in range(0, part.n_rows, step):
            stop = min(start + step, part.n_rows)
            yield (
                rows_between(part.X, start, stop),
                part.Y[start:stop],
                part.s[start:stop],
            )

    return Objective(
        network, _NO_PENALTY, blocks, n_rows, min(step, part.n_rows), part.Y.dtype
    )


def value_and_gradient(
    packed: PackedNetwork, part: Part, theta: np.ndarray, n_rows: int
) -> tuple[float, np.ndarray]:
    """Return the share of a part in J and ∇J; runs as a task."""
    network, part = packed.network, as_compiled(part)
    objective = objective_of(network, part, n_rows)
    with blas_threads_for(network, objective.block_rows):
        cost, gradient = objective.value_and_gradient(as_compiled(theta))
    return cost.data, gradient


def value(packed: PackedNetwork, part: Part, theta: np.ndarray, n_rows: int) -> float:
    """Return the share of a part in J; runs as a task."""
    network, part = packed.network, as_compiled(part)
    objective = objective_of(network, part, n_rows)
    with blas_threads_for(network, objective.block_rows):
        return objective.value(as_compiled(theta)).data


def added(shares: list[tuple[float, Any]]) -> tuple[float, Any]:
    """Add costs and gradients in the given order; runs as a task."""
    total, (cost, gradient) = np.float64(0), shares[0]
    gradient = gradient.copy()
    total += cost
    for cost, other in shares[1:]:
        total += cost
        gradient += other
    return float(total), gradient


def identity(value: Any) -> Any:
    """Return the argument; as a task, its result is passed between workers."""
    return value


class PartitionedObjective(Objective):
    """J and ∇J of rows on the workers, summed in the order of the partitions.

    Parameters
    ----------
    network, penalty
        As in `Objective`.
    client : Client
        Client of the cluster.
    parts : list of Future
        The parts of the training set.
    n_rows : int
        Number of rows of all parts together.
    dtype : dtype
        The type of the network.
    """

    def __init__(
        self,
        network: Network,
        penalty: ElasticNet,
        client: Client,
        parts: list[Future],
        n_rows: int,
        dtype: np.dtype,
    ):
        self.network, self.penalty = network, penalty
        self.n_rows, self.dtype = n_rows, np.dtype(dtype)
        self._client, self._parts = client, parts
        self._packed = PackedNetwork(network)

    def data_cost(self, theta: np.ndarray) -> float:
        """Return the data part of J."""
        shares = self._shares(value, theta)
        return float(sum(self._client.gather(shares)))

    def _data_part(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        shares = self._shares(value_and_gradient, theta)
        while len(shares) > 1:
            shares = [
                self._client.submit(added, shares[k : k + ADDED_AT_ONCE], pure=False)
                for k in range(0, len(shares), ADDED_AT_ONCE)
            ]
        cost, gradient = shares[0].result()
        return cost, gradient.copy()  # arrays received over the network are read-only

    def _shares(self, function, theta: np.ndarray) -> list[Future]:
        client = self._client
        sent = client.submit(identity, self._typed(theta).copy(), pure=False)
        return [
            client.submit(function, self._packed, part, sent, self.n_rows, pure=False)
            for part in self._parts
        ]
