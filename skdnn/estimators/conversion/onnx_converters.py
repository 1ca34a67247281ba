"""skl2onnx converters of the networks and of the transformers of their inputs.

skl2onnx needs two functions for each class: a shape calculator, which sets the types of
the outputs, and a converter, which writes the graph.
"""

from collections.abc import Sequence

import numpy as np

from skdnn.estimators.conversion.onnx import network_parts, steps_before_networks
from skdnn.estimators.conversion.onnx_graph import Graph, import_onnx
from skdnn.estimators.conversion.onnx_network import (
    CLASSIFIER_LINKS,
    labels_in_onnx,
    write_logits,
    write_predictions,
)
from skdnn.estimators.conversion.onnx_operators import (
    check_columns,
    columns_converter,
    columns_of,
    columns_shape,
    embed,
    encoder_converter,
    encoder_shape,
    floats,
    import_skl2onnx,
    input_of,
    kind_of,
    scaler_converter,
    scaler_shape,
)
from skdnn.estimators.conversion.onnx_transformers import written_transformers
from skdnn.preprocessing import InputStandardizer, PiecewiseLinearEncoder
from skdnn.preprocessing.mixed_tables import UniformMissing, VaryingColumns


def register_converters(classifiers: Sequence[type], regressors: Sequence[type]):
    """Register converters of these classes, and of our transformers, with skl2onnx.

    Parameters
    ----------
    classifiers, regressors : sequence of type
        Estimator classes of this package with `to_onnx`.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.
    """
    register = import_skl2onnx().update_registered_converter
    for transformer, shape, converter in (
        (InputStandardizer, scaler_shape, scaler_converter),
        (PiecewiseLinearEncoder, encoder_shape, encoder_converter),
        (VaryingColumns, columns_shape, columns_converter),
        (UniformMissing, _uniform_missing_shape, _uniform_missing),
    ):
        register(transformer, _alias(transformer), shape, converter)
    options = {
        "nocl": [False, True],
        "zipmap": [True, False, "columns"],
        "output_class_labels": [False, True],
    }
    for kind in classifiers:
        register(kind, _alias(kind), _classified, _classifier, options=options)
    for kind in regressors:
        register(kind, _alias(kind), _predicted, _regressor)


def _alias(kind: type) -> str:
    return f"Skdnn{kind.__name__}"


# -- shape calculators -----------------------------------------------------------------


def _classified(operator) -> None:
    check_columns(operator)
    types = import_skl2onnx().common.data_types
    network, (label, probabilities) = operator.raw_operator, operator.outputs
    classes = _classes(operator.scope_inst, network)
    n_rows = operator.inputs[0].get_first_dimension()
    n_classes = len(network.classes_)
    if classes is None:
        label.type = types.Int64TensorType([n_rows, n_classes])
    elif labels_in_onnx(classes).dtype == object:
        label.type = types.StringTensorType([n_rows])
    else:
        label.type = types.Int64TensorType([n_rows])
    probabilities.type = floats(operator, n_classes)


def _predicted(operator) -> None:
    check_columns(operator)
    networks = network_parts(operator.raw_operator)["networks"]
    operator.outputs[0].type = floats(operator, len(networks[0].biases[-1]))


def _classes(scope, network):
    """Return the class labels, or their indices with the option `nocl`."""
    classes = network_parts(network)["classes"]
    wants_none = scope.get_options(network, {"nocl": False})["nocl"]
    return np.arange(len(classes)) if wants_none and classes is not None else classes


# -- converters ------------------------------------------------------------------------


def _classifier(scope, operator, container) -> None:
    graph, parts = Graph(import_onnx()), network_parts(operator.raw_operator)
    networks, link = parts["networks"], parts["link"]
    X, n_outputs = _inputs(graph, operator, container), len(networks[0].biases[-1])
    classes = _classes(scope, operator.raw_operator)
    Z = write_logits(graph, X, networks, link)
    CLASSIFIER_LINKS[link](graph, Z, n_outputs, classes)
    p = _cast(graph, "probabilities", operator)
    embed(graph, ["label", p], scope, operator, container)


def _regressor(scope, operator, container) -> None:
    graph, parts = Graph(import_onnx()), network_parts(operator.raw_operator)
    X = _inputs(graph, operator, container)
    Y = write_predictions(graph, X, parts["networks"], parts["link"])
    embed(graph, [_cast(graph, Y, operator)], scope, operator, container)


def _inputs(graph: Graph, operator, container) -> str:
    """Write the steps before the networks, if any; return the name of their output."""
    model = operator.raw_operator
    steps = steps_before_networks(model)
    if not steps:
        return input_of(graph, operator, "FLOAT")
    names = getattr(model, "feature_names_in_", None)
    opset = container.target_opset_any_domain("")
    before, inputs = written_transformers(steps, names, opset)
    for each, inside in zip(inputs, before.graph.input, strict=True):
        columns_of(graph, operator, each.columns, each.kind, inside.name)
    graph.take_in(before.graph)
    floats = graph.onnx.TensorProto.FLOAT
    return graph.node("Cast", before.graph.output[0].name, to=floats)


def _cast(graph: Graph, name: str, operator) -> str:
    return graph.node(
        "Cast", name, to=getattr(graph.onnx.TensorProto, kind_of(operator))
    )


# -- missing values in categories ----------------------------------------------------


def _uniform_missing_shape(operator) -> None:
    """Set the output type of UniformMissing: that of the input columns."""
    check_columns(operator)
    kinds = {type(each.type) for each in operator.inputs}
    if len(kinds) > 1:
        raise NotImplementedError(
            f"{type(operator.raw_operator)} supports columns of one type only: use one "
            "each for numbers and text"
        )
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = kinds.pop()(
        [n_rows, operator.raw_operator.n_features_in_]
    )


def _uniform_missing(scope, operator, container) -> None:
    """Write UniformMissing, an identity: ONNX has only one missing value."""
    graph = Graph(import_onnx())
    parts = [f"input {k}" for k in range(len(operator.inputs))]
    embed(graph, [graph.node("Concat", *parts, axis=1)], scope, operator, container)
