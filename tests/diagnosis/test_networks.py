"""What the diagnoses accept, and that they do not change it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    check_cost_descends,
    check_gradients,
    difference_orders,
    signal_propagation,
)
from skdnn.diagnosis.networks import problem_at_init
from skdnn.network.gradient_check import check_gradient
from tests.estimators.datasets import make_rows, parameters

DIAGNOSES = [
    check_cost_descends,
    check_gradients,
    difference_orders,
    signal_propagation,
]


def small(**options):
    options = {"activation": "tanh", "max_iter": 3, "tol": 0.0} | options
    return MLPRegularizedClassifier((5, 4), random_state=0, **options)


def numbers(diagnose, *arguments):
    """Return all numbers of a report."""
    return str(diagnose(*arguments).to_dict())


@pytest.mark.parametrize("diagnose", DIAGNOSES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fitted_or_not_sparse_or_not_the_report_is_the_same(diagnose):
    X, y = make_rows(n_rows=30)
    expected = numbers(diagnose, small(), X, y)
    net = small().fit(X, y)
    before, state = parameters(net), set(vars(net))
    assert numbers(diagnose, net, X, y) == expected
    assert_array_equal(parameters(net), before)
    assert set(vars(net)) == state
    assert numbers(diagnose, small(), sparse.csr_array(X), y) == expected
    assert numbers(diagnose, small(verbose=True), X, y) == expected
    assert numbers(diagnose, small(), X, y, np.ones(30)) == expected
    assert numbers(diagnose, small(), X, y, np.arange(30.0)) != expected


@pytest.mark.parametrize("diagnose", DIAGNOSES)
def test_a_pipeline_is_its_network_on_transformed_rows(diagnose):
    X, y = make_rows(n_rows=30)
    X = X * [1, 5, 0.1, 9] + 3
    pipeline = make_pipeline(StandardScaler(), small())
    expected = numbers(diagnose, small(), StandardScaler().fit_transform(X), y)
    assert numbers(diagnose, pipeline, X, y) == expected
    assert numbers(diagnose, make_pipeline("passthrough", pipeline), X, y) == expected
    assert not hasattr(pipeline[0], "mean_") and not hasattr(pipeline[1], "classes_")
    alone = make_pipeline(small())
    assert (
        numbers(diagnose, alone, X, y) == numbers(diagnose, small(), X, y) != expected
    )


@pytest.mark.parametrize("diagnose", DIAGNOSES)
def test_targets_are_those_that_a_target_transformer_gives(diagnose):
    X, _ = make_rows(n_rows=30)
    y = 1e4 + 1e3 * X[:, 0]
    net = MLPRegularizedRegressor(hidden_layer_sizes=(4,), random_state=0)
    scaled = StandardScaler().fit_transform(y[:, None])[:, 0]
    expected = numbers(diagnose, net, StandardScaler().fit_transform(X), scaled)
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), net), transformer=StandardScaler()
    )
    assert numbers(diagnose, model, X, y) == expected
    inside_out = make_pipeline(
        StandardScaler(), TransformedTargetRegressor(net, transformer=StandardScaler())
    )
    assert numbers(diagnose, inside_out, X, y) == expected
    assert not hasattr(model, "transformer_")


@pytest.mark.parametrize("diagnose", DIAGNOSES)
def test_a_random_state_is_not_advanced(diagnose):
    X, y = make_rows(n_rows=30)
    seed = np.random.RandomState(3)
    net = small().set_params(random_state=seed)
    assert numbers(diagnose, net, X, y) == numbers(diagnose, net, X, y)


@pytest.mark.parametrize("diagnose", DIAGNOSES)
def test_several_outputs_and_one_feature(diagnose):
    X, labels = make_rows("multilabel", n_rows=30, n_columns=1)
    diagnose(small(), X, labels)
    net = MLPRegularizedRegressor("huber", hidden_layer_sizes=(4,), random_state=0)
    diagnose(net, X, np.column_stack([X, X**2]))


@pytest.mark.parametrize("diagnose", DIAGNOSES)
@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (LogisticRegression(), "got LogisticRegression"),
        (
            make_pipeline(StandardScaler(), LogisticRegression()),
            r"got Pipeline that ends with LogisticRegression\(\)",
        ),
        ("relu", "got str"),
        (MLPRegularizedClassifier, "got type"),
    ],
)
def test_other_estimators_are_refused(diagnose, estimator, words):
    X, y = make_rows(n_rows=30)
    with pytest.raises(TypeError, match=f"estimator must be .*{words}"):
        diagnose(estimator, X, y)


@pytest.mark.parametrize("diagnose", DIAGNOSES)
def test_bad_rows_and_settings_are_refused(diagnose):
    X, y = make_rows(n_rows=30)
    with pytest.raises(ValueError, match="NaN"):
        diagnose(small(), np.where(X > 2, np.nan, X), y)
    with pytest.raises(ValueError, match="inconsistent"):
        diagnose(small(), X, y[1:])
    with pytest.raises(ValueError, match="alpha"):
        diagnose(small(alpha=-1), X, y)
    with pytest.raises(ValueError, match="activation"):
        diagnose(small(activation=["tanh"]), X, y)


def test_the_problem_is_the_one_that_fit_starts_from():
    X, y = make_rows(n_rows=30)
    net = small(alpha=3.0, l1_ratio=0.4, class_weight="balanced")
    problem = problem_at_init(net, X, y)
    assert check_gradient(problem.objective, problem.state.theta).passed
    # Trained as by two calls of partial_fit, one epoch each.
    net.set_params(dtype="float64")
    for _ in range(2):
        net.partial_fit(X, y, classes=np.unique(y))
    problem.train(2)
    assert_array_equal(problem.state.theta, parameters(net))
    assert problem.objective.value(problem.state.theta) == net.cost(X, y)


@pytest.mark.parametrize(
    "solver", [{"solver": "sgd", "momentum": 0.0}, {"solver": "adam"}]
)
def test_one_step_is_the_solvers_on_all_rows_without_dropout(solver):
    X, y = make_rows(n_rows=300)
    net = small(alpha=2.0, **solver, learning_rate_init=0.1)
    dropping = net.set_params(keep_prob=0.5, batch_size=10, max_grad_norm=None)
    problem = problem_at_init(dropping, X, y)
    theta = problem.state.theta.copy()
    moved = problem.after_one_step() - theta
    assert_array_equal(problem.state.theta, theta)
    gradient = problem.objective.value_and_gradient(theta)[1]
    if solver["solver"] == "adam":
        gradient = gradient / (np.abs(gradient) + 1e-8)
    np.testing.assert_allclose(moved, -0.1 * gradient, rtol=1e-9, atol=1e-12)


def test_a_fitted_search_stands_for_its_best_estimator():
    X, y = make_rows()
    net = MLPRegularizedClassifier((3,), max_iter=1000, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), net), {}, cv=2).fit(X, y)
    found = problem_at_init(search, X, y)
    expected = problem_at_init(make_pipeline(StandardScaler(), net), X, y)
    assert_array_equal(found.state.theta, expected.state.theta)
    assert_array_equal(found.examples.table.ready, expected.examples.table.ready)
    with pytest.raises(TypeError, match=r"a fitted search, .* got GridSearchCV"):
        problem_at_init(GridSearchCV(net, {}), X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_parameters_set_after_a_fit_apply_at_init():
    X, _ = make_rows(n_rows=30)
    net = MLPRegularizedRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    model = TransformedTargetRegressor(net).fit(X, X[:, 0])
    model.set_params(regressor__hidden_layer_sizes=(5,))
    assert problem_at_init(model, X, X[:, 0]).estimator.hidden_layer_sizes == (5,)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_search_inside_a_target_transformer():
    X, _ = make_rows(n_rows=30)
    net = MLPRegularizedRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    search = GridSearchCV(net, {"hidden_layer_sizes": [(3,)]}, cv=2)
    model = TransformedTargetRegressor(search)
    with pytest.raises(TypeError, match="that ends with GridSearchCV"):
        problem_at_init(model, X, X[:, 0])
    model.fit(X, X[:, 0])
    assert problem_at_init(model, X, X[:, 0]).estimator.hidden_layer_sizes == (3,)
