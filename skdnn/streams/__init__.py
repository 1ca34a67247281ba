"""Training rows that come in chunks, because they do not fit into memory."""

from skdnn.streams.chunks import in_chunk, parts_of_chunk, refuse_separate_weights
from skdnn.streams.lazy import refuse_lazy
from skdnn.streams.sampling import RowSample, rows_of, stacked
from skdnn.streams.source import BatchSource, as_source, is_source

__all__ = [
    "BatchSource",
    "RowSample",
    "as_source",
    "in_chunk",
    "is_source",
    "parts_of_chunk",
    "refuse_lazy",
    "refuse_separate_weights",
    "rows_of",
    "stacked",
]
