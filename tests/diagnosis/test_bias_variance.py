"""The report on errors: the course's table, intervals and output formats."""

import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdnn import BiasVarianceReport

from_errors = BiasVarianceReport.from_errors


@pytest.mark.parametrize(
    ("errors", "high_bias", "high_variance", "diagnosis"),
    [
        ((0.01, 0.11), False, True, "high variance"),
        ((0.15, 0.16), True, False, "high bias"),
        ((0.15, 0.30), True, True, "high bias and high variance"),
        ((0.005, 0.01), False, False, "neither high bias nor high variance"),
        ((0.15, 0.16, 0.15), False, False, "neither high bias nor high variance"),
    ],
)
def test_the_table_of_the_course(errors, high_bias, high_variance, diagnosis):
    report = from_errors(*errors)
    assert (report.high_bias, report.high_variance) == (high_bias, high_variance)
    assert report.diagnosis == diagnosis
    bayes = errors[2] if len(errors) == 3 else 0.0
    assert_allclose(report.avoidable_bias, errors[0] - bayes)
    assert_allclose(report.variance, errors[1] - errors[0])
    codes = [finding.code for finding in report.findings]
    expected = ["high_bias"] * high_bias + ["high_variance"] * high_variance
    assert codes == expected
    assert bool(report.remedies) == bool(expected)


def test_bias_comes_before_variance_in_the_remedies():
    words = [str(remedy) for remedy in from_errors(0.15, 0.30).remedies]
    assert words.index("Use a larger or more flexible model.") < words.index(
        "Collect more training rows."
    )


def test_further_errors_are_further_gaps():
    report = from_errors(0.01, 0.15, train_dev_error=0.05, test_error=0.22)
    gaps = [report.avoidable_bias, report.variance]
    gaps += [report.data_mismatch, report.dev_overfitting]
    assert_allclose(gaps, [0.01, 0.04, 0.10, 0.07])
    codes = [finding.code for finding in report.findings]
    assert codes == ["high_variance", "data_mismatch", "dev_overfitting"]
    without = from_errors(0.01, 0.15)
    assert without.data_mismatch is None and without.dev_overfitting is None
    assert_allclose(without.variance, 0.14)


def test_a_gap_as_large_as_its_threshold_is_not_high():
    # In floating point 0.05 - 0.03 is above 0.02.
    assert from_errors(0.03, 0.05).high_variance is False
    assert from_errors(0.03, 0.0501).high_variance is True


def test_thresholds_are_the_callers():
    low = from_errors(0.005, 0.01, thresholds=0.001)
    assert low.high_bias and low.high_variance
    one = from_errors(0.005, 0.01, thresholds={"variance": 0.001})
    assert (one.high_bias, one.high_variance) == (False, True)
    assert one.findings[0].numbers["threshold"] == 0.001


def test_negative_gaps_are_reported():
    report = from_errors(0.05, 0.02, 0.1, test_error=0.01)
    codes = [finding.code for finding in report.findings]
    assert codes == [
        "negative_avoidable_bias",
        "negative_variance",
        "negative_dev_overfitting",
    ]
    assert not report.high_bias and not report.high_variance
    by_chance = from_errors(0.05, 0.045, n_train=200, n_dev=100, thresholds=0.5)
    assert "chance alone" in by_chance.findings[0].text
    surely = from_errors(0.2, 0.1, n_train=9000, n_dev=9000, thresholds=0.5)
    assert "chance" not in surely.findings[0].text


def test_few_rows_leave_a_verdict_open_and_many_decide_it():
    few = from_errors(0.01, 0.05, n_train=5000, n_dev=100)
    assert few.high_variance is None and few.high_bias is False
    assert few.diagnosis == "cannot tell about variance"
    finding = next(f for f in few.findings if f.code == "cannot_tell_high_variance")
    needed = finding.numbers["rows_needed"]
    assert needed > 100 and "with 100 dev rows" in finding.text
    many = from_errors(0.01, 0.05, n_train=5000, n_dev=10 * needed)
    assert many.high_variance is True
    # With the number of rows of only one part, a gap has no interval.
    assert from_errors(0.01, 0.05, n_dev=100).high_variance is True


