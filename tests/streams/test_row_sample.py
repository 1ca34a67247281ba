"""RowSample keeps a short stream whole and samples a long one uniformly."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skdnn.streams import RowSample


def sample_of(chunks, most):
    sample = RowSample(most)
    for chunk in chunks:
        sample.add(*chunk)
    return sample


def test_a_short_stream_is_kept_whole_and_in_order():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    sample = sample_of([(X[:4], y[:4]), (X[4:4], y[4:4]), (X[4:], y[4:])], 10)
    assert sample.is_whole
    assert_array_equal(sample.arrays[0], X)
    assert_array_equal(sample.arrays[1], y)
    assert_array_equal(sample.numbers, y)


def test_rows_of_a_long_stream_are_kept_with_their_indices():
    y = np.arange(1000)
    sample = sample_of([(y[k : k + 90, None], y[k : k + 90]) for k in y[::90]], 100)
    assert 30 <= sample.numbers.size <= 100
    assert not sample.is_whole
    assert_array_equal(sample.arrays[0][:, 0], sample.numbers)
    assert_array_equal(sample.arrays[1], sample.numbers)


def test_every_part_of_a_stream_is_sampled_equally():
    # The sample must not be biased by periodic rows, such as alternating classes.
    chunks = [(np.arange(k, k + 500),) for k in range(0, 100_000, 500)]
    numbers = sample_of(chunks, 8000).numbers
    expected = numbers.size / 8
    for counts in (np.bincount(numbers % 8), np.bincount(numbers // 12_500)):
        assert np.abs(counts - expected).max() < 4 * np.sqrt(expected)


@pytest.mark.parametrize(
    "kind", [sparse.csc_array, pd.DataFrame, lambda X: pl.DataFrame(X, orient="row")]
)
def test_tables_keep_their_type(kind):
    X = np.arange(600.0).reshape(300, 2)
    sample = sample_of([(kind(X[k : k + 50]),) for k in range(0, 300, 50)], 100)
    (rows,) = sample.arrays
    if sparse.issparse(rows):
        rows = rows.toarray()
    else:
        assert isinstance(rows, type(kind(X)))
    assert_array_equal(np.asarray(rows), X[sample.numbers])


def test_kept_rows_are_copies():
    buffer, sample = np.zeros((5, 1)), RowSample(10)
    for k in range(2):
        buffer[:] = k
        sample.add(buffer)
    assert_array_equal(sample.arrays[0][:, 0], [0] * 5 + [1] * 5)
