"""Schedules: factors of the learning rate as functions of time in epochs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.training.schedules import SCHEDULES, Progress


def factors(name, epochs, horizon=10, power=0.5):
    progress = Progress(np.asarray(epochs, dtype=float), horizon, power)
    return SCHEDULES[name].factor(progress)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_starts_at_one_and_never_rises(name):
    found = factors(name, np.linspace(0, 30, 301))
    assert found[0] == 1
    assert (np.diff(found) <= 0).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("name", ["constant", "adaptive"])
def test_constant(name):
    assert_array_equal(factors(name, [0, 3.7, 99]), 1)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_invscaling_falls_from_epoch_to_epoch_only(power):
    found = factors("invscaling", [0, 0.9, 1, 1.5, 3], power=power)
    assert_allclose(found, np.array([1, 1, 2, 2, 4.0]) ** -power, rtol=1e-14)


def test_cosine():
    found = factors("cosine", [0, 2.5, 5, 7.5, 10, 12])
    half = np.sqrt(0.5)
    expected = [1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, 0]
    assert_allclose(found, expected, atol=1e-15)
