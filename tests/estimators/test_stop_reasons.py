"""Why training stopped: one code and one sentence, used everywhere."""

import re
import warnings

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from skdnn import (
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    TrainingCurveDisplay,
    bias_variance_decomposition,
    signal_propagation,
)
from skdnn.estimators.reporting import _SENTENCES, EpochPrinter
from skdnn.training import stopping
from skdnn.training.history import EpochRecord
from tests.estimators.datasets import make_rows

CODES = [
    value
    for name, value in vars(stopping).items()
    if name.isupper() and isinstance(value, str)
]
X, Y = make_rows()
quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Stop:
    """Stop at the second epoch."""

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        return context.task_name == "epoch" and context.record.epoch == 2

    def teardown(self, estimator, context):
        pass


def net(cls=MLPRegularizedClassifier, **options):
    return cls(hidden_layer_sizes=(5,), **{"random_state": 0} | options)


def test_every_code_has_a_sentence():
    assert set(CODES) == set(_SENTENCES)
    assert len(CODES) == len(set(CODES)) > 10


@pytest.mark.parametrize(
    ("options", "code", "words", "converged"),
    [
        ({"max_iter": 3}, "max_iter", "max_iter=3 epochs was reached", False),
        ({"tol": 1.0}, "converged", "not fallen by more than tol=1.0 in n_iter", True),
        (
            {"tol": 1.0, "learning_rate": "adaptive", "solver": "sgd"},
            "converged",
            "learning rate has fallen to 1e-6",
            True,
        ),
        (
            {"early_stopping": True, "tol": 1.0, "n_iter_no_change": 3},
            "early_stopping",
            "dev cost has not fallen.*parameters are those of epoch",
            True,
        ),
        (
            {"early_stopping": True, "scoring": "accuracy", "tol": 1.0},
            "early_stopping",
            "dev score has not risen",
            True,
        ),
        ({"solver": "lbfgs", "tol": 0.1}, "converged", "gradient is larger", True),
        (
            {"solver": "lbfgs", "max_iter": 2},
            "max_iter",
            "2 iterations was reached",
            False,
        ),
        ({"solver": "lbfgs", "max_fun": 2}, "max_fun", "max_fun=2 eval", False),
    ],
)
@quiet
def test_codes_and_sentences_agree_everywhere(options, code, words, converged, capsys):
    fitted = net(**options, verbose=True).fit(X, Y)
    assert fitted.stop_reason_ == code
    assert fitted.converged_ is converged
    assert re.search(words, fitted.stop_message_)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"Stopped: {fitted.stop_message_}."
    legend = TrainingCurveDisplay.from_estimator(fitted).ax_.get_legend()
    assert code.replace("_", " ") in "".join(t.get_text() for t in legend.get_texts())


def test_a_callback_and_partial_fit_are_reasons_too():
    assert net().set_callbacks(Stop()).fit(X, Y).stop_reason_ == "callback"
    assert net().partial_fit(X, Y, classes=[0, 1, 2]).stop_reason_ == "one_epoch"


# -- failed training -------------------------------------------------------------------

DIGITS = load_digits(return_X_y=True)
ONE_LAYER = {"batch_size": 200, "keep_prob": 1.0, "averaging": None}
FAILING = {
    "sgd on columns of scale 1000": (
        MLPRegularizedClassifier(
            100, solver="sgd", learning_rate_init=1.0, alpha=1.0, **ONE_LAYER
        ),
        load_breast_cancer(return_X_y=True),
        "rising",
    ),
    "sgd, digits of scale 1e4": (
        MLPRegularizedClassifier(
            100, solver="sgd", learning_rate_init=1.0, alpha=1.0, **ONE_LAYER
        ),
        (1000 * DIGITS[0], DIGITS[1]),
        "rising",
    ),
    "adam, rate 100": (
        MLPRegularizedClassifier(100, learning_rate_init=100.0, alpha=1.0, **ONE_LAYER),
        (DIGITS[0] / 16, DIGITS[1]),
        "constant_prediction",
    ),
    "adam, rate 10": (
        MLPRegularizedClassifier(100, learning_rate_init=10.0, alpha=1.0, **ONE_LAYER),
        (DIGITS[0] / 16, DIGITS[1]),
        "constant_prediction",
    ),
    "regressor, rate 10": (
        MLPRegularizedRegressor(learning_rate_init=10.0),
        load_diabetes(return_X_y=True),
        "worse_than_constant",
    ),
}


@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")
@pytest.mark.parametrize("name", FAILING)
def test_failed_training_is_not_called_converged(name):
    estimator, (rows, targets), code = FAILING[name]
    estimator.set_params(random_state=0)
    with pytest.warns(ConvergenceWarning, match="Training failed: .*Lower learning_ra"):
        estimator.fit(rows, targets)
    assert estimator.stop_reason_ == code
    assert not estimator.converged_


@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
def test_a_dominating_penalty_raises_a_warning(solver):
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0])
    lost = MLPRegularizedClassifier(
        100, solver=solver, alpha=50.0, max_iter=3000, learning_rate_init=0.01
    )
    lost.set_params(random_state=0)
    words = r"penalty dominates.*layer \d of 2 .*alpha=50.0.*S=4; try alpha=0.004"
    with pytest.warns(ConvergenceWarning, match=words):
        lost.fit(X, y)
    assert np.ptp(lost.predict_proba(X)) < 0.01
    assert lost.stop_reason_ == "lost_to_penalty" and not lost.converged_


