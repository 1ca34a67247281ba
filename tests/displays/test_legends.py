"""Legends are outside the axes, which keep their size; texts are wrapped."""

import matplotlib.pyplot as plt
import pytest

from skdnn.displays.legends import MARKERS, place_legend, place_legends_below
from skdnn.displays.texts import wrapped

LONG = [f"a name of a model that is long, number {k} of all" for k in range(20)]


def lines_named(names, **figure_kw):
    figure, ax = plt.subplots(**figure_kw)
    for name in names:
        ax.plot([0, 1], label=name)
    return figure, ax


def test_a_legend_is_outside_only_where_there_is_room_for_it():
    for layout, is_outside in (("constrained", True), (None, False)):
        figure, ax = lines_named(["a line"], layout=layout)
        legend = place_legend(ax, side="right")
        figure.canvas.draw()
        left = legend.get_window_extent().x0
        assert (left > ax.get_window_extent().x1 - 1) == is_outside


@pytest.mark.parametrize("side", ["above", "right"])
def test_our_figures_grow_and_axes_keep_their_size(side):
    figure, ax = lines_named(LONG, layout="constrained")
    figure.draw_without_rendering()
    before, size = ax.get_window_extent(), figure.get_size_inches()
    legend = place_legend(ax, side=side, is_ours=True)
    figure.draw_without_rendering()
    after, box = ax.get_window_extent(), legend.get_window_extent()
    assert after.width > 0.95 * before.width and after.height > 0.9 * before.height
    assert 0 <= box.x0 and box.x1 <= figure.bbox.x1
    assert 0 <= box.y0 and box.y1 <= figure.bbox.y1
    assert (figure.get_size_inches() >= size).all()


@pytest.mark.parametrize("side", ["above", "right", "below"])
def test_in_a_given_figure_a_long_legend_goes_inside(side):
    for names, is_outside in ((LONG, False), (["A"], True)):
        figure, axes = plt.subplots(2, 2, layout="constrained", figsize=(6, 6))
        ax = axes[0, 0]
        for name in names:
            ax.plot([0, 1], label=name)
        if side == "below":
            place_legends_below([ax])
        else:
            place_legend(ax, side=side)
        figure.draw_without_rendering()
        inside = ax.get_window_extent().overlaps(ax.get_legend().get_window_extent())
        assert inside != is_outside
        first = ax.get_legend().get_texts()[0]
        assert (first.get_clip_box() is ax.bbox) == inside  # neighbours are not covered
        for neighbour in axes.ravel():
            box = neighbour.get_window_extent()
            assert box.width > 0.3 * figure.bbox.width
            assert box.height > 0.3 * figure.bbox.height
        assert figure.get_size_inches().tolist() == [6, 6]


def test_no_labels_give_no_legend():
    assert place_legend(plt.subplots()[1], side="above") is None


def test_legends_below_are_under_the_axis_labels():
    figure, axes = plt.subplots(2, 2, layout="constrained")
    for ax in axes.ravel():
        ax.plot([0, 1], label=LONG[0])
        ax.plot([1, 0], label=LONG[1])
        ax.set_xlabel("a name\nof two lines")
    place_legends_below(axes.ravel(), is_ours=True)
    figure.draw_without_rendering()
    for ax in axes.ravel():
        name = ax.xaxis.label.get_window_extent()
        assert ax.get_legend().get_window_extent().y1 < name.y0
    assert figure.get_size_inches()[1] > 4.8


def test_colours_and_markers_are_pairs():
    pairs = {(k % 10, MARKERS[k % len(MARKERS)]) for k in range(110)}
    assert len(pairs) == 110


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("", ""),
        ("one two three", "one two\nthree"),
        ("activation='relu', x", "activati\non='relu\n', x"),
        ("an_encoding_1", "an_\nencoding\n_1"),
        ("given\nlines", "given\nlines"),
        (r"$\alpha + \beta + \gamma$", r"$\alpha + \beta + \gamma$"),
        ("a b c d e f g h i j k l m n o p q r s", "a b c d\n…\nm n o p\nq r s"),
    ],
)
def test_wrapped(text, expected):
    assert wrapped(text, 8) == expected
