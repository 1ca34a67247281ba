"""Readers of rows: the same numbers from every kind of table."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import chisquare

from skdnn.training import tables
from skdnn.training.blocks import batch_bounds, random_order
from skdnn.training.readers import tables as reading
from skdnn.training.readers.tables import TableReader
from skdnn.training.tables import Examples, Table
from tests.problems import DTYPES

M, N = 17, 5


def integers():
    """Return a table with zeros that every dtype holds exactly."""
    return np.random.default_rng(0).integers(-3, 4, (M, N))


def memmap(X, folder):
    path = folder / "X.npy"
    np.save(path, X)
    return np.load(path, mmap_mode="r")


def strided(X):
    return np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3]


TABLES = {
    "C": lambda X, folder: X.astype(np.float64),
    "C float32": lambda X, folder: X.astype(np.float32),
    "F": lambda X, folder: np.asfortranarray(X, dtype=np.float64),
    "F float32": lambda X, folder: np.asfortranarray(X, dtype=np.float32),
    "strided": lambda X, folder: strided(X.astype(np.float64)),
    "reversed": lambda X, folder: X[::-1].astype(np.float64)[::-1],
    "int64": lambda X, folder: X.astype(np.int64),
    "int8": lambda X, folder: X.astype(np.int8),
    "other byte order": lambda X, folder: X.astype(">f8"),
    "memmap": lambda X, folder: memmap(X.astype(np.float64), folder),
    "memmap float32": lambda X, folder: memmap(X.astype(np.float32), folder),
    "csr_matrix": lambda X, folder: sparse.csr_matrix(X.astype(np.float64)),
    "csr_array": lambda X, folder: sparse.csr_array(X.astype(np.float32)),
    "csc_matrix": lambda X, folder: sparse.csc_matrix(X.astype(np.float32)),
    "csc_array": lambda X, folder: sparse.csc_array(X.astype(np.float64)),
    "coo_array": lambda X, folder: sparse.coo_array(X),
}


@pytest.fixture(params=sorted(TABLES))
def table(request, tmp_path):
    return TABLES[request.param](integers(), tmp_path)


def assert_fit_for_compiled_code(block, dtype):
    assert block.dtype == dtype
    assert block.flags.c_contiguous
    assert block.flags.aligned
    assert isinstance(block, np.ndarray)


@pytest.mark.parametrize("rows", [None, [3, 3, 16, 0, 8]], ids=["all", "some"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_read(table, dtype, rows):
    expected = integers() if rows is None else integers()[rows]
    source = Table(table, dtype, None if rows is None else np.array(rows))
    assert (source.n_rows, source.n_columns) == expected.shape
    for start, stop in [(0, 5), (2, 4), (4, 5)]:
        block = source.read(start, stop)
        assert_fit_for_compiled_code(block, dtype)
        assert_array_equal(block, expected[start:stop])


@pytest.mark.parametrize("rows", [None, [3, 3, 16, 0, 8]], ids=["all", "some"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gather(table, dtype, rows):
    expected = integers() if rows is None else integers()[rows]
    source = Table(table, dtype, None if rows is None else np.array(rows))
    out, picked = np.full((6, N), 77, dtype), np.array([4, 0, 4, 2])
    block = source.gather(picked, out)
    assert np.shares_memory(block, out)
    assert_fit_for_compiled_code(block, dtype)
    assert_array_equal(block, expected[picked])
    assert_array_equal(out[4:], 77)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bool(dtype):
    X = integers() > 0
    source = Table(X, dtype)
    assert_array_equal(source.read(0, M), X)
    assert_array_equal(source.gather(np.arange(M), np.empty((M, N), dtype)), X)


@pytest.mark.parametrize("block_rows", [1, 4, M, 100])
def test_blocks_are_the_rows_in_order(table, block_rows):
    blocks = list(Table(table, np.float32).blocks(block_rows))
    assert_array_equal(np.concatenate(blocks), integers())
    assert {len(block) for block in blocks[:-1]} <= {block_rows}


def test_reading_a_ready_table_copies_nothing():
    X = integers().astype(np.float64)
    assert np.shares_memory(Table(X, np.float64).read(3, 9), X)
    assert not np.shares_memory(Table(X, np.float32).read(3, 9), X)


def test_a_read_only_table_is_read_in_place():
    X = integers().astype(np.float64)
    X.flags.writeable = False
    assert np.shares_memory(Table(X, np.float64).read(3, 9), X)


@pytest.mark.parametrize("rows", [None, [3, 3, 16, 0, 8]], ids=["all", "some"])
def test_a_small_table_is_converted_once(table, rows):
    expected = integers() if rows is None else integers()[rows]
    rows = None if rows is None else np.array(rows)
    source = Table(table, np.float32, rows).ready_if_small()
    assert_fit_for_compiled_code(source.ready, np.float32)
    assert_array_equal(source.ready, expected)
    assert np.shares_memory(source.read(1, 3), source.ready)


def test_a_large_table_is_not_converted(table, monkeypatch):
    monkeypatch.setattr(tables, "_SMALL_TABLE_BYTES", 4 * M * N - 1)
    source = Table(table, np.float32)
    assert source.ready_if_small() is source


def test_a_table_that_is_ready_is_not_copied():
    X = integers().astype(np.float32)
    source = Table(X, np.float32)
    assert source.ready_if_small().ready is X


@given(st.integers(1, 300), st.integers(0, 2**32))
def test_a_random_order_has_every_row_once(n_rows, seed):
    order = random_order(np.random.default_rng(seed), n_rows)
    assert_array_equal(np.sort(order), np.arange(n_rows))


def test_every_order_is_equally_likely():
    rng, n = np.random.default_rng(0), 24_000
    seen = Counter(tuple(random_order(rng, 4)) for _ in range(n))
    assert len(seen) == 24
    assert chisquare(list(seen.values())).pvalue > 0.001


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 6000))
def test_batch_bounds(n_rows, batch_size):
    bounds = batch_bounds(n_rows, batch_size)
    sizes = np.diff(bounds)
    assert bounds[0] == 0
    assert bounds[-1] == n_rows
    assert sizes.size == -(-n_rows // batch_size)
    assert 1 <= sizes.min() <= sizes.max() <= batch_size
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_average_to_one(dtype):
    weights = np.random.default_rng(0).uniform(0, 9, M)
    examples = Examples(Table(integers(), dtype), np.ones((M, 1), dtype), weights)
    assert examples.s.dtype == dtype
    assert_allclose(examples.s.mean(dtype=float), 1, rtol=1e-6)
    assert_allclose(examples.total_weight, weights.sum())
    assert_allclose(examples.s * weights.mean(), weights, rtol=1e-6)


def test_no_weights_count_each_row_once():
    examples = Examples(Table(integers(), np.float32), np.ones((M, 1), np.float32))
    assert_array_equal(examples.s, np.ones(M, np.float32))
    assert examples.total_weight == M


def numbered_examples(m, is_ready=True):
    """Return examples whose input, target and weight are the row number."""
    number = np.arange(1.0, m + 1)
    X, Y = np.tile(number[:, None], (1, 3)), number[:, None]
    table = Table(X.astype(np.float32 if is_ready else np.float64), np.float32)
    assert (table.ready is not None) == is_ready
    return Examples(table, Y.astype(np.float32), number)


def test_blocks_of_examples_stay_together():
    examples = numbered_examples(11)
    blocks = list(examples.blocks(4))
    X, Y, s = (np.concatenate(part) for part in zip(*blocks, strict=True))
    assert_array_equal(X[:, 0], Y[:, 0])
    assert_allclose(s * 6, Y[:, 0], rtol=1e-6)
    assert [len(block[0]) for block in blocks] == [4, 4, 3]


@pytest.mark.parametrize("is_ready", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 150, 2**20])
@pytest.mark.parametrize("shuffled", [True, False])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 23, 100])
def test_an_epoch_visits_every_row_once(
    batch_size, shuffled, block_bytes, is_ready, monkeypatch
):
    monkeypatch.setattr(reading, "_PICKED_BYTES", block_bytes)
    monkeypatch.setattr(reading, "UNCOPIED_BYTES", block_bytes)
    m = 23
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    reader = TableReader(numbered_examples(m, is_ready), batch_size, rng, shuffled)
    for _ in range(2):
        order = np.arange(m)
        if shuffled and reader.n_batches > 1:
            order = random_order(again, m)
        seen, n_batches = [], 0
        for block in reader.epoch():
            n_batches += block.bounds.size - 1
            assert block.bounds[0] == 0
            assert np.diff(block.bounds).max() <= min(batch_size, reader.batch_rows)
            assert block.is_weighted
            for part in (block.X, block.Y, block.s):
                assert_fit_for_compiled_code(part, np.float32)
            picked = block.rows if block.rows.size else slice(block.bounds[-1])
            X, Y, s = block.X[picked], block.Y[picked], block.s[picked]
            assert len(X) == block.bounds[-1]
            assert_array_equal(X[:, 2], Y[:, 0])
            assert_allclose(s * 12, Y[:, 0], rtol=1e-6)
            seen.extend(X[:, 0].astype(int) - 1)
        assert n_batches == reader.n_batches
        assert_array_equal(seen, order)


def add_row_numbers(X, Y, s, rng):
    """Add 100 to X and Y to s, an augmentation that shows its arguments."""
    X += 100
    return X, Y, s + Y[:, 0]


@pytest.mark.parametrize("is_ready", [True, False])
@pytest.mark.parametrize("shuffled", [False, True])
def test_augmentation_sees_every_row_once_and_its_result_is_trained_on(
    shuffled, is_ready
):
    examples = numbered_examples(23, is_ready)
    X, Y = examples.table.read(0, 23).copy(), examples.Y.copy()
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    reader = TableReader(examples, 5, rng, shuffled, add_row_numbers)
    for _ in range(2):  # each epoch starts from the same rows
        order = random_order(again, 23) if shuffled else np.arange(23)
        blocks = list(reader.epoch())
        got = np.concatenate([block.X.copy() for block in blocks])
        weights = np.concatenate([block.s for block in blocks])
        assert all(block.rows.size == 0 for block in blocks)
        assert_array_equal(got, X[order] + 100)
        assert_array_equal(weights, examples.s[order] + Y[order, 0])
    assert_array_equal(examples.table.read(0, 23), X)
    assert_array_equal(examples.Y, Y)


def test_augmentation_must_keep_rows_and_types():
    examples = numbered_examples(23)
    rng = np.random.default_rng(0)
    reader = TableReader(examples, 5, rng, augment=lambda X, Y, s, rng: X)
    with pytest.raises(ValueError, match="a tuple of three arrays"):
        list(reader.epoch())
    for broken in (
        lambda X, Y, s, rng: (X[1:], Y, s),
        lambda X, Y, s, rng: (X, Y.astype(np.float64), s),
    ):
        reader = TableReader(examples, 5, rng, augment=broken)
        with pytest.raises(ValueError, match="must keep the number of rows"):
            list(reader.epoch())
