"""Findings of a report: its assumptions, constant predictions, trials of remedies."""

import json
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdnn import (
    BiasVarianceReport,
    MLPRegularizedClassifier,
    MLPRegularizedClassifierCV,
)

from_errors = BiasVarianceReport.from_errors
from_estimator = BiasVarianceReport.from_estimator
X, Y = load_breast_cancer(return_X_y=True)
ROWS = X[::2], Y[::2], X[1::2], Y[1::2]
DIABETES, TARGETS = load_diabetes(return_X_y=True)


def codes(report):
    return [finding.code for finding in report.findings]


# -- a constant prediction -------------------------------------------------------------


class Predicts(ClassifierMixin, BaseEstimator):
    """A classifier that predicts the given labels."""

    def __init__(self, predictions):
        self.predictions = predictions

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.resize(self.predictions, len(X))


class PredictsNumbers(RegressorMixin, BaseEstimator):
    """A regressor that predicts the given numbers."""

    def __init__(self, predictions):
        self.predictions = predictions

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.resize(self.predictions, (X.shape[0], *self.predictions.shape[1:]))


def test_a_classifier_that_is_worse_than_the_most_frequent_class():
    y = np.where(np.arange(200) % 20 == 0, "bad", "good")
    zeros = np.zeros((200, 2))
    model = Predicts(np.where(np.arange(200) % 3 == 0, "bad", "good")).fit(zeros, y)
    report = from_estimator(model, zeros, y, zeros, y)
    assert codes(report)[0] == "worse_than_constant"
    finding = report.findings[0]
    assert "(constant: 0.05)" in finding.text and "always 'good'" in finding.text
    assert_allclose([one.error for one in report.constants], 0.05)
    assert finding.numbers["dev"]["constant"] == 0.05
    assert str(report).splitlines()[3].split()[-1] == "constant"
    assert ">constant<" in report._repr_html_()
    assert report.to_dict()["constants"][0] == {
        "part": "train",
        "error": 0.05,
        "prediction": "always 'good'",
    }
    balanced = from_estimator(model, zeros, y, zeros, y, scoring="balanced_accuracy")
    assert_allclose(balanced.constants[0].error, 0.5)


def test_a_constant_that_may_be_better_by_chance_has_its_own_finding():
    y = np.arange(60) % 3 == 0
    zeros = np.zeros((60, 1))
    almost = y & False
    almost[:1] = ~y[:1]
    report = from_estimator(Predicts(~y & almost).fit(zeros, y), zeros, y, zeros, y)
    assert "worse_than_constant" not in codes(report)
    report = from_estimator(Predicts(y & False).fit(zeros, y), zeros, y, zeros, y)
    assert codes(report)[0] == "no_better_than_constant"
    assert "balanced_accuracy" in str(report.findings[0].remedies[0])
    report = from_estimator(Predicts(y).fit(zeros, y), zeros, y, zeros, y)
    assert not any("constant" in code for code in codes(report))


def test_another_measure_is_recommended_for_imbalanced_classes():
    y = np.arange(60) % 3 == 0
    zeros = np.zeros((60, 1))
    never = Predicts(y & False).fit(zeros, y)
    wrong = Predicts(~y).fit(zeros, y)
    wrong.class_weight = "balanced"
    for model in (never, wrong):
        for scoring, is_recommended in ((None, True), ("balanced_accuracy", False)):
            report = from_estimator(model, zeros, y, zeros, y, scoring=scoring)
            assert "constant" in codes(report)[0]
            is_named = any("balanced_accuracy" in str(r) for r in report.remedies)
            assert is_named == is_recommended


def test_the_constant_of_a_scorer_of_probabilities():
    stump = DecisionTreeClassifier(max_depth=1).fit(*ROWS[:2])
    report = from_estimator(stump, *ROWS, scoring="neg_log_loss")
    share = ROWS[1].mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert_allclose(report.constants[0].error, entropy)
    assert report.constants[0].prediction == "the class shares of y_train"


