"""Scorers in early stopping return a number or are refused before training."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    brier_score_loss,
    get_scorer,
    get_scorer_names,
    log_loss,
    make_scorer,
    max_error,
    top_k_accuracy_score,
)

from skdnn import DataScaleWarning, MLPRegularizedClassifier, MLPRegularizedRegressor
from tests.estimators.datasets import make_rows
from tests.estimators.refusals import assert_refused

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SAMPLEWISE = {"f1_samples", "jaccard_samples", "precision_samples", "recall_samples"}
FOR_TWO_CLASSES = {
    *("f1", "jaccard", "precision", "recall"),
    *("positive_likelihood_ratio", "neg_negative_likelihood_ratio"),
}
OF_GROUPS = {
    *("adjusted_mutual_info_score", "adjusted_rand_score", "completeness_score"),
    *("fowlkes_mallows_score", "homogeneity_score", "mutual_info_score"),
    *("normalized_mutual_info_score", "rand_score", "v_measure_score"),
}
OF_EXCLUSIVE_CLASSES = {
    *("d2_brier_score", "d2_log_loss_score", "neg_brier_score", "neg_log_loss"),
    *("balanced_accuracy", "matthews_corrcoef", "top_k_accuracy"),
}
OF_POSITIVE_NUMBERS = {"neg_mean_gamma_deviance", "neg_mean_poisson_deviance"}
SCORED_BY = {
    "binary": set(get_scorer_names())
    - (SAMPLEWISE | OF_POSITIVE_NUMBERS | {"top_k_accuracy"}),
    "multiclass": set(get_scorer_names())
    - (SAMPLEWISE | OF_POSITIVE_NUMBERS | FOR_TWO_CLASSES | {"roc_auc"}),
    "multilabel": set(get_scorer_names())
    - (OF_GROUPS | OF_POSITIVE_NUMBERS | FOR_TWO_CLASSES | OF_EXCLUSIVE_CLASSES)
    - {"neg_max_error"},
    "regression": {
        *("d2_absolute_error_score", "explained_variance", "r2", "neg_max_error"),
        *("neg_mean_absolute_error", "neg_mean_absolute_percentage_error"),
        *("neg_mean_squared_error", "neg_median_absolute_error"),
        "neg_root_mean_squared_error",
    },
}


def rows(kind, n_rows=60):
    """Return X and targets of one kind."""
    if kind == "regression":
        X, _ = make_rows(n_rows=n_rows)
        return X, X[:, 0]
    return make_rows(kind, n_rows=n_rows)


def net(kind="multiclass", **params):
    """Return a small network under early stopping."""
    made = MLPRegularizedRegressor if kind == "regression" else MLPRegularizedClassifier
    defaults = {"hidden_layer_sizes": (4,), "early_stopping": True, "max_iter": 2}
    return made(**defaults | {"validation_fraction": 0.3, "random_state": 0} | params)


def with_dev(kind, keep):
    """Return arguments of fit; `keep` selects the rows of the dev set."""
    X, y = rows(kind)
    dev = keep(y)
    return (X, y), {"X_val": X[dev], "y_val": y[dev]}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("name", get_scorer_names())
@pytest.mark.parametrize("kind", SCORED_BY)
def test_every_scorer_scores_or_is_refused_before_training(kind, name):
    X, y = rows(kind)
    model = net(kind, scoring=name)
    if name in SCORED_BY[kind]:
        scores = model.fit(X, y).validation_scores_
        assert np.all(np.isfinite(scores))
        return
    assert_refused(model, "fit", (X, y), {}, [f"scoring='{name}'", "dev set"])


def refused_after(model, args, kwargs, monkeypatch):
    """Return the number of epochs before a fit raised, and the message."""
    from skdnn.training import steps

    epochs, run = [], steps.Steps.run_epoch

    def counted(steps):
        epochs.append(1)
        return run(steps)

    monkeypatch.setattr(steps.Steps, "run_epoch", counted)
    with pytest.raises(ValueError) as info:
        model.fit(*args, **kwargs)
    return len(epochs), str(info.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("kind", "name", "keep", "reason"),
    [
        ("binary", "roc_auc", lambda y: y == 1, "no row of class 0"),
        ("binary", "average_precision", lambda y: y == 0, "no row of class 1"),
        ("binary", "recall", lambda y: y == 0, "no row of class 1"),
        ("binary", "d2_brier_score", lambda y: y == 0, "no row of class 1"),
        ("multiclass", "roc_auc_ovr", lambda y: y < 2, "no row of class 2"),
        ("multiclass", "roc_auc_ovo", lambda y: y == 2, "no row of class 0, 1"),
        ("multilabel", "roc_auc", lambda y: y[:, 1] == 0, "constant in column 1"),
        ("regression", "r2", lambda y: np.arange(60) < 1, "only one row"),
        ("regression", "d2_absolute_error_score", lambda y: [0], "only one row"),
    ],
)
def test_undefined_scores_are_refused_before_training(
    kind, name, keep, reason, monkeypatch
):
    """Regression: the score was NaN or constant, and training stopped silently."""
    args, dev = with_dev(kind, keep)
    model = net(kind, scoring=name)
    n_epochs, message = refused_after(model, args, dev, monkeypatch)
    assert n_epochs == 0
    assert f"scoring='{name}'" in message and reason in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_non_finite_custom_score_is_an_error_in_its_epoch(
    value, early_stopping, monkeypatch
):
    def best_guess(estimator, X, y):
        return value

    args, dev = with_dev("multiclass", lambda y: y >= 0)
    model = net(scoring=best_guess, early_stopping=early_stopping)
    n_epochs, message = refused_after(model, args, dev, monkeypatch)
    assert n_epochs == 1
    assert "scoring=best_guess" in message and f"present network is {value}" in message


def test_a_non_numeric_score_is_refused():
    args, dev = with_dev("multiclass", lambda y: y >= 0)
    model = net(scoring=lambda estimator, X, y: {"accuracy": 1.0})
    assert_refused(model, "fit", args, dev, ["scoring=", "a number", "accuracy"])


def test_errors_of_a_custom_scorer_propagate():
    def broken(estimator, X, y):
        raise KeyError("mine")

    args, dev = with_dev("multiclass", lambda y: y >= 0)
    with pytest.raises(KeyError, match="mine"):
        net(scoring=broken).fit(*args, **dev)


def test_partial_fit_refuses_as_fit_does():
    (X, y), dev = with_dev("regression", lambda y: [0])
    model = net("regression", scoring="r2")
    assert_refused(model, "partial_fit", (X, y), dev, ["'r2'", "only one row"])


@pytest.mark.parametrize("names", [np.arange(3), np.array(["p", "q", "r"])])
@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("neg_log_loss", log_loss),
        ("neg_brier_score", brier_score_loss),
        ("top_k_accuracy", top_k_accuracy_score),
        ("d2_log_loss_score", None),
        ("d2_brier_score", None),
    ],
)
def test_probabilities_are_scored_without_a_class_in_the_dev_set(name, loss, names):
    """Regression: scikit-learn required `labels`, which could not be passed."""
    (X, y), dev = with_dev("multiclass", lambda y: y < 2)
    y, dev["y_val"] = names[y], names[dev["y_val"]]
    model = net(scoring=name, max_iter=5).fit(X, y, **dev)
    assert np.all(np.isfinite(model.validation_scores_))
    if loss is not None:
        expected = loss(
            dev["y_val"], model.predict_proba(dev["X_val"]), labels=model.classes_
        )
        sign = -1 if name.startswith("neg") else 1
        assert_allclose(model.best_validation_score_, sign * expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["neg_log_loss", "neg_brier_score", "d2_brier_score"])
def test_probability_scores_do_not_depend_on_the_names_of_two_classes(name):
    X, y = make_rows("binary")
    numbered = net(scoring=name).fit(X, y)
    named = net(scoring=name).fit(X, np.array(["no", "yes"])[y])
    assert named.validation_scores_ == numbered.validation_scores_


def test_labels_set_in_a_scorer_are_kept():
    X, y = make_rows()
    own = make_scorer(
        log_loss,
        response_method="predict_proba",
        greater_is_better=False,
        labels=[0, 1, 2],
    )
    before = repr(own)
    ours = net(scoring=own).fit(X, y)
    assert repr(own) == before
    assert (
        ours.validation_scores_
        == net(scoring="neg_log_loss").fit(X, y).validation_scores_
    )
    # Averages over labels use those that occur, as in scikit-learn.
    (X, y), dev = with_dev("multiclass", lambda y: y < 2)
    model = net(scoring="f1_macro").fit(X, y, **dev)
    expected = get_scorer("f1_macro")(model, dev["X_val"], dev["y_val"])
    assert model.best_validation_score_ == pytest.approx(expected)


@pytest.mark.parametrize("scoring", ["neg_max_error", "function"])
@pytest.mark.parametrize("cut", [False, True])
def test_scorer_without_weights_counts_each_row_of_positive_weight_once(scoring, cut):
    (X, y), dev = with_dev("regression", lambda y: np.arange(60) >= 30)
    weight = np.ones(30)
    weight[:10] = 0.0
    weight[10:] = 3.0
    if scoring == "function":

        def scoring(estimator, X, y):
            return -max_error(y, estimator.predict(X))

    model = net("regression", scoring=scoring)
    weighted = {"sample_weight": np.ones(60)}
    if not cut:
        weighted = {**dev, "sample_weight_val": weight}
    with pytest.warns(UserWarning, match="takes no sample_weight") as caught:
        model.fit(X, y, **weighted)
    ours = [w for w in caught if not issubclass(w.category, ConvergenceWarning)]
    assert len(ours) == 1 and ours[0].filename == __file__
    if not cut:
        error = max_error(y[40:], model.predict(X[40:]))
        assert model.best_validation_score_ == pytest.approx(-error)


def test_scorer_that_accepts_weights_as_keywords_gets_them():
    seen = []

    def scoring(estimator, X, y, **options):
        seen.append(sorted(options))
        return 0.0

    X, y = make_rows()
    net(scoring=scoring).fit(X, y, sample_weight=np.ones(60))
    assert seen == [["sample_weight"]] * 2


def test_scores_undefined_for_initial_predictions_are_tolerated():
    """Initially half of the predictions are negative."""
    X, _ = make_rows(n_rows=60)
    y = 50 + 0.1 * X[:, 0]
    name = "neg_mean_squared_log_error"
    one_epoch = {"max_iter": 3, "solver": "lbfgs", "scoring": name}
    model = net("regression", normalize_y=False, **one_epoch)
    with pytest.warns(DataScaleWarning):
        model.fit(X, y, X_val=X, y_val=y)
    assert np.all(np.isfinite(model.validation_scores_))
    # Refused, because not even y itself has a score.
    refused = net("regression", **one_epoch)
    assert_refused(
        refused, "fit", (X, X[:, 0] - 2), {}, [f"'{name}'", "scikit-learn says"]
    )


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", "max"])
def test_divergence_is_reported_once_whatever_the_scorer(scoring):
    """The scorer is not called with predictions that overflow."""
    X, _ = make_rows(n_rows=200)
    y = X[:, 0]
    if scoring == "max":

        def scoring(estimator, X, y):
            predicted = estimator.predict(X)
            assert np.all(np.isfinite(predicted))
            return -np.abs(predicted - y).max()

    model = net(
        "regression",
        scoring=scoring,
        activation="identity",
        solver="sgd",
        learning_rate_init=0.5,
        max_iter=200,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(10 * X, y)
        except ValueError as error:
            assert "diverged in its first epoch" in str(error)
            assert not caught
        else:
            assert len(caught) == 1 and "diverged in epoch" in str(caught[0].message)


# -- splitting off the dev set ---------------------------------------------------------


def labels_seen(X, y, **params):
    """Return the labels of the dev set split off by fit, and the training size."""
    seen = []

    def scoring(estimator, X, y):
        seen.append(y)
        return 0.0

    model = net(scoring=scoring, max_iter=1, **params).fit(X, y)
    return seen[0], model.t_


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("fraction", [0.1, 0.9])
def test_each_class_of_two_rows_is_in_both_parts(seed, fraction):
    """Regression: proportional rounding left most dev sets without rare classes."""
    X = np.random.default_rng(0).normal(size=(240, 3))
    y = np.repeat([0, 1, 2, 3, 4], [150, 84, 2, 2, 2])
    dev, n_train = labels_seen(X, y, validation_fraction=fraction, random_state=seed)
    counts = np.bincount(dev, minlength=5)
    assert len(dev) == 240 * fraction and n_train == 240 - len(dev)
    assert np.all(counts >= 1) and np.all(counts < np.bincount(y))
    assert_allclose(counts[:2], fraction * np.array([150, 84]), atol=3)


def test_the_only_row_of_a_class_stays_in_training():
    X, y = make_rows(n_rows=60)
    y[0] = 7
    dev, _ = labels_seen(X, y)
    assert_array_equal(np.unique(dev), [0, 1, 2])
    refused = net(scoring="roc_auc_ovr")
    assert_refused(refused, "fit", (X, y), {}, ["'roc_auc_ovr'", "class 7", "X_val"])
    assert np.isfinite(net(scoring="neg_log_loss").fit(X, y).best_validation_score_)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("is_sparse", [False, True])
def test_each_label_of_an_indicator_is_in_both_parts(seed, is_sparse):
    X = np.random.default_rng(0).normal(size=(100, 3))
    Y = np.zeros((100, 4), int)
    Y[:50, 0] = Y[[3, 60], 1] = Y[5:, 2] = Y[[3, 4], 3] = 1
    given = sparse.csr_matrix(Y) if is_sparse else Y
    dev, n_train = labels_seen(X, given, random_state=seed, validation_fraction=0.1)
    yes = np.asarray(dev.sum(axis=0)).ravel()
    assert dev.shape == (10, 4) and n_train == 90
    assert np.all(yes >= 1) and np.all(yes < 10)
    assert np.all(Y.sum(axis=0) - yes >= 1)


def test_a_label_that_cannot_be_in_both_parts_is_left_alone():
    X, Y = make_rows("multilabel", n_rows=40)
    Y[:, 1] = 0
    Y[5, 1] = 1
    dev, n_train = labels_seen(X, Y)
    assert (len(dev), n_train) == (12, 28)


def test_one_class_is_not_scored():
    """There is nothing to train, so nothing to score."""
    X, _ = make_rows()
    with pytest.warns(UserWarning, match="one class"):
        model = net(scoring="roc_auc").fit(X, np.full(60, "a"))
    assert set(model.predict(X)) == {"a"}
