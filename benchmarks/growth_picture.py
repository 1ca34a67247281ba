"""The picture of `growth`: four panels, time against rows, columns, width and depth."""

from math import ceil, floor, log10
from pathlib import Path

from benchmarks.growth import ENTRIES, GROUPS

# Blue, green and vermilion of Okabe and Ito, which colour-blind readers can tell apart.
_FIRST = {"color": "#0072B2", "marker": "o", "markersize": 4}
_OTHER = {"color": "#009E73", "marker": "s", "markersize": 4}
_FLOOR = {"color": "#D55E00", "linestyle": "--"}
_OTHER_FLOOR = {"color": "#D55E00", "linestyle": ":"}
# The label of the x axis and what grows, by the title of the panel.
_PANELS = {
    "64-100-10, batches of 200": ("rows of the epoch", ["rows", "rows of a file"]),
    "c-100-10, batches of 200": ("columns c", ["columns", "sparse columns"]),
    "64-w-w-10, batches of 256": ("width w of both hidden layers", ["width"]),
    "64-128-…-128-10, batches of 256": ("hidden layers", ["depth"]),
}
_LABELS = {
    "skdnn; the numbers are its ratio to the floor": _FIRST,
    f"skdnn, rows of a file; sparse rows of {ENTRIES} entries": _OTHER,
    "floor: the bare products": _FLOOR,
    "floor of sparse rows": _OTHER_FLOOR,
}
_BELOW = ("rows", "sparse columns")  # lines whose numbers are below them
_UNITS = {"ms_per_epoch": "ms per epoch", "us_per_step": "µs per step"}


def draw(results: list[dict], path: Path) -> None:
    """Draw results of `growth` on logarithmic axes and write them to a file.

    Ratios are hard to read on such axes, so they are written next to the points. The
    same results give the same file.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    with rc_context({"svg.hashsalt": "skdnn", "font.size": 9}):
        figure = Figure(figsize=(9.5, 7.2), layout="constrained")
        for ax, title in zip(figure.subplots(2, 2).flat, _PANELS, strict=True):
            _draw_panel(ax, title, results)
        figure.legend(
            [Line2D([], [], **style) for style in _LABELS.values()],
            list(_LABELS),
            loc="outside upper center",
            ncols=2,
            frameon=False,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=metadata, dpi=150)


def _draw_panel(ax, title: str, results: list[dict]) -> None:
    xlabel, kinds = _PANELS[title]
    group = GROUPS[kinds[0]]
    shown = [r for r in results if r["grows"] in kinds]
    for kind, style, of_floor in zip(
        kinds, (_FIRST, _OTHER), (_FLOOR, _OTHER_FLOOR), strict=False
    ):
        some = [r for r in shown if r["grows"] == kind]
        x, ours = [r["to"] for r in some], [r[group]["skdnn"]["median"] for r in some]
        ax.plot(x, ours, **style)
        # Products do not depend on where rows come from: one line for both kinds.
        of_floor = _FLOOR if kind == "rows of a file" else of_floor
        ax.plot(x, [r[group]["floor"]["median"] for r in some], **of_floor)
        for result, time in zip(some, ours, strict=True):
            ratio = result["ratios"]["skdnn/floor"]["median"]
            at, is_below = (result["to"], time), kind in _BELOW
            _write(ax, f"{ratio:.2f}", at, style["color"], is_below)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=_UNITS[group])
    ax.set_title(title, fontsize="medium")
    times = [r[group][name]["median"] for r in shown for name in ("skdnn", "floor")]
    _set_ticks(ax, sorted({r["to"] for r in shown}), times)
    ax.grid(alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)


def _write(ax, text: str, at: tuple[float, float], color: str, is_below: bool) -> None:
    ax.annotate(
        text,
        at,
        xytext=(4, -12) if is_below else (-4, 4),
        textcoords="offset points",
        ha="left" if is_below else "right",
        fontsize="small",
        color=color,
    )


def _set_ticks(ax, x: list[int], y: list[float]) -> None:
    """Tick the points that were measured, and the powers of ten around the times."""
    ax.set_xticks(x, [_short(value) for value in x])
    ax.set_xlim(x[0] / (x[-1] / x[0]) ** 0.16, x[-1] * (x[-1] / x[0]) ** 0.06)
    ax.xaxis.minorticks_off()
    ax.set_ylim(10 ** floor(log10(min(y))), 10 ** ceil(log10(max(y))))
    ax.yaxis.set_major_formatter(
        lambda value, _: f"{value:,.10g}".replace(",", "\u2009")
    )


def _short(value: int) -> str:
    """Return a number that fits below a tick: 2048, 10k, 1M."""
    if value >= 1_000_000:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if value >= 10_000 else str(value)
