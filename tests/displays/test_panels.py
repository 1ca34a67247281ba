"""Panels are new, divide one given axes, or are the given axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skdnn.displays.panels import panels


def test_new_figure():
    axes = panels(None, 5, n_columns=3, size=(2, 1))
    (figure,) = {ax.figure for ax in axes}
    assert axes.shape == (5,) and list(axes) == figure.axes
    assert tuple(figure.get_size_inches()) == (6, 2)
    assert figure.get_layout_engine() is not None


def test_one_axes_is_divided_or_used():
    figure, (left, right) = plt.subplots(1, 2)
    axes = panels(left, 4, n_columns=2)
    assert not left.axison and right.axison
    assert figure.axes == [left, right, *axes]
    assert all(ax.get_position().x1 < right.get_position().x0 for ax in axes)
    assert list(panels(right, 1)) == [right] and right.axison


@pytest.mark.parametrize("pack", [list, tuple, np.asarray])
def test_axes_are_used_as_given(pack):
    _, grid = plt.subplots(2, 2)
    assert list(panels(pack(list(grid.ravel())), 4)) == list(grid.ravel())
    assert list(panels(grid, 4)) == list(grid.ravel())


@pytest.mark.parametrize("number", [0, 1, 3])
def test_wrong_number(number):
    _, grid = plt.subplots(1, 3)
    with pytest.raises(ValueError, match=f"2 of them .* got {number}"):
        panels(list(grid)[:number], 2)


def test_arguments_that_are_not_axes():
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, an array of"):
        panels("here", 2)
    free = plt.figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="cannot be divided"):
        panels(free, 2)
