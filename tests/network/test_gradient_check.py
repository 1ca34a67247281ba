"""The gradient check: passes right gradients, locates wrong ones, states its limits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from skdnn.network.activations import ACTIVATIONS
from skdnn.network.gradient_check import CORRECT_UP_TO, WRONG_ABOVE, check_gradient
from tests import oracle
from tests.pairwise import every_pair
from tests.problems import KINDS, make_problem, train

NAMES = sorted(ACTIVATIONS)
HIDDEN = [(), (4,), (4, 3, 4)]
PENALTIES = {"l2": (0.5, 0.0), "l1": (0.5, 1.0), "mix": (0.5, 0.4)}


def check(problem, theta=None, gradient=None, **options):
    theta = problem.theta if theta is None else theta
    return check_gradient(problem.objective(), theta, gradient=gradient, **options)


def penalised(**options):
    return make_problem(alpha=0.5, weighted=True, **options)


@every_pair(
    strength=3,
    activation=NAMES,
    hidden=HIDDEN,
    kind=sorted(KINDS),
    mix=sorted(PENALTIES),
    weighted=[False, True],
)
def test_the_gradient_is_right(activation, hidden, kind, mix, weighted):
    alpha, l1_ratio = PENALTIES[mix]
    problem = make_problem(
        kind,
        activation,
        hidden,
        rows=8,
        n_inputs=2,
        weighted=weighted,
        alpha=alpha,
        l1_ratio=l1_ratio,
        loss_option=0.1,
    )
    for theta in (problem.theta, train(problem)[0].theta):
        report = check(problem, theta)
        assert report.passed, str(report)
        assert report.relative_error <= CORRECT_UP_TO
        assert report.n_checked + len(report.kinks) == report.n_parameters


# Wrong gradients: a mistake in ∇J, and the W[l] or b[l] where it shows


def one_component(problem, dW, db):
    dW[1][2, 0] += 0.5


def missing_penalty(problem, dW, db):
    W, _ = oracle.unpack(problem.theta, problem.sizes)
    for dW_l, W_l in zip(dW, W, strict=True):
        dW_l -= problem.penalty.l2 * W_l


def penalised_biases(problem, dW, db):
    _, b = oracle.unpack(problem.theta, problem.sizes)
    for db_l, b_l in zip(db, b, strict=True):
        db_l += problem.penalty.l2 * b_l


def bias_not_summed(problem, dW, db):
    db[2] /= problem.n_rows


def transposed(problem, dW, db):
    dW[1][...] = dW[1].T.copy()


def wrong_sign(problem, dW, db):
    db[0] *= -1


def without_the_slope(problem, dW, db):
    """Compute dZ[1] := dZ[2] W[2]^T, without g'."""
    slopeless = dict(oracle.ACTIVATIONS)
    slopeless["tanh"] = (np.tanh, np.ones_like)
    original, oracle.ACTIVATIONS = oracle.ACTIVATIONS, slopeless
    try:
        _, gradient = problem.expected_objective()
    finally:
        oracle.ACTIVATIONS = original
    wrong_dW, wrong_db = oracle.unpack(gradient, problem.sizes)
    dW[0][...], db[0][...] = wrong_dW[0], wrong_db[0]


MISTAKES = [
    (one_component, {(2, "W")}),
    (missing_penalty, {(1, "W"), (2, "W"), (3, "W")}),
    (penalised_biases, {(1, "b"), (2, "b"), (3, "b")}),
    (bias_not_summed, {(3, "b")}),
    (transposed, {(2, "W")}),
    (wrong_sign, {(1, "b")}),
    (without_the_slope, {(1, "W"), (1, "b")}),
]


def with_mistake(problem, mistake):
    def gradient(theta):
        right = problem.objective().value_and_gradient(theta)[1]
        dW, db = oracle.unpack(right, problem.sizes)
        mistake(problem, dW, db)
        return oracle.pack(dW, db)

    return gradient


@pytest.mark.parametrize(
    ("mistake", "where"), MISTAKES, ids=lambda v: getattr(v, "__name__", "")
)
def test_a_wrong_gradient_is_found_and_located(mistake, where):
    problem = penalised(hidden=(4, 4))
    report = check(problem, gradient=with_mistake(problem, mistake))
    assert report.verdict == "wrong"
    assert not report.passed
    found = {
        (e.layer, e.kind) for e in report.layers if e.relative_error > CORRECT_UP_TO
    }
    assert found == where
    assert (report.worst[0].layer, report.worst[0].kind) in where


def test_the_worst_component_is_named_with_both_values():
    problem = penalised(hidden=(4, 4))
    right = problem.objective().value_and_gradient(problem.theta)[1]
    place = problem.network.segments["start"][1] + 2 * 4 + 0
    report = check(problem, gradient=with_mistake(problem, one_component))
    worst = report.worst[0]
    assert (worst.layer, worst.kind, worst.index) == (2, "W", (2, 0))
    assert_allclose(worst.analytic, right[place] + 0.5)
    assert_allclose(worst.numeric, right[place], rtol=1e-6)
    assert_allclose(worst.difference, 0.5, rtol=1e-6)
    assert len(report.worst) == 10


@pytest.mark.parametrize(
    ("size", "verdict"), [(1e-9, "correct"), (1e-5, "suspicious"), (0.1, "wrong")]
)
def test_verdicts(size, verdict):
    problem = penalised()
    right = problem.objective().value_and_gradient(problem.theta)[1]
    report = check(problem, gradient=lambda theta: right * (1 + 2 * size))
    assert report.verdict == verdict
    if verdict != "correct":
        assert_allclose(report.relative_error, size / (1 + size), rtol=1e-2)


