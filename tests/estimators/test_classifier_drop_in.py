"""Code written for MLPClassifier works after changing the import.

Behaviour tested by other files of this folder is not repeated.
"""

import ast
import inspect
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.neural_network import MLPClassifier

from skdnn import MLPRegularizedClassifier
from tests.estimators.datasets import KINDS, make_rows, parameters

SOLVERS = ["sgd", "adam", "lbfgs"]
CLASSES = (MLPClassifier, MLPRegularizedClassifier)
out_of_epochs = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)


def _net(**params):
    defaults = {"hidden_layer_sizes": (6,), "batch_size": 20, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params})


def _digits(n_classes, n_rows=200):
    X, y = load_digits(n_class=n_classes, return_X_y=True)
    return X[:n_rows] / 16, y[:n_rows]


# -- names -----------------------------------------------------------------------------

OTHER_DEFAULTS = {
    "hidden_layer_sizes": ((100,), (100, 50)),
    "alpha": (0.0001, 4.0),
    "learning_rate_init": (0.001, 0.002),
    "n_iter_no_change": (10, 15),
}


def _parameters_of(function):
    return dict(inspect.signature(function).parameters)


def test_parameters_have_the_same_kind_and_all_but_four_the_same_default():
    theirs, ours = (_parameters_of(cls.__init__) for cls in CLASSES)
    differing = {}
    for name, parameter in theirs.items():
        assert name in ours
        assert ours[name].kind is parameter.kind
        if ours[name].default != parameter.default:
            differing[name] = (parameter.default, ours[name].default)
    assert differing == OTHER_DEFAULTS


def test_parameters_have_the_same_ranges():
    theirs, ours = (
        {
            name: {str(c) for c in constraints if "Interval" in type(c).__name__}
            for name, constraints in cls._parameter_constraints.items()
        }
        for cls in CLASSES
    )
    assert {name: ours[name] for name in theirs} == theirs


def test_defaults_in_the_docstring_are_those_of_the_signature():
    documented = {}
    for line in inspect.getdoc(MLPRegularizedClassifier).splitlines():
        found = re.match(r"(\w+(?:, \w+)*) : .*default=(.*)$", line)
        if found and not line.startswith(" "):
            names, values = found.group(1).split(", "), found.group(2)
            values = values.split(", ") if len(names) > 1 else [values]
            documented.update(zip(names, values, strict=True))
    ours = _parameters_of(MLPRegularizedClassifier)
    assert set(documented) == set(ours)
    for name, text in documented.items():
        assert ast.literal_eval(text) == ours[name].default, name


PUBLIC_METHODS = sorted(
    name
    for name, value in inspect.getmembers(MLPClassifier)
    if callable(value) and not name.startswith("_")
)


@pytest.mark.parametrize("method", PUBLIC_METHODS)
def test_method_takes_their_arguments_first(method):
    theirs, ours = (_parameters_of(getattr(cls, method)) for cls in CLASSES)
    positional = [n for n, p in ours.items() if p.kind is not p.KEYWORD_ONLY]
    expected = [n for n, p in theirs.items() if p.kind is not p.KEYWORD_ONLY]
    assert positional[: len(expected)] == expected
    assert set(theirs) <= set(ours)
    # y is required there but optional here, because X may be a batch source.
    assert all(p.default in (ours[n].default, p.empty) for n, p in theirs.items())


def _plain(value):
    """Return the part of a fitted attribute that does not depend on the seed."""
    if isinstance(value, list):
        return [np.shape(item) for item in value]
    if isinstance(value, float | np.floating):
        return "a float"
    return value.tolist() if isinstance(value, np.ndarray) else value


