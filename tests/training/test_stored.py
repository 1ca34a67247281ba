"""Rows stored in a file are read back bit for bit."""

import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skdnn import BatchSource, MLPRegularizedClassifier
from skdnn.network.inputs import SparseRows
from skdnn.training import stored
from skdnn.training.stored import Collected, StoredRows, StoredTable
from skdnn.training.tables import Table

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::skdnn.DataScaleWarning"
)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 30))
SPARSE = {
    density: sparse.random_array((200, 30), density=density, rng=RNG, format="csr")
    for density in (0.03, 0.5)
}
Y = RNG.integers(0, 2, 200)


def collected(rows):
    all_ = Collected(rows.shape, rows.dtype, sparse.issparse(rows))
    for start, stop in [(0, 90), (90, 90), (90, 200)]:
        all_.add(rows[start:stop])
    return all_.rows()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [X, *SPARSE.values()], ids=["dense", "thin", "sparse"])
def test_blocks_and_checksum_are_those_of_the_table(rows, dtype, monkeypatch):
    rows = collected(rows)
    monkeypatch.setattr(stored, "MAX_HELD_BYTES", 100)
    held = collected(rows)
    assert isinstance(held, StoredRows)
    assert held.largest == abs(rows).max()
    table, expected = StoredTable(held, dtype), Table(rows, dtype)
    assert table.is_sparse_enough == expected.is_sparse_enough
    assert table.checksum() == expected.checksum()
    for a, b in zip(table.blocks(70), expected.blocks(70), strict=True):
        if isinstance(a, SparseRows):
            a, b = (
                sparse.csr_array((S.data, S.columns, S.bounds))[S.rows].toarray()
                for S in (a, b)
            )
        assert_array_equal(a, b)
        assert a.dtype == b.dtype == dtype
    mapped = held.mapped()
    assert (mapped != rows).sum() == 0


@pytest.mark.parametrize("scoring", ["loss", "neg_log_loss"])
@pytest.mark.parametrize("rows", [X, SPARSE[0.03]], ids=["dense", "sparse"])
def test_dev_rows_in_a_file_have_the_scores_of_rows_in_memory(
    rows, scoring, monkeypatch
):
    net = MLPRegularizedClassifier(
        (5,), max_iter=3, early_stopping=True, scoring=scoring, random_state=0
    )
    source = BatchSource.from_arrays(rows, Y, chunk_rows=60)
    expected = net.fit(source).validation_scores_, net.validation_loss_curve_
    monkeypatch.setattr(stored, "MAX_HELD_BYTES", 100)
    n_stored = []
    before = StoredRows.add
    monkeypatch.setattr(
        StoredRows,
        "add",
        lambda self, X: (n_stored.append(X.shape[0]), before(self, X)),
    )
    net.fit(source)
    assert (net.validation_scores_, net.validation_loss_curve_) == expected
    assert sum(n_stored) == 20


def test_a_full_disk(monkeypatch):
    class Full(io.RawIOBase):
        def write(self, view):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored, "MAX_HELD_BYTES", 100)
    monkeypatch.setattr(stored.tempfile, "TemporaryFile", lambda **options: Full())
    monkeypatch.setattr(stored.tempfile, "gettempdir", lambda: "/")
    net = MLPRegularizedClassifier((5,), early_stopping=True)
    source = BatchSource.from_arrays(np.repeat(X, 600, axis=1), Y)
    with pytest.raises(OSError, match=r"folder '/': they take 3 MB.*TMPDIR.*smaller"):
        net.fit(source)
    assert not hasattr(net, "coefs_")
