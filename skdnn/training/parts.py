"""What every part of the training state supports: copy, take over, convert, pack.

A part is a dataclass. Each field is an array that training writes to (`InPlace`),
another part, a random generator, or a value that is replaced and never written to:
numbers, and arrays such as the best θ so far. A new array, say an average of θ, is then
one more field, and is copied, restored after an interrupt, converted and saved like the
others.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

import numpy as np

from skdnn.network.memory import aligned_copy, is_aligned

# An array of parameters that training writes to.
InPlace = Annotated[np.ndarray, "in place"]
# Seed of generators whose state is replaced at once; fresh entropy would be slower.
_ANY_SEED = np.random.SeedSequence(0)


@dataclass
class StatePart:
    """A dataclass that can be copied, and take over the values of a copy."""

    _written: ClassVar[frozenset[str]]  # the fields that are InPlace
    _changing: ClassVar[frozenset[str]]  # the same, parts and generators
    _packed: ClassVar[dict[str, Any]]  # fields whose classes pack themselves

    def __init_subclass__(cls) -> None:
        """Classify the fields by their annotations."""
        hints = get_type_hints(cls, include_extras=True)
        kinds = {name: [hint, *get_args(hint)] for name, hint in hints.items()}
        cls._written = frozenset(n for n, hint in hints.items() if hint is InPlace)
        cls._changing = cls._written | {
            name
            for name, several in kinds.items()
            if any(isinstance(k, type) and issubclass(k, _CHANGING) for k in several)
        }
        cls._packed = {
            name: kind
            for name, several in kinds.items()
            for kind in several
            if hasattr(kind, "unpack")
        }

    def copy(self, dtype: np.dtype | None = None, **instead: Any) -> Self:
        """Return a copy to train on.

        Parameters
        ----------
        dtype : dtype, optional
            Another type for the arrays written in place.
        **instead
            Values to use as they are, instead of copies of this part's.
        """
        values = vars(self) | instead
        for name in self._changing - instead.keys():
            values[name] = _copied(values[name], name in self._written, dtype)
        return type(self)(**values)

    def take_over(self, other: Self) -> None:
        """Take over the values of another part, in the existing arrays."""
        for name, its in vars(other).items():
            mine = getattr(self, name)
            if name in self._written:
                mine[...] = its
            elif isinstance(mine, StatePart) and isinstance(its, StatePart):
                mine.take_over(its)
            elif isinstance(mine, np.random.Generator):
                mine.bit_generator.state = its.bit_generator.state
            else:
                setattr(self, name, _copied(its))

    def align(self) -> None:
        """Align all arrays to cache lines; unpickled ones may not be."""
        for name in self._changing:
            value = getattr(self, name)
            if isinstance(value, StatePart):
                value.align()
            elif name in self._written and not is_aligned(value):
                setattr(self, name, aligned_copy(value))

    def pack(self) -> dict[str, Any]:
        """Return names, numbers, arrays and generators, without classes of skdnn."""
        return {
            name: value.pack() if name in self._packed and value is not None else value
            for name, value in vars(self).items()
        }

    @classmethod
    def unpack(cls, plain: dict[str, Any]) -> Self:
        """Return the part that was packed."""
        values = dict(plain)
        for name, kind in cls._packed.items():
            if values[name] is not None:
                values[name] = kind.unpack(values[name])
        return cls(**values)


_CHANGING = (StatePart, np.random.Generator)


def _copied(value, is_in_place: bool = False, dtype: np.dtype | None = None):
    if is_in_place:
        return aligned_copy(value, dtype)
    if isinstance(value, StatePart):
        return value.copy(dtype)
    if isinstance(value, np.random.Generator):
        bits = type(value.bit_generator)(_ANY_SEED)
        bits.state = value.bit_generator.state
        return np.random.Generator(bits)
    return value
