"""The rows that a network has seen so far, over all calls: the S of a stream.

The penalty in J is divided by S, the weight of the training set. `fit` has all of its
rows; `partial_fit` sees some. Its best estimate of S is the weight of all rows so far,
which after one pass over a file is that of the whole file. Rows of a second pass must
not count twice: calls are identified by a checksum of their rows.
"""

from dataclasses import dataclass, replace
from typing import Any

# The most checksums to keep. Repeated calls beyond these count again, unless the caller
# gives the total weight.
_MAX_CALLS = 1024


@dataclass(frozen=True)
class RowsSeen:
    """The weight of the rows seen so far.

    Attributes
    ----------
    weight : float
        The weight of all rows, counted each time they were trained on.
    distinct : float
        The weight of all rows, counted once however often a call is repeated.
    known : float or None
        The weight of the whole training set, if the caller has given it.
    calls : frozenset of int
        Checksums of calls. A single row has none: equal rows of a stream all count.
    """

    weight: float = 0.0
    distinct: float = 0.0
    known: float | None = None
    calls: frozenset[int] = frozenset()

    @property
    def total(self) -> float:
        """The weight of the training set, S, as far as it is known."""
        return self.distinct if self.known is None else self.known

    @property
    def passes(self) -> float:
        """The passes over the training set so far, which schedules count."""
        return self.weight / self.total if self.total else 0.0

    def after(
        self, weight: float, checksum: int | None, known: float | None = None
    ) -> "RowsSeen":
        """Return the rows seen after another call, before training on it.

        Parameters
        ----------
        weight : float
            The weight of its rows.
        checksum : int or None
            Identifies the call; None if it should not be recognised.
        known : float, optional
            The weight of the whole training set; also holds for later calls.
        """
        known = self.known if known is None else known
        if checksum in self.calls:
            return replace(self, known=known)
        calls = self.calls
        if checksum is not None and len(calls) < _MAX_CALLS:
            calls = calls | {checksum}
        return replace(self, distinct=self.distinct + weight, known=known, calls=calls)

    def pack(self) -> dict[str, Any]:
        """Return names, numbers and a list."""
        return {**vars(self), "calls": sorted(self.calls)}

    @classmethod
    def unpack(cls, plain: dict[str, Any]) -> "RowsSeen":
        """Return the rows seen that were packed."""
        return cls(**{**plain, "calls": frozenset(plain["calls"])})

    def trained(self, weight: float) -> "RowsSeen":
        """Return the rows seen after training on rows of this weight."""
        return replace(self, weight=self.weight + weight)
