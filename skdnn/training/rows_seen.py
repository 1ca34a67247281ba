"""What a network has been shown so far, over all calls: the S of a stream.

J divides the penalty by S, the weight of the training set. `fit` has all of its rows;
`partial_fit` sees some. Its best estimate of S is the weight of all rows so far, which
is that of the whole file after one pass over it. Rows that are given again, in a second
pass, must not count twice: a call is told from others by a checksum of its rows.
"""

from dataclasses import dataclass, replace
from typing import Any

# Calls whose checksums are kept. A pass over more pieces than this counts again what it
# repeats, unless the caller gives the total weight.
_MOST_CALLS = 1024


@dataclass(frozen=True)
class RowsSeen:
    """The weight of the rows seen so far.

    Attributes
    ----------
    weight : float
        Of all rows, as often as they were trained on.
    distinct : float
        Of each call's rows once, however often the call came again.
    known : float or None
        The weight of the whole training set, where the caller has given it.
    calls : frozenset of int
        Checksums of calls. A single row has none: in a stream, equal rows are rows.
    """

    weight: float = 0.0
    distinct: float = 0.0
    known: float | None = None
    calls: frozenset[int] = frozenset()

    @property
    def total(self) -> float:
        """S: the weight of the training set, as far as it is known."""
        return self.distinct if self.known is None else self.known

    @property
    def passes(self) -> float:
        """How often the training set has been gone through: what schedules count."""
        return self.weight / self.total if self.total else 0.0

    def after(
        self, weight: float, checksum: int | None, known: float | None = None
    ) -> "RowsSeen":
        """Return what has been seen after another call, before it is trained on.

        Parameters
        ----------
        weight : float
            The weight of its rows.
        checksum : int or None
            Tells the call from others; None if it is not to be recognised.
        known : float, optional
            The weight of the whole training set; holds for later calls, too.
        """
        known = self.known if known is None else known
        if checksum in self.calls:
            return replace(self, known=known)
        calls = self.calls
        if checksum is not None and len(calls) < _MOST_CALLS:
            calls = calls | {checksum}
        return replace(self, distinct=self.distinct + weight, known=known, calls=calls)

    def pack(self) -> dict[str, Any]:
        """Return names, numbers and a list."""
        return {**vars(self), "calls": sorted(self.calls)}

    @classmethod
    def unpack(cls, plain: dict[str, Any]) -> "RowsSeen":
        """Return what was packed."""
        return cls(**{**plain, "calls": frozenset(plain["calls"])})

    def trained(self, weight: float) -> "RowsSeen":
        """Return what has been seen after training on rows of this weight."""
        return replace(self, weight=self.weight + weight)
