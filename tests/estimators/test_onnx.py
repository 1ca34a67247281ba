"""ONNX models predict the same as the estimators, in an independent runtime."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skdnn import (
    InputStandardizer,
    MLPRegularizedClassifier,
    MLPRegularizedRegressor,
    to_onnx,
)
from skdnn.estimators.conversion.onnx_network import (
    ACTIVATIONS,
    IR_VERSION,
    OPSET,
    Layers,
    network_to_onnx,
)
from skdnn.network.activations import ACTIVATIONS as NETWORK_ACTIVATIONS
from tests.estimators.datasets import KINDS, make_rows
from tests.oracle import ACTIVATIONS as ORACLE

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def run(model, X):
    """Return the outputs of onnxruntime by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {"X": np.asarray(X, dtype=np.float32)})
    return dict(zip(names, values, strict=True))


def new_rows(n_columns=4, n_rows=1000):
    """Return new rows that are exact in float32."""
    X = np.random.default_rng(7).normal(scale=2, size=(n_rows, n_columns))
    return X.astype(np.float32).astype(np.float64)


def assert_same_classifier(model, estimator, X):
    onnx.checker.check_model(model, full_check=True)
    found = run(model, X)
    p = estimator.predict_proba(X)
    assert found["probabilities"].dtype == np.float32
    assert found["probabilities"].shape == p.shape
    assert_allclose(found["probabilities"], p, rtol=0, atol=1e-5)
    label = estimator.predict(X)
    assert found["label"].shape == label.shape
    # Ties between classes are decided by rounding.
    ranked = np.sort(p, axis=1)
    if label.ndim == 1:
        clear = ranked[:, -1] - ranked[:, -2] > 1e-4
    else:
        clear = np.abs(p - 0.5) > 1e-4
    assert clear.mean() > 0.9
    assert_array_equal(found["label"][clear], label[clear])


def fitted(kind="multiclass", **params):
    X, y = make_rows(kind)
    defaults = {"hidden_layer_sizes": (6, 5), "max_iter": 20, "random_state": 0}
    return MLPRegularizedClassifier(**{**defaults, **params}).fit(X, y)


# -- activations ----------------------------------------------------------------------


def test_every_activation_has_its_operators():
    assert ACTIVATIONS.keys() == NETWORK_ACTIVATIONS.keys()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_activations(activation, dtype, kind):
    net = fitted(kind, activation=activation, dtype=dtype)
    assert_same_classifier(net.to_onnx(), net, new_rows())


def one_unit(activation):
    """Return a model whose output is the activation of its input."""
    one, zero = np.ones((1, 1)), np.zeros(1)
    return network_to_onnx([Layers([one, one], [zero, zero], [activation])], "identity")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.filterwarnings("ignore:overflow")  # the reference is plain NumPy,
@pytest.mark.filterwarnings("ignore:invalid value")  # and its Sigmoid computes too much
def test_activations_at_extreme_values(activation):
    z = np.array([0, 1e-6, 0.1, 1, 3, 10, 20, 50, 88, 100, 1e4, 1e8, 1e25])
    z = np.concatenate([-z[::-1], z]).astype(np.float32)
    expected = ORACLE[activation][0](z.astype(np.float64))
    model = one_unit(activation)
    tolerance = {"rtol": 1e-6, "atol": 1e-6}
    assert_allclose(run(model, z[:, None])["y"], expected, **tolerance)
    (reference,) = ReferenceEvaluator(model).run(None, {"X": z[:, None]})
    assert_allclose(reference, expected, **tolerance)


def test_activations_of_each_layer():
    net = fitted(hidden_layer_sizes=(6, 5, 4), activation=("gelu", "tanh", "selu"))
    assert_same_classifier(net.to_onnx(), net, new_rows())
    net.set_params(activation="relu")  # takes effect in the next fit
    assert_same_classifier(net.to_onnx(), net, new_rows())


