"""Chunks of arrays, in memory or on disk, that can be read in any order."""

import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse


class Slices(Sequence):
    """Chunks of one or several parts of a table.

    Parameters
    ----------
    columns : list of list
        The parts of X, of y and perhaps of the weights: arrays, anything else that has
        a shape and can be sliced, or paths of .npy files, which are opened for each
        chunk.
    names : list of str
        Their names, for errors.
    chunk_rows : int
        The most rows of a chunk.
    """

    def __init__(self, columns: list[list[Any]], names: list[str], chunk_rows: int):
        lengths = [len(parts) for parts in columns]
        if len(set(lengths)) > 1 or not lengths[0]:
            raise ValueError(
                f"{', '.join(names)} must have the same number of parts, at least one; "
                f"got {', '.join(map(str, lengths))}."
            )
        self._parts, self._chunk_rows = list(zip(*columns, strict=True)), chunk_rows
        ends = [0]
        for number, part in enumerate(self._parts):
            rows = [len_of(opened(array)) for array in part]
            if len(set(rows)) > 1:
                raise ValueError(
                    f"{', '.join(names)} must have the same number of rows in each "
                    f"part; got {', '.join(map(str, rows))} in part {number}."
                )
            ends.append(ends[-1] + -(-rows[0] // chunk_rows))
        self._ends = ends

    def __len__(self) -> int:
        """Return the number of chunks."""
        return self._ends[-1]

    def __getitem__(self, number):
        """Return a chunk: X, y and perhaps weights."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        part = bisect_right(self._ends, number) - 1
        start = (number - self._ends[part]) * self._chunk_rows
        arrays = map(opened, self._parts[part])
        return tuple(_loaded(a[start : start + self._chunk_rows]) for a in arrays)


class Mapped(Sequence):
    """Chunks of another sequence, transformed as they are read."""

    def __init__(self, chunks: Sequence, change: Callable):
        self._chunks, self._change = chunks, change

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self._chunks)

    def __getitem__(self, number):
        """Return a transformed chunk."""
        return self._change(self._chunks[number])


def parts_of(array: Any) -> list[Any]:
    """Return the parts of a table: those of a list, or the one array or file."""
    return list(array) if isinstance(array, list | tuple) else [array]


def opened(array: Any) -> Any:
    """Return an array to slice; a file is memory-mapped, a frame becomes its `iloc`."""
    if isinstance(array, str | os.PathLike):
        return np.load(array, mmap_mode="r")
    if hasattr(array, "iloc"):
        return array.iloc
    if not hasattr(array, "shape"):
        raise TypeError(
            "A list must be a list of parts, each an array or the path of a .npy file; "
            f"got {array!r} as a part."
        )
    return array.tocsr() if sparse.issparse(array) else array


def len_of(array: Any) -> int:
    """Return the number of rows."""
    array = getattr(array, "obj", array)  # behind iloc
    return int(array.shape[0])


def _loaded(rows: Any) -> Any:
    """Return rows in memory; frames and sparse matrices already are."""
    is_table = hasattr(rows, "columns") or hasattr(rows, "iloc")
    return rows if is_table or sparse.issparse(rows) else np.asarray(rows)