def test_a_regressor_worse_than_a_constant_because_of_its_scales():
    X = DIABETES * [1, 1, 1, 1e5, 1, 1, 1, 1, 1, 1]
    y = 1000 * TARGETS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = MLPRegressor(max_iter=5, random_state=0).fit(X, y)
    report = from_estimator(net, X, y, X[:200], y[:200])
    assert codes(report)[:3] == [
        "worse_than_constant",
        "scale_of_columns",
        "scale_of_targets",
    ]
    assert_allclose(report.constants[0].error, 1.0)
    assert "the scale of the rows" in report.findings[0].text
    assert "TransformedTargetRegressor(MLPRegressor" in str(report.remedies[1])
    assert len(report.remedies) == 2  # no larger network before the scale is right
    assert "First correct the scale" in report.findings[3].text
    # A tree does not depend on the scale of its rows, so no finding blames it.
    tree = DecisionTreeRegressor(max_depth=2).fit(X, y)
    report = from_estimator(tree, X, y, X[:200], -y[:200])
    assert codes(report)[0] == "worse_than_constant"
    assert not any(code.startswith("scale") for code in codes(report))


def test_dev_rows_on_another_scale_are_blamed_for_any_model():
    model = make_pipeline(StandardScaler(), Ridge()).fit(DIABETES, TARGETS)
    report = from_estimator(model, DIABETES, TARGETS, 1000 * DIABETES, TARGETS)
    assert codes(report)[:2] == ["worse_than_constant", "scale_of_dev_columns"]
    finding = report.findings[0]
    assert "dev error" in finding.text and "train error" not in finding.text
    assert [one.is_beaten for one in report.constants] == [True, False]
    gaps = [f for f in report.findings if f.code == "high_variance"]
    assert gaps and not gaps[0].remedies