def test_no_number_of_dev_rows_is_enough():
    report = from_errors(0.05, 0.10, n_train=30, n_dev=100)
    variance = report.gaps[1]
    assert variance.verdict == "cannot tell" and variance.rows_needed is None
    assert "There are too few training rows" in str(report).replace("\n", " ")
    on_it = from_errors(0.05, 0.07, n_train=10**6, n_dev=1000)
    assert on_it.gaps[1].rows_needed is None
    assert "on the threshold" in on_it.findings[-1].text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"train_error": 15}, ValueError, r"train_error=15 .*mean 0\.15\?"),
        ({"dev_error": -0.1}, ValueError, r"dev_error=-0\.1 .*\[0, 1\]"),
        ({"dev_error": np.nan}, ValueError, "dev_error=nan"),
        ({"dev_error": None}, TypeError, "dev_error=None"),
        ({"dev_error": "0.1"}, TypeError, "dev_error='0.1'"),
        ({"train_error": True}, TypeError, "train_error=True"),
        ({"bayes_error": 2}, ValueError, r"bayes_error=2 .*mean 0\.02\?"),
        ({"test_error": 200}, ValueError, "test_error=200"),
        ({"n_dev": 100.0}, TypeError, r"n_dev=100\.0"),
        ({"n_train": 0}, ValueError, "n_train=0"),
        ({"n_train": True}, TypeError, "n_train=True"),
        ({"n_test": 10}, ValueError, "n_test=10 needs test_error to be given"),
        ({"n_train_dev": 10}, ValueError, "n_train_dev=10 needs train_dev_error"),
        ({"confidence": 95}, ValueError, "confidence=95"),
        ({"thresholds": {"bias": 0.1}}, ValueError, "avoidable_bias"),
        ({"thresholds": -0.1}, ValueError, "thresholds"),
        ({"thresholds": "high"}, ValueError, "thresholds='high'"),
    ],
)
def test_invalid_errors_and_counts_are_refused(arguments, error, message):
    arguments = {"train_error": 0.1, "dev_error": 0.2} | arguments
    with pytest.raises(error, match=message):
        from_errors(**arguments)


def rows(load=load_breast_cancer):
    X, y = load(return_X_y=True)
    return X[:200], y[:200], X[200:], y[200:]


def test_the_errors_of_a_classifier_are_misclassification_rates():
    X, y, X_dev, y_dev = rows()
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    report = BiasVarianceReport.from_estimator(
        tree, X, y, X_dev[:200], y_dev[:200], X_test=X_dev[200:], y_test=y_dev[200:]
    )
    parts = {part.name: part for part in report.errors}
    assert_allclose(parts["train"].error, 1 - tree.score(X, y))
    assert_allclose(parts["dev"].error, 1 - tree.score(X_dev[:200], y_dev[:200]))
    assert_allclose(parts["test"].error, 1 - tree.score(X_dev[200:], y_dev[200:]))
    assert (parts["train"].n_rows, parts["test"].n_rows) == (200, len(y_dev) - 200)
    stated = from_errors(
        parts["train"].error,
        parts["dev"].error,
        test_error=parts["test"].error,
        n_train=200,
        n_dev=200,
        n_test=len(y_dev) - 200,
    )
    assert stated.gaps == report.gaps


def test_labels_can_be_strings_columns_and_indicators():
    X, y, X_dev, y_dev = rows()
    names, names_dev = (np.array(["bad", "good"])[labels] for labels in (y, y_dev))
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, names)
    report = BiasVarianceReport.from_estimator(
        tree, X, names[:, None], X_dev, names_dev[:, None]
    )
    assert_allclose(report.errors[2].error, 1 - tree.score(X_dev, names_dev))
    several = [
        np.column_stack([labels, X[:, 0] > 14])
        for X, labels in ((X, y), (X_dev, y_dev))
    ]
    nearest = KNeighborsClassifier().fit(X, several[0])
    report = BiasVarianceReport.from_estimator(
        nearest, X, several[0], X_dev, several[1]
    )
    assert_allclose(report.errors[2].error, 1 - nearest.score(X_dev, several[1]))


def test_the_error_of_a_regressor_is_a_share_of_the_variance():
    X, y, X_dev, y_dev = rows(load_diabetes)
    tree = DecisionTreeRegressor(random_state=0).fit(X, y)
    report = BiasVarianceReport.from_estimator(tree, X, y, X_dev, y_dev[:, None])
    dev = np.mean((y_dev - tree.predict(X_dev)) ** 2) / y.var()
    assert_allclose([part.error for part in report.errors], [0, 0, dev])
    assert report.high_variance is True and report.high_bias is False
    outputs = np.column_stack([y, 2 * y]), np.column_stack([y_dev, 2 * y_dev])
    nearest = KNeighborsRegressor().fit(X, outputs[0])
    both = BiasVarianceReport.from_estimator(nearest, X, outputs[0], X_dev, outputs[1])
    one = BiasVarianceReport.from_estimator(
        KNeighborsRegressor().fit(X, y), X, y, X_dev, y_dev
    )
    assert_allclose(both.variance, one.variance)


