"""Plots of many classes and models, long names, one epoch and one feature.

Each picture is checked for parts cut off at the edge of the figure, for axes too small
to read, and against its baseline. Baselines are compared for one release of matplotlib
only: others place text differently, by enough to hide a missing part. After an intended
change, look at the new pictures and write them with

    SKDNN_WRITE_BASELINES=1 pytest tests/displays/test_awkward_data.py
"""

import functools
import os
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images
from PIL import Image

from skdnn import (
    BiasVarianceDisplay,
    CostContoursDisplay,
    CostDescentDisplay,
    DecisionRegionsDisplay,
    DifferenceOrderDisplay,
    FirstLayerDisplay,
    GradientCheckDisplay,
    ParameterScoreDisplay,
    SignalPropagationDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)

BASELINES = Path(__file__).parent / "baselines"
RELEASE = "3.11."  # of matplotlib, which drew the baselines
WIDTH = 240  # pixels of a baseline
# Of 255. The few colours of a baseline give less than 5; missing names of regions, a
# missing legend or missing decades of an axis give more than 10.
TOLERANCE = 7.0
LONG = [
    f"hidden_layer_sizes=(256, {k}), activation='relu', keep={k}" for k in range(15)
]
FEATURE = "mean number of concave points of the nucleus, by laboratory and instrument"
RISE = np.linspace(0, 1, 40)


def training_curves():
    costs = [2 * np.exp(-RISE * 40 / (5 + k)) + 0.1 + 0.02 * k for k in range(15)]
    return TrainingCurveDisplay(
        costs=costs,
        dev_costs=[cost + 0.1 for cost in costs],
        kept_epochs=[20 + k for k in range(15)],
        ingredients=[["penalty", "dropout"]] * 15,
        names=LONG,
    )


def one_epoch():
    return TrainingCurveDisplay(costs=[np.array([0.7])], dev_costs=[None])


def gaps_of_models():
    sizes = (np.arange(60) * 7 % 11 / 11).reshape(15, 4)
    gaps = ["Bayes error", "avoidable bias", "variance", "data mismatch"]
    thresholds = np.array([np.nan, 0.1, 0.1, 0.1])
    return BiasVarianceDisplay(LONG, gaps, sizes, thresholds=thresholds)


def six_keep_probs():
    keep_probs = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    means = 0.8 + 0.1 * keep_probs[:, None] - 0.03 * np.arange(-1, 3) ** 2
    scores = means[:, :, None] + np.array([-0.01, 0, 0.01])
    return ParameterScoreDisplay(
        param_name="alpha",
        param_values=[0.1, 1.0, 10.0, 100.0],
        dev_scores=scores,
        train_scores=scores + 0.05,
        hue_name="keep_prob",
        hue_values=keep_probs.tolist(),
    )


def twenty_encodings():
    scores = np.sin(np.arange(20))[None, :, None] + np.array([-0.1, 0.1])
    names = [f"an_encoding_with_a_long_name_{k}" for k in range(20)]
    return ParameterScoreDisplay(
        param_name="encoding", param_values=names, dev_scores=scores
    )


def twenty_classes():
    xx0, xx1 = np.meshgrid(np.linspace(0, 5, 50), np.linspace(0, 4, 50))
    regions = np.clip(xx0.astype(int), 0, 4) + 5 * np.clip(xx1.astype(int), 0, 3)
    number = np.arange(20)
    X = np.column_stack([number % 5 + 0.3, number // 5 + 0.3])
    return DecisionRegionsDisplay(
        xx0=xx0,
        xx1=xx1,
        responses=[regions],
        classes=number,
        X=X,
        y=number,
        X_dev=X + 0.4,
        y_dev=number,
        feature_names=(FEATURE, FEATURE),
    )


def contours():
    xx0, xx1 = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))
    return CostContoursDisplay(
        xx0=[xx0] * 2,
        xx1=[xx1] * 2,
        costs=[xx0**2 + 3 * xx1**2] * 2,
        centres=np.zeros((2, 2)),
        paths=[np.array([[0.7, 0.7], [0.2, 0.1], [0, 0]])] * 2,
        learning_rates=np.ones(2),
        condition_numbers=np.full(2, 3.0),
        names=LONG[:2],
        parameter_names=(f"W[1][0, 0], the weight of {FEATURE}", "b[1][0]"),
    )


def fifteen_learning_rates():
    rates = np.geomspace(1e-3, 10, 15)
    costs = 3 * np.exp(-np.arange(21) * rates[:, None] / 10)
    return CostDescentDisplay(
        learning_rates=rates, costs=costs, first_rises=[None] * 15
    )


def healthy_signals():
    level = {"he: healthy": np.array([1, 0.99, 0.97, 0.95, 0.93, 0.9])}
    return SignalPropagationDisplay(activation_rms=level, backward_rms=level)


def kinks():
    steps = np.geomspace(1e-12, 0.1, 23)
    errors = np.maximum(1e-16 / steps, np.where(steps > 1e-4, steps, 0))
    return DifferenceOrderDisplay(
        epsilons=steps,
        one_sided=errors,
        two_sided=errors / 2,
        rounding=1e-15 / steps,
        one_sided_order=3.41,
        two_sided_order=0.56,
        notes=["A kink of relu within a step spoils the orders; choose tanh."],
    )


