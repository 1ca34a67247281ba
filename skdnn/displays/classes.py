"""Colours, markers and region names that tell many classes apart in a plot."""

from typing import Any, NamedTuple

import numpy as np

from skdnn.displays.texts import wrapped

# Ten colours that colour-blind readers can tell apart: M. Petroff, "Accessible color
# sequences for data visualization", 2021; scikit-learn uses them for up to ten classes.
_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
_MARKERS = "osDPXv<>p*"  # one for every ten classes
MAX_COLORED = len(_COLORS)
_LETTERS = 12  # per line of a name within its region


class ClassStyle(NamedTuple):
    """Colour and marker of the rows of a class."""

    color: Any
    marker: str

    @classmethod
    def of(cls, number: int) -> "ClassStyle":
        """Return the style of a class, if there are more than ten."""
        turn, color = divmod(number, len(_COLORS))
        return cls(_COLORS[color], _MARKERS[turn % len(_MARKERS)])

    def keywords(self, is_dev: bool) -> dict[str, Any]:
        """Return keyword arguments of `scatter`: training rows filled, dev hollow."""
        edge = {"edgecolor": self.color, "facecolor": "white", "linewidth": 1.4}
        filled = {"edgecolor": "black", "facecolor": self.color, "linewidth": 0.5}
        return {"marker": self.marker, "s": 20} | (edge if is_dev else filled)


def draw_boundaries(ax, xx0, xx1, predicted, n_classes):
    """Draw one line between regions, whatever the class numbers on both sides."""
    for number in range(1 if n_classes == 2 else 0, n_classes):
        inside = (predicted == number).astype(float)
        if inside.any() and not inside.all():
            ax.contour(xx0, xx1, inside, levels=[0.5], colors="black", linewidths=1)


def draw_names(ax, xx0, xx1, predicted, classes) -> list:
    """Write the name of each class where its region is deepest."""
    from matplotlib.patheffects import withStroke
    from scipy.ndimage import distance_transform_edt

    texts = []
    for number, name in enumerate(classes):
        # A margin, so that the edge of the plot counts as an edge of the region.
        inside = np.pad(predicted == number, 1)
        if not inside.any():
            continue
        depth = distance_transform_edt(inside)[1:-1, 1:-1]
        place = np.unravel_index(depth.argmax(), depth.shape)
        texts.append(
            ax.text(
                xx0[place],
                xx1[place],
                wrapped(str(name), _LETTERS, most_lines=2),
                ha="center",
                va="center",
                weight="bold",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )
        )
    return texts
