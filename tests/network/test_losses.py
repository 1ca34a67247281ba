"""Losses: accurate for logits of any size, with the right gradient."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.network.losses import LOSSES
from tests import oracle
from tests.problems import DTYPES, targets_for, tolerance
from tests.programs import loss_and_gradient

NAMES = sorted(LOSSES)


def evaluate(name, Z, Y, s=None, scale=1.0, option=0.0):
    """Return scale · Σ sᵢ ℓᵢ and its gradient; Z is not changed."""
    Z = np.array(Z)
    Y = np.asarray(Y, dtype=Z.dtype)
    s = np.ones(len(Z), Z.dtype) if s is None else np.asarray(s, dtype=Z.dtype)
    return loss_and_gradient(name, Z, Y, s, scale, option), Z


def draw(name, dtype, rows=7, n_outputs=4, size=3.0, seed=0):
    rng = np.random.default_rng(seed)
    Z = (size * rng.normal(size=(rows, n_outputs))).astype(dtype)
    return Z, targets_for(name, rng, rows, n_outputs)


# from decimal import Decimal, getcontext; getcontext().prec = 60
# z = Decimal(...); (1 + (-z).exp()).ln()
SIGMOID_AT_1 = [
    (0.0, 0.6931471805599453),
    (0.5, 0.47407698418010663),
    (20.0, 2.061153620314381e-09),
    (50.0, 1.9287498479639178e-22),
    (-50.0, 50.0),
    (-700.0, 700.0),
    (-10000.0, 10000.0),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("z", "expected"), SIGMOID_AT_1)
def test_sigmoid_at_extreme_logits(z, expected, dtype):
    rtol = 3e-7 if dtype is np.float32 else 1e-15
    for sign, y in [(1, 1.0), (-1, 0.0)]:
        Z = np.full((1, 1), sign * z, dtype)
        value, dZ = evaluate("sigmoid_cross_entropy", Z, [[y]])
        assert_allclose(value, expected, rtol=rtol)
        assert np.isfinite(dZ).all()
        if z <= -50:
            assert_allclose(dZ, -sign, rtol=rtol)


# sum(Decimal(z).exp() for z in Z).ln() - Z[y]
SOFTMAX = [
    ([1.0, 2.0, 3.0], 0, 2.4076059644443806),
    ([-50.0, 0.0], 0, 50.0),
    ([0.0, -20.0], 0, 2.061153620314381e-09),
    ([1000.0, 999.0], 1, 1.3132616875182228),
    ([1000.0, 0.0, -1000.0], 2, 2000.0),
    ([1000.0, 0.0, -1000.0], 0, 0.0),
    ([-30000.0, -30000.0], 1, 0.6931471805599453),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("logits", "y", "expected"), SOFTMAX)
def test_softmax_at_extreme_logits(logits, y, expected, dtype):
    Z = np.array([logits], dtype)
    value, dZ = evaluate("softmax_cross_entropy", Z, [[y]])
    # For tiny x, ln(1 + x) is lost in the rounding of 1 + x, an absolute error.
    assert_allclose(value, expected, rtol=3e-7, atol=np.finfo(dtype).eps)
    assert_allclose(dZ.sum(), 0, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("option", [0.0, 0.1])
@pytest.mark.parametrize("name", NAMES)
def test_value_and_gradient_against_the_oracle(name, option, dtype):
    Z, Y = draw(name, dtype)
    s = np.random.default_rng(1).uniform(0, 3, len(Z)).astype(dtype)
    value, dZ = evaluate(name, Z, Y, s, 0.25, option)
    losses, expected = oracle.LOSSES[name](Z.astype(float), Y, option)
    assert_allclose(value, 0.25 * s.astype(float) @ losses, **tolerance(dtype))
    assert_allclose(dZ, 0.25 * s[:, None] * expected, **tolerance(dtype))


@pytest.mark.parametrize("option", [0.0, 0.2])
@pytest.mark.parametrize("name", NAMES)
def test_gradient_against_fourth_order_differences(name, option):
    Z, Y = draw(name, np.float64, rows=3)
    s, h = np.array([0.5, 2.0, 1.0]), 1e-3
    numeric = np.empty_like(Z)
    for place in np.ndindex(Z.shape):
        J = []
        for k in (-2, -1, 1, 2):
            moved = Z.copy()
            moved[place] += k * h
            J.append(evaluate(name, moved, Y, s, 1.5, option)[0])
        numeric[place] = (J[0] - 8 * J[1] + 8 * J[2] - J[3]) / (12 * h)
    dZ = evaluate(name, Z, Y, s, 1.5, option)[1]
    assert_allclose(dZ, numeric, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_weight_zero_do_not_count(name):
    Z, Y = draw(name, np.float64, size=40.0)
    s = np.array([1.0, 0, 2, 0, 1, 1, 0])
    value, dZ = evaluate(name, Z, Y, s)
    kept = s > 0
    expected, dZ_kept = evaluate(name, Z[kept], Y[kept], s[kept])
    assert_allclose(value, expected, rtol=1e-14)
    assert_array_equal(dZ[~kept], 0)
    assert_allclose(dZ[kept], dZ_kept, rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_scale_multiply(name):
    Z, Y = draw(name, np.float64)
    once, dZ_once = evaluate(name, Z, Y)
    twice, dZ_twice = evaluate(name, Z, Y, np.full(len(Z), 4.0), 0.5)
    assert_allclose(twice, 2 * once, rtol=1e-14)
    assert_allclose(dZ_twice, 2 * dZ_once, rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_seen(name):
    Z, Y = draw(name, np.float64)
    Z[2, 1] = np.nan
    value, dZ = evaluate(name, Z, Y)
    assert np.isnan(value)
    assert np.isnan(dZ[2]).any()
    assert np.isfinite(np.delete(dZ, 2, axis=0)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_ten_thousand_classes(dtype):
    n_classes = 10_000
    rtol = 1e-5 if dtype is np.float32 else 1e-12
    Z = np.zeros((2, n_classes), dtype)
    value, _ = evaluate("softmax_cross_entropy", Z, [[0], [9_999]])
    assert_allclose(value, 2 * np.log(n_classes), rtol=rtol)

    Z, _ = draw("softmax_cross_entropy", dtype, rows=2, n_outputs=n_classes)
    Y = np.array([[123], [9_998]])
    value, dZ = evaluate("softmax_cross_entropy", Z, Y, option=0.1)
    losses, expected = oracle.softmax_cross_entropy(Z.astype(float), Y, 0.1)
    assert_allclose(value, losses.sum(), rtol=rtol)
    assert_allclose(dZ, expected, rtol=100 * rtol, atol=rtol / n_classes)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("option", [0.0, 0.1])
def test_softmax_of_shares_is_the_average_over_the_classes(option, dtype):
    """The loss is affine in y, on which augmentation relies when it mixes rows."""
    name = "softmax_cross_entropy"
    Z, _ = draw(name, dtype)
    shares = np.random.default_rng(1).dirichlet(np.ones(4), len(Z)).astype(dtype)
    s = np.random.default_rng(2).uniform(0, 3, len(Z))
    value, dZ = evaluate(name, Z, shares, s, 0.25, option)
    parts = [
        evaluate(name, Z, np.full((len(Z), 1), k), s * shares[:, k], 0.25, option)
        for k in range(4)
    ]
    assert_allclose(value, sum(part[0] for part in parts), **tolerance(dtype))
    assert_allclose(dZ, sum(part[1] for part in parts), **tolerance(dtype))


def test_full_smoothing_makes_the_classes_equal():
    """ε = 1 puts the target at 1 / K: the loss no longer depends on y."""
    Z = np.array([[0.7, -0.2]])
    values = [
        evaluate("softmax_cross_entropy", Z, [[y]], option=1.0)[0] for y in (0, 1)
    ]
    assert_allclose(*values, rtol=1e-14)
    Z = np.array([[0.7]])
    values = [
        evaluate("sigmoid_cross_entropy", Z, [[y]], option=1.0)[0] for y in (0, 1)
    ]
    assert_allclose(*values, rtol=1e-14)
