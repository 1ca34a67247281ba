"""Epochs: history, stopping, divergence and resuming."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdnn.training.averaging import Averaging
from skdnn.training.history import DevResult, EpochRecord, Outcome
from skdnn.training.optimizers import OPTIMIZERS
from skdnn.training.readers import tables
from skdnn.training.schedules import SCHEDULES
from skdnn.training.state import LastEpochs
from skdnn.training.stopping import CONVERGED, Monitor
from tests.problems import (
    DTYPES,
    make_problem,
    tolerance,
    train,
    training_state,
)

DROPOUT = [0.9, 0.6, 0.7]


def patient():
    return Monitor(0.0, np.inf)


def column(outcome, name):
    return np.array([getattr(record, name) for record in outcome.history])


@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_training_lowers_the_cost(solver):
    problem = make_problem(rows=60, alpha=0.1, weighted=True)
    before = problem.objective().value(problem.theta).total
    state, outcome = train(problem, solver=solver, n_epochs=40)
    assert problem.objective().value(state.theta).total < 0.8 * before
    assert_array_equal(column(outcome, "epoch"), np.arange(1, 41))
    assert state.n_epochs == 40
    assert state.optimizer.t == 40 * 15
    assert not outcome.converged
    assert outcome.diverged_at is None
    assert (column(outcome, "seconds") > 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_recorded_cost_is_the_objective(dtype):
    """With a rate of zero θ does not move, and every epoch reports J(θ)."""
    problem = make_problem(rows=15, alpha=0.5, l1_ratio=0.4, weighted=True, dtype=dtype)
    _, outcome = train(problem, solver="sgd", learning_rate_init=0.0, n_epochs=3)
    expected, _ = problem.expected_objective()
    assert_allclose(column(outcome, "cost"), expected, **tolerance(dtype))


def test_one_batch_of_all_rows_is_gradient_descent():
    """J falls at each step, and the solver sees each row's weight."""
    problem = make_problem(rows=20, alpha=0.3, weighted=True)
    gradient = problem.expected_objective()[1]
    how = {"batch_size": 20, "learning_rate_init": 0.1}
    state, _ = train(problem, solver="sgd", n_epochs=1, **how)
    # nesterov's first step is (1 + μ) times as long
    assert_allclose(state.theta, problem.theta - 0.19 * gradient, rtol=1e-9, atol=1e-12)


def test_a_diverging_fit_keeps_the_last_theta_of_a_finite_cost():
    """Not θ of the last full epoch, which is finite but too large for the next one."""
    problem = make_problem(activation="identity", rows=16)
    kept = []

    def on_epoch(record, theta):
        assert theta is state.theta
        kept.append(state.theta.copy())

    state = training_state(problem)
    how = {"learning_rate_init": 30.0, "n_epochs": 50, "batch_size": 16}
    _, outcome = train(problem, solver="sgd", state=state, on_epoch=on_epoch, **how)
    assert outcome.diverged_at == len(outcome.history) + 1 <= 50
    assert not outcome.converged
    assert np.isfinite(state.theta).all()
    assert np.isfinite(state.optimizer.m).all()
    assert np.isfinite(state.optimizer.v).all()
    assert len(kept) == len(outcome.history) + 1 == state.n_epochs + 1 > 2
    assert_array_equal(state.theta, kept[-2])
    assert np.isfinite(problem.objective().value(state.theta).total)
    assert np.isfinite(column(outcome, "cost")).all()


def test_nan_in_the_last_batch_undoes_the_epoch():
    problem = make_problem(rows=16)
    problem.X[15, 0] = np.nan
    state, outcome = train(problem, shuffle=False)
    assert outcome.diverged_at == 1
    assert outcome.history == []
    assert_array_equal(state.theta, problem.theta)


@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_a_step_that_overflows_leaves_a_state_to_resume_from(solver):
    """The cost before the step was finite: only θ and the moments show it."""
    problem = make_problem(dtype=np.float32)
    how = {"solver": solver, "batch_size": 12}
    state, outcome = train(problem, learning_rate_init=1e39, **how)
    assert outcome.diverged_at == 1
    assert_array_equal(state.theta, problem.theta)
    assert np.isfinite(state.optimizer.m).all()
    assert np.isfinite(state.optimizer.v).all()
    _, outcome = train(problem, state=state, **how)
    assert outcome.diverged_at is None


