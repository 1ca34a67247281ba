"""skl2onnx converters of our transformers, of scalers, and of what it cannot convert.

skl2onnx needs two functions for each class: a shape calculator, which sets the types of
the outputs, and a converter, which writes the graph.
"""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import cast

import numpy as np
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OneHotEncoder

from skdnn.estimators.conversion.onnx_graph import (
    Graph,
    encode,
    import_onnx,
    standardize,
)
from skdnn.estimators.conversion.scalers import SCALERS, Scaling, standardization_of
from skdnn.preprocessing import PiecewiseLinearEncoder
from skdnn.preprocessing.mixed_tables import VaryingColumns
from skdnn.preprocessing.tables import is_missing

# The text of a missing value: ONNX strings have no other, and onnxruntime converts NaN
# in an object array to it.
MISSING_TEXT = "nan"
# Domain of the operators that look up text, and the version of LabelEncoder.
ML_DOMAIN, ML_VERSION = "ai.onnx.ml", 2


def import_skl2onnx():
    """Import skl2onnx; the ImportError says how to install it."""
    try:
        import skl2onnx
        import skl2onnx.common.data_types
    except ImportError as error:
        raise ImportError(
            "Converting transformers other than scalers to ONNX needs skl2onnx: "
            'pip install "skdnn[onnx]"'
        ) from error
    return skl2onnx


# -- scalers and our encoder -----------------------------------------------------------


def scaler_shape(operator) -> None:
    """Set the output type of one of `SCALERS`."""
    check_columns(operator)
    operator.outputs[0].type = floats(operator, operator.raw_operator.n_features_in_)


def scaler_converter(scope, operator, container) -> None:
    """Write one of `SCALERS`."""
    graph = Graph(import_onnx())
    X = input_of(graph, operator, "DOUBLE")
    how = cast(Scaling, standardization_of(operator.raw_operator))
    Z = standardize(graph, how, X, kind_of(operator))
    embed(graph, [Z], scope, operator, container)


def encoder_shape(operator) -> None:
    """Set the output type of a PiecewiseLinearEncoder."""
    check_columns(operator)
    operator.outputs[0].type = floats(operator, operator.raw_operator.n_features_out_)


def encoder_converter(scope, operator, container) -> None:
    """Write a PiecewiseLinearEncoder."""
    graph = Graph(import_onnx())
    X = input_of(graph, operator, "DOUBLE")
    Z = encode(graph, operator.raw_operator._components(), X, kind_of(operator))
    embed(graph, [Z], scope, operator, container)


# -- helpers of all converters ---------------------------------------------------------


def check_columns(operator) -> None:
    """Raise an error if another converter has set a wrong number of columns."""
    widths = [each.get_second_dimension() for each in operator.inputs]
    estimator = operator.raw_operator
    if None not in widths and sum(widths) != estimator.n_features_in_:
        raise ValueError(
            f"{type(estimator).__name__} needs {estimator.n_features_in_} columns, but "
            f"skl2onnx passes {sum(widths)}."
        )


def floats(operator, n_columns: int):
    """Return skl2onnx's type for a number of columns, float64 if the input is."""
    types = import_skl2onnx().common.data_types
    is_double = kind_of(operator) == "DOUBLE"
    kind = types.DoubleTensorType if is_double else types.FloatTensorType
    return kind([operator.inputs[0].get_first_dimension(), n_columns])


def kind_of(operator) -> str:
    """Return the kind of the output: "DOUBLE" if the first input is, else "FLOAT"."""
    types = import_skl2onnx().common.data_types
    is_double = isinstance(operator.inputs[0].type, types.DoubleTensorType)
    return "DOUBLE" if is_double else "FLOAT"


