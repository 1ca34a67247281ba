"""What every part of a training's state can do: copy, take over, convert, pack.

A part is a dataclass. A field of it is an array that training writes to (`InPlace`),
another part, a random generator, or what is replaced and never written to: numbers, and
arrays such as the best θ so far. So a new array, an average of θ say, is one more
field, and is then copied, put back after an interrupt, converted and saved like the
others.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

import numpy as np

from skdnn.network.memory import aligned_copy, is_aligned

# An array of parameters that training writes to.
InPlace = Annotated[np.ndarray, "in place"]


@dataclass
class StatePart:
    """A dataclass of which copies can be made and taken over."""

    _written: ClassVar[frozenset[str]]  # the fields that are InPlace
    _packed: ClassVar[dict[str, Any]]  # fields whose classes pack themselves

    def __init_subclass__(cls) -> None:
        """Read off the annotations what each field is."""
        hints = get_type_hints(cls, include_extras=True)
        cls._written = frozenset(n for n, hint in hints.items() if hint is InPlace)
        cls._packed = {
            name: kind
            for name, hint in hints.items()
            for kind in [hint, *get_args(hint)]
            if hasattr(kind, "unpack")
        }

    def copy(self, dtype: np.dtype | None = None, **instead: Any) -> Self:
        """Return a copy to train on.

        Parameters
        ----------
        dtype : dtype, optional
            Another type for the arrays written in place.
        **instead
            Values to take, as they are, instead of a copy of this one's.
        """
        copies = {
            name: _copied(value, name in self._written, dtype)
            for name, value in self._values().items()
            if name not in instead
        }
        return type(self)(**copies, **instead)

    def take_over(self, other: Self) -> None:
        """Become equal to another, without a new array."""
        for name, mine in self._values().items():
            its = getattr(other, name)
            if name in self._written:
                mine[...] = its
            elif isinstance(mine, StatePart) and isinstance(its, StatePart):
                mine.take_over(its)
            elif isinstance(mine, np.random.Generator):
                mine.bit_generator.state = its.bit_generator.state
            else:
                setattr(self, name, _copied(its))

    def align(self) -> None:
        """Have all arrays start on a cache line; what was unpickled may not."""
        for name, value in self._values().items():
            if name in self._written and not is_aligned(value):
                setattr(self, name, aligned_copy(value))
            elif isinstance(value, StatePart):
                value.align()

    def pack(self) -> dict[str, Any]:
        """Return names, numbers, arrays and generators, and nothing of ours."""
        return {
            name: value.pack() if hasattr(value, "pack") else value
            for name, value in self._values().items()
        }

    @classmethod
    def unpack(cls, plain: dict[str, Any]) -> Self:
        """Return what was packed."""
        values = dict(plain)
        for name, kind in cls._packed.items():
            if values[name] is not None:
                values[name] = kind.unpack(values[name])
        return cls(**values)

    def _values(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _copied(value, is_in_place: bool = False, dtype: np.dtype | None = None):
    if is_in_place:
        return aligned_copy(value, dtype)
    if isinstance(value, StatePart):
        return value.copy(dtype)
    if isinstance(value, np.random.Generator):
        bits = type(value.bit_generator)()
        bits.state = value.bit_generator.state
        return np.random.Generator(bits)
    return value
