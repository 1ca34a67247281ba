"""A source of chunks (X, y) or (X, y, sample_weight), read once per epoch."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from numbers import Integral
from typing import Any, Self

import numpy as np

from skdnn.streams.lazy import frames_of
from skdnn.streams.slices import Mapped, Slices, parts_of


class BatchSource:
    """Training rows in chunks, which `fit` reads once per epoch.

    ``net.fit(source)`` trains as ``net.fit(X, y, sample_weight)`` would on the
    concatenated chunks, with only a few of them in memory.

    Parameters
    ----------
    chunks : iterable or callable () -> iterable
        Chunks ``(X, y)`` or ``(X, y, sample_weight)``, all alike, of types that `fit`
        accepts. They are read many times, and must be the same each time, in the same
        order: `fit` shuffles. Pass an object that ``iter()`` can be called on
        repeatedly, such as a list, or a function that returns a new iterator, but not a
        generator. A sequence (with ``len(chunks)`` and ``chunks[k]``) is read in a new
        order in each epoch. Chunks are read in threads. Passes of the cross-validated
        estimators overlap: each must be independent of the others.
    buffer_chunks : int, default=4
        Rows are shuffled among this many chunks, which are held in the network's type.
        Two or three more are held as they were read.

    See Also
    --------
    MLPRegularizedClassifier.fit : Takes a source in place of X and y.

    Notes
    -----
    As its only argument, `fit` accepts any such iterable, not only this class.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from skdnn import BatchSource, MLPRegularizedClassifier
    >>> X, y = make_classification(1000, random_state=0)
    >>> source = BatchSource.from_arrays(X, y, chunk_rows=300)
    >>> len(list(source))
    4
    >>> net = MLPRegularizedClassifier(learning_rate="cosine", max_iter=10,
    ...                                random_state=0).fit(source)
    >>> net.score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        chunks: Iterable | Callable[[], Iterable],
        *,
        buffer_chunks: int = 4,
    ):
        if not callable(chunks):
            _refuse_used_up(chunks)
        _check_count(buffer_chunks, "buffer_chunks")
        self.chunks = chunks
        self.buffer_chunks = int(buffer_chunks)

    @classmethod
    def from_arrays(
        cls,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        chunk_rows: int = 65536,
        buffer_chunks: int = 4,
    ) -> Self:
        """Return a source that slices arrays.

        Parameters
        ----------
        X : array, data frame, sparse matrix, path of a .npy file, or list of these
            The inputs: anything that has a shape and can be sliced, such as memory maps
            and arrays of h5py, zarr and Dask. The elements of a list are consecutive
            parts of the rows. Files are opened for each chunk and closed afterwards.
        y : array, data frame or series, path of a .npy file, or list of these
            The targets, in the same parts.
        sample_weight : array, series, path of a .npy file, or list of these, optional
            The weights, in the same parts.
        chunk_rows : int, default=65536
            The most rows of a chunk.
        buffer_chunks : int, default=4
            As in the constructor.

        Returns
        -------
        BatchSource

        Raises
        ------
        ValueError
            If arrays have different numbers of rows or of parts.
        TypeError
            If a part has no shape, such as a list of numbers.
        """
        _check_count(chunk_rows, "chunk_rows")
        given = {"X": X, "y": y, "sample_weight": sample_weight}
        given = {name: array for name, array in given.items() if array is not None}
        columns = [parts_of(array) for array in given.values()]
        chunks = Slices(columns, list(given), int(chunk_rows))
        return cls(chunks, buffer_chunks=buffer_chunks)

    @classmethod
    def from_frames(
        cls,
        frames: Iterable | Callable[[], Iterable],
        target: str | list[str],
        sample_weight: str | None = None,
        *,
        buffer_chunks: int = 4,
    ) -> Self:
        """Return a source that splits data frames into inputs, targets and weights.

        Parameters
        ----------
        frames : iterable or callable () -> iterable
            Frames of pandas or polars, or tables or record batches of pyarrow, each a
            chunk; as `chunks` of the constructor. Or a table that is not in memory (a
            pyarrow Dataset, a polars LazyFrame or a Dask DataFrame), which is read in
            batches or partitions.
        target : str or list of str
            The column of the targets, or several.
        sample_weight : str, default=None
            The column of the weights. All other columns are inputs.
        buffer_chunks : int, default=4
            As in the constructor.

        Returns
        -------
        BatchSource

        Examples
        --------
        >>> import pandas as pd
        >>> from skdnn import BatchSource
        >>> frame = pd.DataFrame({"a": [1.0, 2.0], "label": ["no", "yes"]})
        >>> source = BatchSource.from_frames([frame, frame], target="label")
        >>> for X, y in source:
        ...     print(list(X.columns), list(y))
        ['a'] ['no', 'yes']
        ['a'] ['no', 'yes']
        """
        return cls(frames_of(frames), buffer_chunks=buffer_chunks)._changed(
            partial(_taken_apart, target=target, weight=sample_weight)
        )

    def map(self, transformer: Any) -> Self:
        """Return a source whose X is transformed as it is read.

        Parameters
        ----------
        transformer : object with a method `transform`, or callable (X) -> X
            Already fitted. It must return as many rows as it receives, and transform a
            chunk in the same way in each pass.

        Returns
        -------
        BatchSource

        Raises
        ------
        TypeError
            If `transformer` is neither.
        """
        transform = getattr(transformer, "transform", transformer)
        if not callable(transform):
            raise TypeError(
                "transformer must have a method transform or be callable, got "
                f"{transformer!r}."
            )
        return self._changed(partial(_with_X, transform))

    def _changed(self, change: Callable) -> Self:
        chunks: Any
        if self.can_be_reordered:
            chunks = Mapped(self.chunks, change)  # type: ignore[arg-type]
        else:
            chunks = partial(_passes, self, change)
        return type(self)(chunks, buffer_chunks=self.buffer_chunks)

    def __iter__(self) -> Iterator[Any]:
        """Start a pass over all chunks."""
        return iter(self.chunks() if callable(self.chunks) else self.chunks)

    @property
    def can_be_reordered(self) -> bool:
        """Whether chunks can be read in any order."""
        return hasattr(self.chunks, "__getitem__") and hasattr(self.chunks, "__len__")

    def read(self, order: np.ndarray) -> Iterator[Any]:
        """Yield the chunks in `order`; all as they come if they cannot be reordered."""
        if not self.can_be_reordered:
            yield from self
            return
        chunks: Any = self.chunks
        for number in order.tolist():
            yield chunks[number]


