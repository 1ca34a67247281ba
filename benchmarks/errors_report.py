"""The tables and figures of `errors`: geometric means of ratios over tables."""

from collections.abc import Collection, Iterable
from statistics import fmean, geometric_mean

from benchmarks.errors import CLASSIFICATION, KINDS, OFFSET, Kind
from benchmarks.report import table

_TITLES = {"error": "error", "log_loss": "log-loss", "rmse": "RMSE"}


def of_kind(
    results: Iterable[dict], kind: Kind, tables: Collection[str] | None = None
) -> list[dict]:
    """Return the results of a kind; of these tables only, if they are given."""
    return [
        result
        for result in results
        if result["kind"] == kind.name and (tables is None or result["table"] in tables)
    ]


def ratios(result: dict, metric: str, name: str) -> list[float]:
    """Return a contestant's ratio to the reference for each seed."""
    by_name = result["by_seed"][metric]
    reference = next(iter(by_name.values()))
    offset = 0.0 if metric == "seconds" else OFFSET
    pairs = zip(by_name[name], reference, strict=True)
    return [(value + offset) / (other + offset) for value, other in pairs]


def mean_ratio(results: list[dict], metric: str, name: str) -> float:
    """Return the geometric mean of the ratios over tables and seeds."""
    return geometric_mean(
        geometric_mean(ratios(result, metric, name)) for result in results
    )


def mean_calibration(results: list[dict], name: str) -> float:
    """Return the arithmetic mean of the calibration error over tables and seeds."""
    return fmean(fmean(r["by_seed"]["calibration"][name]) for r in results)


def mean_ratios(results: list[dict], kind: Kind) -> str:
    """Return a line of mean ratios for each contestant except the reference."""
    shown = [metric for metric in kind.metrics if metric in _TITLES]
    found = of_kind(results, kind)
    lines = [
        [
            f"`{name}`",
            *(f"{mean_ratio(found, metric, name):.2f}" for metric in shown),
            f"{mean_ratio(found, 'seconds', name):.1f}",
        ]
        for name in list(kind.contestants)[1:]
    ]
    return table(["", *(_TITLES[metric] for metric in shown), "time"], lines)


def by_table(results: list[dict], kind: Kind) -> str:
    """Return a line per table: the values of each contestant, means over seeds."""
    found = of_kind(results, kind)
    metric = kind.metrics[0]
    header = ["table", *(f"{metric}, {name}" for name in kind.contestants)]
    lines = [
        [
            result["table"],
            *(f"{fmean(v):.3f}" for v in result["by_seed"][metric].values()),
        ]
        for result in found
    ]
    return table(header, lines)


def calibration(results: list[dict]) -> str:
    """Return a line for each classifier: its expected calibration error."""
    found = of_kind(results, CLASSIFICATION)
    lines = [
        [f"`{name}`", f"{mean_calibration(found, name):.3f}"]
        for name in CLASSIFICATION.contestants
    ]
    return table(["", "calibration error"], lines)


def sizes(results: list[dict], kind: Kind) -> str:
    """Return the number of tables, and the ranges of their sizes."""
    found = of_kind(results, kind)
    ranges = [f"{_range(found, 'rows')} training rows"]
    if kind.has_classes:
        ranges.append(f"{_range(found, 'columns')} columns")
        ranges.append(f"{_range(found, 'classes')} classes")
    return f"{len(found)} {kind.name} tables ({', '.join(ranges)})"


def _range(results: list[dict], key: str) -> str:
    values = [result[key] for result in results]
    return f"{_spaced(min(values))} to {_spaced(max(values))}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ") if number >= 10_000 else str(number)


def names(results: list[dict], kind: Kind) -> str:
    """Return the names of the tables."""
    return ", ".join(result["table"] for result in of_kind(results, kind))


def times(results: list[dict], kind: Kind, name: str) -> str:
    """Return the lowest and the highest ratio of times, and their tables."""
    found = {
        geometric_mean(ratios(result, "seconds", name)): result["table"]
        for result in of_kind(results, kind)
    }
    low, high = min(found), max(found)
    return f"{low:.1f} ({found[low]}) to {high:.0f} ({found[high]})"


def printed(results: list[dict]) -> str:
    """Return all tables for a terminal."""
    parts = []
    for kind in KINDS:
        if not of_kind(results, kind):
            continue
        reference = next(iter(kind.contestants))
        title = f"{kind.name.capitalize()}, relative to {reference}"
        parts += [f"{title}:", mean_ratios(results, kind), by_table(results, kind)]
    if of_kind(results, CLASSIFICATION):
        parts.append(calibration(results))
    return "\n\n".join(parts)
