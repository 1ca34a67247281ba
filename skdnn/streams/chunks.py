"""Chunks of a batch source: their parts, and errors that say which chunk failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_chunk(number: int, suffix: str = "") -> Iterator[None]:
    """Add the number of the chunk to errors about its arrays.

    The suffix of the argument's name is "" or "_val".
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"Chunk {number} of the batch source{f' X{suffix}' if suffix else ''} (the "
            f"first is 0): {error}"
        ) from error


def refuse_separate_weights(sample_weight: Any, suffix: str = "") -> None:
    """Raise ValueError if weights are passed outside the chunks."""
    if sample_weight is not None:
        raise ValueError(
            f"sample_weight{suffix} must be None: a batch source brings its own "
            "weights, as the third item of each chunk (X, y, sample_weight)."
        )


def parts_of_chunk(chunk: Any) -> tuple[Any, Any, Any]:
    """Return X, y and the weights (or None) of a chunk."""
    if not (isinstance(chunk, tuple | list) and len(chunk) in (2, 3)):
        raise TypeError(
            "A chunk must be a tuple (X, y) or (X, y, sample_weight), got "
            f"{type(chunk).__name__}"
            + (f" of length {len(chunk)}." if isinstance(chunk, tuple | list) else ".")
        )
    X, y, *weight = chunk
    return X, y, weight[0] if weight else None
