"""Errors name the rows, targets or estimators that do not match."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdnn import (
    BiasVarianceReport,
    InputStandardizer,
    MLPRegularizedClassifier,
    bias_variance_decomposition,
)

X, X_DEV, Y, Y_DEV = train_test_split(*load_iris(return_X_y=True), random_state=0)
CLASSIFIER = LogisticRegression(max_iter=500).fit(X, Y)
REGRESSOR = LinearRegression().fit(X, Y)
ROWS = (X, Y, X_DEV, Y_DEV)
FRAME = pd.DataFrame(X, columns=list("abcd"))
OTHER = pd.DataFrame(X_DEV, columns=list("abce"))


def from_estimator(estimator, rows=ROWS, **options):
    return BiasVarianceReport.from_estimator(estimator, *rows, **options)


WRONG_ROWS = {
    "order of train_test_split": (
        (X, X_DEV, Y, Y_DEV),
        "X_train has 112 rows, but y_train has 38.*The order is X_train, y_train",
    ),
    "y of others": ((X, Y_DEV, X_DEV, Y), "X_train has 112 rows, but y_train has 38"),
    "short y": ((X, Y, X_DEV, Y_DEV[:5]), "X_dev has 38 rows, but y_dev has 5"),
    "X and y": ((Y, X, Y_DEV, X_DEV), "X_train has no columns, but the estimator"),
    "X and y of dev": ((X, Y, Y_DEV, X_DEV), "X_dev has no columns, but X_train"),
    "few columns": (
        (X, Y, X_DEV[:, :2], Y_DEV),
        "X_dev has 2 columns, but X_train has 4 columns. Were arrays swapped?",
    ),
    "few columns in both": (
        (X[:, :2], Y, X_DEV[:, :2], Y_DEV),
        "X_train has 2 columns, but the estimator was fitted to 4 columns",
    ),
    "lists": (
        (X.tolist(), Y.tolist(), X_DEV[:, :2].tolist(), Y_DEV.tolist()),
        "X_dev has 2 columns",
    ),
    "names": (
        (FRAME, Y, OTHER, Y_DEV),
        r"X_dev lacks columns that X_train has: \['d'\]",
    ),
    "two outputs": (
        (X, np.c_[Y, Y], X_DEV, Y_DEV),
        r"y_train must have the shape .*2\)",
    ),
    "dev of two outputs": (
        (X, Y, X_DEV, np.c_[Y_DEV, Y_DEV]),
        r"y_dev must have the shape of the predictions, \(38,\), got \(38, 2\)",
    ),
    "no dev rows": ((X, Y, X_DEV[:0], Y_DEV[:0]), "X_dev and y_dev have no rows"),
    "no rows": ((X[:0], Y[:0], X_DEV, Y_DEV), "X_train and y_train have no rows"),
}


@pytest.mark.parametrize(
    ("rows", "message"), WRONG_ROWS.values(), ids=WRONG_ROWS.keys()
)
@pytest.mark.parametrize("model", [CLASSIFIER, REGRESSOR])
def test_arrays_that_are_swapped_or_do_not_match(model, rows, message):
    with pytest.raises(ValueError, match=message):
        from_estimator(model, rows)


@pytest.mark.parametrize("what", [3, 2.5, "rows", np.float64(1), list, object()])
@pytest.mark.parametrize("place", range(4))
def test_arguments_that_are_not_arrays(place, what):
    rows = [*ROWS]
    rows[place] = what
    name = ["X_train", "y_train", "X_dev", "y_dev"][place]
    with pytest.raises(TypeError, match=f"{name} must be an array, a data frame"):
        from_estimator(CLASSIFIER, rows)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y + 0.5, r"y_train must hold classes of the estimator, \[0, 1"),
        (Y + 5, "y_train must hold classes of the estimator.* got 5, 6, 7"),
        ([None] * len(Y), "y_train must hold classes of the estimator"),
        (Y.astype(str), "y_train has labels of type <U"),
    ],
)
def test_labels_that_no_prediction_can_equal(y, message):
    with pytest.raises(ValueError, match=message):
        from_estimator(CLASSIFIER, (X, y, X_DEV, Y_DEV))
    # A dev row of an unseen class counts as wrong.
    assert from_estimator(CLASSIFIER, (X, Y, X_DEV, np.r_[Y_DEV[1:], 9])).variance >= 0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y * np.nan, "y_train contains NaN"),
        (np.where(Y, Y, np.inf), "y_train contains NaN or infinity"),
        (Y * 1j, "y_train must hold real numbers, got the dtype complex"),
        (
            pd.Series(pd.date_range("2020-01-01", periods=len(Y))),
            "y_train must hold real num",
        ),
    ],
)
def test_targets_that_are_not_numbers(y, message):
    with pytest.raises(ValueError, match=message):
        from_estimator(REGRESSOR, (X, y, X_DEV, Y_DEV))


def test_predictions_that_are_not_finite():
    class Lost(DummyRegressor):
        def predict(self, X):
            return np.full(len(X), np.nan)

    with pytest.raises(ValueError, match=r"estimator predicts NaN .* rows of X_train"):
        from_estimator(Lost().fit(X, Y))


NOT_MODELS = [None, "LogisticRegression", 3, len, object(), [CLASSIFIER]]


@pytest.mark.parametrize("scoring", [None, "accuracy"])
def test_estimators_that_are_not_fitted_models(scoring):
    for model in NOT_MODELS:
        with pytest.raises(TypeError, match="must be a scikit-learn compatible"):
            from_estimator(model, scoring=scoring)
    for kind in (LogisticRegression, MLPRegularizedClassifier):
        with pytest.raises(TypeError, match=f"did you mean {kind.__name__}"):
            from_estimator(kind, scoring=scoring)
        unfitted = [kind(), GridSearchCV(kind(), {}), make_pipeline(kind())]
        for model in unfitted:
            with pytest.raises(NotFittedError):
                from_estimator(model, scoring=scoring)
    with pytest.raises(TypeError, match="classifier or a regressor"):
        from_estimator(InputStandardizer().fit(X))


def returns_text(estimator, X, y):
    return "good"


def returns_nan(estimator, X, y):
    return np.nan


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("acuracy", "scoring='acuracy' is not allowed.*get_scorer_names"),
        (LogisticRegression, "scoring=<class .* is not allowed"),
        (returns_text, "scoring=.* must return a finite number, got 'good' on X_train"),
        (returns_nan, "must return a finite number, got nan on X_train"),
    ],
)
def test_invalid_scorers(scoring, message):
    with pytest.raises(ValueError, match=message):
        from_estimator(CLASSIFIER, scoring=scoring)


def test_valid_arguments_are_accepted():
    assert from_estimator(CLASSIFIER, scoring=make_scorer(accuracy_score)).measure
    # Text has no columns, and its pipeline expects no number of columns.
    text, label = ["good day", "bad day", "good", "bad"] * 5, [1, 0, 1, 0] * 5
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(text, label)
    report = from_estimator(model, (text, label, text[:8], label[:8]))
    assert report.avoidable_bias == 0
    # A ColumnTransformer drops additional columns of the dev rows.
    some = make_column_transformer(("passthrough", ["a", "b"]))
    model = make_pipeline(some, LogisticRegression()).fit(FRAME, Y)
    wider = pd.DataFrame(np.c_[X_DEV, X_DEV[:, 0]], columns=list("eabcd"))
    assert from_estimator(model, (FRAME, Y, wider, Y_DEV)).errors
    rows = (sparse.csr_array(X), Y, sparse.csr_array(X_DEV), Y_DEV)
    assert from_estimator(CLASSIFIER, rows).errors


# Accuracies given as errors


@pytest.mark.parametrize("errors", [(0.98, 0.95), (1.0, 0.7), (0.55, 0.55), (0.9, 0.4)])
def test_accuracies_raise_a_warning(errors):
    with pytest.warns(
        UserWarning, match="look like accuracies.*give 1 - accuracy"
    ) as w:
        report = BiasVarianceReport.from_errors(*errors)
    assert report.high_bias and w[0].filename == __file__


@pytest.mark.parametrize("errors", [(0.4, 0.3), (0.6, 0.7), (0.02, 0.05), (0.5, 0.4)])
def test_errors_raise_no_warning(errors):
    BiasVarianceReport.from_errors(*errors)


@pytest.mark.parametrize("model", [LogisticRegression, "net", 3])
def test_from_errors_takes_an_instance(model):
    with pytest.raises(TypeError, match=r"must be an instance|must be a scikit-learn"):
        BiasVarianceReport.from_errors(0.1, 0.2, estimator=model)


# The decomposition


def decompose(model=None, rows=ROWS, **options):
    model = DecisionTreeClassifier(max_depth=1) if model is None else model
    options = {"n_rounds": 2, "random_state": 0} | options
    return bias_variance_decomposition(model, *rows, **options)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            (X, X_DEV, Y, Y_DEV),
            ValueError,
            "X has 112 rows, but y has 38.*The order is",
        ),
        ((X, Y, X_DEV, Y_DEV[:3]), ValueError, "X_test has 38 rows, but y_test has 3"),
        ((X, Y, X_DEV[:, :2], Y_DEV), ValueError, "X_test has 2 columns, but X has 4"),
        ((X, Y, Y_DEV, Y_DEV), ValueError, "X_test has no columns, but X has 4"),
        ((FRAME, Y, OTHER, Y_DEV), ValueError, "X_test lacks columns that X has"),
        ((X, Y, X_DEV[:0], Y_DEV[:0]), ValueError, "X_test and y_test have no rows"),
        ((X[:0], Y[:0], X_DEV, Y_DEV), ValueError, "X and y have no rows"),
        (
            (X, Y * 1j, X_DEV, Y_DEV),
            ValueError,
            "y must hold class labels, got complex",
        ),
        ((X, Y, X_DEV, np.c_[Y_DEV, Y_DEV]), ValueError, "y_test must have one label"),
        (
            (X, Y, X_DEV, Y_DEV.astype(str)),
            ValueError,
            "y_test has labels that are not in y",
        ),
        ((None, Y, X_DEV, Y_DEV), TypeError, "X must be an array.*None"),
        ((X, 3, X_DEV, Y_DEV), TypeError, "y must be an array.*3"),
        ((X, Y, "rows", Y_DEV), TypeError, "X_test must be an array.*'rows'"),
        ((X, Y, X_DEV, 2.5), TypeError, "y_test must be an array.*2.5"),
    ],
)
def test_rows_of_the_decomposition(rows, error, message):
    with pytest.raises(error, match=message):
        decompose(rows=rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truth": np.full(38, "a")}, "truth must hold real numbers"),
        ({"truth": Y_DEV * 1j}, "truth must hold real numbers"),
        ({"truth": Y_DEV, "noise": ["a"] * 38}, "noise must hold real numbers"),
        ({"truth": Y_DEV, "noise": [np.nan] * 38}, "noise contains NaN"),
        ({"truth": Y_DEV, "noise": -np.ones(38)}, "noise must be a number >= 0"),
        ({"truth": Y_DEV, "n_jobs": 0}, "n_jobs=0 is not allowed"),
        ({"truth": Y_DEV[:3]}, "X_test has 38 rows, but truth has 3"),
    ],
)
def test_truth_and_noise(options, message):
    with pytest.raises(ValueError, match=message):
        decompose(DecisionTreeRegressor(), (X, Y, X_DEV), **options)
    if "noise" not in options and "n_jobs" not in options:
        with pytest.raises(ValueError, match="truth"):
            decompose(rows=(X, Y, X_DEV), truth=options["truth"])


def test_estimators_of_the_decomposition():
    for model in NOT_MODELS[1:]:
        with pytest.raises(TypeError, match="must be a scikit-learn compatible"):
            decompose(model)
    with pytest.raises(TypeError, match="did you mean DecisionTreeClassifier"):
        decompose(DecisionTreeClassifier)

    class Neither(BaseEstimator):
        def fit(self, X, y):
            return self

    with pytest.raises(TypeError, match="classifier or a regressor, got Neither"):
        decompose(Neither())
