"""Compare two result files: ``python -m benchmarks.compare A B``.

Times of two runs say more about the machine than about the code; ratios are taken
within the repetitions of a run, so compare those.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import UNITS, identity, table


def compare(before: dict, after: dict) -> str:
    """Return a table of all medians that both documents have, and their ratios."""
    if before["benchmark"] != after["benchmark"]:
        raise ValueError(
            "Both files must be of the same benchmark, got "
            f"{before['benchmark']!r} and {after['benchmark']!r}."
        )
    old, new = dict(_medians(before)), dict(_medians(after))
    lines = [
        [*name, f"{old[name]:.4g}", f"{new[name]:.4g}", f"{new[name] / old[name]:.3f}"]
        for name in old
        if name in new
    ]
    header = ["result", "of", "before", "after", "after/before"]
    return "\n\n".join([*_differences(before, after), table(header, lines)])


def _medians(content: dict) -> Iterator[tuple[tuple[str, str], float]]:
    for result in content["results"]:
        where = ", ".join(identity(result).values())
        for group, unit in UNITS.items():
            for name, value in result.get(group, {}).items():
                yield (where, f"{name} {unit}".rstrip()), value["median"]


def _differences(before: dict, after: dict) -> Iterator[str]:
    for group in ("machine", "settings"):
        old, new = before[group], after[group]
        for name in old:
            if old[name] != new.get(name):
                yield f"{group}: {name} was {old[name]}, is {new.get(name)}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare", description=__doc__
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args(argv)
    print(
        compare(
            json.loads(arguments.before.read_text(encoding="utf-8")),
            json.loads(arguments.after.read_text(encoding="utf-8")),
        )
    )


if __name__ == "__main__":
    main()
