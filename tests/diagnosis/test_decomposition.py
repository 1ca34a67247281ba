"""The decomposition: exact identities, closed forms and known directions."""

import json

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, mean_squared_error
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdnn import MLPRegularizedClassifier, bias_variance_decomposition
from skdnn.diagnosis.decomposition_losses import brier, zero_one
from skdnn.diagnosis.decomposition_losses import log_loss as decompose_log_loss

CLASSIFIERS = {
    "tree": DecisionTreeClassifier(),
    "neighbours": KNeighborsClassifier(3),
    "network": make_pipeline(
        StandardScaler(),
        MLPRegularizedClassifier((4,), solver="lbfgs", max_iter=1000),
    ),
}
LOSSES = ["squared_error", "log_loss", "zero_one"]


def iris():
    X, y = load_iris(return_X_y=True)
    return X[::2], y[::2], X[1::2], y[1::2]


def cancer(n_train=200):
    X, y = load_breast_cancer(return_X_y=True)
    return X[:n_train], y[:n_train], X[300:], y[300:]


def decompose(estimator, data, loss="squared_error", n_rounds=10, **options):
    return bias_variance_decomposition(
        estimator, *data, n_rounds=n_rounds, loss=loss, random_state=0, **options
    )


def assert_sums(parts):
    rows = parts.rows
    total = rows.noise + rows.bias + rows.variance
    assert_allclose(total, rows.expected_loss, rtol=0, atol=1e-12)
    means = parts.noise + parts.bias + parts.variance
    assert abs(means - parts.expected_loss) < 1e-12


@pytest.mark.parametrize("with_truth", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_parts_add_up_for_classifiers(name, loss, with_truth):
    X, y, X_test, y_test = iris()
    options = {}
    if with_truth:
        truth = np.random.default_rng(0).dirichlet([0.3, 0.3, 0.3], len(y_test))
        y_test, options = None, {"truth": truth}
    parts = decompose(CLASSIFIERS[name], (X, y, X_test, y_test), loss, **options)
    assert_sums(parts)
    if loss != "zero_one":
        assert np.all(parts.rows.variance >= -1e-12)
    assert np.all(parts.rows.bias >= -1e-12)
    assert parts.noise_is_known == with_truth
    assert (parts.noise > 0) == with_truth


def predictions_of(estimator, data, n_rounds=10):
    """Repeat the rounds by hand, with the same draws."""
    X, y = data[:2]
    for seed in np.random.RandomState(0).randint(2**31 - 1, size=n_rounds):
        rng = np.random.RandomState(seed)
        drawn = rng.randint(0, len(y), size=len(y))
        yield estimator.fit(X[drawn], y[drawn])


def test_expected_losses_are_scikit_learns():
    data = cancer()
    X_test, y_test = data[2:]
    model = DecisionTreeClassifier(min_samples_leaf=9, random_state=0)
    fitted = [
        (model.predict_proba(X_test), model.predict(X_test))
        for model in predictions_of(model, data)
    ]
    losses = {
        "squared_error": 2
        * np.mean([brier_score_loss(y_test, p[:, 1]) for p, _ in fitted]),
        "log_loss": np.mean([log_loss(y_test, p) for p, _ in fitted]),
        "zero_one": np.mean([y_test != labels for _, labels in fitted]),
    }
    for loss, expected in losses.items():
        assert_allclose(decompose(model, data, loss).expected_loss, expected)


def test_a_linear_regression_has_its_closed_form():
    """Var(x'w) = σ² x' (X'X)⁻¹ x for new targets; the bootstrap approximates it."""
    rng = np.random.default_rng(0)
    n_train, n_columns, sigma = 2000, 5, 0.7
    X, w = rng.normal(size=(n_train, n_columns)), rng.normal(size=n_columns)
    y = X @ w + rng.normal(0, sigma, n_train)
    X_test = rng.normal(size=(40, n_columns))
    truth = X_test @ w
    parts = bias_variance_decomposition(
        LinearRegression(fit_intercept=False),
        X,
        y,
        X_test,
        n_rounds=300,
        truth=truth,
        noise=sigma**2,
        random_state=0,
    )
    assert_sums(parts)
    assert_allclose(parts.noise, sigma**2)
    covariance = sigma**2 * np.linalg.inv(X.T @ X)
    closed = np.einsum("ij,jk,ik->i", X_test, covariance, X_test)
    assert_allclose(parts.variance, closed.mean(), rtol=0.1)
    # The bootstrap's centre is the fit to all rows.
    fit_to_all = np.linalg.lstsq(X, y, rcond=None)[0]
    bias = np.square(X_test @ (fit_to_all - w)).mean()
    assert_allclose(parts.bias, bias, rtol=0.2)


def test_the_squared_error_of_several_outputs():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=(80, 2))
    data = X[:50], y[:50], X[50:], y[50:]
    tree = DecisionTreeRegressor(random_state=0)
    parts = decompose(tree, data)
    assert_sums(parts)
    errors = [
        mean_squared_error(y[50:], model.predict(X[50:]))
        for model in predictions_of(tree, data)
    ]
    assert_allclose(parts.expected_loss, 2 * np.mean(errors))


