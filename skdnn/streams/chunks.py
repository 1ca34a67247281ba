"""A chunk of a batch source: its parts, and errors that say which it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def in_chunk(number: int, suffix: str = "") -> Iterator[None]:
    """Have errors about arrays say which chunk they are of.

    The suffix is that of the caller's names: "" or "_val".
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"Chunk {number} of the batch source{f' X{suffix}' if suffix else ''} (the "
            f"first is 0): {error}"
        ) from error


def refuse_weights_besides(sample_weight: Any, suffix: str = "") -> None:
    """Refuse weights that are not in the chunks."""
    if sample_weight is not None:
        raise ValueError(
            "A batch source brings its own weights, as the third of each chunk (X, y, "
            f"sample_weight); fit must not be given sample_weight{suffix} besides."
        )


def parts_of_chunk(chunk: Any) -> tuple[Any, Any, Any]:
    """Return X, y and the weights, or None, of a chunk."""
    if not (isinstance(chunk, tuple | list) and len(chunk) in (2, 3)):
        raise TypeError(
            "A chunk must be a tuple (X, y) or (X, y, sample_weight), got "
            f"{type(chunk).__name__}"
            + (f" of length {len(chunk)}." if isinstance(chunk, tuple | list) else ".")
        )
    X, y, *weight = chunk
    return X, y, weight[0] if weight else None
