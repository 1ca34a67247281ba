"""The rows of a fit: a table, or a batch source after a pass over it.

Preprocessors are fitted to a sample of a source, with the code that fits them to a
table. A source of a few rows is its own sample: then they are those of the table.
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

# The sample: at most so many rows and bytes, but no fewer rows than these.
_MOST_ROWS, _MOST_BYTES, _LEAST_ROWS = 2**17, 2**26, 2**12
_LOOKED_AT = 1000  # rows that tell how many bytes one has


def training_rows_of(estimator, given: Rows) -> Rows:
    """Return the caller's training rows, checked; the estimator gets their columns."""
    if not is_streamed(given):
        return training_rows(estimator, given, reset=True, inputs=table)
    if not estimator.preprocess:
        return rows_of_fit(estimator, given, reset=True)
    return streamed_rows(estimator, given, TablesSeen(estimator))


def held_out_rows_of(estimator, given: Rows) -> Rows | None:
    """Return the caller's X_val, y_val and weights, checked, or None."""
    if not is_streamed(given):
        return dev_rows_of(estimator, given, inputs=dev_table)
    if not estimator.preprocess:
        return dev_rows_of_fit(estimator, given)
    return streamed_rows(estimator, given, TablesSeen(estimator, "_val"), "_val")


def columns_of_rows(estimator, rows: Rows) -> TableColumns | None:
    """Return which columns are what; None if rows are read as they come."""
    if isinstance(rows.X, StreamedTables):
        return rows.X.columns
    if not estimator.preprocess:
        return None
    return columns_of(rows.X, estimator.categorical_features)


class TablesSeen:
    """What the tables were like that have been X of the chunks up to now.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        A copy; the columns of the first chunk become its own, unless it is about dev
        rows.
    suffix : str, default=""
        That of the caller's names: "" or "_val".
    """

    def __init__(self, estimator, suffix: str = ""):
        self._estimator, self._suffix = estimator, suffix
        self._columns = StreamedColumns(estimator.categorical_features)
        self._sample: RowSample | None = None
        self._kind = ""
        self._n_columns, self._all_sparse = 0, True

    def checked(self, X: Any) -> Any:
        """Return X of the next chunk, checked."""
        if self._suffix or self._sample is not None:
            return self._check(X)
        return table(self._estimator, X, reset=True)

    def _check(self, X: Any) -> Any:
        """Return a table, checked against the columns of the fit."""
        name = f"X{self._suffix}"
        X = dev_table(self._estimator, X, name)
        kind = _kind_of(X)
        if self._kind and kind != self._kind:
            raise TypeError(
                f"{name} is {kind}, in the first chunk it was {self._kind}; all chunks "
                "must be alike."
            )
        return X

    def add(self, X: Any, number: int) -> None:
        """Take in what was checked, of the chunk of this number."""
        self._columns.add(X)
        if self._sample is None:
            self._kind, self._n_columns = _kind_of(X), X.shape[1]
            most = int(_MOST_BYTES / max(1.0, _bytes_per_row(X)))
            self._sample = RowSample(min(_MOST_ROWS, max(_LEAST_ROWS, most)))
        self._all_sparse = self._all_sparse and sparse.issparse(X)
        self._sample.add(X)

    def inputs(self, source, sizes, fingerprints) -> StreamedTables:
        """Return X of all chunks, of these sizes and fingerprints."""
        assert self._sample is not None  # there are rows
        (X,) = self._sample.arrays
        streamed = StreamedTables(
            source,
            self._check,
            sizes=sizes,
            fingerprints=fingerprints,
            n_columns=self._n_columns,
            dtype=np.dtype(np.float64),  # nobody reads them as they are
            n_stored=0,
            is_sparse=self._all_sparse,
            largest=(np.float64(0), 0),
            sample=Sample(X, self._sample.numbers),
        )
        streamed.columns = self._columns.columns
        return streamed


def _kind_of(X) -> str:
    """Return what a table is, for comparing it with others."""
    if is_frame(X):
        return f"a frame of {type(X).__module__.split('.')[0]}"
    return "an array or sparse matrix"


def _bytes_per_row(X) -> float:
    """Return about how much memory a row takes."""
    n_rows = min(X.shape[0], _LOOKED_AT)
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
