"""Fits on a BatchSource equal fits on the same rows in memory."""

import pickle
import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.datasets import make_classification, make_regression
from sklearn.pipeline import make_pipeline

from skdnn import (
    BatchSource,
    DataScaleWarning,
    GaussianNoise,
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
)
from skdnn.streams import refuse_lazy

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::skdnn.DataScaleWarning"
)
SETTINGS = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
X, y = make_classification(403, 6, n_classes=3, n_informative=4, random_state=0)
X32 = X.astype(np.float32)
WEIGHTS = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
XR, yr = make_regression(403, 6, noise=3.0, random_state=0)


def classifier(**settings):
    return MLPRegularizedClassifier(**{**SETTINGS, **settings})


def regressor(**settings):
    return MLPRegularizedRegressor(**{**SETTINGS, **settings})


def assert_same(one, other):
    """Assert the same parameters and history, bit for bit."""
    for a, b in zip(
        one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True
    ):
        assert a.dtype == b.dtype
        assert_array_equal(a, b)
    for name in ("loss_curve_", "validation_scores_", "best_iteration_", "t_"):
        assert getattr(one, name) == getattr(other, name)
    assert one.stop_reason_ == other.stop_reason_


# -- same as in memory -----------------------------------------------------------------


@pytest.mark.parametrize("chunk_rows", [90, 403, 1000])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"early_stopping": True, "scoring": "neg_log_loss"},
        {"keep_prob": 0.8, "input_keep_prob": 0.9, "averaging": "ema"},
        {"class_weight": "balanced", "learning_rate": "cosine", "alpha": 3.0},
        {"solver": "lbfgs", "early_stopping": True},
        {"batch_size": 403},
        {"batch_size": 150, "dtype": "float64"},
    ],
    ids=lambda settings: ",".join(settings) or "default",
)
def test_unshuffled_chunks_train_as_the_table_does(settings, chunk_rows):
    net = classifier(shuffle=False, **settings)
    for table in (X, X32):
        source = BatchSource.from_arrays(table, y, chunk_rows=chunk_rows)
        assert_same(clone(net).fit(table, y), clone(net).fit(source))


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
@pytest.mark.parametrize("targets", [np.abs(yr), np.abs(np.c_[yr, yr**2])])
def test_regressors_too(loss, targets):
    net = regressor(loss=loss, shuffle=False, early_stopping=True)
    source = BatchSource.from_arrays(XR, targets, chunk_rows=100)
    whole, streamed = clone(net).fit(XR, targets), net.fit(source)
    assert_same(whole, streamed)
    assert_array_equal(whole.predict(XR), streamed.predict(XR))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("density", [0.02, 0.5])
def test_sparse_chunks_train_as_the_sparse_table_does(density, solver):
    rng = np.random.default_rng(1)
    S = sparse.random_array((300, 40), density=density, rng=rng, format="csr")
    labels = rng.integers(0, 2, 300)
    net = classifier(shuffle=False, solver=solver)
    source = BatchSource.from_arrays(S, labels, chunk_rows=70)
    assert_same(clone(net).fit(S, labels), clone(net).fit(source))
    net.set_params(shuffle=True, max_iter=2).fit(source)


def test_dense_and_sparse_chunks_may_alternate():
    chunks = [(X[:200], y[:200]), (sparse.csr_array(X[200:]), y[200:])]
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X, y), net.fit(chunks))


def test_weights():
    net = classifier(shuffle=False, early_stopping=True, class_weight="balanced")
    source = BatchSource.from_arrays(X, y, WEIGHTS, chunk_rows=100)
    assert_same(clone(net).fit(X, y, WEIGHTS), net.fit(source))


def test_a_chunk_whose_weights_are_all_zero():
    weights = np.r_[np.zeros(100), np.ones(303)]
    source = BatchSource.from_arrays(X, y, weights, chunk_rows=100)
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X, y, weights), net.fit(source))


def test_classes_that_the_first_chunks_lack_and_chunks_without_rows():
    order = np.argsort(y, kind="stable")
    names = np.array(["a", "bb", "ccc"])[y[order]]
    chunks = [(X[order][a:b], names[a:b]) for a, b in [(0, 90), (90, 90), (90, 403)]]
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X[order], names), net.fit(chunks))
    assert_array_equal(net.classes_, ["a", "bb", "ccc"])