def test_dev_rows_of_a_cross_validated_estimator_with_missing_values():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"a": rng.normal(size=90), "b": list("xyz") * 30})
    frame.loc[3, "a"] = np.nan
    y = (frame["a"] > 0).to_numpy()
    model = MLPRegularizedClassifierCV(
        (4,), alphas=1.0, encodings="standard", cv=2, max_steps=30, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(frame, y)
    off = frame.assign(a=1000 * frame["a"] + 10_000)
    assert "scale_of_dev_columns" in codes(from_estimator(model, frame, y, off, y))
    report = from_estimator(model, frame, y, frame[::2], y[::2])
    assert not any(code.startswith("scale") for code in codes(report))


def test_a_scoring_function_gets_no_constant_to_compare():
    model = DecisionTreeClassifier().fit(*ROWS[:2])

    def depth(model, X, y):
        return 1 / model.get_depth()

    assert from_estimator(model, *ROWS, scoring=depth).constants == ()
    labels = np.column_stack([Y, 1 - Y])[::2]
    several = DecisionTreeClassifier(max_depth=1).fit(ROWS[0], labels)
    report = from_estimator(several, ROWS[0], labels, ROWS[0], labels)
    # The most frequent label is 1 in the first column and 0 in the second.
    assert Y[::2].mean() > 0.5
    assert_allclose([one.error for one in report.constants], 1 - Y[::2].mean())
    assert report.constants[0].prediction == "the most frequent value of each label"


# -- the Bayes error -------------------------------------------------------------------


def test_an_assumed_bayes_error_is_labelled():
    report = from_errors(0.15, 0.16)
    assert report.bayes == "assumed" and report.to_dict()["bayes"] == "assumed"
    assert str(report).startswith(
        "Bias and variance: high bias (Bayes error 0 assumed)"
    )
    assert "Bayes (assumed)" in report._repr_html_()
    finding = report.findings[0]
    assert "low with a Bayes error of 0.1300 or more" in finding.text
    assert str(finding.remedies[0]).startswith("First estimate the Bayes error")
    # Its statements about other values are true.
    assert from_errors(0.15, 0.16, 0.1301).high_bias is False
    assert from_errors(0.15, 0.16, 0.1299).high_bias is True
    given = from_errors(0.15, 0.16, 0.0)
    assert given.bayes == "given" and "assumed" not in str(given)
    assert not any("Bayes" in str(remedy) for remedy in given.remedies)
    assert "assumed" not in str(from_errors(0.005, 0.16)).splitlines()[0]


def test_with_intervals_both_limits_are_reported():
    finding = from_errors(0.15, 0.16, n_train=1000, n_dev=1000).findings[0]
    low, high = (finding.numbers[name] for name in ("high_below", "low_from"))
    counts = {"n_train": 1000, "n_dev": 1000}
    assert from_errors(0.15, 0.16, low - 1e-4, **counts).high_bias is True
    assert from_errors(0.15, 0.16, low + 1e-4, **counts).high_bias is None
    assert from_errors(0.15, 0.16, high + 1e-4, **counts).high_bias is False


def test_a_reference_is_measured_out_of_fold():
    model = DecisionTreeClassifier(max_depth=1).fit(*ROWS[:2])
    reference = DecisionTreeClassifier(max_depth=3, random_state=0)
    report = from_estimator(model, *ROWS, reference)
    bayes, train, _ = report.errors
    wrong = np.zeros(len(Y[::2]), dtype=bool)
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(*ROWS[:2])
    for seen, held_out in folds:
        fitted = clone(reference).fit(ROWS[0][seen], ROWS[1][seen])
        wrong[held_out] = fitted.predict(ROWS[0][held_out]) != ROWS[1][held_out]
    assert bayes.error == wrong.mean() and bayes.n_rows == len(wrong)
    assert report.bayes == "estimated" and "Bayes (estimated)" in str(report)
    seen = model.predict(ROWS[0]) != ROWS[1]
    assert_allclose(train.correlation, np.corrcoef(seen, wrong)[0, 1])
    # The gap is that of two sets of rows; only the interval uses the pairs.
    apart = from_errors(train.error, 0.5, bayes.error, n_train=len(wrong))
    assert report.avoidable_bias == pytest.approx(apart.avoidable_bias)
    assert not hasattr(reference, "classes_")
    scored = from_estimator(model, *ROWS, reference, scoring="accuracy")
    assert_allclose(scored.errors[0].error, bayes.error)


@pytest.mark.parametrize("kind", ["array", "sparse", "frame", "several"])
def test_a_reference_is_built_for_rows_of_any_kind(kind):
    X, y = DIABETES[:60].copy(), TARGETS[:60]
    X[0, 0] = np.nan if kind in ("array", "frame") else X[0, 0]
    if kind == "frame":
        pandas = pytest.importorskip("pandas")
        X = pandas.DataFrame(X).add_prefix("c")
        X["level"], X["when"] = list("abc") * 20, pandas.Timestamp("2020-01-01")
    if kind == "sparse":
        X = sparse.csr_matrix(X)
    if kind == "several":
        y = np.column_stack([y, y])
    report = from_estimator(PredictsNumbers(y).fit(X, y), X, y, X, y, "reference")
    assert 0.3 < report.errors[0].error < 1.5
    negative = next(f for f in report.findings if f.code == "negative_avoidable_bias")
    assert (
        "below the estimated Bayes error: the estimate is an upper bound"
        in negative.text
    )


def test_invalid_bayes_errors_are_refused():
    model = DecisionTreeClassifier().fit(*ROWS[:2])
    for wrong in (-1, "best", np.nan, LogisticRegression):
        with pytest.raises(ValueError, match=r'(?s)bayes_error=.*"?\'?reference'):
            from_estimator(model, *ROWS, wrong)
    with pytest.raises(ValueError, match="must be a classifier, as the estimator is"):
        from_estimator(model, *ROWS, Ridge())


def test_other_frames_than_pandas_get_no_reference():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(ROWS[0])
    on_frame = Predicts(ROWS[1]).fit(frame, ROWS[1])
    with pytest.raises(ValueError, match="and pandas data frames, got a DataFrame"):
        from_estimator(on_frame, frame, ROWS[1], frame, ROWS[1], "reference")


# -- what if ---------------------------------------------------------------------------


def noisy_rows(n=600):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * X[:, 0]))).astype(int)
    return X[::2], y[::2], X[1::2], y[1::2]