def input_of(graph: Graph, operator, kind: str) -> str:
    """Concatenate the inputs of an operator, cast to one numeric type."""
    to = getattr(graph.onnx.TensorProto, kind)
    parts = [
        graph.node("Cast", f"input {k}", to=to) for k in range(len(operator.inputs))
    ]
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def columns_of(
    graph: Graph, operator, columns: Sequence[int], kind: str, output: str
) -> None:
    """Concatenate some columns of the inputs of an operator.

    Parameters
    ----------
    graph : Graph
        The graph to write to.
    operator
        As skl2onnx passes it to a converter.
    columns : sequence of int
        The columns, counted over all inputs.
    kind : {"float", "int64", "string"}
        Their type.
    output : str
        The name of the result.
    """
    places = [
        (k, j)
        for k, each in enumerate(operator.inputs)
        for j in range(each.get_second_dimension())
    ]
    text = import_skl2onnx().common.data_types.StringTensorType
    for column in columns:
        given = operator.inputs[places[column][0]].type
        if kind == "string" and not isinstance(given, text):
            raise TypeError(
                f"Column {column} of {type(operator.raw_operator).__name__} holds "
                f"text: it must be of type StringTensorType, got {given}."
            )
    to = {"float": "FLOAT", "int64": "INT64", "string": "STRING"}[kind]
    parts = []
    for k in dict.fromkeys(places[column][0] for column in columns):
        inside = np.array([places[c][1] for c in columns if places[c][0] == k])
        part = graph.node("Gather", f"input {k}", graph.constant(inside), axis=1)
        parts.append(graph.node("Cast", part, to=getattr(graph.onnx.TensorProto, to)))
    graph.node("Concat", *parts, axis=1, output=output)