def test_label_indicators():
    Y = np.c_[y == 0, y > 1].astype(int)
    net = classifier(shuffle=False)
    source = BatchSource.from_arrays(X, Y, chunk_rows=100)
    assert_same(clone(net).fit(X, Y), net.fit(source))


def test_sparse_label_indicators():
    Y = np.c_[y == 0, y > 1].astype(int)
    S = sparse.csr_array(Y)
    net = classifier(shuffle=False)
    source = BatchSource([(X[:200], S[:200]), (X[200:], S[200:])])
    assert_same(clone(net).fit(X, Y), net.fit(source))


def test_an_iterator_may_write_over_its_chunk():
    def chunks():
        A, b, s = np.empty((50, 6), np.float32), np.empty(50, y.dtype), np.empty(50)
        for k in range(0, 400, 50):
            A[...], b[...], s[...] = (
                X[k : k + 50],
                y[k : k + 50],
                1 + WEIGHTS[k : k + 50],
            )
            yield A, b, s
            A[...] = np.nan

    net = classifier(shuffle=False)
    expected = clone(net).fit(X32[:400], y[:400], 1 + WEIGHTS[:400])
    assert_same(expected, net.fit(chunks))


def test_callers_dev_set():
    dev = {"X_val": X[:50], "y_val": y[:50]}
    source = BatchSource.from_arrays(X[50:], y[50:], chunk_rows=100)
    net = classifier(shuffle=False, early_stopping=True)
    assert_same(clone(net).fit(X[50:], y[50:], **dev), net.fit(source, **dev))


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss"])
def test_callers_dev_set_may_be_a_source(scoring):
    source = BatchSource.from_arrays(X[50:], y[50:], chunk_rows=100)
    val = BatchSource.from_arrays(X[:50], y[:50], WEIGHTS[:50], chunk_rows=20)
    net = classifier(shuffle=False, early_stopping=True, scoring=scoring)
    dev = {"X_val": X[:50], "y_val": y[:50], "sample_weight_val": WEIGHTS[:50]}
    expected = clone(net).fit(X[50:], y[50:], **dev)
    assert_same(expected, clone(net).fit(source, X_val=val))
    assert_same(expected, clone(net).fit(X[50:], y[50:], X_val=val))


def test_callbacks_run_after_each_epoch(capsys):
    net = classifier().set_callbacks(ProgressBar())
    net.fit(BatchSource.from_arrays(X, y, chunk_rows=100))
    assert "MLPRegularizedClassifier - fit" in capsys.readouterr().out


def test_inputs_off_scale_raise_a_warning():
    source = BatchSource.from_arrays(1000 * X, y, chunk_rows=100)
    with pytest.warns(DataScaleWarning) as streamed:
        classifier().fit(source)
    with pytest.warns(DataScaleWarning) as whole:
        classifier().fit(1000 * X, y)
    assert str(streamed[0].message) == str(whole[0].message)


def test_a_dominating_penalty_raises_a_warning():
    net = classifier(alpha=1e3, max_iter=30, learning_rate_init=0.02)
    net.fit(BatchSource.from_arrays(X, y, chunk_rows=100))
    assert net.stop_reason_ == "lost_to_penalty"


# -- shuffled --------------------------------------------------------------------------


@pytest.mark.parametrize("buffer_chunks", [1, 3, 100])
@pytest.mark.parametrize("is_sequence", [True, False])
def test_shuffled_batches_are_all_rows_once_in_another_order_each_epoch(
    buffer_chunks, is_sequence
):
    seen = []

    class Spy:
        mixes_targets = False

        def check(self, n_columns):
            assert n_columns == 1

        def augment(self, X, Y, s, rng):
            seen.append(X[:, 0].copy())
            return X, Y, s

    numbers = np.arange(403.0)[:, np.newaxis] / 403
    slices = BatchSource.from_arrays(numbers, y, chunk_rows=50)
    chunks = slices.chunks if is_sequence else (lambda: iter(slices))
    source = BatchSource(chunks, buffer_chunks=buffer_chunks)
    classifier(batch_size=40, augmentation=Spy(), max_iter=2).fit(source)
    rows = np.rint(np.concatenate(seen) * 403).astype(int)
    one, two = rows[:403], rows[403:]
    for epoch in (one, two):
        assert_array_equal(np.sort(epoch), np.arange(403))
    assert not np.array_equal(one, two)
    is_near = np.abs(np.diff(one)) <= 1
    assert is_near.mean() < 0.1
    # Rows move at most as far as the buffer allows, unless chunks are shuffled.
    max_shift = (one - np.arange(403)).max()
    assert is_sequence or buffer_chunks == 100 or max_shift < 50 * max(buffer_chunks, 2)