def test_adaptive_divides_by_five_at_each_stall_and_stops_at_the_minimum_rate():
    problem = make_problem()
    monitor = Monitor(1e9, 2)  # only the first cost is an improvement
    _, outcome = train(
        problem,
        monitor=monitor,
        schedule="adaptive",
        learning_rate_init=1e-3,
        n_epochs=100,
    )
    rates = column(outcome, "learning_rate")
    changes = [
        later / earlier for earlier, later in pairwise(rates) if later != earlier
    ]
    assert_allclose(changes, 1 / 5)
    assert outcome.converged
    assert rates[-1] <= 1e-6 < 5 * rates[-1]
    unchanged = np.unique(rates, return_counts=True)[1]
    assert_array_equal(unchanged[:-1], 2)  # patience
    assert unchanged[-1] == 3  # and the epoch of the first cost


@pytest.mark.parametrize("schedule", sorted(set(SCHEDULES) - {"adaptive"}))
def test_other_schedules_stop_at_the_first_stall(schedule):
    problem = make_problem()
    monitor = Monitor(1e9, 2)
    _, outcome = train(problem, monitor=monitor, schedule=schedule, n_epochs=50)
    assert outcome.converged
    assert len(outcome.history) == 3


def test_cosine_ends_near_zero():
    problem = make_problem()
    _, outcome = train(problem, schedule="cosine", n_epochs=20)
    rates = column(outcome, "learning_rate")
    assert (np.diff(rates) < 0).all()
    assert 0 < rates[-1] < 1e-3 * rates[0]
    # the rate of a step is that of its start: the last of three is at 20 - 1/3
    expected = 0.02 * 0.5 * (1 + np.cos(np.pi * (19 + 2 / 3) / 20))
    assert_allclose(rates[-1], expected, rtol=1e-9)


def test_invscaling_does_not_depend_on_the_number_of_rows():
    rates = [
        column(
            train(make_problem(rows=rows), schedule="invscaling")[1], "learning_rate"
        )
        for rows in (8, 80)
    ]
    assert_array_equal(rates[0], rates[1])
    assert_allclose(rates[0], 0.02 / np.sqrt(np.arange(1, 6)), rtol=1e-12)


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_stop_pickle_resume_is_one_run_bit_for_bit(solver, schedule):
    problem = make_problem(rows=30, hidden=(8, 6), alpha=0.1, l1_ratio=0.5)
    problem.theta = problem.theta.astype(np.float32)
    problem.X, problem.Y = problem.X.astype("f4"), problem.Y.astype("f4")
    how = {"solver": solver, "schedule": schedule, "horizon": 7, "keep_prob": DROPOUT}
    patience = 2 if schedule == "adaptive" else np.inf
    whole, at_once = train(problem, n_epochs=7, monitor=Monitor(0, patience), **how)

    monitor = Monitor(0, patience)
    stopped, first_part = train(problem, n_epochs=3, monitor=monitor, **how)
    resumed, monitor = pickle.loads(pickle.dumps((stopped, monitor)))
    how |= {"state": resumed, "monitor": monitor}
    state, second_part = train(problem, n_epochs=4, **how)

    assert state.theta.tobytes() == whole.theta.tobytes()
    assert state.optimizer.m.tobytes() == whole.optimizer.m.tobytes()
    assert state.optimizer.v.tobytes() == whole.optimizer.v.tobytes()
    costs = [*column(first_part, "cost"), *column(second_part, "cost")]
    assert_array_equal(costs, column(at_once, "cost"))
    rates = [
        *column(first_part, "learning_rate"),
        *column(second_part, "learning_rate"),
    ]
    assert_array_equal(rates, column(at_once, "learning_rate"))


