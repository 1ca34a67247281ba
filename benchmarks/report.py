"""Results as tables to read, and as JSON to compare."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine_facts
from benchmarks.parts import PARTS
from benchmarks.steps import RATIOS
from benchmarks.targets import verdict

_STEP_COLUMNS = ("floor", "skdnn", "sklearn", "torch")
# The keys that identify a result, in all benchmarks.
_IDENTITY = (
    "table",
    "net",
    "case",
    "rows",
    "container",
    "backend",
    "grows",
    "to",
    "batch_size",
    "augmentation",
    "keep_prob",
    "process",
    "cache",
)
# The groups of summaries that a result may have, and their units.
UNITS = {
    "us_per_step": "µs per step",
    "ms_per_epoch": "ms per epoch",
    "us": "µs",
    "ms": "ms",
    "seconds": "s",
    "megabytes": "MB",
    "percent": "%",
    "log_loss": "log-loss",
    "epochs": "epochs",
    "ratios": "",
}


def document(benchmark: str, settings: dict, results: list[dict]) -> dict:
    """Return all that is known about a run, as plain types."""
    return {
        "benchmark": benchmark,
        "settings": settings,
        "machine": machine_facts(),
        "results": results,
    }


def write_json(path: Path, content: dict) -> None:
    """Write a document."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, padded so that it reads well in a terminal."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    rule = ["-" * (width - 1) + ":" for width in widths]
    rule[0] = "-" * widths[0]

    def line(cells):
        padded = [cells[0].ljust(widths[0])]
        padded += [c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(header), line(rule), *map(line, lines)])


def identity(result: dict) -> dict[str, str]:
    """Return the keys that identify a result, and their values."""
    return {key: str(result[key]) for key in _IDENTITY if key in result}


def overview(results: list[dict]) -> str:
    """Return a table of everything measured, with targets next to their figures."""
    columns = list(
        dict.fromkeys(
            (group, name)
            for group in UNITS
            for r in results
            for name in r.get(group, ())
        )
    )
    aimed_at = {name for r in results for name in r.get("targets", ())}
    keys = [key for key in _IDENTITY if any(key in r for r in results)]
    header = [key.replace("_", " ") for key in keys]
    for group, name in columns:
        header.append(", ".join(filter(None, (name, UNITS[group]))))
        if name in aimed_at:
            header.append("target")
    lines = []
    for result in results:
        line = [str(result.get(key, "")) for key in keys]
        for group, name in columns:
            value = result.get(group, {}).get(name)
            line.append(ratio(value) if group == "ratios" else three_digits(value))
            if name in aimed_at:
                target = result["targets"].get(name)
                line.append(verdict(target, value["median"]) if target else "")
        lines.append(line)
    return table(header, lines)


def steps_table(results: list[dict]) -> str:
    """Return µs per step, then ratios with their quartiles in brackets."""
    header = ["net, batch", "keep_prob", *_STEP_COLUMNS, *RATIOS]
    lines = [
        [
            f"{result['net']}, {result['batch_size']}",
            f"{result['keep_prob']:g}",
            *(number(result["us_per_step"].get(name)) for name in _STEP_COLUMNS),
            *(ratio(result["ratios"].get(name)) for name in RATIOS),
        ]
        for result in results
    ]
    return table(header, lines)


def parts_table(results: list[dict]) -> str:
    """Return µs per step of each part."""
    header = ["part", *(f"{r['net']}, {r['batch_size']}" for r in results)]
    lines = [
        [part, *(number(result["us_per_step"][part]) for result in results)]
        for part in PARTS
    ]
    return table(header, lines)


def number(value: dict | None) -> str:
    if value is None:
        return "–"
    digits = 1 if abs(value["median"]) < 100 else 0
    return f"{value['median']:.{digits}f}"


def three_digits(value: dict | None) -> str:
    if value is None:
        return "–"
    median = value["median"]
    magnitude = math.floor(math.log10(abs(median))) if median else 0
    return f"{median:.{max(0, 2 - max(magnitude, -1))}f}"


def ratio(value: dict | None) -> str:
    if value is None:
        return "–"
    return f"{value['median']:.2f} [{value['lower']:.2f}–{value['upper']:.2f}]"