def test_xor_is_learned_with_the_alpha_that_the_warning_names():
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0])
    net = MLPRegularizedClassifier(100, solver="lbfgs", max_iter=2000, random_state=0)
    with pytest.warns(ConvergenceWarning, match="try alpha=0.004"):
        net.fit(X, y)
    with pytest.warns(ConvergenceWarning, match="2000 iterations was reached"):
        net.set_params(alpha=0.004).fit(X, y)  # oscillates across a kink
    assert net.score(X, y) == 1.0


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_dominating_penalty_of_a_regressor_raises_a_warning(method):
    strong = net(MLPRegularizedRegressor, alpha=1e6, learning_rate_init=0.1)
    with pytest.warns(ConvergenceWarning, match="penalty dominates"):
        for _ in range(60):
            getattr(strong, method)(X, X[:, 0])
            if method == "fit":
                break


def test_a_constant_target_does_not_warn():
    net(MLPRegularizedRegressor, alpha=1e6, solver="lbfgs").fit(X, np.ones(60))


def test_zero_weights_are_attributed_to_init():
    with pytest.warns(ConvergenceWarning, match="init='zeros'.*Use init='auto'"):
        net(init="zeros", tol=1e-3).fit(X, Y)


# -- advice in warnings ----------------------------------------------------------------


def advice(estimator, *arguments, **more):
    with pytest.warns(ConvergenceWarning) as caught:
        estimator.fit(*arguments, **more)
    (warning,) = caught
    assert warning.filename == __file__
    return str(warning.message)


def test_advice_at_max_iter_follows_from_the_curves():
    rows, labels = DIGITS[0] / 16, DIGITS[1]
    half = slice(0, 600), slice(600, 1200)
    dev = {"X_val": rows[half[1]], "y_val": labels[half[1]]}
    few = rows[half[0]], labels[half[0]]
    assert "early_stopping=True monitors" in advice(net(max_iter=8), *few)
    assert "dev cost was still falling: set max_iter=16" in advice(
        net(max_iter=8), *few, **dev
    )
    longer = net(
        max_iter=60, learning_rate_init=0.1, alpha=0.0, n_iter_no_change=np.inf
    )
    assert "more epochs do not help; early_stopping=True keeps" in advice(
        longer, *few, **dev
    )
    watched = net(max_iter=8, early_stopping=True)
    assert "dev cost was still falling: set max_iter=16" in advice(watched, *few)
    watched.set_params(scoring="accuracy")
    assert "dev score was still rising: set max_iter=16" in advice(watched, *few)


@pytest.mark.parametrize("search", ["grid", "cross_val_score", "decomposition"])
def test_many_fits_that_reach_max_iter_warn_once(search):
    short = net(max_iter=2)
    with pytest.warns(ConvergenceWarning) as caught:
        if search == "grid":
            GridSearchCV(short, {"alpha": [0.1, 1.0]}, cv=2).fit(X, Y)
        elif search == "cross_val_score":
            cross_val_score(short, X, Y, cv=3)
        else:
            bias_variance_decomposition(short, X, Y, X, Y, n_rounds=3, random_state=0)
    assert len(caught) == 1
    assert "not repeated for the others" in str(caught[0].message)


CALLS = {
    "signals": lambda net: signal_propagation(net, X, Y),
    "decomposition": lambda net: bias_variance_decomposition(
        net, X, Y, X, Y, n_rounds=2, random_state=0
    ),
    "joblib": lambda net: Parallel()(delayed(net.fit)(X, Y) for _ in range(2)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_warning_points_to_the_calling_line(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CALLS[call](net(max_iter=2, batch_size=len(X) + 1))
    assert any("batch_size" in str(w.message) for w in caught)
    assert {w.filename for w in caught} == {__file__}


# -- verbose output --------------------------------------------------------------------


def records(n, compile_seconds=0.0):
    return [
        EpochRecord(k, 1 / k, 0.1, 0.01, None, compile_seconds if k == 1 else 0.0)
        for k in range(1, n + 1)
    ]


@pytest.mark.parametrize(
    ("verbose", "seconds", "expected"),
    [
        (True, 0.01, [1, 51, 100]),  # a short fit
        (True, 1.0, list(range(1, 101))),  # a long one
        (2, 0.01, list(range(1, 101))),
    ],
)
def test_short_fits_print_few_lines_and_long_ones_all(
    verbose, seconds, expected, capsys
):
    now = 0.0
    printer = EpochPrinter(verbose, clock=lambda: now)
    for record in records(100):
        now += seconds
        printer.epoch(record)
    printer.end("it was enough")
    *lines, last = capsys.readouterr().out.splitlines()
    assert [int(re.match(r"Epoch +(\d+)", line).group(1)) for line in lines] == expected
    assert last == "Stopped: it was enough."


def test_compilation_is_reported_once_and_not_counted_as_epoch_time(capsys):
    printer = EpochPrinter(2)
    for record in records(2, compile_seconds=9.2):
        printer.epoch(record)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("Compiled the training step in 9.2 s")
    assert "0.010 s" in second and "0.010 s" in third
