"""The histograms of the weights count each weight once, exact zeros separately."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, WeightsDisplay
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=60)


@pytest.fixture(scope="module")
def models():
    options = {"hidden_layer_sizes": (9,), "alpha": 4, "max_iter": 300}
    options |= {"learning_rate": "cosine", "tol": 0, "random_state": 0}
    return {
        "L2": MLPRegularizedClassifier(**options).fit(X, Y),
        "L1": MLPRegularizedClassifier(l1_ratio=1, **options).fit(X, Y),
    }


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_counts_and_zeros(models):
    display = WeightsDisplay.from_estimator(models, n_bins=12)
    assert display.n_zeros[0].sum() == 0 and np.all(display.n_zeros[1] > 0)
    for layer, ax in enumerate(display.axes_):
        edges = display.bin_edges[layer]
        largest = max(np.abs(net.coefs_[layer]).max() for net in models.values())
        assert edges.size == 13 and edges[6] == 0
        assert_allclose([edges[0], edges[-1]], [-largest, largest])
        for model, net in enumerate(models.values()):
            W = net.coefs_[layer]
            patch = display.histograms_[model][layer]
            expected = np.histogram(W[W != 0], edges)[0]
            assert expected.sum() == W.size - np.sum(W == 0)
            assert_array_equal(display.counts[model][layer], expected)
            assert_allclose(patch.get_data().values, expected / W.size)
            assert_array_equal(patch.get_data().edges, edges)
        zeros = np.sum(models["L1"].coefs_[layer] == 0)
        size = models["L1"].coefs_[layer].size
        assert legend(ax) == [
            f"L2: 0 of {size} weights are 0",
            f"L1: {zeros} of {size} weights are 0 (■)",
        ]
        (spike,) = ax.lines
        assert_array_equal(spike.get_xdata(), [0, 0])
        assert spike.get_ydata()[1] == zeros / size
        assert ax.get_yscale() == "log" and ax.get_xlabel() == "weight w"
    titles = [ax.get_title() for ax in display.axes_]
    assert titles == ["W[1] (4 × 9)", "W[2] (9 × 3)"]


def test_given_axes_and_styles(models):
    figure, axes = plt.subplots(1, 2)
    display = WeightsDisplay.from_estimator(
        models["L2"], name="net", ax=axes, histogram_kw={"ls": ":"}
    )
    assert list(display.axes_) == list(axes) and display.figure_ is figure
    assert display.histograms_[0][0].get_linestyle() == ":"
    assert legend(axes[0])[0].startswith("net: 0 of 36")
    assert display.plot() is display and display.figure_ is not figure
    with pytest.raises(ValueError, match="2 of them"):
        display.plot(ax=[axes[0]])


def test_pipeline_and_sklearn():
    theirs = MLPClassifier((3,), max_iter=500, tol=1e-2, random_state=0)
    model = make_pipeline(StandardScaler(), theirs).fit(X, Y)
    display = WeightsDisplay.from_estimator(model)
    assert legend(display.axes_[0]) == ["0 of 12 weights are 0"]


class Net(BaseEstimator):
    """A fitted network with these weights."""

    def __init__(self, weights):
        self.weights = weights

    def fit(self, X=None, y=None):
        self.coefs_ = self.weights
        return self


def full(*shapes, fill=0.0):
    return Net([np.full(shape, fill) for shape in shapes]).fit()


def test_all_zero():
    display = WeightsDisplay.from_estimator(full((2, 3)))
    assert legend(display.axes_[0]) == ["6 of 6 weights are 0 (●)"]
    assert display.counts[0][0].sum() == 0


def test_different_widths():
    wide = {
        "a": full((2, 3), (3, 1), fill=1.0),
        "b": full((2, 4), (4, 1), fill=1.0),
    }
    display = WeightsDisplay.from_estimator(wide)
    assert [ax.get_title() for ax in display.axes_] == ["W[1]", "W[2]"]


@pytest.mark.parametrize(
    ("models", "error", "message"),
    [
        ({"a": full((2, 3)), "b": full((2, 3), (3, 1))}, ValueError, r"\[1, 2\]"),
        (full((2, 3), fill=np.nan), ValueError, "must be finite"),
        (full((2, 3), fill=np.inf), ValueError, "must be finite"),
        (StandardScaler().fit(X), TypeError, "no attribute 'coefs_'"),
    ],
)
def test_errors(models, error, message):
    with pytest.raises(error, match=message):
        WeightsDisplay.from_estimator(models)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("n_bins", [0, 2.5, "10"])
def test_a_wrong_number_of_bins(n_bins):
    X, y = make_rows()
    net = MLPRegularizedClassifier((3,), max_iter=1000, tol=1e-2, random_state=0)
    with pytest.raises(ValueError, match="n_bins must be an int >= 1, got"):
        WeightsDisplay.from_estimator(net.fit(X, y), n_bins=n_bins)


def test_too_many_models_are_refused(models):
    seven = dict.fromkeys("abcdefg", models["L2"])
    with pytest.raises(ValueError, match=r"estimator must hold at most 6 .* got 7"):
        WeightsDisplay.from_estimator(seven)