@out_of_epochs
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("solver", "early_stopping", "method"),
    [
        *((solver, stops, "fit") for solver in SOLVERS[:2] for stops in (False, True)),
        *((solver, False, "partial_fit") for solver in SOLVERS[:2]),
        ("lbfgs", False, "fit"),
    ],
)
def test_fitted_attributes(kind, solver, early_stopping, method):
    """Each fitted attribute of MLPClassifier has the same type, length and meaning."""
    X, y = make_rows(kind)
    options = {
        "hidden_layer_sizes": (5, 3),
        "solver": solver,
        "early_stopping": early_stopping,
        "max_iter": 3,
        "random_state": 0,
    }
    classes = {"classes": np.arange(y.max() + 1 if y.ndim == 1 else 3)}
    theirs, ours = (
        getattr(cls(**options), method)(X, y, **(classes if method != "fit" else {}))
        for cls in CLASSES
    )
    public = [n for n in vars(theirs) if n.endswith("_") and not n.startswith("_")]
    assert {"coefs_", "intercepts_", "n_iter_", "classes_", "loss_"} <= set(public)
    if solver == "lbfgs":
        public.remove("t_")  # MLPClassifier does not count rows for lbfgs
    for name in public:
        assert _plain(getattr(ours, name)) == _plain(getattr(theirs, name)), name


@pytest.mark.parametrize("given", [4, [4], (4,), np.array([4]), np.int64(4)])
@out_of_epochs
def test_one_hidden_layer_in_any_spelling(given):
    X, y = make_rows()
    net = _net(hidden_layer_sizes=given, max_iter=2).fit(X, y)
    expected = _net(hidden_layer_sizes=(4,), max_iter=2).fit(X, y)
    assert_array_equal(parameters(net), parameters(expected))


# -- one step --------------------------------------------------------------------------


@pytest.mark.parametrize("label", [0, 1])
def test_partial_fit_of_one_row_is_the_gradient_step_worked_out_by_hand(label):
    W1 = np.array([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.6]])
    W2 = np.array([[0.7], [-0.3]])
    x, lr, alpha = np.array([[0.5, 1.5, -1.0]]), 0.2, 0.1
    a = expit(x @ W1)
    dz2 = expit(a @ W2) - label
    dz1 = (dz2 @ W2.T) * a * (1 - a)
    net = MLPRegularizedClassifier(
        2,
        "logistic",
        solver="sgd",
        momentum=0,
        learning_rate_init=lr,
        alpha=alpha,
        init=lambda rng, n_in, n_out: W1 if n_in == 3 else W2,
        bias_init="zeros",
    ).partial_fit(x, [label], classes=[0, 1])
    assert_allclose(net.coefs_[0], W1 - lr * (x.T @ dz1 + alpha * W1), rtol=1e-12)
    assert_allclose(net.coefs_[1], W2 - lr * (a.T @ dz2 + alpha * W2), rtol=1e-12)
    assert_allclose(net.intercepts_[0], -lr * dz1[0], rtol=1e-12)
    assert_allclose(net.intercepts_[1], -lr * dz2[0], rtol=1e-12)
    a = expit(x @ net.coefs_[0] + net.intercepts_[0])
    p = expit(a @ net.coefs_[1] + net.intercepts_[1])[0, 0]
    assert_allclose(net.predict_proba(x), [[1 - p, p]], rtol=1e-12)


@out_of_epochs
def test_shuffle_changes_the_order_of_the_rows_and_no_shuffle_keeps_it():
    X, y = make_rows()
    order = np.random.default_rng(1).permutation(60)
    options = {"batch_size": 1, "max_iter": 1}
    shuffled, again, in_order = (
        parameters(_net(shuffle=s, **options).fit(X, y)) for s in (True, True, False)
    )
    other = parameters(_net(shuffle=False, **options).fit(X[order], y[order]))
    assert_array_equal(shuffled, again)
    assert np.abs(shuffled - in_order).max() > 1e-4
    assert np.abs(other - in_order).max() > 1e-4


# -- counts of epochs, and warnings ----------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
def test_each_warm_fit_counts_up_to_max_iter_and_warns(solver):
    X, y = make_rows(n_rows=120)
    net = _net(solver=solver, warm_start=True, n_iter_no_change=np.inf, tol=0.0)
    for max_iter in (3, 3, 8):
        net.set_params(max_iter=max_iter)
        with pytest.warns(ConvergenceWarning) as caught:
            net.fit(X, y)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert net.n_iter_ == max_iter


