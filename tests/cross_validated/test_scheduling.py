"""The order in which threads finish does not change a CV fit or waste steps."""

import random
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdnn.cross_validated import base
from skdnn.cross_validated.nets import Leg, NetInTraining, run_leg
from skdnn.cross_validated.workers import Workers
from skdnn.estimators.rows import Rows
from tests.cross_validated.small import classifier, steps, thetas
from tests.estimators.datasets import make_rows

X, Y = make_rows()
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
MANY = {"alphas": [0.1, 1e4], "keep_probs": [1.0, 0.8], "n_members": 3}


class ShuffledWorkers(Workers):
    """Finish legs in random order, and train ahead wherever that is allowed."""

    n_ahead = 0

    def __init__(self, n_jobs, seed):
        super().__init__(None)
        self._random = random.Random(seed)

    def advance(self, legs, follow, ahead=lambda: None):
        legs = list(legs)
        while legs:
            while (leg := ahead()) is not None:
                ShuffledWorkers.n_ahead += 1
                legs.append(leg)
            leg = legs.pop(self._random.randrange(len(legs)))
            legs += follow(leg, run_leg(leg))


@pytest.fixture
def shuffle_workers(monkeypatch):
    """Return a function that shuffles the order of legs in the following fits."""

    def use(seed):
        monkeypatch.setattr(base, "Workers", partial(ShuffledWorkers, seed=seed))
        monkeypatch.setattr(ShuffledWorkers, "n_ahead", 0)

    return use


def assert_same(model, expected):
    """Compare scores, predictions and the state of each network."""
    assert_array_equal(model.scores_, expected.scores_)
    assert_array_equal(model.oof_decision_function_, expected.oof_decision_function_)
    assert_array_equal(thetas(model), thetas(expected))
    pairs = zip(model._nets, expected._nets, strict=True)
    for net, other in pairs:
        assert net.optimizer_state_.t == other.optimizer_state_.t
        assert_array_equal(net.optimizer_state_.m, other.optimizer_state_.m)
        assert net.loss_curve_ == other.loss_curve_


@pytest.mark.parametrize("options", [{}, {"refit": False}, {"scoring": "accuracy"}])
def test_the_order_of_legs_changes_nothing(options, shuffle_workers, monkeypatch):
    monkeypatch.setattr("skdnn.cross_validated.race._MIN_STEPS_TO_STOP", 0)
    steps(monkeypatch, 4, 12, 20, 28, 36, 44, 52)
    model = classifier(**MANY, **options, n_iter_no_change=2)
    expected = model.fit(X, Y)
    assert np.isnan(expected.scores_).any()  # some candidates stopped early
    for seed in range(3):
        shuffle_workers(seed)
        other = classifier(**MANY, **options, n_iter_no_change=2)
        assert_same(other.fit(X, Y), expected)
        assert ShuffledWorkers.n_ahead > 0


def test_networks_ahead_of_a_divergence_are_rolled_back(shuffle_workers, monkeypatch):
    """The best checkpoint may precede the divergence; its networks are the members."""
    steps(monkeypatch, 4, 8, 12, 16)
    advance, expected = NetInTraining.advance_to, classifier(refit=False).fit(X, Y)
    seed_of_last = expected._nets[-1].random_state

    def diverges(net, n_steps):
        is_last = net.estimator.random_state == seed_of_last
        return advance(net, n_steps) and not (is_last and n_steps == 12)

    monkeypatch.setattr(NetInTraining, "advance_to", diverges)
    with pytest.warns(match="diverged"):
        expected.fit(X, Y)
    assert {net.optimizer_state_.t for net in expected._nets} == {12}
    for seed in range(3):
        shuffle_workers(seed)
        with pytest.warns(match="diverged"):
            model = classifier(refit=False).fit(X, Y)
        assert ShuffledWorkers.n_ahead > 0
        assert_same(model, expected)


def test_no_network_trains_beyond_the_stop_of_its_candidate(
    shuffle_workers, monkeypatch
):
    monkeypatch.setattr("skdnn.cross_validated.race._MIN_STEPS_TO_STOP", 0)
    steps(monkeypatch, 4, 12, 20, 28, 36, 44, 52)
    fits = []
    for seed in range(3):
        shuffle_workers(seed)
        fits.append(classifier(alphas=1e4, refit=False, n_iter_no_change=2).fit(X, Y))
        assert ShuffledWorkers.n_ahead > 0
    stopped = fits[0].n_steps_[-1]
    assert stopped < 52
    assert {net.optimizer_state_.t for fit in fits for net in fit._nets} == {stopped}


def test_no_network_trains_ahead_when_each_checkpoint_is_reported(
    shuffle_workers, monkeypatch, capsys
):
    steps(monkeypatch, 4, 8, 12)
    shuffle_workers(0)
    classifier(**MANY, verbose=True).fit(X, Y)
    assert ShuffledWorkers.n_ahead == 0
    assert capsys.readouterr().out


def test_rows_of_a_fold_are_prepared_once_for_all_candidates(monkeypatch):
    made, examples = [], Rows.examples
    monkeypatch.setattr(
        Rows, "examples", lambda *a, **k: made.append(1) or examples(*a, **k)
    )
    classifier(**MANY, cv=3).fit(X, Y)
    assert len(made) == 3 * 2 + 1  # each fold's training and held-out rows; all rows


def test_members_take_turns(monkeypatch):
    """Members advance by one checkpoint each, so that threads finish together."""
    steps(monkeypatch, 4, 8, 12)
    turns, advance = [], NetInTraining.advance_to

    def recorded_advance(net, n_steps):
        turns.append((net.examples.n_rows == len(Y), n_steps))
        return advance(net, n_steps)

    monkeypatch.setattr(NetInTraining, "advance_to", recorded_advance)
    model = classifier(n_members=3).fit(X, Y)
    best = [n for n in (4, 8, 12) if n <= model.best_n_steps_]
    of_members = [n_steps for is_member, n_steps in turns if is_member]
    assert len(best) > 1
    assert of_members == [n for n in best for _ in range(3)]


def test_threads_are_not_idle_while_legs_are_left():
    """Twice as many legs as threads start at once; the others follow on demand."""

    class Net:
        def advance_to(self, n_steps):
            return False

    left, begun_before = [Leg(Net(), [1]) for _ in range(6)], []

    def follow(leg, end):
        begun_before.append(7 - len(left))
        return []

    with Workers(2) as workers:
        workers.advance([left[0]], follow, lambda: left.pop() if left else None)
    assert begun_before == [4, 5, 6, 7, 7, 7, 7]