def test_each_epoch_has_a_new_order_and_new_masks():
    """With a rate of zero only the order and the masks can change the cost."""
    problem = make_problem(rows=30)
    still = {"solver": "sgd", "learning_rate_init": 0.0, "n_epochs": 6}
    _, outcome = train(problem, keep_prob=DROPOUT, **still)
    assert len(set(column(outcome, "cost"))) == 6
    theta = {train(problem, shuffle=s)[0].theta.tobytes() for s in (True, False)}
    assert len(theta) == 2


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_size_of_blocks_changes_nothing(shuffle, monkeypatch):
    """Nor does it change the rates, which fall from step to step within an epoch."""
    problem = make_problem(rows=30)
    how = {"keep_prob": DROPOUT, "shuffle": shuffle, "schedule": "cosine"}
    expected, _ = train(problem, **how)
    monkeypatch.setattr(tables, "UNCOPIED_BYTES", 200)
    found, _ = train(problem, **how)
    assert_array_equal(found.theta, expected.theta)


def test_arrays_of_each_step_start_on_a_cache_line():
    """Also after a pickle has moved them: it halves the time of an update."""
    problem = make_problem()
    state = training_state(problem)
    memory = np.empty(3 * problem.theta.size + 1)
    parts = np.split(memory[1:], 3)
    state.optimizer.m, state.optimizer.v, theta = (p.copy() for p in parts)
    state.optimizer.restart()
    theta[:] = problem.theta
    state.theta = theta
    state, _ = train(problem, state=state)
    for array in (state.theta, state.optimizer.m, state.optimizer.v):
        assert array.ctypes.data % 64 == 0


def test_on_epoch_can_stop():
    state, outcome = train(make_problem(), on_epoch=lambda record, _: record.epoch == 3)
    assert len(outcome.history) == state.n_epochs == 3
    assert not outcome.converged


def test_on_epoch_and_the_dev_set_get_the_average():
    reported, evaluated = [], []

    def evaluate(theta):
        evaluated.append(theta.copy())
        return DevResult(1.0, -1.0, 1.0)

    state, _ = train(
        make_problem(),
        evaluate=evaluate,
        on_epoch=lambda record, theta: reported.append(theta.copy()),
        averaging=Averaging(True, 0.9),
        n_epochs=3,
    )
    assert_array_equal(reported, evaluated)
    assert_array_equal(reported[-1], state.average)
    assert not np.array_equal(state.average, state.theta)


class CtrlC:
    """An augmentation without effect, interrupted at one of its calls."""

    def __init__(self, at_call):
        self.at_call, self.n_calls = at_call, 0

    def __call__(self, X, Y, s, rng):
        rng.random()
        self.n_calls += 1
        if self.n_calls == self.at_call:
            raise KeyboardInterrupt
        return X, Y, s


def _whole_state(state, monitor):
    return (
        [a.tobytes() for a in (state.theta, state.optimizer.m, state.optimizer.v)],
        (state.optimizer.t, state.n_epochs, state.time, state.rate_factor),
        (state.first_cost, state.is_over),
        state.rng.bit_generator.state,
        [monitor.best, monitor.best_epoch, monitor.n_stalled],
    )


