"""These networks, and the standardiser, as parts of what skl2onnx writes.

skl2onnx asks for two functions for each class: one says what comes out, the other
writes it.
"""

from typing import cast

import numpy as np

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.moving.onnx_parts import network_parts, standardization_of
from skdnn.export.onnx import (
    CLASSIFIER_LINKS,
    REGRESSOR_LINKS,
    labels_in_onnx,
    write_layers,
)
from skdnn.export.onnx_graph import (
    Graph,
    Standardization,
    import_onnx,
    standardize,
)
from skdnn.export.transformers import embed, import_skl2onnx, input_of
from skdnn.preprocessing import InputStandardizer


def register_standardizer() -> None:
    """Tell skl2onnx how to write InputStandardizer."""
    import_skl2onnx().update_registered_converter(
        InputStandardizer,
        "SkdnnInputStandardizer",
        standardizer_shape,
        standardizer_converter,
    )


def register_network(kind: type[BaseMLPRegularized], *, is_classifier: bool) -> None:
    """Tell skl2onnx how to write one of the networks."""
    skl2onnx = import_skl2onnx()
    if is_classifier:
        skl2onnx.update_registered_converter(
            kind,
            f"Skdnn{kind.__name__}",
            _classified,
            _classifier,
            options={
                "nocl": [False, True],
                "zipmap": [True, False, "columns"],
                "output_class_labels": [False, True],
            },
        )
    else:
        skl2onnx.update_registered_converter(
            kind, f"Skdnn{kind.__name__}", _predicted, _regressor
        )


# -- what comes out -------------------------------------------------------------------


def standardizer_shape(operator) -> None:
    """Say what comes out of one of `scalers.SCALERS`."""
    _check_columns(operator)
    operator.outputs[0].type = _floats(operator, operator.raw_operator.n_features_in_)


def _classified(operator) -> None:
    _check_columns(operator)
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
    probabilities.type = _floats(operator, n_classes)


def _predicted(operator) -> None:
    _check_columns(operator)
    n_outputs = len(operator.raw_operator.intercepts_[-1])
    operator.outputs[0].type = _floats(operator, n_outputs)


def _classes(scope, network):
    """Return the labels, or their numbers if the user wants no labels."""
    classes = network_parts(network)["classes"]
    wants_none = scope.get_options(network, {"nocl": False})["nocl"]
    return np.arange(len(classes)) if wants_none and classes is not None else classes


def _floats(operator, n_columns: int):
    """Return the type of so many columns: float64 where the input is."""
    types = import_skl2onnx().common.data_types
    kind = types.DoubleTensorType if _is_float64(operator) else types.FloatTensorType
    return kind([operator.inputs[0].get_first_dimension(), n_columns])


def _is_float64(operator) -> bool:
    types = import_skl2onnx().common.data_types
    return isinstance(operator.inputs[0].type, types.DoubleTensorType)


def _check_columns(operator) -> None:
    """Refuse what another converter has given the wrong shape."""
    widths = [each.get_second_dimension() for each in operator.inputs]
    estimator = operator.raw_operator
    if None not in widths and sum(widths) != estimator.n_features_in_:
        raise ValueError(
            f"{type(estimator).__name__} takes {estimator.n_features_in_} columns, but "
            f"skl2onnx gives it {sum(widths)}."
        )


# -- how it is written ----------------------------------------------------------------


def standardizer_converter(scope, operator, container) -> None:
    """Write one of `scalers.SCALERS`."""
    graph = Graph(import_onnx())
    kind = _kind(operator)
    X = input_of(graph, operator, "DOUBLE")
    how = cast(Standardization, standardization_of(operator.raw_operator))
    Z = standardize(graph, how, X, kind)
    embed(graph, [Z], scope, operator, container)


def _classifier(scope, operator, container) -> None:
    graph, Z, parts = _layers(operator)
    n_outputs = len(parts["biases"][-1])
    classes = _classes(scope, operator.raw_operator)
    CLASSIFIER_LINKS[parts["link"]](graph, Z, n_outputs, classes)
    p = _cast(graph, "probabilities", operator)
    embed(graph, ["label", p], scope, operator, container)


def _regressor(scope, operator, container) -> None:
    graph, Z, parts = _layers(operator)
    Y = _cast(graph, REGRESSOR_LINKS[parts["link"]](graph, Z), operator)
    embed(graph, [Y], scope, operator, container)


def _layers(operator):
    graph, parts = Graph(import_onnx()), network_parts(operator.raw_operator)
    X = input_of(graph, operator, "FLOAT")
    layers = (parts["weights"], parts["biases"], parts["activations"])
    return graph, write_layers(graph, X, *layers), parts


def _kind(operator) -> str:
    return "DOUBLE" if _is_float64(operator) else "FLOAT"


def _cast(graph: Graph, name: str, operator) -> str:
    return graph.node("Cast", name, to=getattr(graph.onnx.TensorProto, _kind(operator)))