@pytest.mark.parametrize("kind", KINDS)
def test_no_hidden_layer(kind):
    net = fitted(kind, hidden_layer_sizes=())
    assert_same_classifier(net.to_onnx(), net, new_rows())


# -- classes --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize(
    ("name", "onnx_type"),
    [
        (lambda y: y.astype(np.int8) * 5 - 3, np.int64),
        (lambda y: y.astype(float), np.int64),
        (lambda y: np.array(["ja", "nein", "müßig"])[y], object),
        (lambda y: np.array(["a", "b", "c"], dtype=object)[y], object),
    ],
)
def test_labels(kind, name, onnx_type):
    X, y = make_rows(kind)
    net = MLPRegularizedClassifier((6,), random_state=0, max_iter=20).fit(X, name(y))
    model = net.to_onnx()
    assert run(model, X)["label"].dtype == onnx_type
    assert_same_classifier(model, net, new_rows())


def test_boolean_labels():
    X, y = make_rows("binary")
    net = MLPRegularizedClassifier((6,), random_state=0).fit(X, y == 1)
    model = net.to_onnx()
    assert run(model, X)["label"].dtype == np.int64
    assert_same_classifier(model, net, new_rows())


@pytest.mark.parametrize("classes", [[0.5, 1.0], [1, "a"], [(1,), (2,)], [b"a", b"b"]])
def test_classes_that_onnx_cannot_represent(classes):
    networks = [Layers([np.ones((2, 1))], [np.zeros(1)], [])]
    of_objects = np.empty(2, dtype=object)
    of_objects[:] = classes
    with pytest.raises(ValueError, match="integers or strings, got"):
        network_to_onnx(networks, "logistic", classes=of_objects)


def test_small_probabilities_keep_their_digits():
    networks = [Layers([np.array([[1.0]])], [np.zeros(1)], [])]
    model = network_to_onnx(networks, "logistic", classes=np.array([0, 1]))
    z = np.array([[-200.0], [-50], [-12], [12], [50], [200]])
    p = run(model, z)["probabilities"]
    assert_allclose(p, 1 / (1 + np.exp(np.hstack([z, -z]))), rtol=1e-6, atol=1e-40)
    model = network_to_onnx(networks, "logistic")
    assert_array_equal(run(model, z)["probabilities"], p[:, 1:])


# -- regressors -----------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_regressor(loss, n_outputs, activation):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = np.abs(X @ rng.normal(size=(4, n_outputs)) + rng.normal(size=(60, n_outputs)))
    y = y[:, 0] if n_outputs == 1 else y
    net = MLPRegularizedRegressor(
        loss, (6,), activation, solver="lbfgs", max_iter=50, random_state=0
    ).fit(X, y)
    X = new_rows() / 2
    model = to_onnx(net)
    onnx.checker.check_model(model, full_check=True)
    found, expected = run(model, X), net.predict(X)
    assert found.keys() == {"y"}
    assert found["y"].shape == expected.shape
    assert_allclose(found["y"], expected, rtol=1e-5, atol=1e-5)


# -- pipelines ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::skdnn.DataScaleWarning")  # without with_std
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"method": "robust"},
        {"method": "robust", "smooth_clip": 3.0},
        {"smooth_clip": 1},
        {"with_mean": False},
        {"with_std": False},
        {"with_mean": False, "with_std": False, "smooth_clip": 2.0},
    ],
)
def test_pipeline(params):
    X, y = make_rows()
    scale = np.array([1e-3, 1.0, 30.0, 1.0])
    # Like a year: the mean is large relative to the standard deviation.
    shift = np.array([0.0, 2000.0, 5.0, 1e5]) * params.get("with_mean", True)
    net = MLPRegularizedClassifier((6,), "tanh", random_state=0, max_iter=50)
    model = make_pipeline(InputStandardizer(**params), "passthrough", net)
    model.fit(X * scale + shift, y)
    rows = (new_rows() * scale + shift).astype(np.float32).astype(np.float64)
    assert_same_classifier(to_onnx(model), model, rows)


