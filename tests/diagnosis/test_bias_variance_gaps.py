"""Intervals of errors and gaps, against SciPy, published numbers and simulation."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from skdnn.diagnosis.bias_variance.gaps import (
    POWER,
    PartError,
    gap_between,
    mean_over_rows,
    share_of_rows,
    wilson_interval,
)

BAYES = PartError("Bayes", 0.0)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("wrong", "n_rows"), [(0, 1), (0, 20), (3, 40), (40, 40)])
def test_wilson_is_scipys(wrong, n_rows, confidence):
    expected = stats.binomtest(wrong, n_rows).proportion_ci(confidence, method="wilson")
    interval = wilson_interval(wrong / n_rows, n_rows, confidence)
    assert_allclose(interval, (expected.low, expected.high), atol=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    # Newcombe 1998, Table II, method 10.
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
    ],
)
def test_gaps_are_newcombes(first, second, expected):
    after, before = (
        share_of_rows(name, wrong / n, n, 0.95)
        for name, (wrong, n) in {"dev": first, "train": second}.items()
    )
    gap = gap_between("variance", before, after, 0.02, 0.95)
    assert_allclose(gap.interval, expected, atol=6e-5)


def test_means_have_students_interval():
    errors = np.random.default_rng(0).exponential(size=30)
    part = mean_over_rows("dev", errors, 0.9)
    expected = stats.ttest_1samp(errors, 0).confidence_interval(0.9)
    assert_allclose(part.interval, (expected.low, expected.high))
    assert mean_over_rows("dev", errors[:1], 0.9).interval is None


def test_the_verdict_depends_on_the_whole_interval():
    train = share_of_rows("train", 0.02, 1000, 0.95)
    assert gap_between("avoidable_bias", BAYES, train, 0.005, 0.95).verdict == "high"
    assert gap_between("avoidable_bias", BAYES, train, 0.1, 0.95).verdict == "low"
    between = gap_between("avoidable_bias", BAYES, train, 0.022, 0.95)
    assert between.verdict == "cannot tell" and between.is_high is None
    assert between.rows_needed > 1000


@pytest.mark.parametrize("p_train, p_dev", [(0.05, 0.12), (0.10, 0.09), (0.02, 0.06)])
def test_intervals_have_the_stated_coverage(p_train, p_dev):
    rng = np.random.default_rng(0)
    n_train, n_dev, n_times = 500, 150, 2000
    covered = 0
    for wrong_train, wrong_dev in zip(
        rng.binomial(n_train, p_train, n_times),
        rng.binomial(n_dev, p_dev, n_times),
        strict=True,
    ):
        gap = gap_between(
            "variance",
            share_of_rows("train", wrong_train / n_train, n_train, 0.95),
            share_of_rows("dev", wrong_dev / n_dev, n_dev, 0.95),
            0.02,
            0.95,
        )
        covered += gap.interval[0] <= p_dev - p_train <= gap.interval[1]
    assert 0.935 < covered / n_times < 0.97


@pytest.mark.parametrize("p_train, p_dev", [(0.01, 0.05), (0.10, 0.15), (0.10, 0.08)])
def test_rows_needed_give_the_stated_power(p_train, p_dev):
    n_train, n_dev, n_times = 20_000, 100, 1000
    train = share_of_rows("train", p_train, n_train, 0.95)
    dev = share_of_rows("dev", p_dev, n_dev, 0.95)
    needed = gap_between("variance", train, dev, 0.02, 0.95).rows_needed
    rng = np.random.default_rng(0)
    decided = 0
    for wrong_train, wrong_dev in zip(
        rng.binomial(n_train, p_train, n_times),
        rng.binomial(needed, p_dev, n_times),
        strict=True,
    ):
        gap = gap_between(
            "variance",
            share_of_rows("train", wrong_train / n_train, n_train, 0.95),
            share_of_rows("dev", wrong_dev / needed, needed, 0.95),
            0.02,
            0.95,
        )
        decided += gap.verdict != "cannot tell"
    assert abs(decided / n_times - POWER) < 0.06


def rows_needed(wrong_train, n_train, wrong_dev, n_dev):
    train = share_of_rows("train", wrong_train / n_train, n_train, 0.95)
    dev = share_of_rows("dev", wrong_dev / n_dev, n_dev, 0.95)
    gap = gap_between("variance", train, dev, 0.02, 0.95)
    assert gap.verdict == "cannot tell"
    return gap.rows_needed


def test_rows_needed_at_the_ends():
    # No dev row is wrong, and the rows are almost enough.
    assert rows_needed(2017, 5000, 0, 5) == 6
    # Twenty training rows without an error still allow an error of 16 %.
    assert rows_needed(0, 20, 157, 1000) is None
    # A threshold of 2 points above a train error of 1.
    assert rows_needed(50, 50, 5, 5) is None


def test_rows_needed_are_more_than_there_are():
    # Student's interval of three rows is wider than the formula's normal one.
    dev = mean_over_rows("dev", np.array([1.0, 1.1, 1.2]), 0.95)
    gap = gap_between("avoidable_bias", BAYES, dev, 0.9, 0.95)
    assert gap.verdict == "cannot tell" and gap.rows_needed == 4
