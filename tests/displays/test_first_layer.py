"""Images of the first layer are its columns, largest first, on one colour scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from skdnn import FirstLayerDisplay, InputStandardizer

RNG = np.random.default_rng(0)
W = RNG.normal(size=(12, 5)) * [1, 5, 2, 4, 3]
X = RNG.normal(size=(20, 12)) * RNG.uniform(0.1, 9, size=12)


class Net(BaseEstimator):
    """A fitted network with these weights."""

    def __init__(self, W):
        self.W = W

    def fit(self, X, y=None):
        self.coefs_ = [self.W]
        return self


NET = Net(W).fit(None)


def behind(*steps):
    named = [(f"step{k}", step) for k, step in enumerate(steps)]
    return Pipeline([*named, ("net", Net(W))]).fit(X)


def test_images_are_columns():
    display = FirstLayerDisplay.from_estimator(NET, (3, 4), n_units=3)
    assert_array_equal(display.units, [1, 3, 4])
    for unit, ax, image in zip([1, 3, 4], display.axes_, display.images_, strict=True):
        assert_array_equal(image.get_array(), W[:, unit].reshape(3, 4))
        largest = np.abs(W[:, [1, 3, 4]]).max()
        assert image.get_clim() == (-largest, largest)
        assert ax.get_title() == f"unit {unit}"
        assert len(ax.get_xticks()) == 0
    assert display.colorbar_.ax.get_ylabel() == "weight"
    # The images and one colour bar.
    assert len(display.figure_.axes) == 4


def test_all_units():
    for n_units in (None, 99):
        display = FirstLayerDisplay.from_estimator(NET, (4, 3), n_units=n_units)
        assert display.images.shape == (5, 4, 3)


def test_a_scaler_that_multiplies():
    model = behind(MinMaxScaler())
    display = FirstLayerDisplay.from_estimator(model, (3, 4), in_input_units=True)
    scaled = W / np.ptp(X, axis=0)[:, np.newaxis]
    assert_allclose(display.images.reshape(5, 12), scaled.T[display.units])


@pytest.mark.parametrize("scaler", [InputStandardizer(), StandardScaler()])
def test_units_of_the_input(scaler):
    model = behind(scaler)
    as_seen = FirstLayerDisplay.from_estimator(model, (3, 4))
    assert_array_equal(as_seen.images[0].ravel(), W[:, 1])
    assert as_seen.weight_label == "weight of the standardised input"
    display = FirstLayerDisplay.from_estimator(model, (3, 4), in_input_units=True)
    assert display.weight_label == "weight per unit of the input"
    scaled = W / X.std(axis=0)[:, np.newaxis]
    order = np.argsort(-np.linalg.norm(scaled, axis=0))
    assert_array_equal(display.units, order)
    assert_allclose(display.images.reshape(5, 12), scaled.T[order])


def test_two_scalers_and_none():
    once = FirstLayerDisplay.from_estimator(
        behind(InputStandardizer()), (3, 4), in_input_units=True
    )
    for first in (StandardScaler(with_std=False), RobustScaler()):
        twice = behind(first, InputStandardizer())
        display = FirstLayerDisplay.from_estimator(twice, (3, 4), in_input_units=True)
        assert_allclose(display.images, once.images)
    bare = FirstLayerDisplay.from_estimator(NET, (3, 4), in_input_units=True)
    assert_array_equal(bare.images[0].ravel(), W[:, 1])


@pytest.mark.parametrize("step", [PCA(), InputStandardizer(smooth_clip=3)])
def test_other_transformers(step):
    model = behind(step)
    display = FirstLayerDisplay.from_estimator(model, (3, 4))
    assert display.weight_label == "weight of the transformed input"
    with pytest.raises(TypeError, match="in_input_units=True needs only standardisers"):
        FirstLayerDisplay.from_estimator(model, (3, 4), in_input_units=True)


def test_colour_images():
    display = FirstLayerDisplay.from_estimator(NET, (2, 2, 3))
    assert display.images.shape == (5, 2, 2, 3) and display.colorbar_ is None
    largest = np.abs(W).max()
    assert_allclose(
        display.images_[0].get_array(),
        0.5 + W[:, 1].reshape(2, 2, 3) / (2 * largest),
    )
    grey = FirstLayerDisplay.from_estimator(NET, (3, 4, 1))
    assert grey.images.shape == (5, 3, 4) and grey.colorbar_ is not None


def test_zero_weights_and_styles():
    _, axes = plt.subplots(1, 2)
    display = FirstLayerDisplay(images=np.zeros((2, 2, 2)), units=np.arange(2))
    assert display.plot(axes, image_kw={"cmap": "PuOr"}) is display
    assert list(display.axes_) == list(axes)
    assert display.images_[0].get_cmap().name == "PuOr"


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3, 5), {}, "has 15 values, but the network has 12 inputs"),
        ((12,), {}, "image_shape must be"),
        ((3, 2, 2), {}, "1 or 3 channels"),
        ((3, 4), {"n_units": 0}, "n_units must be"),
    ],
)
def test_errors(shape, options, message):
    with pytest.raises(ValueError, match=message):
        FirstLayerDisplay.from_estimator(NET, shape, **options)
    assert plt.get_fignums() == []


def test_a_row_of_pixels_is_not_a_line():
    for shape, aspect in (((1, 64), "auto"), ((64, 1), "auto"), ((8, 8), 1)):
        images = np.ones((2, *shape))
        display = FirstLayerDisplay(images=images, units=np.arange(2)).plot()
        assert {ax.get_aspect() for ax in display.axes_} == {aspect}
