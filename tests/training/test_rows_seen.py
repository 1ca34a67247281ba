"""The record of rows seen of a training set that comes in pieces."""

import numpy as np
from numpy.testing import assert_allclose

from skdnn.training.rows_seen import _MAX_CALLS, RowsSeen
from skdnn.training.tables import Examples, Table


def test_S_is_the_weight_of_all_rows_and_of_each_piece_once():
    seen = RowsSeen()
    for _ in range(3):  # passes over two pieces
        for checksum, weight in ((11, 200.0), (12, 100.0)):
            seen = seen.after(weight, checksum)
            seen = seen.trained(weight)
    assert seen.total == 300.0
    assert seen.weight == 900.0
    assert seen.passes == 3.0


def test_single_rows_never_count_as_repeated():
    seen = RowsSeen()
    for _ in range(5):
        seen = seen.after(1.0, None).trained(1.0)
    assert seen.total == seen.weight == 5.0


def test_a_known_total_holds_from_then_on():
    seen = RowsSeen().after(10.0, 1, known=1000.0).trained(10.0)
    assert seen.after(10.0, 2).total == 1000.0
    assert seen.passes == 0.01
    assert seen.after(10.0, 2, known=500.0).total == 500.0


def test_only_the_calls_that_are_kept_are_recognised():
    seen = RowsSeen()
    for checksum in range(_MAX_CALLS + 5):
        seen = seen.after(1.0, checksum)
    assert len(seen.calls) == _MAX_CALLS
    assert seen.after(1.0, 0).total == seen.total
    assert seen.after(1.0, _MAX_CALLS + 1).total == seen.total + 1


def _examples(X, y, weight=None):
    return Examples(Table(X, np.float32), y[:, np.newaxis].astype(np.float32), weight)


def test_checksums_tell_calls_apart():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
    other = X.copy()
    other[-1, 2] += 1
    sums = [
        _examples(X, y).checksum(),
        _examples(other, y).checksum(),
        _examples(X, 1 - y).checksum(),
        _examples(X[:19], y[:19]).checksum(),
        _examples(X, y, np.full(20, 2.0)).checksum(),
        _examples(X, y, np.arange(20.0)).checksum(),
    ]
    assert len(set(sums)) == len(sums)
    assert _examples(X.copy(), y.copy()).checksum() == sums[0]
    assert _examples(X[:1], y[:1]).checksum() is None


def test_shares_of_the_passes_add_up():
    seen = RowsSeen()
    for _ in range(30):
        seen = seen.after(0.1, 7).trained(0.1)
    assert_allclose(seen.passes, 30, rtol=1e-12)
