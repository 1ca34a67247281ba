r"""Write networks as an ONNX model, from their weights and names alone.

The graph computes, in float32 and with samples in rows,

.. math::

    Z^{[l]} = A^{[l-1]} W^{[l]} + b^{[l]}, \qquad A^{[l]} = g^{[l]}(Z^{[l]}),

and applies the link to Z[L]. Its input "X" is A[0], standardised first if a pipeline
does so. The predictions of several networks are averaged. At the end the transformation
of y is inverted.

To add an activation, add an entry to ACTIVATIONS, of operators that do not overflow for
large inputs of either sign. A test of all entries compares it with the network's own.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from skdnn.estimators.conversion.onnx_graph import (
    IR_VERSION,
    OPSET,
    Graph,
    import_onnx,
    standardize,
)
from skdnn.estimators.conversion.scalers import Scaling

# -- activations -----------------------------------------------------------------------


def _operator(name: str, **attributes) -> Callable[[Graph, str], str]:
    return lambda graph, Z: graph.node(name, Z, **attributes)


def _one_plus_exp(graph: Graph, Z: str) -> str:
    """Write 1 + e^z.

    Dividing by it keeps the digits of small results, and an infinite e^z gives the
    right zero. The Sigmoid of runtimes has an absolute error of about 1e-8.
    """
    return graph.node("Add", graph.node("Exp", Z), graph.number(1))


def _silu(graph: Graph, Z: str) -> str:
    return graph.node("Div", Z, _one_plus_exp(graph, graph.node("Neg", Z)))


def _gelu(graph: Graph, Z: str) -> str:
    """Write the tanh form: z / (1 + e^-2u), u = sqrt(2/π) (z + 0.044715 z³)."""
    square = graph.node("Mul", Z, Z)
    c = -2 * math.sqrt(2 / math.pi)
    q = graph.node("Mul", square, graph.number(0.044715 * c))
    q = graph.node("Add", q, graph.number(c))
    return graph.node("Div", Z, _one_plus_exp(graph, graph.node("Mul", Z, q)))


def _softplus(graph: Graph, Z: str) -> str:
    """Write max(z, 0) + ln(1 + e^-|z|): not every runtime avoids overflow of e^z."""
    below = graph.node("Neg", graph.node("Abs", Z))
    return graph.node("Add", graph.node("Relu", Z), graph.node("Softplus", below))


ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, Z: Z,
    "logistic": _operator("Sigmoid"),
    "tanh": _operator("Tanh"),
    "relu": _operator("Relu"),
    "leaky_relu": _operator("LeakyRelu", alpha=0.01),
    "elu": _operator("Elu", alpha=1.0),
    "selu": _operator("Selu", alpha=1.6732632423543772, gamma=1.0507009873554805),
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
}


# -- links -----------------------------------------------------------------------------


def _softmax(graph: Graph, Z: str, n_outputs: int, classes) -> None:
    graph.node("Softmax", Z, axis=1, output="probabilities")
    number = graph.node("ArgMax", Z, axis=1, keepdims=0)
    _name_classes(graph, number, classes)
    graph.output("probabilities", "FLOAT", n_outputs)


def _logistic(graph: Graph, Z: str, n_outputs: int, classes) -> None:
    integer = graph.onnx.TensorProto.INT64
    minus_Z = graph.node("Neg", Z)
    if classes is None:  # multilabel
        is_there = graph.node("Greater", Z, graph.number(0))
        graph.node("Cast", is_there, to=integer, output="label")
        graph.output("label", "INT64", n_outputs)
    else:
        is_second = graph.node("Greater", _flat(graph, Z), graph.number(0))
        number = graph.node("Cast", is_second, to=integer)
        _name_classes(graph, number, classes)
        minus_Z = graph.node("Concat", Z, minus_Z, axis=1)
        n_outputs = 2
    graph.node("Reciprocal", _one_plus_exp(graph, minus_Z), output="probabilities")
    graph.output("probabilities", "FLOAT", n_outputs)


# Write the outputs of a classifier, "label" and "probabilities".
CLASSIFIER_LINKS: dict[str, Callable[[Graph, str, int, np.ndarray | None], None]] = {
    "softmax": _softmax,
    "logistic": _logistic,
}
# Return the name of the predictions of a regressor, one column for each output.
REGRESSOR_LINKS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, Z: Z,
    "exp": _operator("Exp"),
}


def _flat(graph: Graph, Z: str, output: str = "") -> str:
    shape = graph.constant(np.array([-1], dtype=np.int64))
    return graph.node("Reshape", Z, shape, output=output)


def _name_classes(graph: Graph, number: str, classes) -> None:
    """Write the labels for class indices."""
    names = labels_in_onnx(classes)
    graph.node("Gather", graph.constant(names, "classes"), number, output="label")
    graph.output("label", "INT64" if names.dtype == np.int64 else "STRING", None)


def labels_in_onnx(classes) -> np.ndarray:
    """Return the classes as int64 or str, the only label types of ONNX classifiers."""
    listed = np.asarray(classes).tolist()
    if all(isinstance(label, str) for label in listed):
        return np.array(listed, dtype=object)
    try:
        numbers = [int(label) for label in listed]
        if numbers == listed:
            return np.array(numbers, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(
        "The class labels of an ONNX model must be integers or strings, got "
        f"{listed!r}."
    )


# -- targets ---------------------------------------------------------------------------


def _minus_one(graph: Graph, y: str) -> str:
    return graph.node("Sub", y, graph.number(1, np.float64))


def _plus_one(graph: Graph, y: str) -> str:
    return graph.node("Add", y, graph.number(1, np.float64))


# Inverse transformations of targets, in float64.
TARGET_FUNCTIONS: dict[Callable, Callable[[Graph, str], str]] = {
    np.exp: _operator("Exp"),
    np.expm1: lambda graph, y: _minus_one(graph, graph.node("Exp", y)),
    np.log: _operator("Log"),
    np.log1p: lambda graph, y: graph.node("Log", _plus_one(graph, y)),
    np.sqrt: _operator("Sqrt"),
    np.square: lambda graph, y: graph.node("Mul", y, y),
}


def write_targets(
    graph: Graph,
    Y: str,
    n_outputs: int,
    undone: Sequence[Scaling | Callable] = (),
) -> None:
    """Write the output "y" of a regressor.

    Parameters
    ----------
    graph : Graph
        The graph to write to.
    Y : str
        The predictions, one column for each output.
    n_outputs : int
        The number of columns. A single one becomes a 1-d output.
    undone : sequence of Scaling or of keys of TARGET_FUNCTIONS
        What converts predictions back to their units, in this order: scalings to
        invert, and functions to apply. "y" is then float64: a time in seconds since
        1970, for example, has more digits than float32.
    """
    kind = "DOUBLE" if undone else "FLOAT"
    if undone:
        Y = graph.node("Cast", Y, to=graph.onnx.TensorProto.DOUBLE)
    for each in undone:
        if not isinstance(each, Scaling):
            Y = TARGET_FUNCTIONS[each](graph, Y)
            continue
        if each.scale is not None:
            Y = graph.node("Mul", Y, graph.constant(np.float64(each.scale)))
        if each.location is not None:
            Y = graph.node("Add", Y, graph.constant(np.float64(each.location)))
    if n_outputs == 1:
        _flat(graph, Y, output="y")
    else:
        graph.node("Identity", Y, output="y")
    graph.output("y", kind, None if n_outputs == 1 else n_outputs)


# -- the model -------------------------------------------------------------------------


class Layers(NamedTuple):
    """The layers of a network, without its link.

    Attributes
    ----------
    weights, biases : sequence of ndarray
        W[1], …, W[L] of shapes (n[l-1], n[l]), and b[1], …, b[L].
    activations : sequence of str
        The name of each hidden layer's activation.
    columns : ndarray of int, optional
        The columns of the inputs that the network uses, if several networks have
        different inputs; None is all.
    """

    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]
    activations: Sequence[str]
    columns: np.ndarray | None = None


def network_to_onnx(
    networks: Sequence[Layers],
    link: str,
    *,
    classes: np.ndarray | None = None,
    standardizations: Sequence[Scaling] = (),
    undone: Sequence[Scaling | Callable] = (),
    feature_names: Sequence[str] | None = None,
    before=None,
):
    """Write networks as one ONNX model.

    Parameters
    ----------
    networks : sequence of Layers
        One network, or several whose predictions are averaged.
    link : {"softmax", "logistic", "identity", "exp"}
        The function that converts Z[L] to predictions.
    classes : ndarray of shape (n_classes,), optional
        The labels of a softmax, or the two of a logistic link. A logistic link without
        them is multilabel. Not used by the other links.
    standardizations : sequence of Scaling
        Applied to the inputs first, in this order.
    undone : sequence
        What converts predictions back to their units: see `write_targets`.
    feature_names : sequence of str, optional
        Names of the columns, stored in the model's metadata as a JSON list.
    before : onnx.ModelProto, optional
        A model, with the operator set OPSET, whose output is the networks' input. Its
        inputs, except unused ones, become those of the whole model.

    Returns
    -------
    onnx.ModelProto
        With the input "X", unless there is a model before, and the outputs "label" and
        "probabilities", or "y".

    Raises
    ------
    ImportError
        If onnx is not installed.
    ValueError
        If a weight is too large for float32, a class label is neither an integer nor a
        string, or an input has the name of an output.
    """
    onnx = import_onnx()
    if before is None:
        before = _inputs_alone(onnx, len(networks[0].weights[0]))
    graph = Graph(onnx, _names_in(before.graph))
    X = before.graph.output[0].name
    for standardization in standardizations:
        X = standardize(graph, standardization, X)
    if before.graph.node and not standardizations:
        X = graph.node("Cast", X, to=onnx.TensorProto.FLOAT)
    n_outputs = len(networks[0].biases[-1])
    if link in CLASSIFIER_LINKS:
        Z = write_logits(graph, X, networks, link)
        CLASSIFIER_LINKS[link](graph, Z, n_outputs, classes)
    else:
        Y = write_predictions(graph, X, networks, link)
        write_targets(graph, Y, n_outputs, undone)
    model = _model(graph, before)
    if feature_names is not None:
        names = json.dumps(list(feature_names), ensure_ascii=False)
        onnx.helper.set_model_props(model, {"feature_names": names})
    return model


def write_logits(graph: Graph, X: str, networks: Sequence[Layers], link: str) -> str:
    """Write classifiers; return the name of the logits of their mean probabilities.

    The mean is computed from logarithms (log-sum-exp), which keep the digits of small
    probabilities.
    """
    Zs = _write_each(graph, X, networks)
    if len(Zs) == 1:
        return Zs[0]
    if link == "softmax":
        return _log_sum_exp(graph, [graph.node("LogSoftmax", Z, axis=1) for Z in Zs])
    no = [_log_expit_of_minus(graph, Z) for Z in Zs]
    yes = [_log_expit_of_minus(graph, graph.node("Neg", Z)) for Z in Zs]
    return graph.node("Sub", _log_sum_exp(graph, yes), _log_sum_exp(graph, no))


def write_predictions(
    graph: Graph, X: str, networks: Sequence[Layers], link: str
) -> str:
    """Write regressors; return the name of their mean, one column for each output."""
    Ys = [REGRESSOR_LINKS[link](graph, Z) for Z in _write_each(graph, X, networks)]
    return Ys[0] if len(Ys) == 1 else graph.node("Mean", *Ys)


def _log_expit_of_minus(graph: Graph, Z: str) -> str:
    return graph.node("Neg", _softplus(graph, Z))


def _log_sum_exp(graph: Graph, logs: list[str]) -> str:
    """Write log(e^a + e^b + …), shifted so that the largest exponential is 1."""
    largest = graph.node("Max", *logs)
    parts = [graph.node("Exp", graph.node("Sub", log, largest)) for log in logs]
    return graph.node("Add", largest, graph.node("Log", graph.node("Sum", *parts)))


def _write_each(graph: Graph, X: str, networks: Sequence[Layers]) -> list[str]:
    if len(networks) == 1:
        return [write_layers(graph, X, networks[0])]
    return [
        write_layers(graph, X, layers, f"network {number}/")
        for number, layers in enumerate(networks, 1)
    ]


def write_layers(graph: Graph, X: str, layers: Layers, prefix: str = "") -> str:
    """Write the layers without the link; return the name of Z[L]."""
    if layers.columns is not None:
        X = graph.node("Gather", X, graph.constant(layers.columns), axis=1)
    A = Z = X
    for layer, (W, b) in enumerate(zip(layers.weights, layers.biases, strict=True), 1):
        W_name = graph.parameter(W, f"{prefix}W{layer}")
        b_name = graph.parameter(b, f"{prefix}b{layer}")
        Z = graph.node("Gemm", A, W_name, b_name, output=f"{prefix}Z{layer}")
        if layer < len(layers.weights):
            A = ACTIVATIONS[layers.activations[layer - 1]](graph, Z)
    return Z


def _inputs_alone(onnx, n_features: int):
    """Return a model whose only output is its input "X"."""
    X = onnx.helper.make_tensor_value_info(
        "X", onnx.TensorProto.FLOAT, [None, n_features]
    )
    return onnx.helper.make_model(onnx.helper.make_graph([], "skdnn", [X], [X]))


def _names_in(made) -> set[str]:
    parts = (*made.input, *made.initializer)
    return {each.name for each in parts}.union(*(node.output for node in made.node))


def _model(graph: Graph, before):
    onnx = graph.onnx
    nodes = [*before.graph.node, *graph.nodes]
    used = {name for node in nodes for name in node.input}
    made = onnx.helper.make_graph(
        nodes,
        "skdnn",
        [each for each in before.graph.input if each.name in used],
        graph.outputs,
        [*before.graph.initializer, *graph.constants],
    )
    domains = {each.domain: each.version for each in before.opset_import}
    return onnx.helper.make_model(
        made,
        producer_name="skdnn",
        ir_version=IR_VERSION,
        opset_imports=[
            onnx.helper.make_opsetid(domain, version)
            for domain, version in (domains | {"": OPSET}).items()
        ],
    )
