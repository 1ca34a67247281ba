"""Fits of dense tables by blocks: the bits of StandardScaler, and no copy of X."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from skdnn import InputStandardizer, PiecewiseLinearEncoder
from skdnn.preprocessing import blocks

LAYOUTS = {
    "rows": lambda X: X,
    "columns": np.asfortranarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "one column": lambda X: X[:, :1].copy(),
}


def table(dtype, n_rows=5003, n_columns=6):
    rng = np.random.default_rng(0)
    X = (50 * rng.standard_normal((n_rows, n_columns)) + 40).astype(dtype)
    if X.dtype.kind == "f":
        X[::7, 1] = np.nan
    return X


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
def test_the_bits_are_those_of_standard_scaler(dtype, layout, monkeypatch):
    # Columns are read whole, rows of a C-ordered table in 27 blocks.
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 190 * 6)
    monkeypatch.setattr(blocks, "COLUMNS_AT_ONCE", 5003 * 2)
    X = LAYOUTS[layout](table(dtype))
    theirs = StandardScaler().fit(X if dtype == np.float32 else X.astype(np.float64))
    ours = InputStandardizer().fit(X)
    for name in ("mean_", "var_", "scale_", "n_samples_seen_"):
        assert_array_equal(getattr(ours, name), getattr(theirs, name), name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_with_weights_or_long_columns_they_differ_by_rounding(layout, monkeypatch):
    X = LAYOUTS[layout](table(np.float64))
    X[:, 0] += 1e12  # moments of x - shift
    s = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    whole = [InputStandardizer().fit(X, sample_weight=w) for w in (None, s)]
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 500)
    monkeypatch.setattr(blocks, "COLUMNS_AT_ONCE", 500)
    for one, w in zip(whole, (None, s), strict=True):
        ours = InputStandardizer().fit(X, sample_weight=w)
        assert_allclose(ours.mean_, one.mean_, rtol=1e-13)
        assert_allclose(ours.scale_, one.scale_, rtol=1e-12)
        assert_array_equal(ours.n_samples_seen_, one.n_samples_seen_)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_infinite_values_in_any_block_are_found(value, layout, monkeypatch):
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 500)
    monkeypatch.setattr(blocks, "COLUMNS_AT_ONCE", 500)
    X = LAYOUTS[layout](table(np.float32))
    X[-1, -1] = value
    for transformer in (InputStandardizer(), PiecewiseLinearEncoder()):
        with pytest.raises(ValueError, match="Input X contains infinity"):
            transformer.fit(X)


@pytest.mark.parametrize(
    "transformer",
    [
        InputStandardizer(),
        InputStandardizer("robust"),
        PiecewiseLinearEncoder(4),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_a_fit_copies_a_few_columns_at_most(transformer, dtype, monkeypatch):
    # 40 columns: a copy would take 40 times the memory of one.
    X = table(dtype, 20_000, 40)
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 2**12)
    monkeypatch.setattr(blocks, "COLUMNS_AT_ONCE", 20_000)
    transformer.fit(X[:100])
    tracemalloc.start()
    transformer.fit(X)
    added = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert added < 8 * 8 * len(X)
