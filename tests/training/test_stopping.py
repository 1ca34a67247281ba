"""Patience counts exactly, and the best θ is kept."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skdnn.training.history import DevResult, EpochRecord
from skdnn.training.stopping import Monitor


def record(epoch, cost, monitored=None):
    dev = None if monitored is None else DevResult(monitored, -monitored, monitored)
    return EpochRecord(epoch, cost, 0.1, 0.0, dev)


def follow(monitor, values):
    """Return the epoch at which the monitor stalls, or None."""
    for epoch, value in enumerate(values, start=1):
        if monitor.update(record(epoch, 0.0, value), np.full(2, float(epoch))):
            return epoch
    return None


def dev_monitor(tol=0.0, patience=3):
    return Monitor(tol, patience, follows_dev=True)


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_stalls_after_exactly_patience_epochs(patience):
    assert follow(dev_monitor(patience=patience), [3, 2, 1] + [1.5] * 9) == 3 + patience


def test_patience_of_one_stops_at_the_first_epoch_that_is_no_better():
    assert follow(dev_monitor(patience=1), [3, 2, 2.5, 1]) == 3
    assert follow(dev_monitor(patience=1), [3, 3]) == 2


def test_each_improvement_restarts_the_count():
    assert follow(dev_monitor(), [3, 4, 4, 2, 4, 4, 1, 4, 4, 4]) == 10


def test_the_best_theta_is_a_copy():
    monitor, theta = dev_monitor(), np.ones(2)
    monitor.update(record(1, 0, 5.0), theta)
    theta[:] = 7
    assert_array_equal(monitor.best_theta, 1)


def test_the_later_of_equal_epochs_is_kept():
    monitor = dev_monitor(patience=10)
    follow(monitor, [3, 1, 2, 1, 2])
    assert (monitor.best, monitor.best_epoch) == (1, 4)
    assert_array_equal(monitor.best_theta, 4)


def test_less_than_tol_is_kept_but_is_no_improvement():
    monitor = dev_monitor(tol=0.5)
    assert follow(monitor, [3, 2.9, 2.8, 2.7]) == 4
    assert monitor.best_epoch == 4


def test_small_steps_add_up_only_between_improvements():
    """The best so far moves with every epoch that is better, as in scikit-learn."""
    assert follow(dev_monitor(tol=0.5, patience=9), [3, 2.8, 2.4, 2.2]) is None


def test_nan_is_no_improvement():
    monitor = dev_monitor(patience=2)
    assert follow(monitor, [3, np.nan, np.nan]) == 3
    assert monitor.best == 3


def test_without_dev_set_the_training_cost_is_followed():
    monitor = Monitor(0.0, 2)
    stalled = [
        monitor.update(record(k, cost), np.zeros(2))
        for k, cost in enumerate([3, 2, 2, 2.5], start=1)
    ]
    assert stalled == [False, False, False, True]
    assert monitor.best_theta is None


def test_the_best_is_reevaluated_on_another_dev_set():
    monitor = dev_monitor()
    follow(monitor, [3, 1, 2])
    seen = []

    def evaluate(theta):
        seen.append(theta)
        return DevResult(5.0, -5.0, 5.0)

    monitor.reevaluate_best(evaluate)
    assert_array_equal(seen, [[2.0, 2.0]])
    assert (monitor.best, monitor.best_score, monitor.best_epoch) == (5.0, -5.0, 2)
    monitor.reevaluate_best(lambda theta: DevResult(1.0, np.nan, np.nan))
    assert monitor.best == np.inf  # so that any number is better
    fresh = dev_monitor()
    fresh.reevaluate_best(None)
    assert fresh.best == np.inf


def test_patience_can_be_reset():
    monitor = dev_monitor(patience=2)
    follow(monitor, [1, 2])
    monitor.reset_patience()
    assert follow(monitor, [2]) is None
    assert monitor.best == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 5))
def test_against_a_plain_count(values, patience):
    monitor = dev_monitor(patience=patience)
    stalled_at = follow(monitor, values)
    plain = SimpleNamespace(best=np.inf, since=0, at=None)
    for epoch, value in enumerate(values, start=1):
        plain.since = 0 if value < plain.best else plain.since + 1
        plain.best = min(plain.best, value)
        if plain.since == patience:
            plain.at = epoch
            break
    assert stalled_at == plain.at
    seen = values[:stalled_at]
    assert monitor.best == min(seen)
    assert monitor.best_epoch == len(seen) - seen[::-1].index(min(seen))
