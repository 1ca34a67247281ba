"""skl2onnx converts our estimators anywhere in a pipeline, once registered."""

import sys

import numpy as np
import onnxruntime
import pytest
import skl2onnx
from numpy.testing import assert_allclose, assert_array_equal
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    PiecewiseLinearEncoder,
    register_onnx_converters,
)
from skdnn.preprocessing.mixed_tables import UniformMissing
from tests.estimators.datasets import KINDS, make_rows


@pytest.fixture(autouse=True)
def registered():
    register_onnx_converters()


def small(**options):
    options = {"solver": "lbfgs", "max_iter": 3000, "random_state": 0} | options
    return MLPRegularizedClassifier((5,), "gelu", **options)


def convert(model, target_opset=21, **arguments):
    """Convert for the oldest onnxruntime that is tested."""
    return skl2onnx.convert_sklearn(model, target_opset=target_opset, **arguments)


def run(model, *inputs):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


def rows(kind="multiclass"):
    X, y = make_rows(kind)
    return X.astype(np.float32), y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("type_of", "dtype"), [(FloatTensorType, "f4"), (DoubleTensorType, "f8")]
)
def test_classifier_in_a_pipeline(kind, type_of, dtype):
    X, y = rows(kind)
    # A mean that float32 cannot represent, if the input is float64.
    X = (X + 1e6 * (dtype == "f8")).astype(dtype)
    model = make_pipeline(InputStandardizer(), small()).fit(X, y)
    written = convert(
        model,
        initial_types=[("X", type_of([None, 4]))],
        options={"zipmap": False},
    )
    label, probabilities = run(written, X)
    assert probabilities.dtype == dtype
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    assert_array_equal(label, model.predict(X))


def test_missing_categories_as_a_separate_step():
    rng = np.random.default_rng(0)
    towns = rng.choice(["Bonn", "Kiel", "Ulm"], (200, 2))
    ages = rng.standard_normal((200, 1)).astype(np.float32)
    X = np.concatenate([ages.astype(object), towns], axis=1)
    y = (X[:, 0] > 0) ^ (X[:, 1] == "Kiel")
    X[::9, 1] = None
    X[4::9, 2] = np.nan
    towns = make_pipeline(UniformMissing(), OneHotEncoder(sparse_output=False))
    columns = ColumnTransformer(
        [("age", InputStandardizer(), [0]), ("towns", towns, [1, 2])]
    )
    model = make_pipeline(columns, small()).fit(X, y.astype(int))
    written = convert(
        model,
        initial_types=[
            ("age", FloatTensorType([None, 1])),
            ("town", StringTensorType([None, 1])),
            ("birthplace", StringTensorType([None, 1])),
        ],
        options={"zipmap": False},
    )
    texts = np.where(UniformMissing().fit_transform(X) != X, np.nan, X)
    towns = [texts[:, [k]].astype(object) for k in (1, 2)]
    label, probabilities = run(written, ages, *towns)
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    assert_array_equal(label, model.predict(X))


@pytest.mark.parametrize("target_opset", [13, 21])
def test_separate_columns_and_integers(target_opset):
    X, y = rows()
    X = np.round(10 * X)
    names = np.array(["a", "b", "c"])[y]
    model = make_pipeline(InputStandardizer(), small()).fit(X, names)
    written = convert(
        model,
        initial_types=[
            ("integers", Int64TensorType([None, 3])),
            ("W1", FloatTensorType([None, 1])),
        ],
        options={"zipmap": False},
        target_opset=target_opset,
    )
    label, probabilities = run(written, X[:, :3].astype(int), X[:, 3:])
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    assert_array_equal(label, model.predict(X))


def test_options():
    X, y = rows()
    names = np.array(["a", "b", "c"])[y]
    net = small().fit(X, names)
    p = net.predict_proba(X)
    types = [("X", FloatTensorType([None, 4]))]
    _, mapped = run(convert(net, initial_types=types), X)
    assert_allclose([each["b"] for each in mapped], p[:, 1], atol=1e-5)
    by_column = convert(net, initial_types=types, options={"zipmap": "columns"})
    assert_allclose(np.transpose(run(by_column, X)[1:]), p, atol=1e-5)
    options = {"zipmap": False, "nocl": True}
    label, _ = run(convert(net, initial_types=types, options=options), X)
    assert_array_equal(label, p.argmax(axis=1))
    options = {"zipmap": False, "output_class_labels": True}
    *_, classes = run(convert(net, initial_types=types, options=options), X)
    assert_array_equal(classes, net.classes_)


def test_ensembles():
    X, y = rows()
    voting = VotingClassifier(
        [("net", small()), ("linear", LogisticRegression())],
        voting="soft",
        flatten_transform=False,
    ).fit(X, y)
    types = [("X", FloatTensorType([None, 4]))]
    written = convert(voting, initial_types=types, options={"zipmap": False})
    assert_allclose(run(written, X)[1], voting.predict_proba(X), atol=1e-5)
    net = MLPRegularizedRegressor(
        "poisson", (4,), solver="lbfgs", max_iter=3000, random_state=0
    )
    numbers = VotingRegressor([("net", net), ("linear", Ridge())]).fit(X, y)
    (found,) = run(convert(numbers, initial_types=types), X)
    assert_allclose(found[:, 0], numbers.predict(X), atol=1e-5)


@pytest.mark.parametrize(
    ("type_of", "dtype"), [(FloatTensorType, "f4"), (DoubleTensorType, "f8")]
)
@pytest.mark.parametrize("strategy", ["quantile", "tree"])
@pytest.mark.parametrize("keep_scaled", [False, True])
def test_encoder(type_of, dtype, strategy, keep_scaled):
    X, y = rows()
    X[::5, 0] = X[::7, 2] = np.nan
    X[:, 3] = X[:, 3] > 0  # no bins
    X = X.astype(dtype)
    if dtype == "f8":
        # One mean that float32 cannot represent, and one that float64 cannot.
        X[:, 1] += 1e6
        X = np.column_stack([X, 1.7e18 + 256 * (np.arange(len(X)) % 9)])
    ours = PiecewiseLinearEncoder(5, strategy=strategy, keep_scaled=keep_scaled)
    Z = ours.fit_transform(X, y)
    written = convert(ours, initial_types=[("X", type_of([None, X.shape[1]]))])
    far = X[::9] + np.where(np.isnan(X[::9]), 1, 1e3)
    for given in (X, far):
        (found,) = run(written, given.astype(dtype))
        assert found.dtype == dtype
        assert_allclose(found, ours.transform(given), rtol=1e-6, atol=1e-6)
    shape = written.graph.output[0].type.tensor_type.shape
    assert shape.dim[1].dim_value == Z.shape[1]


@pytest.mark.parametrize("target_opset", [13, 21])
def test_encoder_before_a_network(target_opset):
    X, y = rows()
    model = make_pipeline(PiecewiseLinearEncoder(), small()).fit(X, y)
    written = convert(
        model,
        initial_types=[("X", FloatTensorType([None, 4]))],
        options={"zipmap": False},
        target_opset=target_opset,
    )
    label, probabilities = run(written, X)
    assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)
    assert_array_equal(label, model.predict(X))


def test_wrong_numbers_of_columns_are_refused():
    X, y = rows()
    with pytest.raises(ValueError, match="needs 4 columns, but skl2onnx passes 3"):
        convert(small().fit(X, y), initial_types=[("X", FloatTensorType([None, 3]))])


def test_without_skl2onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skdnn\[onnx\]"'):
        register_onnx_converters()
