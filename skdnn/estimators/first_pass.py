"""The first pass over a batch source: all targets and weights, and properties of X.

Targets and weights are kept in memory, a few bytes per row. Classes and their weights,
centre and scale, the dev split, S and the cost of constant predictions are then
computed by the same code as for a table, with bit-identical results.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, column_or_1d

from skdnn.estimators.checks.arrays import TABLE, explained
from skdnn.estimators.rows import (
    SPARSE_FORMATS,
    Rows,
    check_lengths,
    checked_targets,
    dev_inputs,
    dev_rows_of,
    training_rows,
    types_read,
    validated_inputs,
)
from skdnn.estimators.streamed import (
    Sample,
    StreamedInputs,
    fingerprint,
)
from skdnn.estimators.targets.labels import type_of_label
from skdnn.estimators.targets.weights import row_weights
from skdnn.streams import (
    RowSample,
    as_source,
    in_chunk,
    is_source,
    parts_of_chunk,
    refuse_separate_weights,
)

# Size of the sample for the input checks: entries, and bounds on its rows.
_ENTRIES_KEPT, _MIN_KEPT, _MAX_KEPT = 2**19, 512, 4096


def is_streamed(given: Rows) -> bool:
    """Return whether the caller has passed a batch source instead of X and y."""
    return given.y is None and is_source(given.X)


def streamed_rows(
    estimator, given: Rows, seen: "ChunkCollector", suffix: str = ""
) -> Rows:
    """Return the rows of a batch source, after a pass over all of its chunks.

    Parameters
    ----------
    estimator : BaseMLPRegularized
        The estimator to fit.
    given : Rows
        As the caller passed them: X is the source.
    seen : ChunkCollector
        Validates X of the chunks and records their properties.
    suffix : str
        Suffix of the caller's argument names, for errors: "" or "_val".
    """
    refuse_separate_weights(given.sample_weight, suffix)
    source, found = as_source(given.X), _Found()
    for number, chunk in enumerate(source):
        with in_chunk(number, suffix):
            X, y, weight = parts_of_chunk(chunk)
            del chunk
            if y is None:
                raise ValueError("requires y to be passed, but the target y is None.")
            mark, has_rows = fingerprint(y, weight), _has_rows(X)
            if has_rows:
                X = seen.checked(X)
                y = checked_targets(estimator, y, f"y{suffix}")
                y = y.toarray() if sparse.issparse(y) else y
                check_lengths(X.shape[0], y, f"X{suffix}", f"y{suffix}")
                weight = _weights(weight, X.shape[0], f"sample_weight{suffix}")
                found.check_alike(y, weight)
                seen.add(X, number)
            found.add(y if has_rows else None, weight if has_rows else None)
        found.fingerprints.append(mark)
    if not found.y:
        raise ValueError(
            f"The batch source{_in_place_of(suffix)} has no rows: found 0 samples in "
            f"{len(found.sizes)} chunks, while a minimum of 1 is required."
        )
    y = np.concatenate(found.y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=not suffix)
    weights = np.concatenate(found.weights) if found.weights else None
    weights = row_weights(weights, len(y), f"sample_weight{suffix}")
    X = seen.inputs(source, found.sizes, found.fingerprints)
    return Rows(X, y, weights)


def rows_of_fit(estimator, given: Rows, reset: bool) -> Rows:
    """Validate the caller's training rows, a table or a batch source.

    Parameters
    ----------
    estimator, given, reset
        As of `training_rows`.
    """
    if not is_streamed(given):
        return training_rows(estimator, given, reset)
    seen = NumbersCollector(
        lambda X, is_first: validated_inputs(estimator, X, reset and is_first)
    )
    return streamed_rows(estimator, given, seen)


def dev_rows_of_fit(estimator, given: Rows) -> Rows | None:
    """Validate the caller's dev rows, a table or a batch source; None if none."""
    if not is_streamed(given):
        return dev_rows_of(estimator, given)
    seen = NumbersCollector(lambda X, is_first: dev_inputs(estimator, X), "X_val")
    return streamed_rows(estimator, given, seen, "_val")


def sample_of(rows: Rows) -> Rows:
    """Return rows for the input checks: those of a table, or the sample of a stream."""
    if not isinstance(rows.X, StreamedInputs):
        return rows
    sample, meant = rows.X.sample.of(rows.numbers), rows.numbers
    numbers = sample.numbers
    if meant is not None:
        numbers = np.searchsorted(meant, numbers)
    weight = rows.sample_weight
    return Rows(sample.X, rows.y[numbers], None if weight is None else weight[numbers])


