"""Saving the state of a cross-validated fit, and resuming from it."""

import zlib
from functools import cached_property
from typing import Any

import numpy as np

from skdnn.cross_validated.choice import Choice
from skdnn.cross_validated.contenders import Contender
from skdnn.cross_validated.folds import Fold
from skdnn.cross_validated.race import Race
from skdnn.cross_validated.refit import Refit
from skdnn.estimators.resuming import ROWS_READ, Saved, header_fields
from skdnn.estimators.rows import Rows
from skdnn.training.tables import Examples


class Draws:
    """The seeds of a fit: drawn now, or those of the saved fit.

    Parameters
    ----------
    random : numpy.random.RandomState
        The caller's generator, which advances in either case.
    saved : Saved or None
        The checkpoint of the fit to resume.

    Attributes
    ----------
    numbers : list of ndarray
        The numbers drawn so far, one array for each call.
    """

    def __init__(self, random: np.random.RandomState, saved: Saved | None):
        self._random = random
        self._saved = [] if saved is None else saved.content["draws"]
        self.numbers: list[np.ndarray] = []

    def randint(self, high: int, size: int | None = None) -> np.ndarray:
        """Return integers from 0 to below `high`."""
        drawn = np.array(self._random.randint(high, size=size))
        k = len(self.numbers)
        # A different shape means different data, which is refused later.
        if k < len(self._saved) and np.shape(self._saved[k]) == drawn.shape:
            drawn = np.array(self._saved[k])
        self.numbers.append(drawn)
        return drawn


class ChoiceProgress:
    """The current state of a cross-validated fit.

    Parameters
    ----------
    estimator : BaseMLPRegularizedCV
        The estimator that is being fitted.
    draws : Draws
        Its seeds.
    choice : Choice
        The data and settings of the fit.
    folds : list of Fold
        The row indices of each fold.
    race : Race
        The race of the candidates; its saved state is restored, if there is any.
    saved : Saved or None
        The checkpoint to resume. One of other data is refused.

    Attributes
    ----------
    refit : Refit or None
        The training of the members, once it has begun.
    """

    every: int = 1  # there are few checkpoints, so each is saved

    def __init__(
        self,
        estimator,
        draws: Draws,
        choice: Choice,
        folds: list[Fold],
        race: Race,
        saved: Saved | None,
    ):
        self._estimator, self._draws, self._race = estimator, draws, race
        self._choice, self._folds = choice, folds
        self.refit: Refit | None = None
        self._saved_refit: dict[str, Any] | None = None
        if saved is not None:
            for name, now in self._rows.items():
                saved.refuse_other(saved.content["rows"][name], now)
            race.resume(saved.content["race"])
            self._saved_refit = saved.content["refit"]

    @property
    def has_members(self) -> bool:
        """Whether the saved fit had reached the training of the members."""
        return self._saved_refit is not None

    @cached_property
    def _rows(self) -> dict[str, dict[str, str]]:
        return _described(self._choice, self._folds, self._race.contenders)

    def begin_refit(self, refit: Refit) -> None:
        """Begin the training of the members; restore its saved state, if any."""
        self.refit = refit
        if self._saved_refit is not None:
            refit.resume(self._saved_refit)

    @property
    def count(self) -> int:
        """Number of checkpoints so far, including those of the members."""
        of_members = 0 if self.refit is None else self.refit.n_checkpoints
        return self._race.n_checkpoints + of_members

    @property
    def where(self) -> str:
        """The current point of the fit, for messages."""
        if self.refit is not None:
            return f"step {self.refit.n_steps} on all rows"
        return f"step {self._race.n_steps}"

    def is_last(self) -> bool:
        """Whether the race, or the training of the members, is over."""
        return (self._race if self.refit is None else self.refit).is_over

    def pack(self) -> dict[str, Any]:
        """Return the state as strings, numbers, arrays and generators."""
        refit = self.refit
        return {
            **header_fields(self._estimator),
            "rows": self._rows,
            "draws": self._draws.numbers,
            "race": self._race.pack(with_nets=refit is None),
            "refit": None if refit is None else refit.pack(),
        }


def _described(
    choice: Choice, folds: list[Fold], contenders: list[Contender]
) -> dict[str, dict[str, str]]:
    """Return descriptions of the data that tell fits apart, causes before effects.

    Other targets give other folds, which give other inputs. The checksum of X is that
    of the networks' inputs, so that it covers the preprocessing.
    """
    rows, dev = choice.rows, choice.parts[0][1] if choice.suffix else None
    given = {"X": f"{rows.n_rows} rows of {rows.X.shape[1]} columns"}
    given |= _of_targets(rows, choice.targets, "")
    if dev is not None:
        given |= _of_targets(dev, choice.targets, "_val")
    numbers = [part for fold in folds for part in fold]
    of_encodings = {each.candidate.encoding: each for each in contenders}.values()
    trained = [net.examples for each in of_encodings for net in each.nets]
    held_out = [part.examples for each in of_encodings for part in each.held_out]
    inputs = {
        "X": _checksum_of_inputs([*trained, *held_out] if dev is None else trained)
    }
    if dev is not None:
        inputs["X_val"] = _checksum_of_inputs(held_out)
    net = contenders[0].nets[0].model
    return {
        "given": given,
        "folds": {"the folds": f"{len(folds)} with checksum {_crc(*numbers):08x}"},
        "inputs": inputs,
        "networks": {"the network": f"{net.network.sizes} in {net.theta.dtype}"},
    }


def _of_targets(rows: Rows, targets, suffix: str) -> dict[str, str]:
    Y = targets.encode(rows.y, np.dtype(np.float64))
    weight = rows.sample_weight
    total = f"{rows.n_rows}" if weight is None else f"{np.sum(weight):g}"
    checksum = "" if weight is None else f" with checksum {_crc(weight):08x}"
    return {
        f"y{suffix}": f"{rows.n_rows} targets with checksum {_crc(Y):08x}",
        f"sample_weight{suffix}": f"a total of {total}{checksum}",
    }


def _crc(*arrays: np.ndarray) -> int:
    number = 0
    for array in arrays:
        number = zlib.crc32(np.ascontiguousarray(array).data, number)
    return number


def _checksum_of_inputs(parts: list[Examples]) -> str:
    checksums = [part.table.checksum(ROWS_READ) for part in parts]
    return f"rows of inputs with checksum {_crc(np.array(checksums)):08x}"