def test_shuffled_fits_are_as_good():
    A, b = make_classification(1500, 10, n_informative=6, random_state=3)
    whole, streamed = (
        classifier(hidden_layer_sizes=(20,), max_iter=15).fit(*given)
        for given in [(A, b), (BatchSource.from_arrays(A, b, chunk_rows=200),)]
    )
    J = [net.cost(A, b).total for net in (whole, streamed)]
    assert J[1] == pytest.approx(J[0], rel=0.05)
    assert streamed.score(A, b) > whole.score(A, b) - 0.02
    again = clone(streamed).fit(BatchSource.from_arrays(A, b, chunk_rows=200))
    assert_same(streamed, again)


def test_augmentation():
    source = BatchSource.from_arrays(X, y, chunk_rows=100)
    net = classifier(augmentation=GaussianNoise(0.1)).fit(source)
    assert np.isfinite(net.loss_)


# -- resuming --------------------------------------------------------------------------


def test_training_resumes_bit_for_bit():
    source = BatchSource.from_arrays(X, y, chunk_rows=60, buffer_chunks=2)
    whole = classifier(max_iter=5, warm_start=True).fit(source)
    part = classifier(max_iter=2, warm_start=True).fit(source)
    part = pickle.loads(pickle.dumps(part)).set_params(max_iter=3).fit(source)
    assert whole.loss_curve_ == part.loss_curve_
    for a, b in zip(whole.coefs_, part.coefs_, strict=True):
        assert_array_equal(a, b)


class Interrupted:
    """Interrupt training once, in a given pass."""

    def __init__(self, in_pass):
        self.left = in_pass

    def augment(self, A, Y, s, rng):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return A, Y, s

    def check(self, n_columns):
        pass

    mixes_targets = False


def test_an_interrupt_within_an_epoch_loses_that_epoch_only():
    source = BatchSource.from_arrays(X, y, chunk_rows=60, buffer_chunks=2)
    settings = {"max_iter": 4, "warm_start": True, "batch_size": 60}
    whole = classifier(augmentation=Interrupted(-1), **settings).fit(source)
    part = classifier(augmentation=Interrupted(12), **settings)
    with pytest.warns(UserWarning, match="interrupted after"):
        part.fit(source)
    assert 0 < part.n_iter_ < 4
    part.set_params(max_iter=4 - part.n_iter_).fit(source)
    assert whole.loss_curve_ == part.loss_curve_
    for a, b in zip(whole.coefs_, part.coefs_, strict=True):
        assert_array_equal(a, b)
    assert not [t for t in threading.enumerate() if "skdnn-read" in t.name]


def test_warm_start_from_a_table_to_a_source():
    source = BatchSource.from_arrays(X, y, chunk_rows=100)
    whole = classifier(shuffle=False, max_iter=2, warm_start=True).fit(X, y).fit(X, y)
    both = classifier(shuffle=False, max_iter=2, warm_start=True).fit(X, y).fit(source)
    assert_same(whole, both)


# -- where chunks come from ------------------------------------------------------------


def test_files_in_parts(tmp_path):
    parts = []
    for k, rows in enumerate(np.array_split(np.arange(403), 3)):
        paths = tmp_path / f"X{k}.npy", tmp_path / f"y{k}.npy"
        np.save(paths[0], X32[rows])
        np.save(paths[1], y[rows])
        parts.append(paths)
    source = BatchSource.from_arrays(
        [x for x, _ in parts], [str(t) for _, t in parts], chunk_rows=50
    )
    assert len(list(source)) == 9
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X32, y), net.fit(source))


