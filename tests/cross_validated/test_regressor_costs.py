"""Held-out cost of regressors, in the units of y."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.special import huber
from sklearn.metrics import mean_poisson_deviance, mean_squared_error

from tests.cross_validated.small import cut, net_of, regressor
from tests.estimators.datasets import make_rows

N = 60
FOLDS = cut(N)
X, _ = make_rows()
Y = 1000 + 50 * np.column_stack([X[:, 0] + X[:, 1] ** 2, X[:, 2], np.ones(N)])
WEIGHT = 1.0 + np.arange(N) % 3
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("normalize_y", [True, False])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_cost_is_half_the_mean_squared_error(normalize_y, weight):
    y = Y[:, 0] if normalize_y else (Y[:, 0] - 1000) / 50
    model = regressor(normalize_y=normalize_y, max_steps=90)
    model.fit(X, y, sample_weight=weight)
    error = mean_squared_error(y, model.oof_prediction_, sample_weight=weight)
    assert model.oof_score_ == pytest.approx(error / 2, rel=1e-4)
    assert error < y.var()


def test_counts_have_half_the_poisson_deviance():
    y = np.random.default_rng(0).poisson(np.exp(1 + X[:, 0] / 2))
    model = regressor(loss="poisson").fit(X, y)
    assert np.all(model.oof_prediction_ > 0)
    deviance = mean_poisson_deviance(y, model.oof_prediction_)
    assert model.oof_score_ == pytest.approx(deviance / 2, rel=1e-4)


def test_delta_of_the_huber_loss_is_in_the_units_of_y():
    y = X[:, 0]
    model = regressor(loss="huber", delta=0.3, normalize_y=False).fit(X, y)
    losses = huber(0.3, y - model.oof_prediction_)
    assert model.oof_score_ == pytest.approx(losses.mean(), rel=1e-4)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_several_outputs(loss):
    """Each fold scales y by its own factor; `cost` takes it into account."""
    model = regressor(loss=loss, refit=False, cv=FOLDS).fit(X, Y)
    assert model.oof_prediction_.shape == Y.shape
    costs = []
    for member, (_, held_out) in zip(model.members_, FOLDS, strict=True):
        inputs = member[0].transform(X[held_out])
        costs.append(net_of(member).cost(inputs, Y[held_out]).data)
        assert_allclose(
            model.oof_prediction_[held_out], member.predict(X[held_out]), rtol=1e-5
        )
    assert model.oof_score_ == pytest.approx(np.mean(costs), rel=1e-4)
    checkpoint = np.flatnonzero(model.n_steps_ == model.best_n_steps_)[0]
    assert_allclose(model.scores_[0, checkpoint], costs, rtol=1e-4)


def test_without_scaling_the_cost_is_the_sum_over_outputs():
    y = X[:, :2]
    model = regressor(normalize_y=False).fit(X, y)
    squares = np.square(y - model.oof_prediction_).sum(axis=1)
    assert model.oof_score_ == pytest.approx(squares.mean() / 2, rel=1e-4)


def test_other_units_of_y_only_rescale_results():
    one = regressor(n_members=2).fit(X, Y[:, 0])
    other = regressor(n_members=2).fit(X, 1e6 * (Y[:, 0] - 1000))
    assert one.best_n_steps_ == other.best_n_steps_
    assert_allclose(
        other.predict(X), 1e6 * (one.predict(X) - 1000), rtol=1e-3, atol=1e5
    )
    assert other.oof_score_ == pytest.approx(1e12 * one.oof_score_, rel=1e-3)


@pytest.mark.parametrize("refit", [True, False])
def test_predictions_are_averaged(refit):
    model = regressor(n_members=3, refit=refit).fit(X, Y)
    of_each = [member.predict(X) for member in model.members_]
    assert len(of_each) == 3
    assert_allclose(model.predict(X), np.mean(of_each, axis=0), rtol=1e-6)
    assert model.predict(X).shape == Y.shape


def test_the_weights_of_one_network_are_in_the_units_of_y():
    model = regressor().fit(X, Y[:, 0])
    A = np.maximum(
        model.preprocessor_.transform(X) @ model.coefs_[0] + model.intercepts_[0], 0
    )
    by_hand = (A @ model.coefs_[1] + model.intercepts_[1])[:, 0]
    assert_allclose(model.predict(X), by_hand, rtol=1e-5)


def test_a_scorer_makes_the_choice():
    y = Y[:, 0]
    model = regressor(scoring="neg_mean_absolute_error", cv=FOLDS, max_steps=90)
    model.fit(X, y)
    error = np.abs(y - model.oof_prediction_).mean()
    assert model.oof_score_ == pytest.approx(-error, rel=1e-4)
    assert model.oof_score_ == pytest.approx(np.nanmax(model.scores_.mean(axis=2)))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (1e300 * X[:, 0], "too large for float64"),
        (1e100 * X[:, 0], "too large for float32.* set dtype='float64'"),
        (np.where(X[:, 0] > 1, np.nan, 0), "y contains NaN, first in row"),
        (np.array(["a", "b"] * 30), "y has text"),
    ],
    ids=["huge", "large", "NaN", "text"],
)
def test_targets_that_fit_refuses(y, words):
    with pytest.raises(ValueError, match=words):
        regressor().fit(X, y)


def test_a_constant_is_predicted():
    model = regressor(alphas=100.0, max_steps=200).fit(X, np.full(N, 7e5))
    assert_allclose(model.predict(X), 7e5, rtol=1e-5)


@pytest.mark.parametrize("kind", ["frame", "sparse", "bool"])
def test_targets_of_other_kinds(kind):
    y = (X[:, :2] > 0) if kind != "bool" else X[:, 0] > 0
    given = {"frame": pd.DataFrame, "sparse": sparse.csr_array, "bool": np.asarray}
    model = regressor().fit(X, given[kind](y))
    assert model.predict(X).shape == model.oof_prediction_.shape == y.shape
    expected = regressor().fit(X, y.astype(float))
    assert_allclose(model.predict(X), expected.predict(X), rtol=1e-6)
