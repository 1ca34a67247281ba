"""Models are unwrapped from pipelines and searches."""

import pytest
from numpy.testing import assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from skdnn import (
    CostContoursDisplay,
    FirstLayerDisplay,
    MLPRegularizedRegressor,
    TrainingCurveDisplay,
    WeightsDisplay,
)
from skdnn.displays.models import by_name, fitted_network
from tests.estimators.datasets import make_rows

X, Y = make_rows("binary", n_rows=40)


def test_the_transformers_before_the_network():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2
    )
    model = make_pipeline(MaxAbsScaler(), search).fit(X, Y)
    found = fitted_network(model, "coef_")
    assert found.model is search.best_estimator_[-1]
    assert [type(step) for _, step in found.transformers] == [
        MaxAbsScaler,
        StandardScaler,
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_displays_of_one_network_take_a_target_transformer():
    net = MLPRegularizedRegressor(hidden_layer_sizes=(2,), max_iter=5, random_state=0)
    y = 100 * X[:, 0]
    model = make_pipeline(
        StandardScaler(), TransformedTargetRegressor(net, transformer=StandardScaler())
    ).fit(X, y)
    fitted = model[-1].regressor_
    curve = TrainingCurveDisplay.from_estimator(model)
    assert_array_equal(curve.costs[0], fitted.loss_curve_)
    layer = FirstLayerDisplay.from_estimator(model, (2, 2))
    assert_array_equal(layer.images.reshape(2, 4), fitted.coefs_[0].T[layer.units])
    weights = WeightsDisplay.from_estimator(model)
    assert weights.shapes == [[W.shape for W in fitted.coefs_]]
    contours = CostContoursDisplay.from_estimator(model, X, y, grid_resolution=4)
    assert_array_equal(contours.centres[0], fitted.coefs_[0][:2, 0])


def test_by_name():
    assert by_name("net") == {None: "net"}
    assert by_name("net", "a") == {"a": "net"}
    assert by_name({"a": 1, "b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="a dict has names as its keys"):
        by_name({"a": 1}, "b")
    with pytest.raises(ValueError, match="empty dict"):
        by_name({})


def test_errors():
    with pytest.raises(NotFittedError):
        fitted_network(LogisticRegression())
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2, refit=False)
    with pytest.raises(TypeError, match="has no attribute 'coefs_'"):
        fitted_network(LogisticRegression().fit(X, Y), "coefs_")
    with pytest.raises(TypeError, match="has no attribute 'coefs_'"):
        fitted_network(search.fit(X, Y), "coefs_")
    calibrated = CalibratedClassifierCV(LogisticRegression()).fit(X, Y)
    with pytest.raises(TypeError, match="several models: give one of them"):
        fitted_network(calibrated, "coefs_")