@pytest.mark.parametrize("schedule", ["constant", "adaptive"])
@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_an_interrupt_in_mid_epoch_ends_with_the_last_full_one(
    solver, schedule, monkeypatch
):
    """Training resumes from there as if it had not been interrupted."""
    monkeypatch.setattr(tables, "_PICKED_BYTES", 200)  # an epoch of several blocks
    problem = make_problem(rows=30, alpha=0.1)
    how = {"solver": solver, "schedule": schedule, "keep_prob": DROPOUT, "horizon": 7}
    patience = 1 if schedule == "adaptive" else np.inf
    calm = CtrlC(at_call=None)
    whole = training_state(problem), Monitor(0.3, patience)
    train(problem, state=whole[0], monitor=whole[1], n_epochs=7, augment=calm, **how)
    per_epoch = calm.n_calls // 7
    assert per_epoch > 2

    state, monitor = training_state(problem), Monitor(0.3, patience)
    how |= {"state": state, "monitor": monitor}
    _, first = train(
        problem, n_epochs=7, augment=CtrlC(3 * per_epoch + per_epoch // 2), **how
    )
    assert isinstance(first.interrupted_by, KeyboardInterrupt)
    assert [record.epoch for record in first.history] == [1, 2, 3]
    _, rest = train(problem, n_epochs=4, augment=CtrlC(None), **how)
    assert [record.epoch for record in rest.history] == [4, 5, 6, 7]
    assert _whole_state(state, monitor) == _whole_state(*whole)


def test_an_interrupt_during_evaluation_on_the_dev_set():
    """The epoch was trained but not evaluated, so it does not count."""
    problem, calls = make_problem(), []

    def evaluate(theta):
        calls.append(theta.copy())
        if len(calls) == 4:
            raise KeyboardInterrupt
        return DevResult(1.0, -1.0, 1.0)

    monitor = Monitor(0.0, 9, follows_dev=True)
    state, outcome = train(problem, monitor=monitor, evaluate=evaluate, n_epochs=9)
    assert len(outcome.history) == state.n_epochs == 3
    assert_array_equal(state.theta, calls[2])
    assert not np.array_equal(calls[2], calls[3])


def test_an_interrupt_in_on_epoch_keeps_the_epoch():
    def on_epoch(record, theta):
        if record.epoch == 3:
            raise KeyboardInterrupt

    state, outcome = train(make_problem(), on_epoch=on_epoch, n_epochs=9)
    assert len(outcome.history) == state.n_epochs == 3
    assert outcome.interrupted_by is not None


def test_everything_that_an_epoch_changes_is_restored():
    """Wherever in its bookkeeping the interrupt occurs."""
    state, monitor, outcome = training_state(make_problem()), Monitor(0.0, 2), Outcome()
    state.monitor = monitor
    last = LastEpochs(state, outcome)
    last.epoch_begins()
    before = pickle.loads(pickle.dumps((state, monitor)))
    for array in (state.theta, state.optimizer.m, state.optimizer.v):
        array += 1
    state.optimizer.t, state.n_epochs, state.rate_factor = 5, 1, 0.2
    state.rng.random()
    outcome.history.append(EpochRecord(1, 3.0, 0.1, 0.0, None))
    monitor.update(outcome.history[0], state.theta)
    outcome.reason, state.time, state.is_over = CONVERGED, 1.0, True
    state.first_cost = 3.0
    assert _whole_state(state, monitor) != _whole_state(*before)
    last.restore()
    assert _whole_state(state, monitor) == _whole_state(*before)
    assert outcome == Outcome()


def test_an_interrupt_in_the_first_epoch_is_raised_and_undone(monkeypatch):
    monkeypatch.setattr(tables, "_PICKED_BYTES", 200)
    problem = make_problem(rows=30)
    state = training_state(problem)
    before = pickle.loads(pickle.dumps(state))
    with pytest.raises(KeyboardInterrupt):
        train(problem, state=state, augment=CtrlC(at_call=3))
    assert _whole_state(state, patient()) == _whole_state(before, patient())


def test_the_dev_set_is_monitored():
    """Its cost rises after epoch 4: patience of 2 ends training at 6."""
    costs, seen = iter([5, 4, 3, 2, 3, 4, 5, 6]), []

    def evaluate(theta):
        seen.append(theta.copy())
        cost = next(costs)
        return DevResult(cost, -cost, cost)

    monitor = Monitor(0.0, 2, follows_dev=True)
    how = {"monitor": monitor, "evaluate": evaluate, "n_epochs": 20}
    _, outcome = train(make_problem(), **how)
    assert outcome.converged
    assert [record.dev.cost for record in outcome.history] == [5, 4, 3, 2, 3, 4]
    assert monitor.best_epoch == 4
    assert_array_equal(monitor.best_theta, seen[3])


def test_examples_are_only_read():
    problem = make_problem(weighted=True)
    before = problem.X.copy(), problem.Y.copy()
    train(problem, keep_prob=DROPOUT, shuffle=False, batch_size=12)
    assert_array_equal(problem.X, before[0])
    assert_array_equal(problem.Y, before[1])
