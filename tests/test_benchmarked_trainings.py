"""What is timed as a training is one: all its steps, to a finite cost."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.contestants import CONTESTANTS
from benchmarks.measuring import alternate
from benchmarks.nets import Net, data_for
from benchmarks.training import Training

pytestmark = pytest.mark.slow  # the benchmarks are no part of the package

TINY = Net((4, 3, 3), batch_size=5, n_batches=4, repetitions=1, n_epochs=2)
# More than any patience: on random labels the cost of a training soon stalls.
MANY = 60


def prepared(name, keep_prob=0.8):
    contestant = CONTESTANTS[name]
    if not contestant.is_available:
        pytest.skip(f"{name} is not installed")
    return contestant.prepare(TINY, *data_for(TINY), keep_prob)


@pytest.mark.parametrize("name", CONTESTANTS)
def test_each_repetition_takes_all_steps(name):
    training = prepared(name)
    before = training.steps()
    assert len(alternate({name: training}, MANY)[name]) == MANY
    assert training.steps() - before == (1 + MANY) * TINY.n_steps  # one warms up
    assert np.isfinite(training.cost())


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_step_too_few_is_noticed(name):
    training = prepared(name)
    asked = TINY.n_steps + 1
    with pytest.raises(RuntimeError, match=f"took {TINY.n_steps} steps where {asked}"):
        alternate({name: replace(training, n_steps=asked)}, 1)


def test_one_repetition_that_ends_early_is_noticed():
    taken = []
    calls = iter([5, 5, 5, 1])
    training = Training(
        "it", lambda: taken.append(next(calls)), 5, lambda: sum(taken), lambda: 0.5
    )
    with pytest.raises(RuntimeError, match="it took 1 steps where 5"):
        alternate({"it": training}, 3)
    assert len(taken) == 4


@pytest.mark.parametrize("cost", [np.nan, np.inf])
def test_a_cost_that_is_not_finite_is_noticed(cost):
    taken = []
    training = Training(
        "it", lambda: taken.append(5), 5, lambda: sum(taken), lambda: cost
    )
    with pytest.raises(RuntimeError, match=f"it ended at the cost {cost}"):
        alternate({"it": training}, 1)
