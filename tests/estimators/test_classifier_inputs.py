"""Tables of all kinds: frames, sparse, read-only, memory-mapped."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skdnn
from skdnn import InputStandardizer, MLPRegularizedClassifier
from tests.estimators.datasets import make_rows, parameters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NAMES = ["a", "b", "c", "d"]
FRAMES = {
    "pandas": lambda X: pd.DataFrame(X, columns=NAMES),
    "polars": lambda X: pl.DataFrame(X, schema=NAMES),
}


def _net(**params):
    defaults = {
        "hidden_layer_sizes": (6,),
        "batch_size": 16,
        "max_iter": 6,
        "random_state": 0,
    }
    return MLPRegularizedClassifier(**{**defaults, **params})


def _memmap(X, folder):
    X.tofile(folder / "X.bin")
    return np.memmap(folder / "X.bin", dtype=X.dtype, mode="r", shape=X.shape)


def _read_only(X, folder):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(
    "convert",
    [
        _read_only,
        _memmap,
        lambda X, folder: np.asfortranarray(X),
        lambda X, folder: np.repeat(X, 2, axis=0)[::2],
        lambda X, folder: X[:, ::-1][:, ::-1],
        lambda X, folder: X.tolist(),
        lambda X, folder: X.astype(">f8"),
        lambda X, folder: sparse.csr_matrix(X),
        lambda X, folder: sparse.csc_matrix(X),
        lambda X, folder: sparse.csr_array(X),
        lambda X, folder: sparse.csc_array(X),
        lambda X, folder: sparse.coo_array(X),
    ],
    ids=[
        *("readonly", "memmap", "fortran", "strided", "reversed", "list", "bigendian"),
        *("csr_matrix", "csc_matrix", "csr_array", "csc_array", "coo_array"),
    ],
)
def test_the_container_of_x_changes_nothing(convert, solver, early_stopping, tmp_path):
    X, y = make_rows(n_rows=50)
    X[X < -0.5] = 0
    options = {"solver": solver, "early_stopping": early_stopping}
    expected = _net(**options).fit(X, y)
    given = convert(X, tmp_path)
    net = _net(**options).fit(given, y, X_val=None)
    assert_array_equal(parameters(net), parameters(expected))
    assert_array_equal(net.predict_proba(given), expected.predict_proba(X))
    assert net.cost(given, y) == expected.cost(X, y)
    watched = _net(solver=solver).fit(given, y, X_val=given, y_val=y)
    assert_array_equal(
        watched.validation_loss_curve_,
        _net(solver=solver).fit(X, y, X_val=X, y_val=y).validation_loss_curve_,
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool, np.float16])
def test_numbers_of_any_type(dtype):
    X, y = make_rows(n_rows=50)
    X = np.round(np.abs(X) * 2).astype(dtype)
    net = _net(scoring="accuracy").fit(X, y)
    expected = _net().fit(X.astype(np.float64), y)
    assert_array_equal(net.predict_proba(X), expected.predict_proba(X.astype(float)))


def test_input_is_not_written_to():
    X, y = make_rows(n_rows=50)
    weight = np.arange(50.0)
    before = X.copy(), y.copy(), weight.copy()
    _net(input_keep_prob=0.5, shuffle=False).fit(
        X, y, weight, X_val=X, y_val=y, sample_weight_val=weight
    )
    for now, then in zip((X, y, weight), before, strict=True):
        assert_array_equal(now, then)


# -- frames ----------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_feature_names(frame):
    X, y = make_rows()
    net = _net(early_stopping=True, scoring="accuracy").fit(frame(X), y)
    assert_array_equal(net.feature_names_in_, np.array(NAMES, dtype=object))
    expected = _net(early_stopping=True, scoring="accuracy").fit(X, y)
    assert_array_equal(net.predict_proba(frame(X)), expected.predict_proba(X))
    reordered = frame(X)[["b", "a", "c", "d"]]
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(reordered)
    with pytest.raises(ValueError, match=r"X_val.*[Ff]eature names should match"):
        net.fit(frame(X), y, X_val=reordered, y_val=y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        net.predict(X)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_dev_set_as_frame_without_a_warning(frame):
    X, y = make_rows()
    net = _net(early_stopping=True, scoring="neg_log_loss")
    net.fit(frame(X), y, X_val=frame(X), y_val=y)
    expected = _net(early_stopping=True, scoring="neg_log_loss")
    expected.fit(X, y, X_val=X, y_val=y)
    assert net.validation_scores_ == expected.validation_scores_


def test_frames_with_default_column_names():
    X, y = make_rows()
    net = _net().fit(pd.DataFrame(X), y)
    assert not hasattr(net, "feature_names_in_")
    assert net.n_features_in_ == 4


def test_labels_from_a_series():
    X, y = make_rows()
    series = pd.Series(np.array(["u", "v", "w"])[y], index=np.arange(60)[::-1])
    net = _net(early_stopping=True).fit(X, series, X_val=X, y_val=series)
    assert_array_equal(net.classes_, ["u", "v", "w"])
    assert net.predict(X).shape == (60,)


# -- in a Pipeline ---------------------------------------------------------------------


@pytest.fixture
def metadata_routing():
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("standardizer", [InputStandardizer, StandardScaler])
def test_pipeline_transforms_x_val(metadata_routing, standardizer):
    X, y = make_rows(n_rows=80)
    X = 50 + 10 * X
    X_train, y_train, X_dev, y_dev = X[:50], y[:50], X[50:], y[50:]
    weight = np.linspace(0.5, 2, 50)
    weight_dev = np.linspace(0.5, 2, 30)
    net = _net(early_stopping=True).set_fit_request(
        X_val=True, y_val=True, sample_weight_val=True, sample_weight=True
    )
    scale = standardizer()
    if hasattr(scale, "set_fit_request"):
        scale.set_fit_request(sample_weight=False)
    pipe = Pipeline([("scale", scale), ("net", net)], transform_input=["X_val"])
    pipe.fit(
        X_train,
        y_train,
        X_val=X_dev,
        y_val=y_dev,
        sample_weight=weight,
        sample_weight_val=weight_dev,
    )
    scale = standardizer().fit(X_train)
    by_hand = _net(early_stopping=True).fit(
        scale.transform(X_train),
        y_train,
        weight,
        X_val=scale.transform(X_dev),
        y_val=y_dev,
        sample_weight_val=weight_dev,
    )
    curve = pipe["net"].validation_loss_curve_
    assert_allclose(curve, by_hand.validation_loss_curve_, rtol=1e-6)
    not_transformed = _net().fit(scale.transform(X_train), y_train, weight)
    assert not np.isclose(curve[-1], not_transformed.cost(X_dev, y_dev).data, rtol=0.1)


def test_the_dev_set_can_be_requested_in_metadata_routing(metadata_routing):
    net = MLPRegularizedClassifier().set_fit_request(
        X_val=True, y_val=True, sample_weight_val=True
    )
    requested = net.get_metadata_routing().fit.requests
    assert requested == {
        "X_val": True,
        "y_val": True,
        "sample_weight_val": True,
        "sample_weight": None,
        "resume_from": None,
    }
    partial = net.get_metadata_routing().partial_fit.requests
    dev = {"X_val", "y_val", "sample_weight_val", "total_weight"}
    assert set(partial) == {"sample_weight", "classes"} | dev
    assert set(net.get_metadata_routing().score.requests) == {"sample_weight"}


def test_public_name():
    assert skdnn.MLPRegularizedClassifier is MLPRegularizedClassifier
    assert "MLPRegularizedClassifier" in skdnn.__all__
