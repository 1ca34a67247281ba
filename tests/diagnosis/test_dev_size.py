"""Numbers of dev rows that tell candidates apart, checked by simulation."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from skdnn import dev_size_for

N_TIMES = 4000


def best_comes_first(n_rows, delta, error, candidates, disagreement=None):
    """Return how often, in simulations, the best has fewer errors than all others."""
    rng = np.random.default_rng(0)
    if disagreement is None:
        best = rng.binomial(n_rows, error, N_TIMES)
        others = rng.binomial(n_rows, error + delta, (candidates - 1, N_TIMES))
        return np.mean(best < others.min(axis=0))
    shares = [(disagreement + delta) / 2, (disagreement - delta) / 2, 1 - disagreement]
    found = rng.multinomial(n_rows, shares, (candidates - 1, N_TIMES))
    return np.mean(np.all(found[..., 0] > found[..., 1], axis=0))


@pytest.mark.parametrize(
    ("delta", "error", "candidates", "confidence", "disagreement"),
    [
        (0.01, 0.10, 2, 0.95, None),
        (0.05, 0.02, 2, 0.90, None),
        (0.30, 0.30, 2, 0.95, None),
        (0.05, 0.20, 2, 0.40, None),
        (0.01, 0.10, 2, 0.95, 0.03),
        (0.05, 0.10, 2, 0.80, 0.10),
    ],
)
def test_two_candidates_are_told_apart_as_often_as_promised(
    delta, error, candidates, confidence, disagreement
):
    n_rows = dev_size_for(
        delta, error, candidates, confidence, disagreement=disagreement
    )
    found = best_comes_first(n_rows, delta, error, candidates, disagreement)
    assert abs(found - confidence) < 0.03
    fewer = best_comes_first(n_rows // 3, delta, error, candidates, disagreement)
    assert fewer < confidence - 0.03


@pytest.mark.parametrize("candidates", [3, 10])
def test_more_candidates_at_least_as_often(candidates):
    n_rows = dev_size_for(0.02, 0.1, candidates, 0.95)
    found = best_comes_first(n_rows, 0.02, 0.1, candidates)
    assert 0.945 < found < 0.985
    assert best_comes_first(n_rows // 2, 0.02, 0.1, candidates) < 0.9


def test_ten_thousand_rows_tell_two_to_ten_candidates_apart():
    # At errors of one in ten, differences of 0.7 and 1.1 points.
    assert dev_size_for(0.0072, 0.1, 2) < 10_000 < dev_size_for(0.0071, 0.1, 2)
    assert dev_size_for(0.0111, 0.1, 10) < 10_000 < dev_size_for(0.0110, 0.1, 10)


@pytest.mark.parametrize("disagreement", [0.3, 0.31, 0.6])
def test_it_is_the_smallest_number_that_meets_the_formula(disagreement):
    delta, error, candidates = 0.3, 0.1, 4
    n_rows = dev_size_for(delta, error, candidates, 0.9, disagreement=disagreement)
    sigma = np.sqrt(disagreement - delta**2)
    fails = [
        (candidates - 1) * norm.cdf((0.5 - n * delta) / (sigma * np.sqrt(n)))
        for n in (n_rows, n_rows - 1)
    ]
    assert fails[0] <= 0.1 < fails[1]


def test_what_needs_more_rows():
    plain = dev_size_for(0.01, 0.1)
    assert isinstance(plain, int)
    assert dev_size_for(0.005, 0.1) > 3 * plain
    assert dev_size_for(0.01, 0.3) > plain
    assert dev_size_for(0.01, 0.1, 20) > plain
    assert dev_size_for(0.01, 0.1, confidence=0.99) > plain
    independent = 0.1 * 0.89 + 0.11 * 0.9
    assert dev_size_for(0.01, 0.1, disagreement=independent) == plain
    assert dev_size_for(0.01, 0.1, disagreement=0.05) < plain / 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delta": 0}, "delta="),
        ({"delta": 1.0}, "delta="),
        ({"delta": np.nan}, "delta="),
        ({"error": -0.1}, "error="),
        ({"error": 10}, "error="),
        ({"error": 0.995}, "their sum"),
        ({"candidates": 1}, "candidates="),
        ({"candidates": 2.0}, "candidates="),
        ({"confidence": 1}, "confidence="),
        ({"disagreement": 0.005}, "disagreement=0.005"),
        ({"delta": 1e-300}, "delta=1e-300 is too small: .* more than 9e[+]18 dev"),
        ({"delta": 5e-324}, "delta=5e-324 is too small"),
        ({"delta": 1e-10}, "delta=1e-10 is too small"),
        ({"candidates": True}, "candidates=True is not allowed: it must be an int"),
        ({"disagreement": np.inf}, "disagreement="),
        ({"disagreement": 1.5}, "disagreement="),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        dev_size_for(**{"delta": 0.01, "error": 0.1} | arguments)


@pytest.mark.parametrize("value", ["0.1", [0.1], 1j, True, float, np.array([0.1])])
@pytest.mark.parametrize("name", ["delta", "error", "confidence", "disagreement"])
def test_arguments_that_are_not_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name}=.* is not allowed: give a number"):
        dev_size_for(**{"delta": 0.01, "error": 0.1, name: value})


@pytest.mark.parametrize(
    ("arguments", "n_rows"),
    [
        ({"confidence": 1e-300}, 1),
        ({"confidence": 1e-17}, 1),
        # z = Φ⁻¹(1 - chance), with the chance of an error divided by candidates - 1.
        ({"confidence": 1 - 2.0**-53}, norm.isf(2.0**-53)),
        ({"confidence": 1 - 2.0**-53, "candidates": 1001}, norm.isf(2.0**-53 / 1000)),
        ({"candidates": 10**12}, norm.isf(0.05 / (10**12 - 1))),
        ({"candidates": 10**300}, norm.isf(0.05 / 1e300)),
        ({"candidates": 10**400}, None),
        ({"delta": 1e-9}, norm.isf(0.05)),
        ({"delta": 0.9 - 1e-16}, 2),
        ({"error": 5e-324}, None),
        ({"delta": Fraction(1, 100), "error": np.float32(0.1)}, None),
    ],
)
def test_extremes(arguments, n_rows):
    arguments = {"delta": 0.01, "error": 0.1} | arguments
    found = dev_size_for(**arguments)
    assert isinstance(found, int) and 1 <= found < 2**63
    if isinstance(n_rows, float):  # the leading term of the formula: (zσ / δ)²
        delta, error = arguments["delta"], arguments["error"]
        other = error + delta
        variance = error * (1 - other) + other * (1 - error) - delta**2
        assert found == pytest.approx(n_rows**2 * variance / delta**2, rel=0.03)
    elif n_rows is not None:
        assert found == n_rows
