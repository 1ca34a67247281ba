"""The parts of the training state are all copied, converted and packed."""

import json
from dataclasses import MISSING, dataclass, fields

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn.training.optimizers import OptimizerState
from skdnn.training.parts import InPlace, StatePart
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.state import TrainingState
from skdnn.training.stopping import Monitor


def state(seed=0, monitor=True):
    """Return a state in which no value is a default."""
    rng = np.random.default_rng(seed)
    theta, m, v, best = rng.normal(size=(4, 7)).astype(np.float32)
    return TrainingState(
        theta,
        OptimizerState(m, v, 3 + seed),
        rng,
        mask_seed=5 + seed,
        split_seed=6 + seed,
        solver="sgd",
        n_epochs=2 + seed,
        time=2.5 + seed,
        rows_seen=RowsSeen(10.0 + seed, 9.0, 20.0, frozenset({1, 2 + seed})),
        rate_factor=0.2 / (1 + seed),
        schedule_start=1.0 + seed,
        first_cost=0.7 + seed,
        is_over=seed % 2 == 0,
        monitor=Monitor(0.1, 3, True, 8, 0.5 + seed, 2, 0.9, best, 1)
        if monitor
        else None,
        average=2 * theta,
        n_averaged=4 + seed,
    )


def comparable(part):
    """Return all values of a part in a form that can be compared."""
    if isinstance(part, dict):
        return {name: comparable(value) for name, value in part.items()}
    if isinstance(part, np.ndarray):
        return part.dtype.name, part.tolist()
    if isinstance(part, np.random.Generator):
        return part.bit_generator.state
    return part


def test_no_field_of_the_state_has_its_default():
    for part in (state(), state().optimizer, state().monitor):
        for field in fields(part):
            value = getattr(part, field.name)
            if field.default is not MISSING:
                assert value is not field.default, field.name
            if field.default_factory is not MISSING:
                assert comparable(value) != comparable(field.default_factory()), (
                    field.name
                )


def test_a_copy_is_equal_and_shares_nothing_that_training_writes_to():
    original = state()
    before = comparable(original.pack())
    copy = original.copy()
    assert comparable(copy.pack()) == before
    for array in (copy.theta, copy.optimizer.m, copy.optimizer.v):
        assert array.ctypes.data % 64 == 0
        array += 1
    copy.rng.random()
    copy.optimizer.t += 1
    copy.monitor.n_stalled += 1
    copy.n_epochs += 1
    assert comparable(original.pack()) == before


def test_a_copy_can_replace_a_value():
    original, other = state(), state(1)
    copy = original.copy(optimizer=other.optimizer)
    assert copy.optimizer is other.optimizer
    assert comparable(copy.pack()) == comparable(original.pack()) | {
        "optimizer": comparable(other.optimizer.pack())
    }


@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("its", [True, False])
def test_take_over_copies_all_values_into_the_same_arrays(mine, its):
    state_of_mine, other = state(0, mine), state(1, its)
    arrays = state_of_mine.theta, state_of_mine.optimizer.m, state_of_mine.rng
    state_of_mine.take_over(other)
    assert comparable(state_of_mine.pack()) == comparable(other.pack())
    assert state_of_mine.theta is arrays[0]
    assert state_of_mine.optimizer.m is arrays[1]
    assert state_of_mine.rng is arrays[2]
    before = comparable(other.pack())
    state_of_mine.theta += 1
    state_of_mine.rng.random()
    if its:
        state_of_mine.monitor.n_stalled += 1
    assert comparable(other.pack()) == before


def test_another_dtype_is_for_the_arrays_that_training_writes_to():
    converted = state().copy(np.dtype(np.float64))
    for array in (converted.theta, converted.optimizer.m, converted.optimizer.v):
        assert array.dtype == np.float64
    assert converted.monitor.best_theta.dtype == np.float32
    assert_array_equal(converted.theta, state().theta)


@pytest.mark.parametrize("monitor", [True, False])
def test_a_packed_state_is_plain_and_can_be_unpacked(monitor):
    packed = state(monitor=monitor).pack()
    assert comparable(TrainingState.unpack(packed).pack()) == comparable(packed)
    json.dumps(comparable(packed))  # only plain types
    assert type(TrainingState.unpack(packed).rows_seen) is RowsSeen


@dataclass
class WithAverage(StatePart):
    theta: InPlace
    average: InPlace
    decay: float = 0.9


def test_a_new_array_is_one_more_field():
    part = WithAverage(np.arange(3.0), np.ones(3), 0.5)
    copy = part.copy()
    copy.average[:] = 7
    part.take_over(copy)
    assert_array_equal(part.average, 7)
    assert not np.shares_memory(part.average, copy.average)
    assert part.copy(np.dtype(np.float32)).average.dtype == np.float32
    assert comparable(WithAverage.unpack(part.pack()).pack()) == comparable(part.pack())