def _with_X(change: Callable, chunk: Any) -> tuple:
    return (change(chunk[0]), *chunk[1:])


def _passes(source: BatchSource, change: Callable) -> Iterator[Any]:
    return map(change, source)


def is_source(X: Any) -> bool:
    """Whether the only argument of a fit is a source of chunks rather than a table."""
    if isinstance(X, BatchSource):
        return True
    is_table = any(
        hasattr(X, name)
        for name in (
            "__array__",
            "shape",
            "columns",
            "__dataframe__",
            "__array_interface__",
        )
    )
    if is_table or isinstance(X, str | bytes | type | Mapping | Set):
        return False
    if isinstance(X, Sequence):  # of rows, or of chunks
        return len(X) > 0 and _is_chunk(X[0])
    return hasattr(X, "__iter__") or callable(X)


def _is_chunk(item: Any) -> bool:
    is_tuple = isinstance(item, tuple) and len(item) in (2, 3)
    return is_tuple and len(getattr(item[0], "shape", ())) == 2


def as_source(X: Any) -> BatchSource:
    """Return what was passed in place of X and y as a BatchSource."""
    return X if isinstance(X, BatchSource) else BatchSource(X)


def _refuse_used_up(chunks: Any) -> None:
    if not hasattr(chunks, "__iter__"):
        raise TypeError(
            "chunks must be an iterable of (X, y) or a function that returns one, got "
            f"{chunks!r}."
        )
    if iter(chunks) is chunks:
        raise TypeError(
            f"The batch source is a {type(chunks).__name__}, which is exhausted after "
            "one pass, but each epoch is a pass. Pass an iterable that can be iterated "
            "over repeatedly, such as a list, or the function that makes the "
            "generator: BatchSource(function)."
        )


def _check_count(value: Any, name: str) -> None:
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    if not (is_int and int(value) >= 1):
        raise ValueError(f"{name} must be an int >= 1, got {value!r}.")


def _taken_apart(frame: Any, target: str | list[str], weight: str | None) -> tuple:
    if type(frame).__module__.split(".")[0] == "pyarrow":
        frame = frame.to_pandas()
    targets = [target] if isinstance(target, str) else list(target)
    used = [*targets, *([] if weight is None else [weight])]
    columns = list(frame.columns)
    missing = [name for name in used if name not in columns]
    if missing:
        raise ValueError(f"A frame has no column {missing}; it has {columns}.")
    y = frame[target if isinstance(target, str) else targets]
    X = frame[[name for name in columns if name not in used]]
    return (X, y) if weight is None else (X, y, frame[weight])