def test_domingos_on_a_table_of_predictions():
    # Rows: always right; mode right; mode wrong, sometimes right; mode wrong, and a
    # third class does not help.
    labels = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 2], [0, 1, 1, 1]])
    classes = np.arange(3)
    predictions = (labels[:, :, None] == classes).astype(float)
    truth = (np.array([0, 0, 1, 0])[:, None] == classes).astype(float)
    predictions[:, 2] = (np.array([2, 2, 1, 0])[:, None] == classes).astype(float)
    rows = zero_one(predictions, truth)
    assert_array_equal(rows.bias, [0, 0, 1, 1])
    assert_allclose(rows.variance, [0, 0.25, -0.25, 0])
    assert_allclose(rows.expected_loss, [0, 0.25, 0.75, 1])
    # Two classes: the net variance is the share that leaves the mode, with a sign.
    two = np.random.default_rng(0).integers(0, 2, size=(9, 30))
    predictions = np.stack([1 - two, two], axis=2).astype(float)
    truth = np.tile([1.0, 0.0], (30, 1))
    rows = zero_one(predictions, truth)
    leaves = np.minimum(two.mean(axis=0), 1 - two.mean(axis=0))
    assert_allclose(rows.variance, np.where(rows.bias == 0, leaves, -leaves))


def test_log_loss_parts_are_divergences():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], size=(7, 20))
    q = rng.dirichlet([1, 1, 1], size=20)
    rows = decompose_log_loss(p, q)
    centre = rows.central
    assert_allclose(centre.sum(axis=1), 1)
    assert_allclose(rows.bias, np.sum(q * np.log(q / centre), axis=1))
    divergence = np.sum(centre * np.log(centre / p), axis=2).mean(axis=0)
    assert_allclose(rows.variance, divergence)
    assert_allclose(rows.noise, -np.sum(q * np.log(q), axis=1))
    # The Brier score's centre is the mean.
    assert_allclose(brier(p, q).central, p.mean(axis=0))


@pytest.mark.parametrize("loss", LOSSES[:2])
def test_a_deep_tree_varies_and_a_stump_is_biased(loss):
    deep, stump = (
        decompose(DecisionTreeClassifier(max_depth=depth), cancer(), loss, n_rounds=30)
        for depth in (None, 1)
    )
    assert deep.variance > 1.5 * stump.variance
    assert stump.bias > 1.5 * stump.variance
    assert deep.variance / deep.expected_loss > stump.variance / stump.expected_loss


def test_more_rows_lower_the_variance():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(700, 2))
    y = np.sin(3 * X[:, 0]) + rng.normal(0, 0.3, 700)
    tree = DecisionTreeRegressor(min_samples_leaf=5)
    few, many = (
        decompose(tree, (X[:n], y[:n], X[500:], y[500:]), n_rounds=30)
        for n in (50, 500)
    )
    assert many.variance < 0.7 * few.variance


def test_draws_do_not_depend_on_n_jobs_and_the_estimator_is_unchanged():
    tree = DecisionTreeClassifier(max_features=1)
    first = decompose(tree, iris()).rows.expected_loss
    with parallel_config("threading"):
        second = decompose(tree, iris(), n_jobs=2).rows.expected_loss
    assert_array_equal(first, second)
    assert tree.random_state is None and not hasattr(tree, "tree_")
    fixed = DecisionTreeClassifier(max_features=1, random_state=3)
    assert np.any(decompose(fixed, iris()).rows.expected_loss != first)


