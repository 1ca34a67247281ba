"""What "auto" stands for: dropout and averaging where there are mini-batches."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows, parameters

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def both(n_rows, given, expected):
    """Return the parameters with the defaults and with their expected values."""
    X, y = make_rows(n_rows=n_rows)
    options = {"hidden_layer_sizes": (60, 8), "max_iter": 3, "random_state": 0}
    return [
        parameters(MLPRegularizedClassifier(**options, **given, **more).fit(X, y))
        for more in ({}, expected)
    ]


@quiet
@pytest.mark.parametrize(
    ("n_rows", "given", "expected"),
    [
        (65, {}, {"keep_prob": (0.9, 1.0), "averaging": "ema", "batch_size": 64}),
        (64, {}, {"keep_prob": 1.0, "averaging": None, "dtype": "float64"}),
        (70, {"batch_size": 70}, {"keep_prob": 1.0, "averaging": None}),
        (210, {"batch_size": 210}, {"keep_prob": (0.9, 1.0), "averaging": "ema"}),
        (80, {"solver": "lbfgs"}, {"keep_prob": 1.0, "averaging": None}),
        (80, {"learning_rate": "cosine"}, {"keep_prob": (0.9, 1), "averaging": None}),
        (80, {"l1_ratio": 0.5}, {"keep_prob": (0.9, 1.0), "averaging": None}),
        (80, {"solver": "sgd"}, {"keep_prob": (0.9, 1.0), "averaging": "ema"}),
    ],
)
def test_what_auto_stands_for(n_rows, given, expected):
    assert_array_equal(*both(n_rows, given, expected))


def test_small_pieces_of_a_stream_do_not_count_as_a_small_training_set():
    X, y = make_rows(n_rows=100)
    auto, expected = (
        MLPRegularizedClassifier((60,), dtype="float32", random_state=0, **options)
        for options in ({}, {"keep_prob": 0.9, "averaging": "ema"})
    )
    for rows in (slice(70), slice(70, 100)):
        for net in (auto, expected):
            net.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        assert_array_equal(parameters(auto), parameters(expected))


@pytest.mark.parametrize("units", [49, 50])
@quiet
def test_only_wide_layers_use_dropout(units):
    X, y = make_rows(n_rows=80)
    options = {"hidden_layer_sizes": units, "max_iter": 2, "random_state": 0}
    auto, none = (
        parameters(MLPRegularizedClassifier(**options, **more).fit(X, y))
        for more in ({}, {"keep_prob": 1.0})
    )
    assert np.array_equal(auto, none) == (units == 49)


@quiet
def test_an_l1_penalty_leaves_exact_zeros_by_default():
    X, y = make_rows(n_rows=80)
    net = MLPRegularizedClassifier(l1_ratio=1.0, alpha=20.0, random_state=0).fit(X, y)
    assert np.mean(net.coefs_[0] == 0) > 0.1


@pytest.mark.parametrize("cls", [MLPRegularizedClassifier, MLPRegularizedRegressor])
@pytest.mark.parametrize("name", ["keep_prob", "averaging"])
def test_other_strings_are_refused(cls, name):
    X, y = make_rows(n_rows=20)
    with pytest.raises(ValueError, match=f"{name}' parameter .* must be.*'auto'"):
        cls(**{name: "automatic"}).fit(X, y)
