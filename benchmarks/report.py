"""Tables for people, JSON for the next comparison."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine_facts
from benchmarks.parts import PARTS
from benchmarks.startup import PHASES
from benchmarks.steps import RATIOS

_STEP_COLUMNS = ("floor", "skdnn", "sklearn", "torch")


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


def steps_table(results: list[dict]) -> str:
    """Return µs per step, then ratios with their quartiles in brackets."""
    header = ["net, batch", "keep_prob", *_STEP_COLUMNS, *RATIOS]
    lines = [
        [
            f"{result['net']}, {result['batch_size']}",
            f"{result['keep_prob']:g}",
            *(_number(result["us_per_step"].get(name)) for name in _STEP_COLUMNS),
            *(_ratio(result["ratios"].get(name)) for name in RATIOS),
        ]
        for result in results
    ]
    return table(header, lines)


def parts_table(results: list[dict]) -> str:
    """Return µs per step of each part."""
    header = ["part", *(f"{r['net']}, {r['batch_size']}" for r in results)]
    lines = [
        [part, *(_number(result["us_per_step"][part]) for result in results)]
        for part in PARTS
    ]
    return table(header, lines)


def startup_table(results: list[dict]) -> str:
    """Return seconds of each phase."""
    phases = (*PHASES, "total")
    lines = [
        [r["cache"], *(f"{r['seconds'][phase]['median']:.2f}" for phase in phases)]
        for r in results
    ]
    return table(["cache", *phases], lines)


def _number(value: dict | None) -> str:
    if value is None:
        return "–"
    digits = 1 if abs(value["median"]) < 100 else 0
    return f"{value['median']:.{digits}f}"


def _ratio(value: dict | None) -> str:
    if value is None:
        return "–"
    return f"{value['median']:.2f} [{value['lower']:.2f}–{value['upper']:.2f}]"