def test_a_class_that_a_bootstrap_sample_lacks():
    X, y, X_test, y_test = iris()
    y = np.where(np.arange(len(y)) == 0, "A", np.array(["a", "b", "c"])[y])
    names = np.array(["a", "b", "c"])[y_test]
    parts = decompose(KNeighborsClassifier(1), (X, y, X_test, names), n_rounds=20)
    assert_sums(parts)
    assert parts.rows.central.shape == (len(y_test), 4)
    assert parts.expected_loss < 0.3  # columns are aligned by class
    assert_allclose(parts.rows.central.sum(axis=1), 1)


def test_kinds_of_rows():
    pandas = pytest.importorskip("pandas")
    X, y, X_test, y_test = iris()
    model = LogisticRegression(max_iter=2000)
    expected = decompose(model, (X, y, X_test, y_test)).expected_loss
    rows = sparse.csr_array(X), y, sparse.csr_array(X_test), y_test
    assert_allclose(decompose(model, rows).expected_loss, expected, rtol=1e-3)
    frames = (*map(pandas.DataFrame, (X,)), pandas.Series(y), pandas.DataFrame(X_test))
    assert_allclose(
        decompose(model, (*frames, pandas.Series(y_test))).expected_loss, expected
    )


def test_output_formats():
    parts = decompose(DecisionTreeClassifier(), iris())
    text = str(parts)
    assert "\nbias with noise" in text and "100.0%" in text
    assert json.loads(json.dumps(parts.to_dict()))["noise_is_known"] is False
    frame = parts.to_frame()
    assert list(frame) == ["expected_loss", "noise", "bias", "variance"]
    assert (frame["noise"] == 0).all() and len(frame) == 75
    assert_allclose(frame["bias"].mean(), parts.bias)
    truth = np.eye(3)[iris()[3]]
    known = decompose(DecisionTreeClassifier(), (*iris()[:3], None), truth=truth)
    assert "\nnoise " in str(known) and known.noise == 0.0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"loss": "hinge"}, ValueError, "'loss' parameter"),
        ({"n_rounds": 0}, ValueError, "'n_rounds' parameter"),
        ({"y_test": None}, ValueError, "either y_test or truth"),
        ({"truth": np.eye(3)[iris()[3]]}, ValueError, "either y_test or truth"),
        ({"y_test": iris()[3] + 1}, ValueError, r"y_test has labels .*\[3\]"),
        ({"y_test": iris()[3][:-1]}, ValueError, "rows, but"),
        ({"y": iris()[1][:-1]}, ValueError, "rows, but"),
        ({"y": np.eye(3)[iris()[1]]}, ValueError, "multilabel-indicator"),
        ({"noise": 1.0}, ValueError, "noise is for regressors"),
        ({"estimator": LinearSVC()}, TypeError, "LinearSVC does not"),
        ({"estimator": StandardScaler()}, TypeError, "classifier or a regressor"),
        (
            {"y_test": None, "truth": np.full((75, 3), 0.5)},
            ValueError,
            "add up to 1",
        ),
        (
            {"y_test": None, "truth": np.full((75, 2), 0.5)},
            ValueError,
            "each of the 3 classes",
        ),
        (
            {"estimator": LinearRegression(), "loss": "log_loss"},
            ValueError,
            "is for classifiers",
        ),
        (
            {"estimator": LinearRegression(), "noise": 1.0},
            ValueError,
            "noise needs truth",
        ),
        (
            {
                "estimator": LinearRegression(),
                "y_test": None,
                "truth": np.zeros(75),
                "noise": [1.0, 2.0],
            },
            ValueError,
            "a number >= 0, or one per test row",
        ),
        (
            {
                "estimator": LinearRegression(),
                "y_test": None,
                "truth": np.zeros((75, 2)),
            },
            ValueError,
            "2 outputs",
        ),
    ],
)
def test_what_is_refused(changes, error, message):
    names = ("X", "y", "X_test", "y_test")
    arguments = dict(zip(names, iris(), strict=True))
    arguments |= {"estimator": DecisionTreeClassifier(), "n_rounds": 2} | changes
    with pytest.raises(error, match=message):
        bias_variance_decomposition(**arguments)


def test_zero_one_loss_needs_no_probabilities():
    parts = decompose(LinearSVC(), iris(), "zero_one")
    assert_sums(parts)
