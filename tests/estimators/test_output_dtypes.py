"""Output dtypes follow input dtypes: float32 rows give float32, others float64."""

import json
from copy import copy

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor
from skdnn.network.memory import as_writeable
from tests.estimators.datasets import make_rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_digits(return_X_y=True)
X, Y = X[:450] / 16, Y[:450]
FORMS = {
    "float64": (np.asarray, np.float64),
    "float32": (np.float32, np.float32),
    "float16": (np.float16, np.float64),
    "int": (lambda X: (16 * X).astype(int), np.float64),
    "bool": (lambda X: X > 0.5, np.float64),
    "list": (lambda X: X.tolist(), np.float64),
    "CSR": (sparse.csr_array, np.float64),
    "CSR of float32": (lambda X: sparse.csr_array(X.astype(np.float32)), np.float32),
    "pandas": (pd.DataFrame, np.float64),
    "pandas, float32": (lambda X: pd.DataFrame(X.astype(np.float32)), np.float32),
    "polars": (pl.DataFrame, np.float64),
}


def net(cls=MLPRegularizedClassifier, **options):
    return cls(hidden_layer_sizes=(8,), max_iter=5, random_state=0, **options)


@pytest.fixture(scope="module")
def classifiers():
    """Return a float32 classifier for each kind of labels."""
    targets = {"binary": Y > 4, "multiclass": Y, "multilabel": np.c_[Y > 4, Y % 2]}
    return {
        name: net().fit(X.astype(np.float32), target)
        for name, target in targets.items()
    }


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("form", FORMS)
def test_predictions_have_the_type_of_the_rows(form, kind, classifiers):
    as_form, expected = FORMS[form]
    fitted, rows = copy(classifiers[kind]), as_form(X)
    if form == "polars":  # whose columns have names
        fitted.feature_names_in_ = np.array(rows.columns, object)
    P = fitted.predict_proba(rows)
    assert P.dtype == fitted.decision_function(rows).dtype == expected
    assert fitted.predict_log_proba(rows).dtype == expected
    if kind != "multilabel":
        atol = 1e-12 if expected == np.float64 else 1e-6
        assert_allclose(P.sum(axis=1), 1, rtol=0, atol=atol)
        assert_array_equal(fitted.predict(rows), fitted.classes_[P.argmax(axis=1)])


@pytest.mark.parametrize("dtype", ["auto", "float32", "float64"])
@pytest.mark.parametrize("given", [np.float32, np.float64])
def test_regressors_and_parameters(dtype, given):
    rows = X.astype(given)
    fitted = net(MLPRegularizedRegressor, dtype=dtype).fit(rows, X[:, 20])
    assert fitted.predict(rows).dtype == given
    assert fitted.predict(X).dtype == np.float64
    shown = given if dtype == "auto" else np.dtype(dtype)
    assert {a.dtype for a in [*fitted.coefs_, *fitted.intercepts_]} == {np.dtype(shown)}


@pytest.mark.parametrize("cls", [MLPRegularizedClassifier, MLPRegularizedRegressor])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_test_of_scikit_learn(cls, dtype):
    """Adapted from test_mlp_param_dtypes of scikit-learn."""
    rows = X.astype(dtype)
    mlp = cls(
        alpha=1e-5, hidden_layer_sizes=(5, 3), random_state=1, max_iter=50, tol=1e-1
    )
    mlp.fit(rows[:300], Y[:300])
    pred = mlp.predict(rows[300:])
    assert all(intercept.dtype == dtype for intercept in mlp.intercepts_)
    assert all(coef.dtype == dtype for coef in mlp.coefs_)
    if cls is MLPRegularizedRegressor:
        assert pred.dtype == dtype


def test_coefs_are_read_only_and_can_be_assigned():
    fitted = net().fit(X, Y)
    with pytest.raises(ValueError, match="read-only"):
        fitted.coefs_[0][:] = 0
    before = fitted.predict_proba(X)
    fitted.coefs_ = [2 * W for W in fitted.coefs_]
    assert not np.allclose(fitted.predict_proba(X), before)


def test_predictions_can_be_serialised_and_clipped():
    P = net().fit(X, Y).predict_proba(X[:3])
    json.dumps(P[0, 0])
    assert np.all(np.clip(P, 1e-15, 1 - 1e-15) < 1)


def test_large_targets_keep_their_precision():
    """Regression: 1000 rows had only 70 distinct predictions."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1000, 3))
    seconds = 1.7e9 + 100 * rows[:, 0]
    model = TransformedTargetRegressor(
        net(MLPRegularizedRegressor), transformer=StandardScaler()
    ).fit(rows, seconds)
    assert np.unique(model.predict(rows)).size > 950


# -- read-only models ------------------------------------------------------------------


def test_a_read_only_model_predicts(tmp_path):
    fitted = net().fit(X, Y)
    expected = fitted.predict_proba(X)
    joblib.dump(fitted, tmp_path / "net")
    loaded = joblib.load(tmp_path / "net", mmap_mode="r")
    loaded._model.theta.flags.writeable = False
    assert_array_equal(loaded.predict_proba(X), expected)


def test_a_writeable_view_of_a_memory_map_is_not_copied():
    array = np.arange(5.0)
    assert as_writeable(array) is array
    array.flags.writeable = False
    view = as_writeable(array)
    assert view.flags.writeable and np.shares_memory(view, array)
    del array
    assert_array_equal(view, np.arange(5.0))


def test_small_data_has_the_same_dtypes():
    rows, labels = make_rows()
    fitted = net().fit(rows, labels)
    assert fitted.predict_proba(rows).dtype == np.float64
    assert fitted.predict_proba(rows.astype(np.float32)).dtype == np.float32
