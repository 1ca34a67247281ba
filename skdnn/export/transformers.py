"""scikit-learn's transformers in ONNX, written by skl2onnx."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from skdnn.export.onnx_graph import OPSET, Graph, import_onnx


class Input(NamedTuple):
    """One input of an ONNX model."""

    name: str
    kind: str  # "float", "int64" or "string"
    n_columns: int


def transformers_to_onnx(
    pipeline,
    inputs: Sequence[Input],
    shapes: Mapping[type, Callable],
    converters: Mapping[type, Callable],
):
    """Write fitted transformers, one after the other.

    Parameters
    ----------
    pipeline : Pipeline
        The transformers.
    inputs : sequence of Input
        The inputs of the first one.
    shapes, converters : mapping of type to callable
        Functions, as skl2onnx asks for them, that write these types of transformers; it
        writes all others by its own.

    Returns
    -------
    onnx.ModelProto
        With these inputs and one output.

    Raises
    ------
    Exception
        Whatever skl2onnx raises where it cannot write a transformer.
    """
    skl2onnx = import_skl2onnx()
    types = skl2onnx.common.data_types
    kinds = {
        "float": types.FloatTensorType,
        "int64": types.Int64TensorType,
        "string": types.StringTensorType,
    }
    # Neutral names: skl2onnx would respell those of columns.
    model = skl2onnx.convert_sklearn(
        pipeline,
        initial_types=[
            (f"input_{k}", kinds[each.kind]([None, each.n_columns]))
            for k, each in enumerate(inputs)
        ],
        target_opset=OPSET,
        custom_shape_calculators=dict(shapes),
        custom_conversion_functions=dict(converters),
    )
    return _renamed(model, [each.name for each in inputs])


def _renamed(model, names: Sequence[str]):
    """Return the model with these names of inputs; all other names get a prefix."""
    onnx = import_onnx()
    model = onnx.compose.add_prefix(model, "skl2onnx/")
    used = {name for node in model.graph.node for name in node.input}
    identities = []
    for name, each in zip(names, model.graph.input, strict=True):
        if each.name in used:
            make = onnx.helper.make_node
            identities.append(make("Identity", [name], [each.name], each.name))
        each.name = name
    nodes = [*identities, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def input_of(graph: Graph, operator, kind: str) -> str:
    """Write the inputs that skl2onnx gives an operator as one, of one number type."""
    to = getattr(graph.onnx.TensorProto, kind)
    parts = [
        graph.node("Cast", f"input {k}", to=to) for k in range(len(operator.inputs))
    ]
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def embed(graph: Graph, outputs: Sequence[str], scope, operator, container) -> None:
    """Add a graph to the model that skl2onnx is writing.

    Parameters
    ----------
    graph : Graph
        It begins with `input_of`.
    outputs : sequence of str
        The operator's outputs, by their names in the graph.
    scope, operator, container
        As skl2onnx passes them to a converter.
    """
    names = {f"input {k}": each.full_name for k, each in enumerate(operator.inputs)}
    names |= {
        name: each.full_name
        for name, each in zip(outputs, operator.outputs, strict=True)
    }

    def renamed(name):
        if name not in names:
            names[name] = scope.get_unique_variable_name(name)
        return names[name]

    for tensor in graph.constants:
        content = tensor if tensor.HasField("raw_data") else list(tensor.string_data)
        shape = list(tensor.dims)
        container.add_initializer(
            renamed(tensor.name), tensor.data_type, shape, content
        )
    value_of = graph.onnx.helper.get_attribute_value
    for node in graph.nodes:
        container.add_node(
            node.op_type,
            [renamed(name) for name in node.input],
            [renamed(name) for name in node.output],
            name=scope.get_unique_operator_name(node.op_type),
            **{each.name: value_of(each) for each in node.attribute},
        )


def import_skl2onnx():
    """Return the package skl2onnx; the ImportError says how to install it."""
    try:
        import skl2onnx
        import skl2onnx.common.data_types
    except ImportError as error:
        raise ImportError(
            "Writing other transformers than scalers as ONNX needs skl2onnx: "
            'pip install "skdnn[onnx]"'
        ) from error
    return skl2onnx