def test_pipeline_without_standardizer():
    model = make_pipeline(fitted())
    assert to_onnx(model) == fitted().to_onnx()


def test_order_of_standardizers():
    X, y = make_rows()
    net = MLPRegularizedClassifier((6,), random_state=0, max_iter=20)
    model = make_pipeline(
        InputStandardizer(smooth_clip=1.0), InputStandardizer(method="robust"), net
    ).fit(X, y)
    assert_same_classifier(to_onnx(model), model, new_rows())


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            make_pipeline(InputStandardizer(), LogisticRegression()),
            r"got Pipeline that ends with LogisticRegression\(\)",
        ),
        (make_pipeline(InputStandardizer(), "passthrough"), "ends with 'passthrough'"),
        (LogisticRegression(), "got LogisticRegression"),
        (InputStandardizer(), "got InputStandardizer"),
        (None, "got NoneType"),
    ],
)
def test_estimators_that_cannot_be_converted(estimator, message):
    with pytest.raises(TypeError, match=message):
        to_onnx(estimator)


def test_unfitted():
    net = MLPRegularizedClassifier()
    standardizer = InputStandardizer()
    with pytest.raises(NotFittedError, match="MLPRegularizedClassifier"):
        net.to_onnx()
    with pytest.raises(NotFittedError, match="InputStandardizer"):
        to_onnx(make_pipeline(standardizer, fitted()))
    standardizer.fit(make_rows()[0])
    with pytest.raises(NotFittedError, match="MLPRegularizedClassifier"):
        to_onnx(make_pipeline(standardizer, net))


# -- the file -------------------------------------------------------------------------


def test_inputs_and_format():
    model = fitted().to_onnx()
    assert isinstance(model, onnx.ModelProto)
    assert model.ir_version == IR_VERSION
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    (X,) = model.graph.input
    assert X.name == "X"
    tensor = X.type.tensor_type
    assert tensor.elem_type == onnx.TensorProto.FLOAT
    assert [d.dim_value for d in tensor.shape.dim] == [0, 4]
    assert not tensor.shape.dim[0].HasField("dim_value")
    assert [output.name for output in model.graph.output] == ["label", "probabilities"]


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_feature_names(in_pipeline):
    X, y = make_rows()
    names = ["Größe", "b", "a", "weight in kg"]
    frame = pd.DataFrame(X, columns=names)
    net = MLPRegularizedClassifier((6,), random_state=0, max_iter=20)
    model = make_pipeline(InputStandardizer(), net) if in_pipeline else net
    model.fit(frame, y)
    written = to_onnx(model)
    metadata = {entry.key: entry.value for entry in written.metadata_props}
    assert json.loads(metadata["feature_names"]) == names
    assert_same_classifier(written, model, pd.DataFrame(new_rows(), columns=names))


def test_no_feature_names():
    assert not fitted().to_onnx().metadata_props


def test_saved_and_loaded(tmp_path):
    net = fitted()
    path = tmp_path / "net.onnx"
    onnx.save(net.to_onnx(), path)
    assert_same_classifier(onnx.load(path), net, new_rows())


def test_estimator_is_not_changed():
    net = fitted()
    before = [W.copy() for W in net.coefs_]
    model = net.to_onnx()
    net.coefs_[0][:] = 0
    assert_allclose(
        onnx.numpy_helper.to_array(
            next(t for t in model.graph.initializer if t.name == "W1")
        ),
        before[0],
    )


def test_weights_beyond_float32():
    with pytest.raises(ValueError, match="W1 holds a number too large for float32"):
        network_to_onnx([Layers([np.array([[1e39]])], [np.zeros(1)], [])], "identity")


def test_without_onnx(monkeypatch):
    net = fitted()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skdnn\[onnx\]"'):
        net.to_onnx()
