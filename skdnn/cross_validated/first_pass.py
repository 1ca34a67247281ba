"""The rows of a fit: a table, or a batch source after one pass over it.

The preprocessor of a batch source is fitted to a sample of its rows, by the same code
as for a table. The sample of a small source is all of it, so the result is the same as
for a table.
"""

from typing import Any

import numpy as np
from scipy import sparse

from skdnn.cross_validated.inputs import dev_table, table
from skdnn.cross_validated.streamed import StreamedTables
from skdnn.estimators.first_pass import (
    dev_rows_of_fit,
    is_streamed,
    rows_of_fit,
    streamed_rows,
)
from skdnn.estimators.rows import Rows, dev_rows_of, training_rows
from skdnn.estimators.streamed import Sample
from skdnn.preprocessing.mixed_tables import TableColumns, columns_of
from skdnn.preprocessing.streamed_columns import StreamedColumns
from skdnn.preprocessing.tables import is_frame
from skdnn.streams import RowSample

# The sample has at most this many rows and bytes, but at least this many rows.
_MAX_ROWS, _MAX_BYTES, _MIN_ROWS = 2**17, 2**26, 2**12
_MEASURED_ROWS = 1000  # from which the bytes per row are estimated


def training_rows_of(estimator, given: Rows) -> Rows:
    """Check and return the training rows; set the estimator's columns."""
    if not is_streamed(given):
        return training_rows(estimator, given, reset=True, inputs=table)
    if not estimator.preprocess:
        return rows_of_fit(estimator, given, reset=True)
    return streamed_rows(estimator, given, TablesCollector(estimator))


def held_out_rows_of(estimator, given: Rows) -> Rows | None:
    """Check and return X_val, y_val and their weights, or None."""
    if not is_streamed(given):
        return dev_rows_of(estimator, given, inputs=dev_table)
    if not estimator.preprocess:
        return dev_rows_of_fit(estimator, given)
    return streamed_rows(estimator, given, TablesCollector(estimator, "_val"), "_val")


def columns_of_rows(estimator, rows: Rows) -> TableColumns | None:
    """Return the numeric and categorical columns; None with ``preprocess=False``."""
    if isinstance(rows.X, StreamedTables):
        return rows.X.columns
    if not estimator.preprocess:
        return None
    return columns_of(rows.X, estimator.categorical_features)


class TablesCollector:
    """Collects the column types and a sample of the tables in the chunks of a source.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        A copy. The first chunk of training rows sets its columns.
    suffix : str, default=""
        Suffix of the argument names in messages: "" for training rows, "_val" for dev
        rows.
    """

    def __init__(self, estimator, suffix: str = ""):
        self._estimator, self._suffix = estimator, suffix
        self._columns = StreamedColumns(estimator.categorical_features)
        self._sample: RowSample | None = None
        self._kind = ""
        self._n_columns, self._all_sparse = 0, True

    def checked(self, X: Any) -> Any:
        """Check and return X of the next chunk."""
        if self._suffix or self._sample is not None:
            return self._check(X)
        return table(self._estimator, X, reset=True)

    def _check(self, X: Any) -> Any:
        """Check a table against the columns of the fit, and return it."""
        name = f"X{self._suffix}"
        X = dev_table(self._estimator, X, name)
        kind = _kind_of(X)
        if self._kind and kind != self._kind:
            raise TypeError(
                f"{name} is {kind}, but in the first chunk it was {self._kind}: all "
                "chunks must be of the same kind."
            )
        return X

    def add(self, X: Any, number: int) -> None:
        """Add the checked X of a chunk."""
        self._columns.add(X)
        if self._sample is None:
            self._kind, self._n_columns = _kind_of(X), X.shape[1]
            most = int(_MAX_BYTES / max(1.0, _bytes_per_row(X)))
            self._sample = RowSample(min(_MAX_ROWS, max(_MIN_ROWS, most)))
        self._all_sparse = self._all_sparse and sparse.issparse(X)
        self._sample.add(X)

    def inputs(self, source, sizes, fingerprints) -> StreamedTables:
        """Return X of all chunks, which have these sizes and fingerprints."""
        assert self._sample is not None  # a source without rows has been refused
        (X,) = self._sample.arrays
        streamed = StreamedTables(
            source,
            self._check,
            sizes=sizes,
            fingerprints=fingerprints,
            n_columns=self._n_columns,
            dtype=np.dtype(np.float64),  # not used: chunks are read preprocessed
            n_stored=0,
            is_sparse=self._all_sparse,
            largest=(np.float64(0), 0),
            sample=Sample(X, self._sample.numbers),
        )
        streamed.columns = self._columns.columns
        return streamed


def _kind_of(X) -> str:
    """Return the kind of a table, which all chunks must share."""
    if is_frame(X):
        return f"a frame of {type(X).__module__.split('.')[0]}"
    return "an array or sparse matrix"


def _bytes_per_row(X) -> float:
    """Estimate how many bytes a row takes."""
    n_rows = min(X.shape[0], _MEASURED_ROWS)
    some = X[:n_rows]
    if hasattr(some, "memory_usage"):
        n_bytes = some.memory_usage(index=False, deep=True).sum()
    elif hasattr(some, "estimated_size"):
        n_bytes = some.estimated_size()
    elif sparse.issparse(some):
        n_bytes = some.nnz * (some.dtype.itemsize + 4)
    else:
        n_bytes = some.nbytes
    return float(n_bytes) / n_rows
