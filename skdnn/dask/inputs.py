"""X of a Dask collection: validated and kept on the workers, by partition."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from distributed import Client, Future

from skdnn.dask.collections import fetched, partitions
from skdnn.dask.partitions import checked, first_row, info_of, part_of, picked
from skdnn.estimators import plan
from skdnn.estimators.rows import (
    Rows,
    check_lengths,
    checked_targets,
    validated_inputs,
)
from skdnn.estimators.streamed import Sample, StreamedInputs
from skdnn.estimators.targets.weights import row_weights
from skdnn.streams.sampling import stacked
from skdnn.training.tables import MAX_STORED, Table

# Size of the sample that is fetched for the input checks: entries, and bounds on rows.
_ENTRIES_FETCHED, _MIN_FETCHED, _MAX_FETCHED = 2**19, 512, 4096
_SEED = 0  # the same sample in each fit


def each(client: Client, function: Callable, *arguments: Sequence) -> list[Future]:
    """Call a function for each partition, as separate tasks."""
    return client.map(function, *arguments, pure=False)


class PartitionedInputs(StreamedInputs):
    """X of all partitions, with the interface of a table.

    Parameters
    ----------
    client : Client
        Client of the cluster.
    checked : list of Future
        The validated partitions.
    """

    def __init__(self, client: Client, checked: list[Future]):
        self.client = client
        self._checked: list[Future] | None = checked
        infos = client.gather(each(client, info_of, checked))
        filled = [each for each in infos if each.n_rows]
        if not filled:
            raise ValueError(
                f"X has no rows: found 0 samples in {len(infos)} partitions, while a "
                "minimum of 1 is required."
            )
        columns = [each.n_columns for each in filled]
        if len(set(columns)) > 1:
            raise ValueError(
                "All partitions of X must have the same number of columns, got "
                f"{sorted(set(columns))}."
            )
        self.sizes = np.array([each.n_rows for each in infos], np.int64)
        self.ends = np.concatenate([[0], np.cumsum(self.sizes)])
        self.shape = int(self.ends[-1]), columns[0]
        self.dtype = np.result_type(*(each.dtype for each in filled))
        self.all_sparse = all(each.is_sparse for each in filled)
        self.n_stored = sum(each.n_stored for each in filled)
        self.largest = max((np.float64(p.largest), k) for k, p in enumerate(infos))
        self.sample = self._sample()

    def _sample(self) -> Sample:
        n_rows, n_columns = self.shape
        wanted = _ENTRIES_FETCHED // max(1, n_columns)
        most = min(_MAX_FETCHED, max(_MIN_FETCHED, wanted), n_rows)
        drawn = np.random.default_rng(_SEED).choice(n_rows, most, replace=False)
        numbers = np.sort(drawn)
        return Sample(self.held(numbers), numbers)

    @property
    def checked_partitions(self) -> list[Future]:
        """The validated partitions, until their rows have been passed to training."""
        if self._checked is None:
            raise RuntimeError("the partitions of X have been released")
        return self._checked

    def release(self) -> None:
        """Release the partitions, so that workers can free their memory."""
        self._checked = None

    def by_partition(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the indices of these rows, which must ascend, by partition."""
        bounds = np.searchsorted(rows, self.ends)
        return [
            rows[bounds[k] : bounds[k + 1]] - self.ends[k]
            for k in range(self.sizes.size)
        ]

    def held(self, rows: np.ndarray | None) -> Any:
        """Return these rows, in ascending order, or all, in memory."""
        rows = np.arange(self.shape[0]) if rows is None else rows
        wanted = [
            (future, some)
            for future, some in zip(
                self.checked_partitions, self.by_partition(rows), strict=True
            )
            if some.size
        ]
        futures, numbers = map(list, zip(*wanted, strict=True))
        return stacked(self.client.gather(each(self.client, picked, futures, numbers)))

    def table(self, dtype, rows: np.ndarray | None) -> "PartitionedTable":  # type: ignore[override]
        """Return all rows, or these, as a table for training."""
        return PartitionedTable(self, dtype, rows)

    def checksum(self) -> int:
        """Return a checksum of the partitions."""
        return zlib.crc32(repr((self.shape, self.sizes.tolist())).encode())