class OnDisk:
    """An array with a shape and slices only, like those of h5py, zarr and Dask."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        return self.array[rows].tolist()


def test_any_sliceable_array():
    net = classifier(shuffle=False)
    source = BatchSource.from_arrays(OnDisk(X), pd.Series(y), chunk_rows=100)
    assert_same(clone(net).fit(X, y), net.fit(source))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_are_split_into_x_and_y_and_keep_names(frame):
    columns = {f"c{j}": X[:, j] for j in range(6)} | {"label": y, "w": WEIGHTS}
    parts = [
        frame({k: v[part] for k, v in columns.items()})
        for part in (slice(0, 200), slice(200, 403))
    ]
    source = BatchSource.from_frames(lambda: iter(parts), "label", "w")
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X, y, WEIGHTS), net.fit(source))
    assert net.feature_names_in_.tolist() == [f"c{j}" for j in range(6)]
    with pytest.raises(ValueError, match=r"no column \['target'\]; it has \['c0'"):
        net.fit(BatchSource.from_frames(parts, "target"))


def test_a_lazy_frame_of_polars():
    frame = pl.DataFrame(X).with_columns(label=pl.Series(y)).lazy()
    source = BatchSource.from_frames(
        lambda: (frame.slice(k, 100).collect() for k in range(0, 403, 100)), "label"
    )
    net = classifier(shuffle=False)
    assert_same(clone(net).fit(X, y), net.fit(source))


def test_sources_are_transformed_as_they_are_read():
    far = 5 + 100 * X
    source = BatchSource.from_arrays(far, y, chunk_rows=100)
    scaler = InputStandardizer(copy=False).fit(source)
    whole = InputStandardizer().fit(far)
    assert_allclose(scaler.mean_, whole.mean_, rtol=1e-14)
    assert_allclose(scaler.scale_, whole.scale_, rtol=1e-14)
    pipe = make_pipeline(scaler, classifier(shuffle=False)).fit(source)
    expected = classifier(shuffle=False).fit(whole.transform(far), y)
    assert_allclose(
        pipe.predict_proba(far.copy()), expected.predict_proba(whole.transform(far))
    )
    mapped = source.map(lambda A: A[:, :2])
    assert mapped.can_be_reordered and next(iter(mapped))[0].shape == (100, 2)
    with pytest.raises(TypeError, match="must have a method transform"):
        source.map(3)


def test_the_standardiser_uses_weights_and_needs_means():
    source = BatchSource.from_arrays(X, y, WEIGHTS + 1, chunk_rows=100)
    expected = InputStandardizer().fit(X, sample_weight=WEIGHTS + 1)
    assert_allclose(InputStandardizer().fit(source).mean_, expected.mean_, atol=1e-15)
    with pytest.raises(ValueError, match="brings its own weights"):
        InputStandardizer().fit(source, sample_weight=WEIGHTS)
    with pytest.raises(ValueError, match="has no rows"):
        InputStandardizer().fit(BatchSource([]))


# -- errors ----------------------------------------------------------------------------


def chunks_of(*changes):
    """Return ten chunks, some changed by (chunk number, function of X and y)."""
    chunks = [(X[40 * k : 40 * k + 40], y[40 * k : 40 * k + 40]) for k in range(10)]
    for number, change in changes:
        chunks[number] = change(*chunks[number])
    return chunks


def with_nan(A, b):
    A = A.copy()
    A[3, 2] = np.nan
    return A, b


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        (chunks_of((7, with_nan)), "Chunk 7 of the batch source .* X .*(nan|NaN)"),
        (chunks_of((2, lambda A, b: (A[:, :4], b))), "Chunk 2 .* 4 features"),
        (chunks_of((4, lambda A, b: (A, b[1:]))), "Chunk 4 .* 40 rows, y has 39"),
        (chunks_of((4, lambda A, b: (A, b.astype(str)))), "Chunk 4 .* type text"),
        (chunks_of((4, lambda A, b: (A, np.c_[b, b] > 0))), r"Chunk 4 .* \(40, 2\)"),
        (chunks_of((4, lambda A, b: (A, b, b + 1))), "Chunk 4 .* unlike the first"),
        (chunks_of((4, lambda A, b: (A, b, b - 9.0))), "Chunk 4 .* negative weights"),
        (chunks_of((4, lambda A, b: (A * 1e300, b))), "X, in chunk 4 .* too large"),
        (chunks_of((4, lambda A, b: (A, None))), "Chunk 4 .* requires y"),
    ],
)
def test_errors_name_the_chunk(chunks, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(chunks)


def test_invalid_chunks():
    with pytest.raises(TypeError, match=r"Chunk 1 .* must be a tuple .* got ndarray"):
        classifier().fit(BatchSource([(X, y), X]))
    with pytest.raises(TypeError, match="tuple of length 4"):
        classifier().fit(BatchSource([(X, y, None, None)]))


@pytest.mark.parametrize("chunks", [[], [(X[:0], y[:0])] * 2])
def test_a_source_without_rows(chunks):
    with pytest.raises(ValueError, match="has no rows"):
        classifier().fit(BatchSource(chunks))


def test_an_exhausted_generator_is_refused_at_once_or_in_the_second_pass():
    generator = (chunk for chunk in chunks_of())
    with pytest.raises(TypeError, match=r"generator, which is exhausted .* iterable"):
        classifier().fit(generator)
    with pytest.raises(TypeError, match="generator, which is exhausted"):
        BatchSource(generator)
    with pytest.raises(ValueError, match="ended after 0 chunks; the first had 10"):
        classifier().fit(BatchSource(lambda: generator))


def test_passes_must_be_equal():
    orders = iter([range(10), range(9, -1, -1)])
    with pytest.raises(ValueError, match=r"other targets .* fit does the shuffling"):
        classifier().fit(BatchSource(lambda: (chunks_of()[k] for k in next(orders))))
    lengths = iter([5, 10])
    with pytest.raises(ValueError, match="has more chunks"):
        classifier().fit(BatchSource(lambda: iter(chunks_of()[: next(lengths)])))


def test_errors_of_the_source_propagate():
    passes = iter(range(2))

    def chunks():
        yield from chunks_of()[:5]
        if next(passes):
            raise OSError("the disk is gone")
        yield from chunks_of()[5:]

    with pytest.raises(OSError, match="the disk is gone"):
        classifier().fit(BatchSource(chunks))


def test_a_source_is_the_only_argument():
    source = BatchSource.from_arrays(X, y)
    with pytest.raises(ValueError, match="brings its own targets"):
        classifier().fit(source, y)
    with pytest.raises(ValueError, match="brings its own weights"):
        classifier().fit(source, sample_weight=WEIGHTS)
    with pytest.raises(ValueError, match="requires y to be passed"):
        classifier().fit(X)
    with pytest.raises(ValueError, match="X_val brings its own targets"):
        classifier().fit(X, y, X_val=source, y_val=y)


@pytest.mark.parametrize(
    "call",
    [
        lambda source: classifier().partial_fit(source, None, classes=[0, 1, 2]),
        lambda source: classifier().fit(X, y).cost(source, None),
        lambda source: classifier().gradient_check(source, None, at="init"),
    ],
)
def test_methods_that_do_not_accept_a_source(call):
    with pytest.raises(TypeError, match="BatchSource, which only fit accepts"):
        call(BatchSource.from_arrays(X, y))


@pytest.mark.parametrize(
    ("module", "name", "adapter"),
    [
        ("dask.array.core", "Array", "from_arrays"),
        ("dask_expr._collection", "DataFrame", "from_frames"),
        ("dask.dataframe.dask_expr._collection", "DataFrame", "from_frames"),
        ("zarr.core.array", "Array", "from_arrays"),
        ("h5py._hl.dataset", "Dataset", "from_arrays"),
        ("pyarrow._dataset", "Dataset", "from_frames"),
    ],
)
def test_tables_that_are_not_in_memory_are_refused(module, name, adapter):
    kind = type(name, (), {"__module__": module})
    below = type("FileSystemDataset", (kind,), {"__module__": "elsewhere"})
    for lazy in (kind(), below()):
        with pytest.raises(TypeError, match=f"is not in memory.*{adapter}"):
            refuse_lazy(lazy)
        with pytest.raises(TypeError, match=f"is not in memory.*{adapter}"):
            classifier().fit(lazy, y)
    for given in [(pl.DataFrame(X).lazy(), y), (pl.DataFrame(X).lazy(),)]:
        with pytest.raises(TypeError, match="from_frames"):
            regressor().fit(*given)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BatchSource(3), TypeError, "iterable of"),
        (lambda: BatchSource([], buffer_chunks=0), ValueError, "buffer_chunks must"),
        (lambda: BatchSource.from_arrays(X, y, chunk_rows=1.5), ValueError, "int >= 1"),
        (
            lambda: BatchSource.from_arrays(X, y[1:]),
            ValueError,
            "got 403, 402 in part 0",
        ),
        (lambda: BatchSource.from_arrays([X], [y, y]), ValueError, "number of parts"),
        (lambda: BatchSource.from_arrays([[1, 2]], [0]), TypeError, "list of parts"),
    ],
)
def test_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
