"""Arrays on cache lines, and views without checks."""

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_array_equal

from skdnn.network.memory import aligned_copy, empty_aligned, prefetch
from skdnn.network.views import flat, matrix, part, vector
from tests.problems import DTYPES


def starts_on_a_cache_line(array):
    return array.ctypes.data % 64 == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [0, 7, (3, 5), (0, 4), (1000, 33)], ids=str)
def test_empty_aligned(shape, dtype):
    several = [empty_aligned(shape, dtype) for _ in range(9)]
    assert all(starts_on_a_cache_line(a) for a in several if a.size)
    for array in several:
        assert array.shape == np.empty(shape).shape
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert array.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_aligned_copy(dtype):
    array = np.arange(24, dtype=dtype)[1:22:2]
    copy = aligned_copy(array)
    assert starts_on_a_cache_line(copy)
    assert_array_equal(copy, array)
    assert not np.shares_memory(copy, array)


@njit
def viewed(address, start, rows, columns, T):
    part = matrix(address, start, rows, columns, T)
    part[0, 0] = 77
    whole = flat(part)
    whole[-1] = 88
    after = vector(address, start + rows * columns, 2, T)
    return part.shape, part.strides, whole.shape, whole.strides, after[0], after.size


@pytest.mark.parametrize("view", [viewed, viewed.py_func], ids=["compiled", "Python"])
@pytest.mark.parametrize("dtype", [*DTYPES, np.int64, np.int32])
def test_views_of_an_address(dtype, view):
    buffer, item = np.arange(30, dtype=dtype), np.dtype(dtype).itemsize
    found = view(buffer.ctypes.data, 4, 3, 5, dtype)
    assert found == ((3, 5), (5 * item, item), (15,), (item,), 19, 2)
    expected = np.arange(30)
    expected[4], expected[18] = 77, 88
    assert_array_equal(buffer, expected)


@njit
def a_view(n):
    return part(np.arange(n), 2, 2, 3)


def test_a_part_keeps_its_array_alive():
    views = [a_view(100) for _ in range(50)]
    for view in [*views, part(np.arange(9), 2, 2, 3)]:
        assert_array_equal(view, [[2, 3, 4], [5, 6, 7]])


@njit
def prefetched(table):
    for i in range(table.shape[0]):
        prefetch(table, i, table.shape[1] - 1)
    return table.sum()


@pytest.mark.parametrize("order", ["C", "F"])
def test_prefetching_changes_nothing(order):
    table = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
    assert prefetched(table) == prefetched.py_func(table) == 66