class PartitionedTable:
    """Table of rows on the workers, which only they can read.

    Parameters
    ----------
    inputs : PartitionedInputs
        The partitions.
    dtype : dtype
        The type of the network.
    rows : ndarray of int, optional
        The rows of the table, in ascending order; by default all.
    """

    ready = None

    def __init__(self, inputs: PartitionedInputs, dtype, rows: np.ndarray | None):
        self.dtype = np.dtype(dtype)
        self.sample = Table(inputs.sample.of(rows).X, dtype)
        self._inputs, self._rows = inputs, rows
        self.client = inputs.client
        self.n_rows = inputs.shape[0] if rows is None else rows.size
        self.n_columns = inputs.shape[1]
        n_entries = inputs.shape[0] * inputs.shape[1]
        is_sparse_enough = inputs.n_stored < MAX_STORED * n_entries
        self.is_sparse_enough = inputs.all_sparse and is_sparse_enough

    def parts(self, Y: np.ndarray, s: np.ndarray) -> tuple[list[Future], np.ndarray]:
        """Return the parts of the training set on the workers, and their sizes.

        Partitions without training rows are left out. Targets and weights are arguments
        of the tasks, so Dask can recompute the parts of a worker that is lost.
        """
        inputs, client = self._inputs, self.client
        cut: list[Any] = [None] * inputs.sizes.size
        sizes = inputs.sizes
        if self._rows is not None:
            cut = inputs.by_partition(self._rows)
            sizes = np.array([rows.size for rows in cut], np.int64)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        parts = [
            client.submit(
                part_of,
                inputs.checked_partitions[k],
                cut[k],
                Y[ends[k] : ends[k + 1]],
                s[ends[k] : ends[k + 1]],
                self.is_sparse_enough,
                pure=False,
            )
            for k in np.flatnonzero(sizes)
        ]
        inputs.release()
        return parts, sizes[sizes > 0]

    def checksum(self, most_rows: int = 2) -> int:
        """Return a checksum of some of the rows."""
        return self.sample.checksum(most_rows) ^ self._inputs.checksum()


def _check_range(inputs: PartitionedInputs, dtype: np.dtype) -> None:
    """Raise an error at numbers that overflow the network's type."""
    largest, number = inputs.largest
    if largest > np.finfo(dtype).max:
        raise ValueError(
            f"Partition {number} of X (the first is 0) contains {largest:.3g}, a value "
            f"too large for {dtype}. Standardise the inputs or set dtype='float64'."
        )


def partitioned_rows(client: Client, draft, given: Rows, reset: bool) -> Rows:
    """Validate the rows of Dask collections; X stays on the workers.

    Parameters
    ----------
    client : Client
        Client of the cluster.
    draft : BaseMLPRegularized
        The estimator to fit; if `reset`, a copy, which is changed.
    given : Rows
        As the caller passed them.
    reset : bool
        As in `training_rows`.
    """
    if given.y is None:
        raise ValueError(
            f"{type(draft).__name__} requires y to be passed, but the target y is None."
        )
    raw = partitions(client, given.X)
    inputs = PartitionedInputs(client, each(client, checked, raw, range(len(raw))))
    filled = int(np.flatnonzero(inputs.sizes)[0])
    head = client.submit(first_row, raw[filled], pure=False).result()
    validated_inputs(draft, head, reset=reset)
    _check_range(inputs, plan.network_dtype(draft, inputs.shape[0]))
    y = checked_targets(draft, fetched(client, given.y), "y")
    check_lengths(inputs.shape[0], y, "X", "y")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y.ravel()
    weight = fetched(client, given.sample_weight)
    return Rows(inputs, y, row_weights(weight, inputs.shape[0], "sample_weight"))
