"""The picture of `growth`: three panels, time against rows, width and depth."""

from math import ceil, floor, log10
from pathlib import Path

from benchmarks.growth import GROUPS

# Blue and vermilion of Okabe and Ito, which colour-blind readers can tell apart.
_LINES = {
    "skdnn": {"color": "#0072B2", "marker": "o", "markersize": 4},
    "floor": {"color": "#D55E00", "linestyle": "--"},
}
_LABELS = {
    "skdnn": "skdnn; the numbers are its ratio to the floor",
    "floor": "floor: the bare matrix products",
}
_PANELS = {
    "rows": ("rows of the epoch", "64-100-10, batches of 200"),
    "width": ("width w of both hidden layers", "64-w-w-10, batches of 256"),
    "depth": ("hidden layers", "64-128-…-128-10, batches of 256"),
}
_UNITS = {"ms_per_epoch": "ms per epoch", "us_per_step": "µs per step"}


def draw(results: list[dict], path: Path) -> None:
    """Draw results of `growth` on logarithmic axes and write them to a file.

    On such axes ratios are hard to read, so they are written at the points. The same
    results make the same file: drawing anew changes nothing.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "skdnn", "font.size": 9}):
        figure = Figure(figsize=(9.5, 3.6), layout="constrained")
        for ax, grows in zip(figure.subplots(1, 3), _PANELS, strict=True):
            _draw_panel(ax, grows, [r for r in results if r["grows"] == grows])
        figure.legend(
            figure.axes[0].lines,
            _LABELS.values(),
            loc="outside upper center",
            ncols=2,
            frameon=False,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=150)


def _draw_panel(ax, grows: str, results: list[dict]) -> None:
    xlabel, title = _PANELS[grows]
    group = GROUPS[grows]
    x = [r["to"] for r in results]
    for name, style in _LINES.items():
        ax.plot(x, [r[group][name]["median"] for r in results], **style)
    for result in results:
        ratio = result["ratios"]["skdnn/floor"]["median"]
        at = result["to"], result[group]["skdnn"]["median"]
        _write(ax, f"{ratio:.2f}", at)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=_UNITS[group])
    ax.set_title(title, fontsize="medium")
    _set_ticks(ax, x, [r[group][name]["median"] for r in results for name in _LINES])
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def _write(ax, text: str, at: tuple[float, float]) -> None:
    ax.annotate(
        text,
        at,
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        fontsize="small",
        color="0.35",
    )


def _set_ticks(ax, x: list[int], y: list[float]) -> None:
    """Tick the points that were measured, and the powers of ten around the times."""
    ax.set_xticks(x, [_short(value) for value in x])
    ax.set_xlim(x[0] / (x[-1] / x[0]) ** 0.16, x[-1] * (x[-1] / x[0]) ** 0.06)
    ax.xaxis.minorticks_off()
    ax.set_ylim(10 ** floor(log10(min(y))), 10 ** ceil(log10(max(y))))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,g}".replace(",", "\u2009"))


def _short(value: int) -> str:
    """Return a number that fits below a tick: 2048, 10k, 1M."""
    if value >= 1_000_000:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 10_000 else str(value)
