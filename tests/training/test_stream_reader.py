"""Mini-batches of chunks of any size are those of a table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse

from skdnn.training.blocks import batch_bounds
from skdnn.training.readers.streams import StreamReader
from skdnn.training.streams import RowBuffer, StreamTable, read_ahead
from skdnn.training.tables import Examples, Table


class Chunks:
    """Rows in memory, as chunks of given sizes."""

    def __init__(self, X, sizes, *, can_be_reordered=True, buffer_chunks=2):
        self.X, self.sizes, self.shape = X, np.array(sizes), X.shape
        self.n_stored = X.nnz if sparse.issparse(X) else X.size
        self.can_be_reordered = can_be_reordered
        self.buffer_chunks = buffer_chunks

    def read(self, order, rows):
        ends = np.concatenate([[0], np.cumsum(self.sizes)])
        rows = np.arange(ends[-1]) if rows is None else rows
        for k in order:
            yield self.X[rows[(rows >= ends[k]) & (rows < ends[k + 1])]]

    def checksum(self):
        return 0


def examples_of(chunks, rows=None):
    """Return examples whose Y is the row number in the table."""
    sample = Table(chunks.X[:1], np.float64)
    table = StreamTable(chunks, np.float64, sample, rows)
    return Examples(table, np.arange(float(table.n_rows))[:, np.newaxis])


def batches(reader):
    """Return the row numbers of each mini-batch; assert that X has these rows."""
    found = []
    for block in reader.epoch():
        for first, last in zip(block.bounds[:-1], block.bounds[1:], strict=True):
            rows = block.rows[first:last] if block.rows.size else slice(first, last)
            X, numbers = block.X, block.Y[rows, 0]
            if isinstance(X, np.ndarray):
                assert_array_equal(X[rows][:, 0], numbers)
            else:
                starts = X.bounds[X.rows[rows]]
                assert_array_equal(X.data[starts], numbers + 1)
            found.append(numbers.astype(int))
    return found


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=7).filter(any),
    batch_size=st.integers(1, 40),
    buffer_chunks=st.integers(1, 4),
    flags=st.tuples(*[st.booleans()] * 4),
    seed=st.integers(0, 99),
)
def test_each_row_once_in_batches_of_a_table(
    sizes, batch_size, buffer_chunks, flags, seed
):
    shuffle, can_be_reordered, is_sparse, is_part = flags
    n_rows = sum(sizes)
    rows = np.arange(0, n_rows, 2) if is_part else np.arange(n_rows)
    values = np.zeros(n_rows)
    values[rows] = np.arange(rows.size) + is_sparse  # what is stored is not 0
    X = np.zeros((n_rows, 10))
    X[:, 0] = values
    chunks = Chunks(
        sparse.csr_array(X) if is_sparse else X,
        sizes,
        can_be_reordered=can_be_reordered,
        buffer_chunks=buffer_chunks,
    )
    examples = examples_of(chunks, rows if is_part else None)
    assert examples.table.is_sparse_enough == is_sparse
    rng = np.random.default_rng(seed)
    reader = StreamReader(examples, min(batch_size, rows.size), rng, shuffle)
    for _ in range(2):
        found = batches(reader)
        lengths = np.diff(batch_bounds(rows.size, min(batch_size, rows.size)))
        assert [len(batch) for batch in found] == lengths.tolist()
        order = np.concatenate(found)
        assert_array_equal(np.sort(order), np.arange(rows.size))
        if not shuffle:
            assert_array_equal(order, np.arange(rows.size))


@pytest.mark.parametrize("block_rows", [1, 4, 7, 30, 100])
def test_blocks_are_those_of_a_table(block_rows):
    X = np.arange(60.0).reshape(30, 2)
    table = examples_of(Chunks(X, [7, 0, 11, 12, 0])).table
    expected = Table(X, np.float64).blocks(block_rows)
    for block, other in zip(table.blocks(block_rows), expected, strict=True):
        assert_array_equal(block, other)


def test_a_buffer_keeps_what_is_not_dropped():
    X = np.arange(20.0).reshape(20, 1)
    table = examples_of(Chunks(X, [20])).table
    buffer = RowBuffer(table, 20)
    buffer.add(0, X)
    buffer.drop(np.array([19, 0, 7, 3]))
    assert_array_equal(buffer.inputs[:, 0], buffer.positions)
    assert_array_equal(
        np.sort(buffer.positions), np.delete(np.arange(20), [0, 3, 7, 19])
    )
    before = buffer.positions.copy()
    buffer.drop_first(5)
    assert_array_equal(buffer.positions, before[5:])
    assert_array_equal(buffer.inputs[:, 0], before[5:])


def test_no_more_than_one_item_is_read_ahead():
    yielded = []

    def items():
        for k in range(5):
            yielded.append(k)
            yield k
        raise OSError("no more")

    used = []
    with pytest.raises(OSError, match="no more"):
        for k in read_ahead(items()):
            assert len(yielded) <= k + 2
            used.append(k)
    assert used == list(range(5))