@pytest.mark.parametrize("max_iter", [3, 4])
def test_stopping_in_the_last_epoch_is_no_warning(max_iter):
    X, y = make_rows()
    net = _net(tol=1e9, n_iter_no_change=3, max_iter=max_iter)  # stops after 4
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.fit(X, y)
    assert net.n_iter_ == max_iter
    expected = [ConvergenceWarning] if max_iter == 3 else []
    assert [w.category for w in caught] == expected


def test_partial_fit_never_warns_about_max_iter():
    X, y = make_rows()
    net = _net(max_iter=1)
    for _ in range(2):
        net.partial_fit(X, y, classes=[0, 1, 2])  # a warning is an error here
        assert net.n_iter_ == 1
    with pytest.warns(ConvergenceWarning):
        net.fit(X, y)


@pytest.mark.parametrize("max_fun", [1, 3])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_max_fun_bounds_lbfgs(max_fun, n_classes):
    X, y = _digits(n_classes)
    net = _net(solver="lbfgs", max_iter=150, max_fun=max_fun, alpha=1e-4)
    with pytest.warns(ConvergenceWarning):
        net.fit(X, y)
    assert net.n_iter_ <= max_fun


@pytest.mark.parametrize("verbose", [True, 10])
def test_verbose_partial_fit_prints_its_epoch(verbose, capsys):
    X, y = make_rows()
    net = _net(verbose=verbose)
    for _ in range(2):
        net.partial_fit(X, y, classes=[0, 1, 2])
        (line,) = _printed_lines(capsys)
        assert f"{net.loss_:.6f}" in line


def _printed_lines(capsys):
    """Return the lines of this fit, without a preceding one about compiling."""
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if not line.startswith("Compiled")]


@out_of_epochs
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_verbose_prints_an_aligned_line_per_epoch(solver, early_stopping, capsys):
    X, y = make_rows()
    net = _net(solver=solver, verbose=2, max_iter=12, early_stopping=early_stopping)
    net.fit(20 * X, y)
    *lines, last = _printed_lines(capsys)
    assert last == f"Stopped: {net.stop_message_}."
    assert len(lines) == net.n_iter_ == 12
    dev = r"  dev cost +\d+\.\d{6}" if early_stopping else ""
    form = r"Epoch +(\d+)  train cost +\d+\.\d{6}" + dev
    form += r"  learning rate \d\.\de[+-]\d\d +\d+\.\d{3} s"
    epochs = [int(re.fullmatch(form, line).group(1)) for line in lines]
    assert epochs == list(range(1, 13))
    assert len({len(line) for line in lines}) == 1


# -- labels ----------------------------------------------------------------------------


