"""Legends outside the axes, in figures that grow to hold them."""

from typing import Any

from skdnn.displays.texts import IN_FIGURE, IN_LEGEND, IN_PANEL, wrapped

# Ten colours repeat; with eleven markers, 110 pairs differ. Markers also help readers
# who cannot tell the colours apart.
MARKERS = "os^Dv<>P*Xp"

_PLACES: dict[str, dict] = {
    "above": {"loc": "lower left", "bbox_to_anchor": (0, 1)},
    "right": {"loc": "center left", "bbox_to_anchor": (1, 0.5)},
}
# Inches of a panel for its title and axis labels, in addition to a legend next to it.
_AROUND = 0.7
# Heights in inches: ticks below an axis, a line of text, a legend with two entries.
_TICKS, _LINE, _TWO_ENTRIES = 0.36, 0.17, 0.5
# In the caller's figure, a legend outside takes at most this share of its axes.
_LARGEST_SHARE = 0.6


def place_legend(
    ax, *handles_and_labels, side, is_ours=False, inside="best", **legend_kw
):
    """Draw a legend outside the axes, or inside if there is no room.

    Figures with a layout engine, as the displays create them, leave room for artists
    outside their axes; others would cut them off. A figure of ours grows by the legend,
    so that its axes keep their size. In the caller's figure, a legend that would take
    too much room from its axes or their neighbours goes inside.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes.
    *handles_and_labels : sequence
        Handles and labels, as for `legend`; by default those of the axes.
    side : {"above", "right"}
        Position outside the axes.
    is_ours : bool, default=False
        Whether the display created the figure, which may then grow.
    inside : str, default="best"
        Location inside the axes.
    **legend_kw : dict
        Keyword arguments for `legend`.

    Returns
    -------
    matplotlib Legend or None
        None if there are no labels.
    """
    handles, labels = handles_and_labels or ax.get_legend_handles_labels()
    if not len(labels):
        return None
    width = IN_FIGURE if side == "above" else IN_LEGEND
    labels = [wrapped(label, width) for label in labels]
    if ax.figure.get_layout_engine() is None:
        return _inside(ax, handles, labels, inside, legend_kw)
    legend = ax.legend(handles, labels, **_PLACES[side] | legend_kw)
    if is_ours:
        _grow(ax.figure, *_missing(legend, ax, side))
    elif not _has_room(legend, ax, side):
        return _inside(ax, handles, labels, inside, legend_kw)
    return legend


def place_legends_below(axes, *, is_ours=False, inside="best", **legend_kw):
    """Draw a legend below each of several axes, under its x label.

    Parameters
    ----------
    axes : sequence of matplotlib Axes
        Axes of one figure, with their labels set.
    is_ours, inside, **legend_kw
        As for `place_legend`.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = axes[0].figure
    heights = []
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        labels = [wrapped(label, IN_PANEL) for label in labels]
        if figure.get_layout_engine() is None:
            _inside(ax, handles, labels, inside, legend_kw)
            continue
        n_lines = 1 + ax.get_xlabel().count("\n")
        down = _TICKS + _LINE * n_lines
        moved = ScaledTranslation(0, -down, figure.dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
        place["bbox_transform"] = ax.transAxes + moved
        legend = ax.legend(handles, labels, **place | legend_kw)
        if not is_ours and not _has_room(legend, ax, "below"):
            _inside(ax, handles, labels, inside, legend_kw)
        heights.append(_inches(legend)[1] + _LINE * (n_lines - 1))
    if is_ours:
        n_rows = axes[0].get_subplotspec().get_gridspec().nrows
        _grow(figure, 0.0, n_rows * max(0.0, max(heights) - _TWO_ENTRIES))


def line_style_handles(styles: dict[str, dict[str, Any]]) -> tuple[list, list[str]]:
    """Return handles and labels, in grey, that explain the line styles."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **{"color": "0.3"} | style) for style in styles.values()]
    return handles, list(styles)


def _inside(ax, handles, labels, inside, legend_kw):
    """Draw a small legend within the axes."""
    outside = ("loc", "bbox_to_anchor", "bbox_transform", "borderaxespad")
    kept = {name: value for name, value in legend_kw.items() if name not in outside}
    kept["ncols"] = min(2, kept.get("ncols", 1))
    legend = ax.legend(handles, labels, loc=inside, **{"fontsize": "small"} | kept)
    # A legend larger than its axes is clipped, and takes no room from other axes.
    legend.set_in_layout(False)
    for artist in legend.findobj():
        artist.set_clip_box(ax.bbox)
        artist.set_clip_on(True)
    return legend


def _has_room(legend, ax, side) -> bool:
    """Return whether a legend leaves enough room for its axes and their neighbours."""
    width, height = _inches(legend)
    box, of_figure = ax.get_position(), ax.figure.get_size_inches()
    of_width, of_height = width / of_figure[0], height / of_figure[1]
    if side == "right":
        return of_width <= _LARGEST_SHARE * box.width and of_height <= 1.2 * box.height
    return of_height <= _LARGEST_SHARE * box.height and of_width <= 1.2 * box.width


def _grow(figure, width, height):
    """Enlarge a figure by this many inches."""
    old_width, old_height = figure.get_size_inches()
    figure.set_size_inches(old_width + width, old_height + height)


def _missing(legend, ax, side) -> tuple[float, float]:
    """Return the inches by which a figure must grow to hold a legend."""
    width, height = _inches(legend)
    panel_width, panel_height = ax.figure.get_size_inches()
    spec = ax.get_subplotspec()
    if spec is not None:
        n_rows, n_columns = spec.get_gridspec().get_geometry()
        panel_width, panel_height = panel_width / n_columns, panel_height / n_rows
    if side == "right":
        return width, max(0.0, height + _AROUND - panel_height)
    return max(0.0, width + _AROUND - panel_width), height


def _inches(legend):
    box = legend.get_window_extent()
    dpi = legend.get_figure().dpi
    return box.width / dpi, box.height / dpi
