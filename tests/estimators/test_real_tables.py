"""Raw columns pass through third-party transformers to our networks."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import skrub
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, TargetEncoder
from sklearn.utils import get_tags

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressor,
    MLPRegularizedRegressorCV,
    PiecewiseLinearEncoder,
)
from skdnn.training.tables import Table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N_ROWS = 200


@pytest.fixture(scope="module")
def frame():
    """Return numbers, categories, dates, text and missing values; age is the signal."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, N_ROWS),
            "income": rng.lognormal(10, 0.5, N_ROWS),
            "reason": rng.choice(["car", "house", "boat"], N_ROWS, p=[0.7, 0.29, 0.01]),
            "town": [f"town {k}" for k in rng.integers(40, size=N_ROWS)],
            "opened": np.datetime64("2020-01-01") + rng.integers(900, size=N_ROWS),
            "note": [
                " ".join(rng.choice(["late", "paid", "new"], 3)) for _ in range(N_ROWS)
            ],
        }
    )
    frame.loc[::9, "income"] = np.nan
    frame.loc[::11, "reason"] = None
    return frame


@pytest.fixture(scope="module")
def y(frame):
    return np.where(frame["age"] > 50, "old", "young")


def columns(**towns):
    """Return a transformer of the frame that drops the dates."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), PiecewiseLinearEncoder())
    categories = OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist")
    steps = [
        ("numbers", numbers, ["age", "income"]),
        ("categories", categories, ["reason"]),
        ("towns", make_pipeline(TargetEncoder(), InputStandardizer()), ["town"]),
        ("text", TfidfVectorizer(), "note"),
    ]
    made = ColumnTransformer(steps, verbose_feature_names_out=False)
    return made.set_params(**towns)


def net(**options):
    options = {"max_iter": 20, "random_state": 0} | options
    return MLPRegularizedClassifier((8,), **options)


def test_raw_columns_keep_names_and_have_an_importance_each(frame, y):
    model = make_pipeline(columns(), net(solver="lbfgs")).fit(frame, y)
    names = model[:-1].get_feature_names_out()
    assert len(names) == model[-1].n_features_in_
    for name in (
        "missingindicator_income",
        "reason_infrequent_sklearn",
        "town",
        "paid",
    ):
        assert name in names
    drops = permutation_importance(model, frame, y, n_repeats=2, random_state=0)
    assert len(drops.importances_mean) == len(frame.columns)
    assert drops.importances_mean.argmax() == 0
    assert drops.importances_mean[4] == 0  # the date, which no step uses


def test_dev_rows_pass_through_the_steps_with_a_progress_bar(frame, y, capsys):
    fit, dev = np.arange(150), np.arange(150, N_ROWS)
    steps = columns(towns=OneHotEncoder(handle_unknown="ignore"))
    stopping = net(early_stopping=True, n_iter_no_change=20)
    with sklearn.config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("columns", clone(steps)),
                ("net", clone(stopping).set_fit_request(X_val=True, y_val=True)),
            ],
            transform_input=["X_val"],
        ).set_callbacks(ProgressBar())
        with pytest.warns(UserWarning, match="ColumnTransformer does not support"):
            model.fit(frame.loc[fit], y[fit], X_val=frame.loc[dev], y_val=y[dev])
    assert "MLPRegularizedClassifier - fit" in capsys.readouterr().out
    steps.fit(frame.loc[fit], y[fit])
    by_hand = stopping.fit(
        steps.transform(frame.loc[fit]),
        y[fit],
        X_val=steps.transform(frame.loc[dev]),
        y_val=y[dev],
    )
    assert by_hand.n_iter_ == 20
    assert_array_equal(
        model["net"].validation_loss_curve_, by_hand.validation_loss_curve_
    )


def test_sparse_columns_stay_sparse_next_to_dense_ones(frame, y):
    columns_of_kinds = [
        ("numbers", InputStandardizer(), ["age"]),
        ("towns", OneHotEncoder(), ["town"]),
        ("categories", OneHotEncoder(), ["reason"]),
    ]
    sparse, dense = (
        make_pipeline(
            ColumnTransformer(columns_of_kinds, sparse_threshold=limit), net()
        ).fit(frame, y)
        for limit in (0.3, 0)
    )
    rows = sparse[:-1].transform(frame)
    assert Table(rows, np.float64).is_sparse_enough
    assert_allclose(
        sparse.predict_proba(frame), dense.predict_proba(frame), rtol=1e-4, atol=1e-5
    )
    chooser = MLPRegularizedClassifierCV(
        (8,), preprocess=False, max_steps=30, cv=2, random_state=0
    )
    chosen = chooser.fit(rows, y)
    assert chosen.predict(rows).shape == y.shape


@pytest.mark.parametrize(
    "estimator",
    [
        net(),
        MLPRegularizedRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=0),
        MLPRegularizedClassifierCV((8,), max_steps=30, cv=2, random_state=0),
        MLPRegularizedRegressorCV((8,), max_steps=30, cv=2, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_skrub_prepares_the_raw_frame(frame, y, estimator):
    target = y if is_classifier(estimator) else frame["age"] / 10.0
    model = skrub.tabular_pipeline(estimator).fit(frame, target)
    assert model.predict(frame).shape == (N_ROWS,)
    allows_nan = get_tags(estimator).input_tags.allow_nan
    assert ("simpleimputer" in model.named_steps) != allows_nan
    assert "opened_year" in model[0].get_feature_names_out()
