"""The out-of-fold error of a cross-validated fit replaces the dev error."""

import math
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdnn import (
    BiasVarianceDisplay,
    BiasVarianceReport,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
    MLPRegularizedRegressorCV,
)
from skdnn.diagnosis.bias_variance.gaps import PartError, gap_between
from skdnn.diagnosis.bias_variance.remedies import against_bias, against_variance
from tests.estimators.datasets import make_rows

from_estimator = BiasVarianceReport.from_estimator


def cv_estimator(kind=MLPRegularizedClassifierCV, **options):
    options = {
        "alphas": 1.0,
        "keep_probs": 1.0,
        "encodings": "standard",
        "cv": 3,
        "max_steps": 30,
        "learning_rate_init": 0.05,
        "random_state": 0,
    } | options
    return kind((4,), **options)


def fit(model, *rows, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so few steps
        return model.fit(*rows, **options)


@pytest.fixture(scope="module")
def regression():
    X, _ = make_rows(n_rows=90)
    y = 100 * X[:, 0] + 30 * np.sin(7 * np.arange(90))
    return fit(cv_estimator(MLPRegularizedRegressorCV), X, y), X, y


def wrong_rows(kind, logits, classes, y):
    if kind == "binary":
        return classes[(logits > 0).astype(int)] != y
    if kind == "multiclass":
        return classes[logits.argmax(axis=1)] != y
    return ((logits > 0) != y).any(axis=1)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_the_dev_error_is_the_out_of_fold_error(kind):
    X, y = make_rows(kind, n_rows=60)
    if kind != "multilabel":
        y = np.array(["no", "some", "yes"])[y]
    model = fit(cv_estimator(n_members=2 if kind == "binary" else 1), X, y)
    report = from_estimator(model, X, y)
    logits = model.oof_decision_function_
    _, train, dev = report.errors
    assert [part.name for part in report.errors] == ["Bayes", "train", "out-of-fold"]
    assert dev.error == wrong_rows(kind, logits, model.classes_, y).mean()
    assert dev.n_rows == 60
    assert_allclose(train.error, 1 - model.score(X, y))
    assert [gap.name for gap in report.gaps] == ["avoidable_bias", "variance"]
    assert "out-of-fold" in str(report) and "out-of-fold" in report._repr_html_()
    assert report.to_dict()["errors"][2]["part"] == "out-of-fold"


def test_a_scorer_is_applied_to_the_out_of_fold_predictions():
    X, y = make_rows("binary", n_rows=60)
    model = fit(cv_estimator(), sparse.csr_matrix(X), y)
    report = from_estimator(model, sparse.csr_matrix(X), y, scoring="neg_log_loss")
    p = 1 / (1 + np.exp(-model.oof_decision_function_))
    assert_allclose(report.errors[-1].error, log_loss(y, p))
    ranked = from_estimator(model, sparse.csr_matrix(X), y, scoring="roc_auc")
    assert 0 < ranked.errors[-1].error < 1
    several, labels = make_rows("multiclass", n_rows=60)
    model = fit(cv_estimator(), several, labels)
    Z = model.oof_decision_function_
    p = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    report = from_estimator(
        model, several, labels, scoring=lambda m, X, y: m.predict_log_proba(X).mean()
    )
    assert_allclose(report.errors[-1].error, 1 - np.log(p).mean())


def test_the_interval_is_paired(regression):
    model, X, y = regression
    report = from_estimator(make_pipeline(FunctionTransformer(), model), X, y)
    unseen, seen = (
        (y - p) ** 2 / y.var() for p in (model.oof_prediction_, model.predict(X))
    )
    assert_allclose(report.errors[-1].error, unseen.mean())
    difference = unseen - seen
    width = stats.t(89).ppf(0.975) * difference.std(ddof=1) / math.sqrt(90)
    low, high = report.gaps[-1].interval
    assert_allclose([low, high], difference.mean() + np.array([-width, width]))


def test_partly_held_out_rows(regression):
    _, X, y = regression
    cv = ShuffleSplit(1, test_size=0.3, random_state=0)
    model = fit(cv_estimator(MLPRegularizedRegressorCV, cv=cv), X, y)
    report = from_estimator(model, X, y)
    held_out = np.isfinite(model.oof_prediction_)
    predictions = model.oof_prediction_[held_out]
    dev = report.errors[-1]
    assert dev.n_rows == held_out.sum() == 27
    assert_allclose(dev.error, ((y[held_out] - predictions) ** 2).mean() / y.var())
    seen, unseen = (
        (y[held_out] - p) ** 2 for p in (model.predict(X)[held_out], predictions)
    )
    r = np.corrcoef(seen, unseen)[0, 1]
    assert_allclose(dev.correlation, r * math.sqrt(0.3))


def test_rows_needed_use_the_pairs():
    before = PartError("train", 0.5, 100, (0.4, 0.6), row_variance=1.0)
    after = PartError("out-of-fold", 0.6, 100, (0.5, 0.7), 1.0, correlation=0.9)
    gap = gap_between("variance", before, after, 0.08, 0.95)
    assert gap.is_high is None
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert gap.rows_needed == math.ceil(z**2 * 2 * (1 - 0.9) / 0.02**2)
    same = after._replace(error=0.5, interval=(0.4, 0.6), correlation=1.0)
    assert gap_between("variance", before, same, 0.0, 0.95).interval == (0.0, 0.0)
    never = gap_between("variance", before, after, after.error - before.error, 0.95)
    assert never.is_high is None and never.rows_needed is None


def test_a_larger_test_error_has_its_own_remedies(regression):
    model, X, y = regression
    report = from_estimator(model, X, y, X_test=X, y_test=y + 500, thresholds=0.5)
    finding = next(f for f in report.findings if f.code == "dev_overfitting")
    assert "related rows were split across folds" in finding.text
    assert "groups" in str(finding.remedies[0])
    display = BiasVarianceDisplay.from_estimator(model, X, y)
    assert display.gaps == ["Bayes error", "avoidable bias", "variance"]


def test_what_is_refused(regression):
    model, X, y = regression
    with pytest.raises(
        ValueError, match=r"the estimator was fitted to 90: give all of them"
    ):
        from_estimator(model, X[:80], y[:80])
    with pytest.raises(ValueError, match="must be given if X_train_dev is"):
        from_estimator(model, X, y, X_train_dev=X, y_train_dev=y)
    with pytest.raises(ValueError, match="X_dev and y_dev must be given together"):
        from_estimator(model, X, y, X)
    of_val = fit(clone(model), X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="was fitted with X_val and y_val"):
        from_estimator(of_val, X, y)
    wrapped = TransformedTargetRegressor(clone(model), func=np.cbrt, inverse_func=cube)
    with pytest.raises(
        ValueError, match="TransformedTargetRegressor transforms the targets"
    ):
        from_estimator(fit(wrapped, X, y), X, y)
    X, y = make_rows("binary", n_rows=30)
    plain = MLPRegularizedClassifier((2,), max_iter=1, learning_rate="cosine", tol=0)
    with pytest.raises(ValueError, match="must be given: only a cross-validated"):
        from_estimator(plain.fit(X, y), X, y)


def cube(y):
    return y**3


def test_raw_inputs_are_checked():
    X, y = make_rows("binary", n_rows=60)
    X[:, 0] *= 1e4
    for n_members in (1, 2):
        raw = cv_estimator(preprocess=False, n_members=n_members)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw.fit(X, y)
        finding = from_estimator(raw, X, y).findings[0]
        assert finding.code == "scale_of_columns"
        assert "MLPRegularizedClassifierCV(...)" in str(finding.remedies[0])
    model = fit(cv_estimator(), X, y)
    codes = [finding.code for finding in from_estimator(model, X, y).findings]
    assert "scale_of_columns" not in codes


def params(remedies):
    return {k: value for remedy in remedies for k, value in remedy.params.items()}


def test_remedies_extend_the_grid_at_a_chosen_edge():
    X, y = make_rows("binary", n_rows=60)
    model = fit(cv_estimator(alphas=[0.1, 1, 10], keep_probs=[(0.9,), 0.6]), X, y)
    model.alpha_, model.keep_prob_ = 0.1, (0.9,)
    model.best_n_steps_ = model.n_steps_[-1]
    assert params(against_bias(make_pipeline(model))) == {
        "mlpregularizedclassifiercv__hidden_layer_sizes": (8,),
        "mlpregularizedclassifiercv__max_steps": 60,
        "mlpregularizedclassifiercv__encodings": ("standard", "piecewise"),
        "mlpregularizedclassifiercv__alphas": (0.033, 0.1, 1.0, 10.0),
        "mlpregularizedclassifiercv__keep_probs": (0.6, (0.9,), (1.0,)),
    }
    assert params(against_variance(model)) == {"n_members": 5}
    model.alpha_, model.keep_prob_, model.best_n_steps_ = 10.0, 0.6, 24
    assert params(against_variance(model)) == {
        "n_members": 5,
        "alphas": (0.1, 1.0, 10.0, 30.0),
        "keep_probs": (0.5, 0.6, (0.9,)),
    }
    found = against_bias(model)
    assert {*params(found)} == {"hidden_layer_sizes", "encodings"}
    assert not any("Train longer" in str(remedy) for remedy in found)
    fit(clone(model).set_params(**params(against_variance(model))), X, y)


def test_remedies_of_an_unfitted_estimator():
    model = cv_estimator(alphas=0, refit=False, preprocess=False)
    assert params(against_bias(model)) == {"hidden_layer_sizes": (8,)}
    expected = {"alphas": (0.0, 1.0), "keep_probs": (0.8, 1.0)}
    assert params(against_variance(model)) == expected
    report = BiasVarianceReport.from_errors(0.01, 0.2, estimator=model)
    assert report.remedies[1].params == {"alphas": (0.0, 1.0)}
