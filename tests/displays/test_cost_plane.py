"""J on a plane is the estimator's own J with two of its parameters moved."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from skdnn.displays.cost_plane import CostPlane
from tests.estimators.datasets import make_rows

X, Y = make_rows(n_rows=50)
DEFAULT = ((1, "W", (0, 0)), (1, "W", (1, 0)))


@pytest.fixture(scope="module")
def linear():
    """Return a ridge regression and the Hessian of its J."""
    y = X @ [1.0, 2.0, 3.0, 4.0]
    model = MLPRegularizedRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=5)
    return model.fit(X, y), y, (X.T @ X + 5 * np.eye(4)) / 50


@pytest.mark.parametrize(
    "parameters",
    [DEFAULT, ((1, "W", (3, 2)), (1, "b", 1)), ((2, "b", (2,)), (2, "W", [1, 0]))],
)
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_cost_is_the_estimators(parameters, in_pipeline):
    net = MLPRegularizedClassifier(
        (3,), "tanh", solver="lbfgs", alpha=2, max_iter=2000, random_state=0
    )
    model = make_pipeline(StandardScaler(), net) if in_pipeline else net
    model.fit(X, Y)
    inputs = model[0].transform(X) if in_pipeline else X
    plane = CostPlane.of(model, X, Y, parameters)
    xx0, xx1 = np.meshgrid([-1.0, 0.5], [2.0, 0.3, 0.1])
    costs = plane.cost(xx0, xx1)
    for i in range(3):
        for j in range(2):
            moved = deepcopy(net)
            for (layer, kind, index), value in zip(
                parameters, (xx0[i, j], xx1[i, j]), strict=True
            ):
                values = moved.coefs_ if kind == "W" else moved.intercepts_
                place = tuple(index) if np.ndim(index) else index
                values[layer - 1][place] = value
            assert_allclose(costs[i, j], moved.cost(inputs, Y).total, rtol=1e-12)
    at_centre = plane.cost(*(np.full((1, 1), value) for value in plane.centre))
    assert_allclose(at_centre, net.cost(inputs, Y).total, rtol=1e-12)


def test_targets_are_transformed_as_fit_transforms_them(linear):
    net, y, _ = linear
    scaler = StandardScaler().fit(y[:, None])
    model = TransformedTargetRegressor(net, transformer=StandardScaler()).fit(X, y)
    plane = CostPlane.of(model, X, y, DEFAULT)
    at_centre = plane.cost(*(np.full((1, 1), value) for value in plane.centre))
    scaled = scaler.transform(y[:, None])[:, 0]
    assert_allclose(at_centre, model.regressor_.cost(X, scaled).total, rtol=1e-12)


def test_gradient_and_curvature(linear):
    model, y, H = linear
    plane = CostPlane.of(model, X, y, ((1, "W", (3, 0)), (1, "W", (1, 0))))
    H = H[np.ix_([3, 1], [3, 1])]
    values, vectors = plane.curvature(plane.centre)
    expected, directions = np.linalg.eigh(H)
    assert_allclose(values, expected, rtol=1e-6)
    assert_allclose(np.abs(vectors.T @ directions), np.eye(2), atol=1e-6)
    away = np.array([0.3, -2])
    step = H @ away
    assert_allclose(
        plane.gradient(plane.centre + away) - plane.gradient(plane.centre), step
    )


def test_descent(linear):
    model, y, H = linear
    plane = CostPlane.of(model, X, y, DEFAULT)
    H = H[:2, :2]
    path = plane.descend(plane.centre + 1, 0.4, 3)
    away = np.ones(2)
    drift = plane.gradient(plane.centre)
    for point in path:
        assert_allclose(point - plane.centre, away, atol=1e-9)
        away = away - 0.4 * (H @ away + drift)
    assert path.shape == (4, 2)
    assert len(plane.descend(plane.centre + 1, 1e200, 9)) < 10


def test_nothing_is_changed(linear):
    model, y, _ = linear
    before = model.coefs_[0].copy()
    plane = CostPlane.of(model, X, y, DEFAULT)
    plane.cost(*np.meshgrid([1.0, 2.0], [3.0, 4.0]))
    assert_array_equal(model.coefs_[0], before)


@pytest.mark.parametrize(
    "wrong",
    [
        (0, "W", (0, 0)),
        (2, "W", (0, 0)),
        (1, "W", (4, 0)),
        (1, "W", 0),
        (1, "Z", (0, 0)),
        (1, "b", (0, 0)),
        (1, "W"),
        3,
    ],
)
def test_wrong_parameters(linear, wrong):
    model, y, _ = linear
    with pytest.raises(ValueError, match="each of parameters must be"):
        CostPlane.of(model, X, y, (DEFAULT[0], wrong))


def test_errors(linear):
    model, y, _ = linear
    with pytest.raises(ValueError, match="two different components"):
        CostPlane.of(model, X, y, (DEFAULT[0], DEFAULT[0]))
    with pytest.raises(TypeError, match="estimator must be an MLPRegularized"):
        CostPlane.of(LogisticRegression().fit(X, Y), X, Y, DEFAULT)