def rows_of_pixels():
    images = np.sin(np.arange(8 * 64)).reshape(8, 1, 64)
    return FirstLayerDisplay(images=images, units=np.arange(8))


def forty_layers():
    segments = [f"{kind}[{layer}]" for layer in range(1, 41) for kind in "Wb"]
    errors = 1e-9 * (1 + np.arange(80) % 7)
    return GradientCheckDisplay(segments=segments, errors={"at initialisation": errors})


def weights_of_long_names():
    counts = np.arange(40) % 9
    return WeightsDisplay(
        bin_edges=[np.linspace(-1, 1, 41)] * 2,
        counts=[[counts] * 2, [counts[::-1]] * 2],
        n_zeros=np.array([[0] * 2, [3] * 2]),
        shapes=[[(20, 20)] * 2] * 2,
        names=LONG[:2],
    )


PICTURES = [
    training_curves,
    one_epoch,
    gaps_of_models,
    six_keep_probs,
    twenty_encodings,
    twenty_classes,
    contours,
    fifteen_learning_rates,
    healthy_signals,
    kinks,
    rows_of_pixels,
    forty_layers,
    weights_of_long_names,
]
OPTIONS = {fifteen_learning_rates: {"max_rates": 15}}


def cut_off(figure) -> list[str]:
    """Return the sides at which a part of a plot is beyond the edge of its figure."""
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    beyond = {
        "left": -box.x0,
        "right": box.x1 - width,
        "bottom": -box.y0,
        "top": box.y1 - height,
    }
    return [side for side, inches in beyond.items() if inches > 0.03]


def size_of(ax):
    """Return the width and height of axes in inches."""
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def drawn(figure):
    """Return a figure as an image, once: a second layout would start from the first."""
    figure.set_dpi(50)
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")


def write_baseline(image, name):
    """Write a picture as a baseline, small and in few colours."""
    BASELINES.mkdir(exist_ok=True)
    height = round(WIDTH * image.height / image.width)
    small = image.resize((WIDTH, height), Image.Resampling.BOX)
    small.quantize(200).save(BASELINES / f"{name}.png", optimize=True)


def difference(image, name, folder):
    """Return the message of `compare_images`; None if an image matches its baseline."""
    baseline = BASELINES / f"{name}.png"
    with Image.open(baseline) as expected:
        width, height = expected.size
    scaled = width * image.height / image.width
    if abs(scaled - height) > 0.06 * height:
        return f"height {scaled:.0f} pixels, baseline {height}"
    path = folder / f"{name}.png"
    image.resize((width, height), Image.Resampling.BOX).save(path)
    return compare_images(str(baseline), str(path), TOLERANCE)


@pytest.fixture(autouse=True)
def plain_style():
    """Use the defaults of matplotlib instead of the user's settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.use("Agg")
        yield


class Shown(NamedTuple):
    """A picture, drawn once for all tests."""

    image: Image.Image
    cut_off: list[str]
    sizes: list[tuple[float, float]]


@functools.cache
def shown(draw):
    figure = draw().plot(**OPTIONS.get(draw, {})).figure_
    image = drawn(figure)
    sizes = [size_of(ax) for ax in figure.axes if ax.get_label() != "<colorbar>"]
    return Shown(image, cut_off(figure), sizes)


every_picture = pytest.mark.parametrize("draw", PICTURES, ids=lambda d: d.__name__)


@every_picture
def test_nothing_is_cut_off(draw):
    assert shown(draw).cut_off == []
    least = (0.7, 0.7) if draw is rows_of_pixels else (2.0, 1.8)
    assert np.all(np.array(shown(draw).sizes) > least)


@pytest.mark.skipif(
    not mpl.__version__.startswith(RELEASE),
    reason=f"the baselines were drawn by matplotlib {RELEASE}*",
)
@every_picture
def test_picture_matches_its_baseline(draw, tmp_path):
    if os.environ.get("SKDNN_WRITE_BASELINES"):
        write_baseline(shown(draw).image, draw.__name__)
    assert difference(shown(draw).image, draw.__name__, tmp_path) is None


def test_baselines_are_small():
    sizes = {path.stem: path.stat().st_size for path in BASELINES.glob("*.png")}
    assert sorted(sizes) == sorted(draw.__name__ for draw in PICTURES)
    assert max(sizes.values()) < 30_000


# Negative controls: a cut-off text and a changed picture are found.


def test_a_cut_off_text_is_found():
    figure, ax = plt.subplots()
    assert cut_off(figure) == []
    ax.text(1.0, 0.5, "beyond the edge of the figure", transform=ax.transAxes)
    assert cut_off(figure) == ["right"]


def test_a_changed_picture_is_found(tmp_path):
    images = {draw.__name__: shown(draw).image for draw in (one_epoch, twenty_classes)}
    small = images["one_epoch"].resize((320, 126))
    assert difference(small, "one_epoch", tmp_path).startswith("height")
    upside_down = images["twenty_classes"].transpose(Image.Transpose.ROTATE_180)
    message = difference(upside_down, "twenty_classes", tmp_path)
    assert message.startswith("Error: Image files did not match")