class ChunkCollector(Protocol):
    """Properties of X of the chunks so far."""

    def checked(self, X: Any) -> Any:
        """Validate X of the next chunk, which has rows."""

    def add(self, X: Any, number: int) -> None:
        """Record validated X of the chunk with this index."""

    def inputs(self, source, sizes, fingerprints) -> StreamedInputs:
        """Return X of all chunks, with these sizes and fingerprints."""


class _Found:
    """Targets and weights of the chunks so far."""

    def __init__(self):
        self.sizes: list[int] = []
        self.fingerprints: list[int] = []
        self.y: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []

    def check_alike(self, y: np.ndarray, weight: np.ndarray | None) -> None:
        """Raise an error if targets or weights do not match those of earlier chunks."""
        if not self.y:
            return
        first = self.y[0]
        if y.ndim != first.ndim or y.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"y has shape {y.shape}, but {first.shape} in the first chunk; only "
                "the number of rows may differ."
            )
        kinds = [type_of_label(each.flat[0]) for each in (first, y)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"y has labels of type {kinds[1]}, such as {y.flat[0]!r}; those of the "
                f"first chunk are of type {kinds[0]}, such as {first.flat[0]!r}."
            )
        if (weight is None) == bool(self.weights):
            has = "no sample_weight" if weight is None else "sample_weight"
            raise ValueError(
                f"it has {has}, unlike the first chunk; give weights in all chunks, or "
                "in none."
            )

    def add(self, y: np.ndarray | None, weight: np.ndarray | None) -> None:
        """Add a validated chunk; y is None if it has no rows."""
        self.sizes.append(0 if y is None else len(y))
        if y is not None:
            self.y.append(y.copy())  # an iterator may reuse its buffer
        if weight is not None:
            self.weights.append(weight.copy())


class NumbersCollector:
    """Properties of X of the chunks so far, where X is a table of numbers.

    Parameters
    ----------
    check : callable (X, is_first) -> X
        Validates X of a chunk, including its columns.
    name : str, default="X"
        Name of X in error messages of later passes.
    """

    def __init__(self, check: Callable[[Any, bool], Any], name: str = "X"):
        self._check, self._name = check, name
        self._n_columns = self._n_stored = 0
        self._all_sparse = True
        self._types: set[np.dtype] = set()
        self._largest = (np.float64(0), 0)
        self._sample: RowSample | None = None

    def checked(self, X: Any) -> Any:
        """Validate X of the next chunk."""
        return self._check(X, self._sample is None)

    def add(self, X: Any, number: int) -> None:
        """Record validated X of the chunk with this index."""
        values = X.data if sparse.issparse(X) else X
        if X.dtype.kind == "f" and X.dtype.itemsize > 4 and values.size:
            largest = np.float64(max(values.max(), -values.min()))
            self._largest = max(self._largest, (largest, number))
        self._n_columns = X.shape[1]
        self._types.add(X.dtype)
        self._all_sparse = self._all_sparse and sparse.issparse(X)
        self._n_stored += X.nnz if sparse.issparse(X) else X.size
        if self._sample is None:
            entries = _ENTRIES_KEPT // max(1, X.shape[1])
            self._sample = RowSample(min(_MAX_KEPT, max(_MIN_KEPT, entries)))
        self._sample.add(X)

    def inputs(self, source, sizes, fingerprints) -> StreamedInputs:
        """Return X of all chunks, with these sizes and fingerprints."""
        assert self._sample is not None  # there are rows
        (X,) = self._sample.arrays
        n_stored = self._n_stored
        return StreamedInputs(
            source,
            lambda X: _numbers(X, self._name),
            sizes=sizes,
            fingerprints=fingerprints,
            n_columns=self._n_columns,
            dtype=np.result_type(*self._types),
            n_stored=n_stored if self._all_sparse else sum(sizes) * self._n_columns,
            is_sparse=self._all_sparse,
            largest=self._largest,
            sample=Sample(X, self._sample.numbers),
        )


def _has_rows(X: Any) -> bool:
    return not hasattr(X, "shape") or X.shape[:1] != (0,)


def _in_place_of(suffix: str) -> str:
    return f" X{suffix}" if suffix else ""


def _numbers(X: Any, name: str):
    """Validate X of a chunk: an array or sparse matrix of finite numbers."""
    with explained(X, name, TABLE):
        return check_array(
            X, accept_sparse=SPARSE_FORMATS, dtype=types_read(X), input_name=name
        )


def _weights(weight: Any, n_rows: int, name: str) -> np.ndarray | None:
    """Validate weights of a chunk, all of which may be 0."""
    if weight is not None:
        given = np.asarray(weight)
        if given.shape == (n_rows,) and not given.any():
            return np.zeros(n_rows)
    return row_weights(weight, n_rows, name)