def test_a_scorer_gives_its_loss_or_one_minus_its_score():
    X, y, X_dev, y_dev = rows()
    model = LogisticRegression(max_iter=10_000).fit(X[:, :3], y)
    data = (X[:, :3], y, X_dev[:, :3], y_dev)
    lossy = BiasVarianceReport.from_estimator(model, *data, scoring="neg_log_loss")
    expected = log_loss(y_dev, model.predict_proba(X_dev[:, :3]))
    assert_allclose(lossy.errors[2].error, expected)
    lacking = BiasVarianceReport.from_estimator(model, *data, scoring="accuracy")
    plain = BiasVarianceReport.from_estimator(model, *data)
    assert_allclose(lacking.errors[2].error, plain.errors[2].error)
    assert lacking.gaps[0].interval is None and plain.gaps[0].interval is not None
    assert "accuracy" in str(lacking)


def test_what_from_estimator_refuses():
    X, y, X_dev, y_dev = rows()
    model = DummyClassifier().fit(X, y)
    with pytest.raises(ValueError, match="X_test and y_test must be given together"):
        BiasVarianceReport.from_estimator(model, X, y, X_dev, y_dev, X_test=X)
    with pytest.raises(ValueError, match="X_dev and y_dev must be given together"):
        BiasVarianceReport.from_estimator(model, X, y, X_dev, None)
    with pytest.raises(ValueError, match="X_train and y_train must be given"):
        BiasVarianceReport.from_estimator(model, None, None, X_dev, y_dev)
    with pytest.raises(ValueError, match=r"X_train has .* rows, but y_train has"):
        BiasVarianceReport.from_estimator(model, X, y[:-1], X_dev, y_dev)
    with pytest.raises(ValueError, match="bayes_error"):
        BiasVarianceReport.from_estimator(model, X, y, X_dev, y_dev, -1)
    with pytest.raises(ValueError, match="y_train is constant"):
        BiasVarianceReport.from_estimator(
            LinearRegression().fit(X, y), X, np.ones(len(y)), X_dev, y_dev
        )


def test_it_prints_as_a_table():
    text = str(from_errors(0.01, 0.11, n_train=5000, n_dev=1000))
    assert text.startswith("Bias and variance: high variance\n")
    assert "0.1000" in text and "  1. Collect more training rows." in text
    assert max(map(len, text.splitlines())) <= 88
    heads = [line for line in text.splitlines() if line.startswith(("part", "dev"))]
    assert heads[0].index("rows") + 4 == heads[1].index("1000") + 4


def test_the_dict_is_json_and_says_the_same():
    report = from_errors(0.01, 0.05, n_train=900, n_dev=100, test_error=0.04)
    as_dict = report.to_dict()
    assert json.loads(json.dumps(as_dict, allow_nan=False)) == as_dict
    assert as_dict["diagnosis"] == report.diagnosis
    assert [gap["gap"] for gap in as_dict["gaps"]] == [g.name for g in report.gaps]
    assert as_dict["gaps"][1]["rows_needed"] == report.gaps[1].rows_needed
    assert as_dict["findings"][0]["code"] == report.findings[0].code


def test_the_frame_has_numeric_types(monkeypatch):
    frame = from_errors(0.01, 0.05, n_train=900, n_dev=100, test_error=0.04).to_frame()
    assert list(frame.index) == ["avoidable_bias", "variance", "dev_overfitting"]
    assert frame["size"].dtype == frame["low"].dtype == frame["high"].dtype == float
    assert str(frame["rows_needed"].dtype) == "Int64"
    assert np.isnan(frame.loc["dev_overfitting", "low"])
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_frame requires pandas"):
        from_errors(0.01, 0.05).to_frame()


def test_html_is_escaped():
    X, y, X_dev, y_dev = rows()
    model = DummyClassifier().fit(X, y)

    def score(estimator, X, y):
        return 0.5

    html = BiasVarianceReport.from_estimator(
        model, X, y, X_dev, y_dev, scoring=score
    )._repr_html_()
    assert html.count("<tr>") == html.count("</tr>") == 4 + 3
    report = from_errors(0.01, 0.05)
    marked = BiasVarianceReport(
        report.errors, report.gaps, report.findings, measure="<script>"
    )
    assert "<script>" not in marked._repr_html_()
    assert "&lt;script&gt;" in marked._repr_html_()


def test_targets_of_another_type_are_refused():
    X, y, _, _ = rows()
    model = DummyClassifier().fit(X, y)
    with pytest.raises(ValueError, match="y_dev has labels of type <U"):
        BiasVarianceReport.from_estimator(model, X, y, X, y.astype(str))
    with pytest.raises(ValueError, match=r"scoring=\['accuracy'\] is not allowed"):
        BiasVarianceReport.from_estimator(model, X, y, X, y, scoring=["accuracy"])
    numbers = LinearRegression().fit(X, y)
    with pytest.raises(ValueError, match="y_dev must hold real numbers"):
        BiasVarianceReport.from_estimator(numbers, X, y, X, np.array(["a"] * len(y)))
