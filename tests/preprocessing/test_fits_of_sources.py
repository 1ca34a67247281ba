"""Transformers fitted to chunks: as to all rows, or to a random sample of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skdnn import (
    BatchSource,
    InputStandardizer,
    MLPRegularizedClassifier,
    PiecewiseLinearEncoder,
)
from skdnn.preprocessing import chunk_fits

rng = np.random.default_rng(0)
X = rng.standard_normal((3000, 4)) * [1, 10, 0.1, 3] + 5
X[::50, 1] = np.nan
y = (X[:, 0] > 5).astype(int)
WEIGHTS = rng.integers(0, 3, 3000).astype(float)
TRANSFORMERS = [
    InputStandardizer("robust"),
    InputStandardizer("robust", with_mean=False),
    PiecewiseLinearEncoder(),
    PiecewiseLinearEncoder(6, strategy="tree", target_type="classes"),
    PiecewiseLinearEncoder(6, strategy="tree", target_type="continuous"),
    PiecewiseLinearEncoder(with_mean=False, sparse_output=True),
]


def dense(Z):
    return Z.toarray() if sparse.issparse(Z) else Z


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=str)
def test_a_short_stream_is_fitted_as_a_table(transformer, weights):
    source = BatchSource.from_arrays(X, y, weights, chunk_rows=700)
    whole = clone(transformer).fit(X, y, sample_weight=weights).transform(X)
    chunks = clone(transformer).fit_transform(source)
    parts = [dense(chunk[0]) for chunk in chunks]
    assert_array_equal(np.concatenate(parts), dense(whole))
    assert_array_equal(np.concatenate([chunk[1] for chunk in chunks]), y)


def test_sparse_chunks():
    S = sparse.random_array((900, 3), density=0.3, rng=0, format="csr")
    source = BatchSource.from_arrays(S, y[:900], chunk_rows=200)
    for transformer in (TRANSFORMERS[1], TRANSFORMERS[2]):
        whole = clone(transformer).fit(S).transform(S)
        parts = [dense(Z) for Z, _ in clone(transformer).fit_transform(source)]
        assert_array_equal(np.concatenate(parts), dense(whole))


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
def test_quantiles_of_a_long_stream_are_those_of_a_sample(weights, monkeypatch):
    monkeypatch.setattr(chunk_fits, "MAX_SAMPLED_ROWS", 1500)
    source = BatchSource.from_arrays(X, y, weights, chunk_rows=700)
    robust = InputStandardizer("robust").fit(source)
    below = np.nanmean(np.where(np.isnan(X), np.nan, X < robust.center_), axis=0)
    assert_allclose(below, 0.5, atol=0.07)
    assert not np.array_equal(below, np.full(4, 0.5))

    whole = PiecewiseLinearEncoder(8).fit(X, sample_weight=weights)
    sampled = PiecewiseLinearEncoder(8).fit(source)
    assert_allclose(sampled.mean_, whole.mean_, rtol=1e-12)
    assert_allclose(sampled.scale_, whole.scale_, rtol=1e-12)
    for edges, j in zip(sampled.bin_edges_, range(4), strict=True):
        counts = np.histogram(X[:, j], edges)[0]
        assert counts.size == 8
        assert_allclose(counts / counts.sum(), 1 / 8, atol=0.05)
    assert PiecewiseLinearEncoder().fit(source).n_bins_.max() == (
        PiecewiseLinearEncoder().fit(X, sample_weight=weights).n_bins_.max()
    )


def test_one_missing_value_outside_of_the_sample_gets_an_indicator(monkeypatch):
    monkeypatch.setattr(chunk_fits, "MAX_SAMPLED_ROWS", 100)
    A = X[:, :1].copy()
    for row in (100, 2999):
        with_nan = A.copy()
        with_nan[row] = np.nan
        source = BatchSource.from_arrays(with_nan, y, chunk_rows=700)
        encoder = PiecewiseLinearEncoder(4).fit(source)
        assert encoder.has_missing_.all()
        assert encoder.n_features_out_ == encoder.transform(A).shape[1]


def test_a_pipeline_of_both_and_a_network():
    net = MLPRegularizedClassifier(
        (8,), max_iter=3, shuffle=False, learning_rate="cosine", random_state=0
    )
    model = make_pipeline(InputStandardizer("robust"), PiecewiseLinearEncoder(5), net)
    source = BatchSource.from_arrays(X, y, chunk_rows=700)
    in_chunks = clone(model).fit(source)
    assert_array_equal(in_chunks.predict_proba(X), model.fit(X, y).predict_proba(X))


def test_a_fitted_transformer_of_scikit_learn():
    A = X[:, [0, 2, 3]]
    pca = PCA(2).fit(A)
    source = BatchSource.from_arrays(A, y, chunk_rows=700).map(pca)
    encoder = PiecewiseLinearEncoder(4).fit(source)
    assert_allclose(encoder.mean_, 0, atol=1e-12)


@pytest.mark.parametrize("transformer", TRANSFORMERS[::2], ids=str)
def test_errors(transformer):
    fitted = clone(transformer).fit(X, y)
    before = fitted.get_feature_names_out().tolist()
    bad = X.copy()
    bad[2000, 2] = np.inf
    half = [(X[:100], y[:100], WEIGHTS[:100]), (X[:100], y[:100])]
    for chunks, message in (
        ([(X, y), (bad, y)], "Chunk 1 of the batch source .* infinity"),
        ([(X, y), (X[:, :2], y)], "Chunk 1 .* 2 features"),
        (half, "Chunk 1 .* it has no sample_weight"),
        ([], "no rows"),
        ([(X, y, 0 * WEIGHTS)], "all zero"),
    ):
        with pytest.raises(ValueError, match=message):
            fitted.fit(BatchSource(chunks))
    with pytest.raises(ValueError, match="its own weights"):
        fitted.fit(BatchSource([(X, y)]), sample_weight=WEIGHTS)
    assert fitted.get_feature_names_out().tolist() == before


def test_callbacks_of_a_pipeline_reach_both(capsys):
    # A warning that a step does not support callbacks would be an error here.
    model = make_pipeline(InputStandardizer(), PiecewiseLinearEncoder(4), PCA(2))
    steps = model[:-1].set_callbacks(ProgressBar())
    steps.fit(X, y)
    assert "InputStandardizer" in capsys.readouterr().out
    assert not [name for name in vars(steps[0]) if "callback" in name]
