"""Steps in any portions: the same training as epoch by epoch, bit for bit."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse

from skdnn.training import blocks as blocks_of
from skdnn.training.averaging import Averaging
from skdnn.training.blocks import EndlessBlocks
from skdnn.training.readers import tables as reading
from skdnn.training.readers.streams import StreamReader
from skdnn.training.readers.tables import TableReader
from skdnn.training.steps import Steps
from skdnn.training.tables import Examples, Table
from tests.problems import make_problem, reader, recipe, training_state
from tests.training.test_stream_reader import Chunks, examples_of

N_ROWS, N_COLUMNS, BATCH_SIZE, N_BATCHES = 17, 9, 4, 5


def add_noise(X, Y, s, rng):
    return X + rng.normal(size=X.shape), Y, s


KINDS = ["ready", "copied", "in order", "sparse", "augmented", "weighted"]


@pytest.fixture(autouse=True, scope="module")
def _two_batches_a_block():
    """Use several blocks per epoch, in buffers that are reused."""
    n_bytes = 2 * BATCH_SIZE * N_COLUMNS * np.float64().itemsize
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_PICKED_BYTES", n_bytes)
        patch.setattr(reading, "UNCOPIED_BYTES", n_bytes)
        yield


def new_reader(kind):
    if kind == "stream":
        rows = np.arange(N_ROWS * N_COLUMNS, dtype=float).reshape(N_ROWS, N_COLUMNS)
        examples = examples_of(Chunks(rows, [3, 6, 0, 5, 3]))
        return StreamReader(examples, BATCH_SIZE, np.random.default_rng(0))
    X = np.zeros((N_ROWS, N_COLUMNS))
    X[np.arange(N_ROWS), np.arange(N_ROWS) % N_COLUMNS] = 1 + np.arange(N_ROWS)
    table = Table(sparse.csr_array(X) if kind == "sparse" else X, np.float64)
    if kind == "copied":
        table = Table(X.astype(np.float32), np.float64)
    else:
        table = table.ready_if_small()
    weight = np.arange(1.0, N_ROWS + 1) if kind == "weighted" else None
    examples = Examples(table, np.arange(float(N_ROWS))[:, np.newaxis], weight)
    rows = TableReader(
        examples,
        BATCH_SIZE,
        np.random.default_rng(0),
        kind != "in order",
        add_noise if kind == "augmented" else None,
    )
    assert (rows.copies, rows.is_sparse) == (
        kind in ("copied", "augmented"),
        kind == "sparse",
    )
    return rows


def batches(blocks):
    """Return the (X, Y, s) of each mini-batch, as the compiled loop would read it."""
    found = []
    for block in blocks:
        rows = block.rows if block.rows.size else np.arange(len(block.Y))
        X = block.X if isinstance(block.X, np.ndarray) else dense(block.X)
        for start, stop in pairwise(block.bounds):
            part = rows[start:stop]
            found.append([X[part].copy(), block.Y[part].copy(), block.s[part].copy()])
    return found


def dense(X):
    """Return the table of sparse rows as a dense array."""
    shape = X.bounds.size - 1, X.n_columns
    return sparse.csr_array((X.data, X.columns, X.bounds), shape).toarray()


def of_epochs(kind, n):
    """Return the mini-batches of n whole epochs."""
    rows = new_reader(kind)
    return [batch for _ in range(n) for batch in batches(rows.epoch())]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(portions=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_epochs_cut_anywhere_have_the_same_batches(kind, portions):
    endless = EndlessBlocks(new_reader(kind))
    taken = []
    expected = of_epochs(kind, 1 + sum(portions) // N_BATCHES)
    for n in portions:
        blocks = batches(endless.take(n))
        assert len(blocks) == n
        taken += blocks
    for batch, whole in zip(taken, expected, strict=False):
        for array, other in zip(batch, whole, strict=True):
            assert_array_equal(array, other)


@pytest.mark.parametrize("kind", [*KINDS, "stream"])
@settings(max_examples=15)
@given(portions=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_another_reader_resumes_where_one_stopped(kind, portions):
    endless, whole = EndlessBlocks(new_reader(kind)), EndlessBlocks(new_reader(kind))
    for n in portions:
        other = new_reader(kind)
        other.rng.bit_generator.state = endless._reader.rng.bit_generator.state
        plain, endless = json.loads(json.dumps(endless.pack())), EndlessBlocks(other)
        endless.resume_from(plain)
        assert endless.pack() == plain
        for batch, expected in zip(
            batches(endless.take(n)), batches(whole.take(n)), strict=True
        ):
            for array, other_array in zip(batch, expected, strict=True):
                assert_array_equal(array, other_array)
    assert other.rng.bit_generator.state == whole._reader.rng.bit_generator.state


@pytest.mark.parametrize("kind", [*KINDS, "stream"])
def test_epochs_of_rows_that_are_not_copied_are_one_block(kind):
    n_blocks = len(list(EndlessBlocks(new_reader(kind)).take(3 * N_BATCHES)))
    stays = kind in ("ready", "sparse", "weighted")
    assert n_blocks == 1 if stays else n_blocks > 3


def test_blocks_are_small_enough_for_an_interrupt(monkeypatch):
    monkeypatch.setattr(blocks_of, "UNCOPIED_BYTES", 20 * N_COLUMNS * 4)
    blocks = list(EndlessBlocks(new_reader("ready")).take(4 * N_BATCHES))
    rows = [block.bounds[-1] - block.bounds[0] for block in blocks]
    assert len(rows) == 3 and max(rows) < 20 + 2 * BATCH_SIZE


def test_nothing_is_read_before_it_is_asked_for():
    rows = new_reader("dense")
    before = rows.rng.bit_generator.state
    endless = EndlessBlocks(rows)
    assert list(endless.take(0)) == []
    assert rows.rng.bit_generator.state == before


OPTIONS = {
    "adam": {"keep_prob": [0.9, 0.8]},
    "adamw": {},
    "sgd": {"keep_prob": [1.0, 0.7], "averaging": Averaging(True, 0.8)},
}


def steps_of(problem, solver):
    state = training_state(problem)
    rows = reader(problem, state.rng)  # three batches of four rows
    return Steps(state, rows, recipe(problem, solver, **OPTIONS[solver]))


@pytest.mark.parametrize("solver", OPTIONS)
@pytest.mark.parametrize("portions", [[9], [1] * 9, [2, 5, 2], [4, 4, 1]], ids=str)
def test_steps_in_portions_equal_epochs(solver, portions):
    problem = make_problem(hidden=(5,), weighted=True, alpha=0.1, dtype=np.float32)
    by_epoch, by_portion = steps_of(problem, solver), steps_of(problem, solver)
    for _ in range(3):
        by_epoch.run_epoch()
    for n in portions:
        by_portion.take(n)
    expected, state = by_epoch.state, by_portion.state
    assert_array_equal(state.theta, expected.theta)
    assert_array_equal(state.to_predict, expected.to_predict)
    assert_array_equal(state.optimizer.v, expected.optimizer.v)
    assert state.optimizer.t == expected.optimizer.t == 9
    assert state.time == pytest.approx(3.0)


@pytest.mark.parametrize("n_steps", [3, 6])
def test_the_cost_is_the_average_over_the_rows_of_the_steps(n_steps):
    problem = make_problem(hidden=(5,))
    by_epoch, by_portion = steps_of(problem, "adamw"), steps_of(problem, "adamw")
    costs = [by_epoch.run_epoch()[0] for _ in range(n_steps // 3)]
    assert by_portion.take(n_steps) == pytest.approx(np.mean(costs))


def test_a_schedule_continues_from_portion_to_portion():
    problem = make_problem(hidden=(5,))

    def run(*portions):
        state = training_state(problem)
        how = recipe(problem, "sgd", schedule="invscaling")
        steps = Steps(state, reader(problem, state.rng), how)
        for n in portions:
            steps.take(n)
        return state.theta

    assert_array_equal(run(6), run(2, 3, 1))


def test_a_cost_that_is_not_finite_is_returned():
    problem = make_problem(hidden=(5,))
    state = training_state(problem)
    state.theta[:] = np.inf
    steps = Steps(state, reader(problem, state.rng), recipe(problem))
    with np.errstate(invalid="ignore"):
        assert np.isnan(steps.take(2))
    assert state.optimizer.t == 0
