"""A fit is atomic: the estimator changes only once training is complete."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import KINDS, make_rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class _Reader:
    """Read the estimator and `fitted_estimator` at the end of each epoch."""

    def __init__(self, X):
        self.X, self.seen = X, []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "epoch":
            seen = SimpleNamespace(attributes=vars(estimator).copy())
            seen.predicted = fitted_estimator.predict_proba(self.X)
            seen.classes = fitted_estimator.classes_
            if hasattr(estimator, "coefs_"):
                seen.predicted_before = estimator.predict_proba(self.old_X)
            self.seen.append(seen)

    def teardown(self, estimator, context):
        pass


def _fitted(attributes):
    return {name for name in attributes if name.endswith("_") or name == "_model"}


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_estimator_is_unchanged_until_the_fit_ends(solver):
    X, y = make_rows()
    net = MLPRegularizedClassifier((4,), solver=solver, max_iter=3, random_state=0)
    reader = _Reader(X)
    net.set_callbacks(reader).fit(X, y)
    assert len(reader.seen) == 3
    assert all(_fitted(seen.attributes) == set() for seen in reader.seen)
    assert_array_equal(reader.seen[-1].predicted, net.predict_proba(X))
    # During a fit with other columns, classes and layers the old model still predicts.
    before, predicted = vars(net).copy(), net.predict_proba(X)
    reader.old_X, reader.X, reader.seen = X, X[:, :2], []
    net.set_params(hidden_layer_sizes=(3, 3)).fit(X[:, :2], np.array([*"ab"])[y % 2])
    for seen in reader.seen:
        assert_array_equal(seen.predicted_before, predicted)
        assert seen.predicted.shape == (len(X), 2)
        assert seen.classes.tolist() == ["a", "b"]
        for name in _fitted(before):
            assert seen.attributes[name] is before[name]
    assert net.n_features_in_ == 2 and net.classes_.tolist() == ["a", "b"]


def test_feature_names_belong_to_the_model_fitted_with_them():
    X, y = make_rows()
    frame = pd.DataFrame(X, columns=[f"column {k}" for k in range(X.shape[1])])
    reader = _Reader(X)
    reader.old_X = frame
    net = MLPRegularizedClassifier((4,), max_iter=2, random_state=0).fit(frame, y)
    net.set_callbacks(reader).fit(X, y)  # a warning about names would be an error
    assert not hasattr(net, "feature_names_in_")
    assert_array_equal(reader.seen[-1].predicted, net.predict_proba(X))


@pytest.mark.parametrize("kind", [*KINDS, "numbers"])
def test_a_model_is_rebuilt_from_plain_values(kind):
    X, y = make_rows() if kind == "numbers" else make_rows(kind)
    cls = MLPRegularizedRegressor if kind == "numbers" else MLPRegularizedClassifier
    net = cls(hidden_layer_sizes=(4, 2), max_iter=2, random_state=0).fit(X, y)
    model = net._model
    again = type(model).unpack(model.pack())
    assert again.theta is model.theta  # not copied
    assert type(again.targets) is type(model.targets)
    assert again.network.activations == ("relu", "relu")
    assert_array_equal(again.predict(X), net.predict(X))