def test_the_relative_error_is_the_papers_formula():
    problem = penalised()
    analytic = np.random.default_rng(0).normal(size=problem.theta.size)
    report = check(problem, gradient=lambda theta: analytic)
    numeric = problem.expected_objective()[1]
    norms = np.linalg.norm(numeric) + np.linalg.norm(analytic)
    expected = np.linalg.norm(numeric - analytic) / norms
    assert_allclose(report.relative_error, expected, rtol=1e-6)


# Kinks


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
def test_a_unit_exactly_at_its_kink_is_no_false_alarm(activation):
    problem = penalised(activation=activation)
    W, b = oracle.unpack(problem.theta, problem.sizes)
    W[0][:, 1], b[0][1] = 0, 0
    report = check(problem, oracle.pack(W, b))
    assert report.passed, str(report)
    named = {(c.layer, c.kind, c.index) for c in report.kinks}
    assert named == {(1, "b", (1,)), *((1, "W", (row, 1)) for row in range(3))}
    by_part = {(e.layer, e.kind): e.n_kinks for e in report.layers}
    assert by_part[1, "W"] == 3
    assert by_part[1, "b"] == 1
    assert report.n_checked == report.n_parameters - 4


@pytest.mark.parametrize("activation", NAMES)
def test_a_row_of_zeros_with_zero_biases_is_no_false_alarm(activation):
    """As at initialisation with sparse rows: all units of the row are at z = 0."""
    problem = penalised(activation=activation, rows=4)
    problem.X[1] = 0
    W, b = oracle.unpack(problem.theta, problem.sizes)
    report = check(problem, oracle.pack(W, [0 * b_l for b_l in b]))
    assert report.passed, str(report)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_weight_of_zero_with_l1_is_no_false_alarm(activation):
    problem = penalised(activation=activation, l1_ratio=1.0)
    W, b = oracle.unpack(problem.theta, problem.sizes)
    W[1][0, 2] = W[2][3, 1] = 0
    b[0][0] = 0  # no penalty, no kink
    report = check(problem, oracle.pack(W, b))
    assert report.passed, str(report)
    named = {(c.layer, c.kind, c.index) for c in report.kinks}
    assert named == {(2, "W", (0, 2)), (3, "W", (3, 1))}


def test_a_kink_does_not_hide_a_wrong_gradient():
    problem = penalised(activation="relu", hidden=(4, 4))
    W, b = oracle.unpack(problem.theta, problem.sizes)
    W[0][:, 1], b[0][1] = 0, 0
    report = check(problem, oracle.pack(W, b), with_mistake(problem, one_component))
    assert report.verdict == "wrong"
    assert report.worst[0][:3] == (2, "W", (2, 0))


# Minima


def minimum(problem):
    objective = problem.objective()

    def function(theta):
        cost, gradient = objective.value_and_gradient(theta)
        return cost.total, gradient

    options = {"gtol": 1e-11, "ftol": 0, "maxiter": 5000}
    method = {"method": "L-BFGS-B", "options": options}
    return optimize.minimize(function, problem.theta, jac=True, **method).x


@pytest.mark.parametrize("hidden", [(), (4,)], ids=len)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_vanishing_gradient_is_no_false_alarm(kind, hidden):
    problem = penalised(kind=kind, hidden=hidden)
    report = check(problem, minimum(problem))
    assert report.passed, str(report)
    assert report.relative_error > CORRECT_UP_TO  # nothing but rounding is left
    assert "nearly vanishes" in str(report)


@pytest.mark.parametrize("hidden", [(), (4,)], ids=len)
@pytest.mark.parametrize("mistake", [missing_penalty, penalised_biases])
def test_a_wrong_gradient_is_found_at_a_minimum(mistake, hidden):
    problem = penalised(hidden=hidden)
    problem.theta = minimum(problem)
    report = check(problem, gradient=with_mistake(problem, mistake))
    assert report.verdict == "wrong"


# Subsets and the table


@pytest.mark.parametrize("max_params", [8, 20, 60])
def test_a_subset_covers_each_layer_and_is_reported(max_params):
    problem = make_problem(hidden=(8, 6, 5), n_inputs=30)
    drawn = [
        check(problem, max_params=max_params, rng=np.random.default_rng(seed))
        for seed in (0, 0, 1)
    ]
    for report in drawn:
        assert report.n_checked == max_params
        assert all(e.n_checked >= 1 for e in report.layers)
        assert len(report.layers) == 8
        assert any(f"{max_params} of {report.n_parameters}" in n for n in report.notes)
        assert report.notes[0] in str(report)
        assert report.passed
    assert drawn[0].worst == drawn[1].worst != drawn[2].worst


def test_all_components_are_checked_where_they_are_few():
    report = check(penalised(), max_params=1000, notes=["Masks frozen."])
    assert report.n_checked == report.n_parameters
    assert report.notes == ("Masks frozen.",)


def test_the_table():
    problem = penalised(hidden=(4, 4))
    right = str(check(problem))
    assert right.startswith("Gradient check: correct (relative error ")
    for part in ("W[1]", "b[1]", "W[2]", "b[2]", "W[3]", "b[3]"):
        assert f"\n{part} " in right
    assert "worst" not in right
    wrong = str(check(problem, gradient=with_mistake(problem, one_component)))
    assert wrong.startswith("Gradient check: wrong")
    table = wrong[wrong.index("worst") :].splitlines()
    assert table[1].split()[:2] == ["W[2][2,", "0]"]
    assert max(map(len, wrong.splitlines())) <= 88


def test_thresholds_are_the_courses():
    assert (CORRECT_UP_TO, WRONG_ABOVE) == (1e-7, 1e-3)


def test_theta_is_only_read():
    problem = penalised()
    before = problem.theta.copy()
    check(problem)
    assert (problem.theta == before).all()