@out_of_epochs
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "other", [[0, 1], [0, 1, 3], [0, 1, 2, 3]], ids=["fewer", "others", "more"]
)
def test_warm_start_names_the_classes_of_both_fits(solver, other):
    X, y = make_rows()
    net = _net(solver=solver, warm_start=True, max_iter=3).fit(X, y)
    rolled = np.roll(y, 7)
    net.fit(X, rolled)  # other labels, the same classes
    message = (
        "warm_start can only be used where `y` has the same classes as in the previous "
        f"call to fit. Previously got [0 1 2], `y` has {np.array(other)}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        net.fit(X, np.resize(other, 60))


def test_partial_fit_refuses_a_single_class():
    X, y = make_rows()
    with pytest.raises(ValueError, match="classes has one class only, 2"):
        _net().partial_fit(X, y, classes=[2])


def test_partial_fit_learns_a_class_that_appears_late():
    net = _net(learning_rate_init=0.05, batch_size="auto")
    net.partial_fit([[1], [2], [3]], ["a", "b", "c"], classes=["a", "b", "c", "d"])
    for _ in range(20):
        net.partial_fit([[9]], ["d"])
    assert net.t_ == 3 + 20
    assert_array_equal(net.predict([[9]]), ["d"])


@out_of_epochs
@pytest.mark.parametrize("scoring", ["loss", "accuracy"])
def test_early_stopping_scores_labels_that_are_python_objects(scoring):
    X, y = make_rows()
    names = np.array(["class_a", "class_b", "class_c"], dtype=object)
    options = {"early_stopping": True, "scoring": scoring, "max_iter": 5}
    net = _net(**options).fit(X, names[y])
    assert len(net.validation_scores_) == net.n_iter_
    assert net.validation_scores_ == _net(**options).fit(X, y).validation_scores_


# -- early stopping --------------------------------------------------------------------


@out_of_epochs
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", KINDS)
def test_early_stopping_is_the_same_with_weights_of_one(solver, kind):
    X, y = make_rows(kind)
    options = {"solver": solver, "early_stopping": True, "max_iter": 20}
    weighted = _net(**options).fit(X, y, sample_weight=np.ones(60))
    plain = _net(**options).fit(X, y)
    assert_allclose(weighted.predict_proba(X), plain.predict_proba(X), rtol=1e-5)
    assert_allclose(weighted.validation_scores_, plain.validation_scores_)


@out_of_epochs
def test_the_smallest_dev_set_is_one_row_of_each_class():
    X, y = make_rows()
    net = _net(early_stopping=True, validation_fraction=0.0, max_iter=2)
    assert net.fit(X, y).t_ == 2 * 57


def test_momentum_of_one_never_slows_down():
    """With a zero gradient the velocity is constant."""
    X, y = make_rows("binary")
    net = _net(
        hidden_layer_sizes=(), solver="sgd", momentum=1.0, alpha=0.0, shuffle=False
    )
    net.set_params(nesterovs_momentum=False, batch_size=60, averaging=None)
    b = [net.partial_fit(X, y, classes=[0, 1]).intercepts_[0][0]]
    # Only b has a gradient, and the labels pull it both ways.
    still = np.zeros((2, 4)), [0, 1]
    net.set_params(learning_rate_init=1e-300, batch_size=2)
    b += [net.partial_fit(*still).intercepts_[0][0] for _ in range(3)]
    assert_allclose(np.diff([0.0, *b]), b[0], rtol=1e-5)
    assert b[0] != 0


@out_of_epochs
def test_best_validation_score_of_accuracy_is_the_highest():
    X, y = make_rows()
    net = _net(early_stopping=True, scoring="accuracy", validation_fraction=0.5)
    net.set_params(learning_rate_init=0.05, random_state=2).fit(X, y)
    assert net.n_iter_ < net.max_iter
    assert net.best_validation_score_ == max(net.validation_scores_)
    assert net.validation_scores_[-1] < max(net.validation_scores_)
    net.set_params(early_stopping=False).fit(X, y)
    assert net.validation_scores_ is net.best_validation_score_ is None


@out_of_epochs
def test_warm_start_appends_validation_scores():
    X, y = make_rows()
    net = _net(early_stopping=True, warm_start=True, max_iter=4, n_iter_no_change=9)
    first = net.fit(X, y).validation_scores_
    second = net.set_params(max_iter=6).fit(X, y).validation_scores_
    assert len(second) == 10 and second[:4] == first


# -- learning --------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_lbfgs_learns_digits(n_classes, activation):
    X, y = _digits(n_classes)
    net = _net(
        hidden_layer_sizes=50,
        solver="lbfgs",
        activation=activation,
        alpha=1.0,  # few rows, and columns that are not standardised
        max_iter=300,
    )
    net.fit(X[:150], y[:150])
    assert net.score(X[:150], y[:150]) > 0.95
    predicted = net.predict(X[150:])
    assert predicted.shape == (len(X) - 150,) and predicted.dtype == y.dtype
    assert np.mean(predicted == y[150:]) > 0.9


@out_of_epochs
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_default_network_ranks_digits_without_error(solver):
    X, y = _digits(2, 100)
    net = MLPRegularizedClassifier(solver=solver, random_state=0).fit(X, y)
    assert roc_auc_score(y, net.predict_proba(X)[:, 1]) == 1
