"""What every part of a training's state can do: copy, take over, convert, pack.

A part is a dataclass. A field of it is an array that training writes to (`InPlace`), another part, a random generator, or what is replaced and never written to:
numbers, and arrays such as the best θ so far. So a new array, an average of θ say, is
one more field, and is then copied, put back after an interrupt, converted and saved
like the others.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Self, get_args, get_type_hints

import numpy as np

from skdnn.network.memory import aligned_copy, is_aligned

# An array of parameters that training writes to.
InPlace = Annotated[np.ndarray, "in place"]


@dataclass
class StatePart:
    """A dataclass of which copies can be made and taken over."""

    def copy(self, dtype: np.dtype | None = None) -> Self:
        """Return a copy to train on; `dtype` converts the arrays written in place."""
        return type(self)(
            **{
                name: _copied(value, name in _in_place(type(self)), dtype)
                for name, value in self._values().items()
            }
        )

    def take_over(self, other: Self) -> None:
        """Become equal to another, without a new array."""
        for name, mine in self._values().items():
            its = getattr(other, name)
            if name in _in_place(type(self)):
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
            if name in _in_place(type(self)) and not is_aligned(value):
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
        return cls(
            **{
                name: value if value is None else kind.unpack(value)
                for name, kind in _packed(cls).items()
                for value in [plain[name]]
            },
            **{n: value for n, value in plain.items() if n not in _packed(cls)},
        )

    def _values(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@cache
def _in_place(cls: Any) -> set[str]:
    """Return the names of the arrays that training writes to."""
    hints = get_type_hints(cls, include_extras=True)
    return {name for name, hint in hints.items() if hint is InPlace}


@cache
def _packed(cls: Any) -> dict[str, Any]:
    """Return the classes of the fields that pack themselves, some of them optional."""
    return {
        name: kind
        for name, hint in get_type_hints(cls).items()
        for kind in [hint, *get_args(hint)]
        if hasattr(kind, "unpack")
    }


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
