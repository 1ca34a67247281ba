"""Find the model inside wrappers, and the rows that it is fitted to."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from skdnn.estimators.unwrapping import unwrap, unwrap_network
from tests.estimators.datasets import make_rows

X, Y = make_rows("binary", n_rows=40)
T = 1e3 + 50 * X[:, 0] - 20 * X[:, 2]


class RecordingRidge(Ridge):
    """A regressor that records the arguments of fit."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return super().fit(X, y)


def test_bare_model():
    model = LogisticRegression()
    assert unwrap(model) == (model, (), (), "", False)
    assert unwrap(None).model is None


def test_pipeline_in_search_in_pipeline():
    inner = Pipeline(
        [
            ("none", None),
            (
                "scale",
                make_pipeline(StandardScaler(), FrozenEstimator(StandardScaler())),
            ),
            ("same", "passthrough"),
            ("net", LogisticRegression()),
        ]
    )
    inner["scale"][1].estimator.fit(X)
    search = GridSearchCV(inner, {"net__C": [1.0, 2.0]}, cv=2)
    model = make_pipeline(MaxAbsScaler(), search).fit(X, Y)
    found = unwrap(model)
    assert [name for name, _ in found.transformers] == [
        "maxabsscaler",
        "scale__standardscaler",
        "scale__frozenestimator",
    ]
    kinds = [type(step) for _, step in found.transformers]
    assert kinds == [MaxAbsScaler, StandardScaler, StandardScaler]
    assert found.model is model[-1].best_estimator_["net"]
    assert found.prefix == "net__"


@pytest.mark.parametrize(
    ("wrapper", "prefix"),
    [
        (TransformedTargetRegressor(Ridge()), "regressor__"),
        (FixedThresholdClassifier(LogisticRegression()), "estimator__"),
        (TunedThresholdClassifierCV(LogisticRegression(), cv=2), "estimator__"),
    ],
)
def test_wrappers_of_one_model(wrapper, prefix):
    model = make_pipeline(StandardScaler(), wrapper)
    template = wrapper.get_params(deep=False)[prefix[:-2]]
    assert unwrap(model).model is template
    model.fit(X, Y)
    fitted = getattr(wrapper, f"{prefix[:-2]}_")
    assert unwrap(model).model is fitted
    assert unwrap(model, fitted=False).model is template
    full = f"{type(wrapper).__name__.lower()}__{prefix}"
    assert unwrap(model).prefix == full
    parameter = next(iter(template.get_params()))
    assert full + parameter in model.get_params()


def test_a_frozen_model_is_found_but_cannot_be_set():
    model = make_pipeline(FrozenEstimator(LogisticRegression().fit(X, Y)))
    found = unwrap(model)
    assert found.is_frozen
    assert found.model is model[0].estimator
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, Y)
    assert unwrap(FrozenEstimator(search)).is_frozen


def test_wrappers_without_a_single_model_are_returned():
    empty = Pipeline([])
    assert unwrap(empty).model is empty
    default = TransformedTargetRegressor()
    assert unwrap(default).model is default
    search = GridSearchCV(LogisticRegression(), {})
    assert unwrap(search).model is search


@pytest.mark.parametrize("y", [T, np.column_stack([T, T**2]), T.tolist()])
@pytest.mark.parametrize(
    "transform",
    [
        {"transformer": StandardScaler()},
        {"transformer": MinMaxScaler()},
        {"func": np.log, "inverse_func": np.exp},
        {},
    ],
)
def test_rows_are_those_passed_to_the_model_by_fit(transform, y):
    """Transformers of X that use y get it as transformed at that point."""
    selected = SelectKBest(
        lambda X, y: f_regression(X, np.reshape(y, (len(y), -1))[:, 0]), k=3
    )
    target = TransformedTargetRegressor(
        make_pipeline(clone(selected).set_params(k=2), RecordingRidge()), **transform
    )
    model = make_pipeline(StandardScaler(), selected, target)
    fresh = unwrap(model, fitted=False).rows(X, y, refit=True)
    assert not hasattr(target, "transformer_")
    model.fit(X, y)
    seen = unwrap(model).model
    for found in (
        fresh,
        unwrap(model, fitted=False).rows(X, y, refit=True),
        unwrap(model).rows(X, y, refit=False),
    ):
        assert_allclose(found[0], seen.X_, rtol=1e-12)
        assert_allclose(found[1], seen.y_, rtol=1e-12)


def test_frozen_transformers_are_not_fitted_again():
    scaler = StandardScaler().fit(X)
    frozen = FrozenEstimator(make_pipeline(scaler, RecordingRidge()).fit(X, T))
    rows, _ = unwrap(frozen, fitted=False).rows(2 * X, T, refit=True)
    assert_array_equal(rows, scaler.transform(2 * X))


def test_estimators_without_a_network():
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    calibrated = CalibratedClassifierCV(LogisticRegression())
    for model, words in [
        (LogisticRegression(), "got LogisticRegression.$"),
        (search, "got GridSearchCV.$"),
        (
            clone(search).fit(X, Y),
            r"got GridSearchCV that ends with LogisticRegression\(\)",
        ),
        (make_pipeline(StandardScaler(), "passthrough"), "ends with 'passthrough'"),
        (calibrated, "got CalibratedClassifierCV, which trains several models"),
        ("relu", "got str"),
    ]:
        for fitted in (True, False):
            with pytest.raises(TypeError, match=f"estimator must be .*{words}"):
                unwrap_network(model, fitted=fitted)