def test_remedies_that_did_not_help_are_not_repeated():
    X, y, X_dev, y_dev = noisy_rows()
    net = make_pipeline(
        StandardScaler(),
        MLPRegularizedClassifier((3,), solver="lbfgs", max_iter=500, random_state=0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y)
    before = from_estimator(net, X, y, X_dev, y_dev)
    report = from_estimator(net, X, y, X_dev, y_dev, what_if=True)
    assert not before.trials and any(remedy.params for remedy in before.remedies)
    tried = {name for trial in report.trials for name in trial.params}
    helped = {n for trial in report.trials if trial.helped for n in trial.params}
    assert tried == {name for remedy in before.remedies for name in remedy.params}
    assert {n for remedy in report.remedies for n in remedy.params} == helped
    assert not helped  # the remaining error is the Bayes error
    bias = next(finding for finding in report.findings if finding.code == "high_bias")
    assert "may be the Bayes error" in bias.text
    assert "no clear difference" in str(report)
    assert "no clear difference" in report._repr_html_()
    as_dict = report.to_dict()
    assert json.loads(json.dumps(as_dict))["trials"][0]["part"] == "dev"
    assert before.errors == report.errors and before.gaps == report.gaps


def test_a_remedy_that_helps_says_by_how_much():
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = (X[:, 0] > 0) ^ (X[:, 1] > 0)
    y |= X[:, 0] > 1
    data = X[:200], y[:200], X[200:], y[200:]
    report = from_estimator(stump.fit(*data[:2]), *data, what_if=True)
    (trial,) = report.trials
    deeper = DecisionTreeClassifier(max_depth=2, random_state=0).fit(*data[:2])
    wrong = [m.predict(data[2]) != data[3] for m in (stump, deeper)]
    assert (trial.before, trial.after) == (wrong[0].mean(), wrong[1].mean())
    d = wrong[1].astype(float) - wrong[0]
    width = 1.97196 * d.std(ddof=1) / np.sqrt(200)
    assert_allclose(trial.interval, [d.mean() - width, d.mean() + width], atol=1e-5)
    assert trial.verdict == ("helped" if d.mean() + width < 0 else "made it worse")
    first = next(remedy for remedy in report.remedies if remedy.params)
    assert f"fell from {trial.before:.4f} to {trial.after:.4f}." in str(first)
    assert stump.max_depth == 1


def test_remedies_of_a_search_and_out_of_fold():
    X, y, X_dev, y_dev = noisy_rows(200)
    tree = DecisionTreeClassifier(random_state=0)
    search = GridSearchCV(tree, {"max_depth": [1, 2]}, cv=2).fit(X, y)
    report = from_estimator(search, X, y, X_dev, y_dev, what_if=True, thresholds=0.0)
    assert all(trial.part == "dev" for trial in report.trials)
    inside = make_pipeline(StandardScaler(), search).fit(X, y)
    with pytest.raises(ValueError, match="put the search outside"):
        from_estimator(inside, X, y, X_dev, y_dev, what_if=True)
    model = MLPRegularizedClassifierCV(
        (3,), alphas=1.0, encodings="standard", cv=2, max_steps=30, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
        report = from_estimator(model, X, y, what_if=True, thresholds=0.0)
    assert {trial.part for trial in report.trials} == {"out-of-fold"}
    assert "n_members" not in {name for t in report.trials for name in t.params}
    with pytest.raises(TypeError, match="what_if must be True or False"):
        from_estimator(model, X, y, what_if=1)


def test_an_unfitted_estimator_is_refused_before_any_trial():
    with pytest.raises(NotFittedError):
        from_estimator(DecisionTreeClassifier(), *ROWS, "reference", what_if=True)
