"""Fits on tables of real out-of-core libraries equal fits in memory."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skdnn import BatchSource, InputStandardizer, MLPRegularizedClassifier

rng = np.random.default_rng(0)
X = rng.standard_normal((300, 3))
y = np.where(X[:, 0] > 0, "yes", "no")
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(label=y)
NEEDS = 'comes with pip install "skdnn[stream]"'
# Dask uses an argument that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


def parquet(folder, **options):
    pytest.importorskip("pyarrow", reason=NEEDS)
    paths = [folder / f"{k}.parquet" for k in range(3)]
    for path, rows in zip(paths, np.array_split(np.arange(300), 3), strict=True):
        FRAME.iloc[rows].to_parquet(path, index=False, **options)
    return list(map(str, paths))


def pyarrow_dataset(folder):
    import pyarrow.dataset

    return pyarrow.dataset.dataset(parquet(folder))


def pyarrow_tables(folder):
    pyarrow = pytest.importorskip("pyarrow", reason=NEEDS)
    table = pyarrow.Table.from_pandas(FRAME)
    table = table.set_column(3, "label", table["label"].dictionary_encode())
    return [table.slice(0, 140), table.slice(140)]


def polars_frame(folder):
    if not hasattr(pl.LazyFrame, "collect_batches"):
        pytest.skip("LazyFrame has no collect_batches in this polars")
    return pl.scan_parquet(parquet(folder))


def dask_frame(folder):
    dd = pytest.importorskip("dask.dataframe", reason="Dask is optional")
    return dd.read_parquet(parquet(folder))


def dask_array(folder):
    da = pytest.importorskip("dask.array", reason="Dask is optional")
    return da.from_array(X, chunks=(90, 3))


def zarr_array(folder):
    zarr = pytest.importorskip("zarr", minversion="3", reason=NEEDS)
    path = str(folder / "X.zarr")
    array = zarr.create_array(store=path, shape=X.shape, chunks=(64, 3), dtype="f8")
    array[:] = X
    return array


def h5py_dataset(folder):
    h5py = pytest.importorskip("h5py", reason=NEEDS)
    file = h5py.File(folder / "X.h5", "w")
    return file.create_dataset("X", data=X, chunks=(64, 3), compression="gzip")


def npy_files(folder):
    np.save(folder / "0.npy", X[:100])
    np.save(folder / "1.npy", X[100:])
    return [folder / "0.npy", folder / "1.npy"]


def memory_map(folder):
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r")


FRAMES = [pyarrow_dataset, pyarrow_tables, polars_frame, dask_frame]
ARRAYS = [dask_array, zarr_array, h5py_dataset, npy_files, memory_map]


def source_of(make, folder):
    table = make(folder)
    if make in FRAMES:
        return BatchSource.from_frames(table, target="label")
    labels = [y[:100], y[100:]] if make is npy_files else y
    return BatchSource.from_arrays(table, labels, chunk_rows=70)


def classifier():
    return MLPRegularizedClassifier(
        (4,), max_iter=2, shuffle=False, learning_rate="cosine", random_state=0
    )


@pytest.mark.parametrize("make", FRAMES + ARRAYS, ids=lambda make: make.__name__)
def test_a_fit_equals_that_of_the_table(make, tmp_path):
    source = source_of(make, tmp_path)
    net, whole = classifier().fit(source), classifier().fit(X, y)
    for mine, theirs in zip(net.coefs_, whole.coefs_, strict=True):
        assert_array_equal(mine, theirs)
    robust = InputStandardizer("robust")
    assert_array_equal(robust.fit(source).scale_, robust.fit(X).scale_)
    if make is not h5py_dataset:  # h5py files cannot be pickled
        copy = pickle.loads(pickle.dumps(source.map(InputStandardizer().fit(source))))
        assert sum(len(labels) for _, labels in copy) == 300


@pytest.mark.parametrize(
    "make",
    [pyarrow_dataset, polars_frame, dask_frame, dask_array, zarr_array, h5py_dataset],
    ids=lambda make: make.__name__,
)
def test_the_code_suggested_by_the_error_works(make, tmp_path):
    table = make(tmp_path)
    with pytest.raises(TypeError, match="would be loaded whole") as refused:
        classifier().fit(table, y)
    (code,) = re.findall(r"fit\(.*\)(?=;)", str(refused.value))
    rows = FRAME[["a", "b", "c"]] if make in FRAMES else X
    names = {"BatchSource": BatchSource, "X": table, "y": y}
    fitted = eval(f"net.{code}", names | {"net": classifier()})
    assert_array_equal(fitted.predict(rows), classifier().fit(X, y).predict(X))


@pytest.mark.parametrize("make", [dask_array, zarr_array, h5py_dataset])
def test_transformers_refuse_tables_that_they_would_load_whole(make, tmp_path):
    with pytest.raises(TypeError, match="would be loaded whole"):
        InputStandardizer().fit(make(tmp_path))


def test_missing_numbers_of_parquet_are_nan(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason=NEEDS)
    table = pyarrow.table(
        {"a": [1, None, 3], "b": [1.5, 2.5, None], "label": [0, 1, 0]}
    )
    parts = [table.slice(0, 1), table.slice(1)]
    standardizer = InputStandardizer().fit(BatchSource.from_frames(parts, "label"))
    assert_array_equal(standardizer.mean_, [2, 2])
    assert_array_equal(standardizer.n_samples_seen_, 2)
