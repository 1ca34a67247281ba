"""Columns whose spread is at or below the rounding error of their mean."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from skdnn.preprocessing import InputStandardizer

METHODS = ["standard", "robust"]
rng = np.random.default_rng(0)


def in_pieces(X, sample_weight=None, n_pieces=7, **params):
    ours = InputStandardizer(**params)
    for rows in np.array_split(np.arange(X.shape[0]), n_pieces):
        s = None if sample_weight is None else sample_weight[rows]
        ours.partial_fit(X[rows], sample_weight=s)
    return ours


def exact_mean(x):
    return sum(map(Fraction, x.ravel().tolist())) / x.size


@pytest.mark.parametrize(
    "value", [1.6e18, 1.7e9, -3e15, 0.1, 123456.789, 1e-200, 5e-324, 1e308, 1.0, 0.0]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_rows", [1, 30, 1000])
def test_a_constant_column_becomes_exactly_zero(value, dtype, n_rows):
    if dtype == np.float32 and value > 1e38:
        value = 1e38
    X = np.full((n_rows, 2), value, dtype=dtype)
    X[:, 1] = np.arange(n_rows) % 3
    s = rng.random(n_rows) + 0.1
    for weights in (None, s):
        fits = [InputStandardizer(m).fit(X, sample_weight=weights) for m in METHODS]
        fits.append(in_pieces(X, weights, n_pieces=min(7, n_rows)))
        for ours in fits:
            Z = ours.transform(X)
            assert Z.dtype == dtype
            assert_array_equal(Z[:, 0], 0)
            assert ours.scale_[0] == 1
            assert_array_equal(ours.inverse_transform(Z)[:, 0], X[:, 0])
            if ours.method == "standard":
                assert np.ndim(ours.n_samples_seen_) == 0
                assert (ours.mean_[0], ours.var_[0]) == (X[0, 0], 0)


@pytest.mark.parametrize(
    "X",
    [
        1.7e18 + 256.0 * rng.integers(0, 2, 5000),  # the last place of a float
        1.7e18 + 1e9 * rng.integers(0, 5, 5000),  # seconds, in nanoseconds
        -(2.0**60) + 2.0**12 * rng.integers(-9, 9, 5000),
        1.7e9 + rng.random(5000),
        (1.7e9 + 128.0 * rng.integers(0, 3, 5000)).astype(np.float32),
    ],
    ids=["last place", "seconds", "negative", "floats", "float32"],
)
@pytest.mark.parametrize("how", ["fit", "pieces", "rows one by one at first"])
def test_columns_that_vary_little_are_scaled_correctly(X, how):
    X = X[:, np.newaxis]
    # Exact: differences from the first value, in float64, of values this near.
    d = X.astype(np.float64) - np.float64(X[0, 0])
    expected = (d - float(exact_mean(d))) / d.std()
    if how == "fit":
        ours = InputStandardizer().fit(X)
    elif how == "pieces":
        ours = in_pieces(X)
    else:
        ours = in_pieces(X[:10], n_pieces=10).partial_fit(X[10:])
    Z = ours.transform(X)
    rtol = {np.float32: 1e-6, np.float64: 1e-11}[X.dtype.type]
    assert_allclose(Z, expected, rtol=rtol, atol=rtol)
    assert_array_equal(ours.inverse_transform(Z), X)
    # StandardScaler is off by up to 255 standard deviations.
    wide = InputStandardizer("robust").fit_transform(X)
    assert np.abs(wide).max() <= max(2, np.abs(Z).max())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "X", [np.r_[[0.1 + 0.2] * 9, 0.3], np.r_[np.full(4999, 1e15), 1e15 + 2]]
)
def test_rounding_noise_is_not_amplified(method, X):
    ours = InputStandardizer(method).fit(X[:, np.newaxis])
    assert_array_equal(ours.scale_, [1])
    assert np.abs(ours.transform(X[:, np.newaxis])).max() <= np.ptp(X)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_and_weighted_as_dense(container, weighted):
    X = np.c_[
        1.7e18 + 256.0 * rng.integers(0, 4, 300),
        np.full(300, 1.6e18),
        rng.integers(0, 2, 300),
        np.zeros(300),
    ]
    s = rng.random(300) if weighted else None
    dense = InputStandardizer(with_mean=False).fit(X, sample_weight=s)
    whole = InputStandardizer(with_mean=False).fit(container(X), sample_weight=s)
    pieces = in_pieces(sparse.csr_array(X), s, with_mean=False)
    for ours in (whole, pieces):
        assert_allclose(ours.scale_, dense.scale_, rtol=1e-9)
        assert_array_equal(ours.scale_[[1, 3]], 1)
    mean = np.average(X[:, 0] - 1.7e18, weights=s)
    deviation = np.sqrt(np.average((X[:, 0] - 1.7e18 - mean) ** 2, weights=s))
    assert_allclose(dense.scale_[0], deviation, rtol=1e-9)


def test_missing_values_and_pieces_without_one():
    X = np.full((40, 3), 1.6e18)
    X[:10, 0] = X[10:, 1] = np.nan
    X[20:, 2] += 256.0 * np.arange(20)
    for ours in (InputStandardizer().fit(X), in_pieces(X, n_pieces=4)):
        Z = ours.transform(X)
        assert_array_equal(np.isnan(Z), np.isnan(X))
        assert_array_equal(Z[10:, 0], 0)
        assert_array_equal(Z[:10, 1], 0)
        assert_allclose((Z[:, 2].mean(), Z[:, 2].std()), (0, 1), atol=1e-12)


def test_a_first_row_does_not_slow_or_change_what_follows():
    X = rng.standard_normal((500, 3)) * [1, 1e-3, 1e6] + [0, 5, -7]
    ours = InputStandardizer().partial_fit(X[:1]).partial_fit(X[1:])
    theirs = StandardScaler().fit(X)
    assert_array_equal(ours._shift, 0)  # rows have shown that the columns vary
    assert_allclose(ours.mean_, theirs.mean_, rtol=1e-12)
    assert_allclose(ours.scale_, theirs.scale_, rtol=1e-12)


@pytest.mark.parametrize("size", [1e200, 1e308, -1.7e308])
def test_a_variance_that_overflows_is_an_error(size):
    X = np.c_[np.zeros(30), np.linspace(-1, 1, 30) * size]
    ours = InputStandardizer().fit(X * 0)
    for call in (InputStandardizer().fit, ours.partial_fit):
        with pytest.raises(ValueError, match="column 1 that are too large: their"):
            call(X)
    assert_allclose(
        np.ptp(InputStandardizer("robust").fit_transform(X)[:, 1]), 1.93, 0.1
    )
