"""A file of finished measurements, so that an interrupted command can resume."""

import hashlib
import json
from pathlib import Path

from benchmarks.machine import machine_facts

_ROOT = Path(__file__).resolve().parents[1]


class Journal:
    """Measurements by name; each one is written as soon as it is known.

    Measurements of other sources, or of another machine or version, are discarded.

    Parameters
    ----------
    path : Path, optional
        A file of JSON lines. Without it nothing is written.
    """

    def __init__(self, path: Path | None = None):
        self._path = path
        made_by = {**machine_facts(), "sources": _hash_of_package()}
        known = [] if path is None else _lines(path)
        is_current = known[:1] == [made_by]
        self._measured: dict[str, dict] = {}
        self._write("w", made_by)
        for line in known[1:] if is_current else []:
            for name, measured in line.items():
                self[name] = measured

    def _write(self, mode: str, content: dict) -> None:
        if self._path is not None:
            with self._path.open(mode, encoding="utf-8") as file:
                file.write(json.dumps(content) + "\n")

    def __contains__(self, name: str) -> bool:
        return name in self._measured

    def __getitem__(self, name: str) -> dict:
        return self._measured[name]

    def __setitem__(self, name: str, measured: dict) -> None:
        self._measured[name] = measured
        self._write("a", {name: measured})


def _lines(path: Path) -> list[dict]:
    """Return the lines up to one that an interruption cut off."""
    lines: list[dict] = []
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
    return lines


def _hash_of_package() -> str:
    digest = hashlib.sha256()
    for path in sorted((_ROOT / "skdnn").rglob("*.py")):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
