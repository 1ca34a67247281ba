"""Run every command, each in its own process, and collect a folder of results."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from skdnn.network.dispatchers import hash_of_sources

_PACKAGE = Path(__file__).resolve().parents[1]


def arguments_of(
    commands: Iterable[str], folder: Path, tables: Path | None, quick: bool
) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each file and the arguments that write it, in order."""
    with_tables = [] if tables is None else ["--tables", str(tables.resolve())]
    for command in commands:
        extra = ["--quick"] if quick else []
        if command == "quality":
            yield "shipped", [command, *extra]
            if with_tables:
                yield command, [command, *with_tables, *extra]
            continue
        if command == "errors":
            if with_tables:
                yield command, [command, *with_tables, *extra]
            continue
        if command == "growth":
            extra += ["--picture", str(folder.resolve() / "growth.svg")]
        yield command, [command, *extra]


def run_everything(
    commands: Iterable[str],
    folder: Path,
    tables: Path | None = None,
    quick: bool = False,
    again: bool = False,
) -> None:
    """Run all commands without current results; interrupted, resume at the next file.

    Parameters
    ----------
    commands : iterable of str
    folder : Path
        Receives a ``NAME.json`` from each.
    tables : Path, optional
        The tables of `quality` and `errors`; without them their files are left
        unchanged.
    quick : bool, default=False
        Few repetitions. The files of a quick run are not current for a full one.
    again : bool, default=False
        Also rerun commands with current results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in arguments_of(commands, folder, tables, quick):
        path = folder / f"{name}.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not again and _is_current(before, quick):
            print(f"{name}: up to date", flush=True)
            continue
        expected = before.get("took_seconds")
        minutes = "" if expected is None else f", {expected / 60:.1f} min last time"
        print(f"{name}{minutes} …", flush=True)
        took = _run([*arguments, "--out", str(path.resolve())])
        content = json.loads(path.read_text(encoding="utf-8"))
        content["took_seconds"] = round(took, 1)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {took / 60:.1f} min", flush=True)


def _is_current(content: dict, quick: bool) -> bool:
    """Whether results are of the current sources, with enough repetitions."""
    if content.get("machine", {}).get("skdnn_sources") != hash_of_sources():
        return False
    return quick or not content["settings"]["quick"]


def _run(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=_PACKAGE, check=True
    )
    return time.perf_counter() - began
