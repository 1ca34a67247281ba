"""The networks, and what prepares their inputs, as parts of what skl2onnx writes.

skl2onnx asks for two functions for each class: one says what comes out, the other
writes it.
"""

import numpy as np

from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.moving.onnx import network_parts
from skdnn.estimators.moving.onnx_graph import Graph, import_onnx
from skdnn.estimators.moving.onnx_network import (
    CLASSIFIER_LINKS,
    REGRESSOR_LINKS,
    labels_in_onnx,
    write_layers,
)
from skdnn.estimators.moving.onnx_operators import (
    check_columns,
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
from skdnn.estimators.regressor import MLPRegularizedRegressor
from skdnn.preprocessing import InputStandardizer, PiecewiseLinearEncoder


def register_onnx_converters() -> None:
    """Let skl2onnx write our networks, InputStandardizer and PiecewiseLinearEncoder.

    `skl2onnx.convert_sklearn` then takes them wherever they stand: in a voting
    ensemble, behind a vectoriser of text, with inputs of one's own. Call it once, in
    any order with the import of skl2onnx; :func:`to_onnx` does not need it. Networks
    compute in float32, and give float64 where their input is; a regressor gives a
    column for each output. Classifiers have the options "zipmap", "nocl" and
    "output_class_labels".

    Raises
    ------
    ImportError
        If skl2onnx is not installed: ``pip install "skdnn[onnx]"``.

    See Also
    --------
    to_onnx : The short way, for what ends in a network.

    Examples
    --------
    >>> from skl2onnx import to_onnx as any_to_onnx
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import VotingClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skdnn import MLPRegularizedClassifier, register_onnx_converters
    >>> register_onnx_converters()
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier(
    ...     (8,), solver="lbfgs", max_iter=2000, random_state=0
    ... )
    >>> linear = LogisticRegression(max_iter=1000)
    >>> both = VotingClassifier(
    ...     [("net", net), ("linear", linear)], voting="soft", flatten_transform=False
    ... )
    >>> onnx_model = any_to_onnx(
    ...     both.fit(X, y), X[:1].astype("float32"), options={"zipmap": False}
    ... )
    >>> [output.name for output in onnx_model.graph.output]
    ['label', 'probabilities']
    """
    register = import_skl2onnx().update_registered_converter
    register(
        InputStandardizer,
        "SkdnnInputStandardizer",
        scaler_shape,
        scaler_converter,
    )
    register(
        PiecewiseLinearEncoder,
        "SkdnnPiecewiseLinearEncoder",
        encoder_shape,
        encoder_converter,
    )
    register(
        MLPRegularizedClassifier,
        "SkdnnMLPRegularizedClassifier",
        _classified,
        _classifier,
        options={
            "nocl": [False, True],
            "zipmap": [True, False, "columns"],
            "output_class_labels": [False, True],
        },
    )
    register(
        MLPRegularizedRegressor,
        "SkdnnMLPRegularizedRegressor",
        _predicted,
        _regressor,
    )


# -- what comes out --------------------------------------------------------------------


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
    n_outputs = len(operator.raw_operator.intercepts_[-1])
    operator.outputs[0].type = floats(operator, n_outputs)


def _classes(scope, network):
    """Return the labels, or their numbers if the user wants no labels."""
    classes = network_parts(network)["classes"]
    wants_none = scope.get_options(network, {"nocl": False})["nocl"]
    return np.arange(len(classes)) if wants_none and classes is not None else classes


# -- how it is written -----------------------------------------------------------------


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


def _cast(graph: Graph, name: str, operator) -> str:
    return graph.node(
        "Cast", name, to=getattr(graph.onnx.TensorProto, kind_of(operator))
    )
