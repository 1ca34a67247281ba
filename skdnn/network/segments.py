"""The flat parameter vector θ, and the table of its segments.

All weights come first, then all biases: θ = (W[1], …, W[L], b[1], …, b[L]), each in
row-major order. Every W[l] and b[l] is a segment of θ. Code that treats all parameters
alike (L-BFGS, copies of the best θ) sees one vector; other code (optimisers, penalties,
the gradient check, `coefs_`) reads the table, which has one row per segment:

``start``, ``stop``
    The segment is ``theta[start:stop]``.
``rows``, ``columns``
    The shape of a matrix; ``rows`` is 0 for a vector.
``kind``
    WEIGHTS or BIASES.
``layer``
    The l of W[l] or b[l], counted from 1.
``rate``
    Multiplier of the learning rate.
``l2``, ``l1``
    Multipliers of the two parts of the penalty.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

WEIGHTS, BIASES = 0, 1
NAMES = ("W", "b")  # by kind

_TREATMENT = ["rate", "l2", "l1"]


def row_type(integers: Iterable[str], numbers: Iterable[str] = ()) -> np.dtype:
    """Return the type of a table's rows: ``table[i].name``, compiled or not.

    Names of array attributes, such as "clip", cannot be used: records have them, too.
    """
    fields = [*((name, "i8") for name in integers), *((n, "f8") for n in numbers)]
    return np.dtype((np.record, fields))


SEGMENT = row_type(("start", "stop", "rows", "columns", "kind", "layer"), _TREATMENT)
# Adjacent segments that every update treats alike: one long loop is faster.
GROUP = row_type(("start", "stop"), _TREATMENT)


class Parameter(NamedTuple):
    """One parameter array of a layer, before it has a position in θ."""

    layer: int
    kind: int
    shape: tuple[int, ...]
    rate: float
    l2: float
    l1: float

    @classmethod
    def weights(cls, layer: int, n_in: int, n_out: int) -> "Parameter":
        """Return W[layer], which is penalised."""
        return cls(layer, WEIGHTS, (n_in, n_out), rate=1.0, l2=1.0, l1=1.0)

    @classmethod
    def biases(cls, layer: int, n_out: int) -> "Parameter":
        """Return b[layer], which is not penalised."""
        return cls(layer, BIASES, (n_out,), rate=1.0, l2=0.0, l1=0.0)


def lay_out(parameters: Iterable[Parameter]) -> np.ndarray:
    """Return the table of segments, sorted by kind and then by layer."""
    ordered = sorted(parameters, key=lambda p: (p.kind, p.layer))
    start, rows_of_table = 0, []
    for p in ordered:
        stop = start + int(np.prod(p.shape))
        rows, columns = (0, *p.shape)[-2:]
        rows_of_table.append(
            (start, stop, rows, columns, p.kind, p.layer, p.rate, p.l2, p.l1)
        )
        start = stop
    return np.array(rows_of_table, SEGMENT)


def groups_of(segments: np.ndarray) -> np.ndarray:
    """Return the table of groups: runs of segments that are treated alike."""
    groups: list[tuple] = []
    for start, stop, *_, rate, l2, l1 in segments.tolist():
        treatment = rate, l2, l1
        if groups and groups[-1][2:] == treatment:
            start = groups.pop()[0]
        groups.append((start, stop, *treatment))
    return np.array(groups, GROUP)


def n_parameters(segments: np.ndarray) -> int:
    """Return the length of θ."""
    return int(segments["stop"][-1])


def views(segments: np.ndarray, theta: np.ndarray, kind: int) -> list[np.ndarray]:
    """Return the arrays of one kind as views of θ, in the order of the layers."""
    return [
        theta[start:stop].reshape((rows, columns) if rows else (columns,))
        for start, stop, rows, columns, k, *_ in segments.tolist()
        if k == kind
    ]


def shape_of(segment) -> tuple[int, ...]:
    """Return the shape of a segment."""
    columns = int(segment["columns"])
    return (int(segment["rows"]), columns) if segment["rows"] else (columns,)


def describe(segments: np.ndarray, index: int) -> tuple[int, str, tuple[int, ...]]:
    """Return (layer l counted from 1, "W" or "b", index within it) of θ[index]."""
    segment = segment_of(segments, index)
    within = np.unravel_index(int(index - segment["start"]), shape_of(segment))
    return int(segment["layer"]), NAMES[segment["kind"]], tuple(int(i) for i in within)


def segment_of(segments: np.ndarray, index: int):
    """Return the row of the table that θ[index] belongs to."""
    return segments[int(np.searchsorted(segments["stop"], index, side="right"))]


def per_parameter(segments: np.ndarray, column: str) -> np.ndarray:
    """Return a column of the table repeated for each parameter, as long as θ."""
    return np.repeat(segments[column], segments["stop"] - segments["start"])
