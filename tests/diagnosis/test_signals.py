"""Signals per layer: measurements, verdicts and remedies."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skdnn import MLPRegularizedClassifier, MLPRegularizedRegressor, signal_propagation
from skdnn.diagnosis.networks import problem_at_init
from skdnn.diagnosis.signals.statistics import STUCK_RULES
from skdnn.diagnosis.signals.verdict import STUCK_SHARES, VERDICTS, verdict_of
from skdnn.network.activations import ACTIVATIONS
from tests.estimators.datasets import make_rows

DEPTH = 12


def scaled_identity(c):
    """Return an initialiser that sets W[l] = c I."""
    return lambda rng, n_in, n_out: c * np.eye(n_in, n_out)


def gaussian(gain):
    """Return an initialiser with Var(w) = gain² / n_in."""
    return lambda rng, n_in, n_out: rng.normal(0, gain / np.sqrt(n_in), (n_in, n_out))


def deep(activation="relu", depth=DEPTH, **options):
    options = {"hidden_layer_sizes": (40,) * depth, "random_state": 0} | options
    return MLPRegularizedClassifier(activation=activation, **options)


def at_init(net, n_columns=40):
    X, y = make_rows(n_rows=60, n_columns=n_columns)
    return signal_propagation(net, X, y, n_epochs=0)


# -- the course's demonstration --------------------------------------------------------


@pytest.mark.parametrize("c", [1.5, 0.5, 1.0])
@pytest.mark.parametrize("depth", [1, 8, 30])
def test_deep_linear_networks_grow_and_shrink_as_c_to_the_l(c, depth):
    rng = np.random.default_rng(0)
    X = rng.integers(-4, 5, size=(20, 3)).astype(float)
    linear = MLPRegularizedRegressor(
        hidden_layer_sizes=(3,) * depth,
        activation="identity",
        init=scaled_identity(c),
        bias_init="zeros",
        alpha=0.0,
    )
    report = signal_propagation(linear, X, rng.normal(size=(20, 3)), n_epochs=0)
    layers = report.at_init.layers
    l, L = np.arange(1, depth + 2), depth + 1
    sizes = [layer.rms for layer in layers]
    assert_allclose(sizes, report.at_init.input_rms * c**l, rtol=1e-12)
    back = np.array([layer.backward_rms for layer in layers])
    assert_allclose(back, back[-1] * c ** (L - l), rtol=1e-12)
    # dW[l] = A[l-1]ᵀ dZ[l] grows as c^(l-1) c^(L-l), the same for all l.
    assert np.ptp([layer.gradient_norm for layer in layers]) <= 1e-12 * max(
        layer.gradient_norm for layer in layers
    )
    assert_allclose(report.at_init.forward_changes, c, rtol=1e-12)
    assert_allclose(report.at_init.backward_changes, c, rtol=1e-12)
    assert len(report.at_init.forward_changes) == depth
    assert len(report.at_init.backward_changes) == depth - 1
    expected = {1.5: "exploding", 0.5: "vanishing", 1.0: "healthy"}[c]
    assert report.verdict == ("healthy" if depth == 1 else expected)


# -- verdicts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "init", "verdict", "initializer"),
    [
        ("relu", "he", "healthy", None),
        ("relu", "auto", "healthy", None),
        ("relu", "xavier", "vanishing", "he"),
        ("relu", "normal", "vanishing", "he"),
        ("relu", gaussian(3), "exploding", "he"),
        ("leaky_relu", "xavier", "vanishing", "he"),
        ("tanh", "xavier", "healthy", None),
        ("tanh", "normal", "vanishing", "xavier"),
        ("tanh", gaussian(8), "saturated", "xavier"),
        ("selu", "lecun", "healthy", None),
        ("selu", "normal", "vanishing", "lecun"),
        ("identity", gaussian(2), "exploding", "xavier"),
        ("logistic", "xavier", "vanishing", None),
        ("logistic", "auto", "vanishing", None),
        ("logistic", gaussian(100), "saturated", "xavier"),
        ("relu", "zeros", "dead", "he"),
        (["relu", "tanh"] * (DEPTH // 2), "normal", "vanishing", "auto"),
    ],
)
def test_verdicts(activation, init, verdict, initializer):
    report = at_init(deep(activation, init=init))
    assert (report.verdict, report.initializer) == (verdict, initializer)
    assert report.verdict in VERDICTS
    if verdict == "healthy":
        assert report.remedies == ()
    if initializer:
        assert f"Initialise with init={initializer!r}." in report.remedies
        cured = at_init(deep(activation, init=initializer))
        assert cured.initializer is None
        assert cured.verdict == ("vanishing" if activation == "logistic" else "healthy")


def test_the_logistic_function_itself_is_named():
    report = at_init(deep("logistic", init="xavier"))
    assert "its derivative is at most 1/4" in report.remedies[0]
    assert max(report.at_init.backward_changes) <= 0.5


@pytest.mark.parametrize(("value", "verdict"), [(100.0, "exploding"), (-100.0, "dead")])
def test_user_defined_biases_that_spoil_the_signals_are_named(value, verdict):
    def far_off(rng, n_in, n_out):
        return np.full(n_out, value)

    report = at_init(deep(bias_init=far_off))
    assert (report.verdict, report.initializer) == (verdict, None)
    assert report.remedies == ("Initialise the biases with bias_init='auto'.",)
    assert at_init(deep(bias_init="auto")).verdict == "healthy"


def test_few_layers_are_harmless():
    shallow = at_init(deep(depth=2, init="xavier"))
    assert (shallow.verdict, shallow.initializer) == ("healthy", None)
    assert at_init(deep(depth=DEPTH, init="xavier")).verdict == "vanishing"


def test_every_rule_for_stuck_units_has_its_threshold_and_activation():
    assert {rule.word for rule in STUCK_RULES.values()} == STUCK_SHARES.keys()
    assert STUCK_SHARES.keys() < set(VERDICTS)
    z = np.linspace(-9, 9, 2001)
    for name, rule in STUCK_RULES.items():
        slopes = [ACTIVATIONS[name].function(x)[1] for x in z]
        assert max(slopes) == pytest.approx(rule.largest_slope, rel=0.8)
        assert min(slopes) < 0.05 * rule.largest_slope
    for name in ACTIVATIONS.keys() - STUCK_RULES.keys():
        assert all(abs(ACTIVATIONS[name].function(x)[1]) > 0 for x in z)


def test_an_infinite_cost_is_exploding():
    stage = at_init(deep(depth=3)).at_init
    assert verdict_of(stage) == "healthy"
    assert verdict_of(replace(stage, cost=np.inf)) == "exploding"
    assert verdict_of(replace(stage, cost=np.nan)) == "exploding"


def test_inputs_of_another_size_are_named():
    X, y = make_rows(n_rows=60)
    for factor, named in ((1, False), (50, True), (0.01, True)):
        report = signal_propagation(deep(depth=1), factor * X, y)
        assert any("Standardise" in remedy for remedy in report.remedies) == named
        assert report.at_init.input_rms == pytest.approx(
            factor * np.sqrt(np.mean(X**2))
        )


# -- what is measured ------------------------------------------------------------------


def test_numbers_of_a_layer_are_those_of_plain_numpy():
    X, y = make_rows("binary", n_rows=700)
    net = deep("relu", hidden_layer_sizes=(30, 20), dtype="float64", averaging=None)
    report = signal_propagation(net, X, y, n_epochs=2)
    for _ in range(2):
        net.partial_fit(X, y, classes=[0, 1])
    W, b = net.coefs_, net.intercepts_
    A1 = np.maximum(X @ W[0] + b[0], 0)
    A2 = np.maximum(A1 @ W[1] + b[1], 0)
    Z = A2 @ W[2] + b[2]
    dZ3 = net.predict_proba(X)[:, 1:] - y[:, None]
    dZ2 = dZ3 @ W[2].T * (A2 > 0)
    dZ1 = dZ2 @ W[1].T * (A1 > 0)
    assert report.n_epochs == 2
    for layer, before, A, dZ in zip(
        report.trained.layers, (X, A1, A2), (A1, A2, Z), (dZ1, dZ2, dZ3), strict=True
    ):
        dW = before.T @ dZ / 700
        assert layer.n_units == A.shape[1]
        found = layer[3:6] + layer[7:10]
        rms, back = np.sqrt(np.mean(A**2)), np.sqrt(np.mean(dZ**2))
        norm = np.linalg.norm(dW)
        expected = (A.mean(), A.std(), rms, back, norm, np.sqrt(np.mean(dW**2)))
        assert_allclose(found, expected, rtol=1e-8)
    dead = [np.mean(np.all(A == 0, axis=0)) for A in (A1, A2)]
    assert_allclose([layer.stuck for layer in report.trained.layers], [*dead, np.nan])
    assert report.trained.cost == pytest.approx(net.cost(X, y).total, rel=1e-12)
    before = np.concatenate([w.ravel() for w in net.coefs_])
    net.set_params(batch_size=700).partial_fit(X, y)
    n = np.cumsum([0] + [w.size for w in net.coefs_])
    for l, layer in enumerate(report.trained.layers):
        W_l = before[n[l] : n[l + 1]]
        moved = np.linalg.norm(net.coefs_[l].ravel() - W_l)
        expected = moved / np.linalg.norm(W_l)
        assert layer.update_ratio == pytest.approx(expected, rel=1e-9)


def test_sparse_rows_are_not_made_dense():
    rng = np.random.default_rng(0)
    X = np.where(rng.random((200, 300)) < 0.01, rng.normal(size=(200, 300)), 0)
    y = rng.integers(3, size=200)
    thin = sparse.coo_array(X)
    assert problem_at_init(deep(), thin, y).examples.table.is_sparse_enough
    dense = signal_propagation(deep(depth=3), X, y, n_epochs=1).to_frame()
    found = signal_propagation(deep(depth=3), thin, y, n_epochs=1)
    assert found.at_init.input_rms == pytest.approx(np.sqrt(np.mean(X**2)))
    numbers = dense.columns.drop("activation")
    assert_allclose(found.to_frame()[numbers], dense[numbers], rtol=1e-8)
    # Duplicate entries add up.
    rows, columns = np.nonzero(X)
    twice = sparse.csr_array(
        (np.tile(X[rows, columns] / 2, 2), (np.tile(rows, 2), np.tile(columns, 2))),
        shape=X.shape,
    )
    split = signal_propagation(deep(depth=3), twice, y, n_epochs=0)
    assert split.at_init.input_rms == pytest.approx(found.at_init.input_rms)


def test_dead_and_saturated_units_are_counted():
    X = np.array([[-1.0], [-2.0], [-3.0], [5.0]])
    y = [0, 1, 0, 1]

    def weights(rng, n_in, n_out):
        return np.array([[1.0, -1.0, 0.0, 30.0]]) if n_in == 1 else np.ones((4, 1))

    layers = {
        name: signal_propagation(
            deep(name, hidden_layer_sizes=(4,), init=weights, bias_init="zeros"),
            rows,
            y[: len(rows)],
        ).at_init.layers[0]
        for name, rows in {
            "relu": X[:3],
            "tanh": X,
            "logistic": X,
            "identity": X,
        }.items()
    }
    # relu: 1 and 30 see negative inputs only, 0 is zero. tanh: its slopes at 2, 3 and 5
    # are 0.07, 0.01 and less, so that ±1 saturate for half of the rows, not for most.
    assert layers["relu"].stuck == 3 / 4
    assert layers["tanh"].stuck == 1 / 4
    assert layers["logistic"].stuck == 1 / 4
    assert np.isnan(layers["identity"].stuck)


def test_a_network_without_hidden_layers():
    X, y = make_rows()
    report = signal_propagation(deep(hidden_layer_sizes=()), X, y)
    assert report.verdict == "healthy" and len(report.at_init.layers) == 1
    assert report.at_init.forward_changes == report.at_init.backward_changes == []
    assert "There is no hidden layer" in str(report)


def test_dropout_is_off_while_measuring():
    X, y = make_rows()
    dropping = deep(depth=3, keep_prob=0.5, input_keep_prob=0.9)
    report = signal_propagation(dropping, X, y, n_epochs=2)
    plain = signal_propagation(deep(depth=3), X, y, n_epochs=2)
    assert str(report.at_init) == str(plain.at_init)
    assert str(report.trained) != str(plain.trained)
    assert "is off while measuring" in str(report) and not plain.notes


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_other_solvers(solver):
    X, y = make_rows()
    report = signal_propagation(deep(depth=2, solver=solver), X, y, n_epochs=3)
    assert report.trained.cost < report.at_init.cost and report.n_epochs == 3
    assert all(0 < layer.update_ratio < 5 for layer in report.at_init.layers)


def test_divergence_is_reported():
    X, y = make_rows()
    net = deep("identity", depth=3, solver="sgd", learning_rate_init=1e80)
    report = signal_propagation(net, X, y)
    assert "Training diverged in epoch" in str(report)
    assert report.verdict_at_init == "healthy" and report.verdict == "exploding"
    assert "Lower learning_rate_init, or set max_grad_norm." in report.remedies
    assert report.to_dict()["diverged_at"] == report.n_epochs + 1
    assert not report.trained.layers[0].update_ratio < 1e6


# -- output formats --------------------------------------------------------------------


def test_prints_as_tables():
    X, y = make_rows()
    report = signal_propagation(deep(depth=3, init="normal"), X, y, n_epochs=1)
    lines = str(report).splitlines()
    assert lines[0] == "Signals with init=normal: vanishing"
    assert lines[2].startswith("at init: vanishing")
    head = lines[4]
    assert head.split()[:4] == ["layer", "units", "activation", "mean"]
    assert {len(line) for line in lines[5:9]} == {len(head)}
    assert [line.split()[0] for line in lines[5:9]] == ["1", "2", "3", "4"]
    assert any(line.startswith("after 1 epoch:") for line in lines)
    assert "- Initialise with init='he'." in lines
    own = signal_propagation(deep(depth=1, init=gaussian(1)), X, y, n_epochs=0)
    assert str(own).startswith("Signals with init=<lambda>: healthy")


def test_to_dict_and_to_frame():
    X, y = make_rows()
    report = signal_propagation(deep(depth=3), X, y, n_epochs=1)
    found = json.loads(json.dumps(report.to_dict()))
    assert found["verdict"] == report.verdict and found["initializer"] is None
    assert found["at_init"]["layers"][1]["rms"] == report.at_init.layers[1].rms
    frame = report.to_frame()
    assert_array_equal(frame.index.unique("stage"), ["at init", "after 1 epoch"])
    assert len(frame) == 8
    assert frame.loc[("after 1 epoch", 2), "rms"] == report.trained.layers[1].rms
    only_init = signal_propagation(deep(depth=3), X, y, n_epochs=0)
    assert only_init.trained is None and only_init.to_dict()["trained"] is None
    assert len(only_init.to_frame()) == 4


@pytest.mark.parametrize("n_epochs", [-1, 1.5, None])
def test_bad_arguments_are_refused(n_epochs):
    X, y = make_rows()
    with pytest.raises(ValueError, match="n_epochs must be an int >= 0, got"):
        signal_propagation(deep(), X, y, n_epochs=n_epochs)