def embed(graph: Graph, outputs: Sequence[str], scope, operator, container) -> None:
    """Add a graph to the model that skl2onnx is writing.

    Parameters
    ----------
    graph : Graph
        A graph that starts with `input_of`.
    outputs : sequence of str
        The names in the graph of the operator's outputs.
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
            op_domain=node.domain,
            op_version=ML_VERSION if node.domain == ML_DOMAIN else None,
            **{each.name: value_of(each) for each in node.attribute},
        )


# -- missing values, columns, categories -----------------------------------------------


def indicator_shape(operator) -> None:
    """Set the output type of a MissingIndicator."""
    check_columns(operator)
    operator.outputs[0].type = floats(operator, operator.raw_operator.features_.size)


def indicator_converter(scope, operator, container) -> None:
    """Write a MissingIndicator of numbers."""
    step = operator.raw_operator
    is_nan = isinstance(step.missing_values, float) and is_missing(step.missing_values)
    text = import_skl2onnx().common.data_types.StringTensorType
    if not is_nan or any(isinstance(each.type, text) for each in operator.inputs):
        raise NotImplementedError(f"{type(step)} supports only NaN in numbers")
    graph = Graph(import_onnx())
    X = input_of(graph, operator, "FLOAT")
    X = graph.node("Gather", X, graph.constant(step.features_.astype(int)), axis=1)
    to = getattr(graph.onnx.TensorProto, kind_of(operator))
    Z = graph.node("Cast", graph.node("IsNaN", X), to=to)
    embed(graph, [Z], scope, operator, container)


def columns_shape(operator) -> None:
    """Set the output type of VaryingColumns."""
    check_columns(operator)
    operator.outputs[0].type = floats(operator, operator.raw_operator.columns_.size)


def columns_converter(scope, operator, container) -> None:
    """Write VaryingColumns."""
    graph = Graph(import_onnx())
    X = input_of(graph, operator, kind_of(operator))
    columns = graph.constant(operator.raw_operator.columns_.astype(np.int64))
    Z = graph.node("Gather", X, columns, axis=1)
    embed(graph, [Z], scope, operator, container)


class GroupedOneHot(OneHotEncoder):
    """A fitted OneHotEncoder with infrequent categories, as lookup tables.

    skl2onnx supports neither unknown categories nor infrequent ones in an input of
    several columns. It is a OneHotEncoder because skl2onnx keeps the inputs of that,
    which may differ in kind, separate.

    Attributes
    ----------
    levels : list of ndarray
        The categories of each column.
    outputs : list of ndarray of shape (n_levels, n_outputs)
        The encoding of each category.
    unknown : list of ndarray of shape (n_outputs,)
        The encoding of any other value.
    """

    def __init__(self, fitted: OneHotEncoder) -> None:
        self.n_features_in_ = fitted.n_features_in_
        self.levels, self.outputs, self.unknown = [], [], []
        dropped = fitted.drop_idx_
        groups = getattr(fitted, "infrequent_categories_", None)
        for j, levels in enumerate(fitted.categories_):
            group = None if groups is None else groups[j]
            is_rare = [group is not None and _is_in(each, group) for each in levels]
            n_own = len(levels) - sum(is_rare)
            # One column for each frequent category, then one for the infrequent ones.
            column = np.where(is_rare, n_own, np.cumsum(np.invert(is_rare)) - 1)
            eye = np.eye(n_own + any(is_rare), dtype=np.float32)
            unknown = eye[-1] if any(is_rare) else np.zeros(n_own, np.float32)
            outputs = eye[column]
            if dropped is not None and dropped[j] is not None:
                without = column[dropped[j]]
                outputs = np.delete(outputs, without, axis=1)
                unknown = np.delete(unknown, without)
            self.levels.append(levels)
            self.outputs.append(outputs)
            self.unknown.append(unknown)


def _is_in(level, group) -> bool:
    return any(level is each or level == each for each in group) or (
        is_missing(level) and any(is_missing(each) for each in group)
    )


def grouped_one_hot_shape(operator) -> None:
    """Set the output type of a GroupedOneHot."""
    check_columns(operator)
    types = import_skl2onnx().common.data_types
    n_columns = sum(len(each) for each in operator.raw_operator.unknown)
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = types.FloatTensorType([n_rows, n_columns])


def grouped_one_hot_converter(scope, operator, container) -> None:
    """Write a GroupedOneHot."""
    types = import_skl2onnx().common.data_types
    step = operator.raw_operator
    graph = Graph(import_onnx())
    columns = [
        (f"input {k}", graph.constant(np.array([j])), each.type)
        for k, each in enumerate(operator.inputs)
        for j in range(each.get_second_dimension())
    ]
    parts = []
    for (name, j, kind), levels, outputs, unknown in zip(
        columns, step.levels, step.outputs, step.unknown, strict=True
    ):
        x = graph.node("Gather", name, j, axis=1)
        if isinstance(kind, types.StringTensorType):
            is_level = _is_text(graph, x, levels)
        else:
            is_float = isinstance(kind, types.FloatTensorType)
            is_level = _is_number(graph, x, levels, is_float)
        is_level = graph.node("Cast", is_level, to=graph.onnx.TensorProto.FLOAT)
        # For an unknown value is_level is 0 everywhere.
        Z = graph.node("MatMul", is_level, graph.constant(outputs - unknown))
        parts.append(graph.node("Add", Z, graph.constant(unknown)))
    Z = parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)
    embed(graph, [Z], scope, operator, container)


def _is_text(graph: Graph, x: str, levels) -> str:
    """Compare a column of text, of shape (n_samples, 1), with each category."""
    codes = np.arange(len(levels))
    code = graph.node(
        "LabelEncoder",
        x,
        domain=ML_DOMAIN,
        keys_strings=[MISSING_TEXT if is_missing(each) else each for each in levels],
        values_int64s=codes,
        default_int64=-1,
    )
    return graph.node("Equal", code, graph.constant(codes))


def _is_number(graph: Graph, x: str, levels, is_float: bool) -> str:
    """Compare a column of numbers, of shape (n_samples, 1), with each category."""
    for each in levels:
        if not (is_missing(each) or isinstance(each, Real | np.bool_)):
            raise NotImplementedError(
                f"{OneHotEncoder} has categories that are neither numbers nor text, "
                f"such as {each!r}"
            )
    numbers = levels.astype(np.float64)
    if is_float:  # round as the input is rounded
        numbers = numbers.astype(np.float32).astype(np.float64)
    x = graph.node("Cast", x, to=graph.onnx.TensorProto.DOUBLE)
    is_level = graph.node("Equal", x, graph.constant(numbers))
    is_nan = np.isnan(numbers)
    if not is_nan.any():
        return is_level
    both_nan = graph.node("And", graph.node("IsNaN", x), graph.constant(is_nan))
    return graph.node("Or", is_level, both_nan)


SHAPES: dict[type, Callable] = {
    **dict.fromkeys(SCALERS, scaler_shape),
    PiecewiseLinearEncoder: encoder_shape,
    MissingIndicator: indicator_shape,
    VaryingColumns: columns_shape,
    GroupedOneHot: grouped_one_hot_shape,
}
CONVERTERS: dict[type, Callable] = {
    **dict.fromkeys(SCALERS, scaler_converter),
    PiecewiseLinearEncoder: encoder_converter,
    MissingIndicator: indicator_converter,
    VaryingColumns: columns_converter,
    GroupedOneHot: grouped_one_hot_converter,
}
