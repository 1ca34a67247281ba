"""The result files of a folder, one for each command, and figures taken from them."""

import json
from collections.abc import Callable
from pathlib import Path

Result = dict


class Documents:
    """The result files that `python -m benchmarks all` has written.

    Parameters
    ----------
    folder : Path
        Holds ``COMMAND.json`` for each command.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._read: dict[str, dict] = {}

    def __getitem__(self, command: str) -> dict:
        if command not in self._read:
            path = self._folder / f"{command}.json"
            if not path.exists():
                raise FileNotFoundError(
                    f"There is no {path.name} in {self._folder}: run python -m "
                    f"benchmarks all --out {self._folder}"
                )
            self._read[command] = json.loads(path.read_text(encoding="utf-8"))
        return self._read[command]

    def names(self) -> list[str]:
        """Return the commands that have a file."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def results(self, command: str, **where) -> list[Result]:
        """Return the results in which these keys have these values."""
        return [
            result
            for result in self[command]["results"]
            if all(result.get(key) == value for key, value in where.items())
        ]

    def median(self, command: str, group: str, name: str, **where) -> float:
        """Return the median of the one result that matches."""
        found = self.results(command, **where)
        if len(found) != 1:
            raise ValueError(
                f"{command}.json must have one result with {where}, has {len(found)}."
            )
        return found[0][group][name]["median"]


Figure = Callable[[Documents], str]


def figure(digits: int, command: str, group: str, name: str, **where) -> Figure:
    """Return a figure that shows a median with `digits` decimals."""
    return lambda docs: f"{docs.median(command, group, name, **where):.{digits}f}"
