"""Models are unwrapped from pipelines and searches."""

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from skdnn.displays.models import by_name, fitted_network, fitted_steps
from tests.estimators.datasets import make_rows

X, Y = make_rows("binary", n_rows=40)


def steps_of(model):
    before, last = fitted_steps(model.fit(X, Y))
    return [type(step) for step in before], last


def test_bare():
    assert steps_of(LogisticRegression())[0] == []


def test_pipeline_in_search_in_pipeline():
    inner = Pipeline(
        [
            ("none", None),
            ("scale", StandardScaler()),
            ("same", "passthrough"),
            ("net", LogisticRegression()),
        ]
    )
    search = GridSearchCV(inner, {"net__C": [1.0, 2.0]}, cv=2)
    model = make_pipeline(MaxAbsScaler(), search)
    before, last = steps_of(model)
    assert before == [MaxAbsScaler, StandardScaler]
    assert last is model[-1].best_estimator_["net"]
    assert fitted_network(model, "coef_") is last


def test_by_name():
    assert by_name("net") == {None: "net"}
    assert by_name("net", "a") == {"a": "net"}
    assert by_name({"a": 1, "b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="keys of a dict are names"):
        by_name({"a": 1}, "b")
    with pytest.raises(ValueError, match="empty dict"):
        by_name({})


def test_errors():
    with pytest.raises(NotFittedError):
        fitted_steps(LogisticRegression())
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2, refit=False)
    with pytest.raises(TypeError, match="has no attribute 'coefs_'"):
        fitted_network(LogisticRegression().fit(X, Y), "coefs_")
    with pytest.raises(TypeError, match="has no attribute 'coefs_'"):
        fitted_network(search.fit(X, Y), "coefs_")
