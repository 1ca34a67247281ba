"""The tables of `quality`: times, ratios and the factors of the ratios."""

from benchmarks.report import number, ratio, table
from benchmarks.targets import verdict

_TIMES = {
    "whole sklearn": "sklearn, whole fit, ms",
    "sklearn": "sklearn, ms",
    "torch": "torch, ms",
    "skdnn": "skdnn, ms",
}
_RATIOS = (
    "sklearn/skdnn",
    "torch/skdnn",
    "whole sklearn/skdnn",
    "whole torch/skdnn",
)
_FACTORS = ("an epoch", "fewer epochs", "stopping")
_EPOCHS = ("whole sklearn", "sklearn", "torch", "skdnn", "whole skdnn")


def times(results: list[dict]) -> str:
    """Return the milliseconds of each to the bar, and the ratios."""
    header = ["table", "rows", "classes", *_TIMES.values(), *_RATIOS]
    return table(header, [_line_of_times(result) for result in results])


def _line_of_times(result: dict) -> list[str]:
    ratios = [ratio(result["ratios"].get(name)) for name in _RATIOS]
    if "ms" not in result:  # the line over all tables
        return [result["table"], "", "", *("" for _ in _TIMES), *ratios]
    ms = [_milliseconds(result, name) for name in _TIMES]
    sizes = [str(result["rows"]), str(result["classes"])]
    return [result["table"], *sizes, *ms, *ratios]


def _milliseconds(result: dict, name: str) -> str:
    """Return the time to the bar, or "never" where no seed gets there."""
    if result["reached"].get(name) == 0:
        return "never"
    return number(result["ms"].get(name))


def parts(results: list[dict]) -> str:
    """Return epochs and log-losses, and the factors of the ratios."""
    header = ["table", "log-loss to reach", "whole skdnn's log-loss"]
    header += [f"{name}, epochs" for name in _EPOCHS]
    header += [*_FACTORS, "whole sklearn/whole skdnn"]
    return table(header, [_line_of_parts(result) for result in results])


def _line_of_parts(result: dict) -> list[str]:
    losses, epochs = result.get("log_loss", {}), result.get("epochs", {})
    shown = [
        f"{losses[name]['median']:.3f}" if name in losses else ""
        for name in ("sklearn", "skdnn")
    ]
    shown += [f"{epochs[n]['median']:g}" if n in epochs else "" for n in _EPOCHS]
    factors = [*_FACTORS, "whole sklearn/whole skdnn"]
    shown += [f"{result['ratios'][name]['median']:.2f}" for name in factors]
    return [result["table"], *shown]


def verdicts(results: list[dict]) -> list[str]:
    """Return a line for each target, and one for each bar that was not reached."""
    over_all = results[-1]
    lines = [
        f"{name}: {ratio(over_all['ratios'][name])}, target "
        f"{verdict(target, over_all['ratios'][name]['median'])}"
        for name, target in over_all["targets"].items()
    ]
    return lines + not_reached(results)


def not_reached(results: list[dict]) -> list[str]:
    """Return a line per contestant and table with seeds that miss the bar."""
    return [
        f"{result['table']}: {name} reaches it with {n} of {result['repetitions']} "
        "seeds"
        for result in results[:-1]
        for name, n in result["reached"].items()
        if n < result["repetitions"]
    ]
