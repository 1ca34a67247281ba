"""The transformers before a network, in ONNX: by skl2onnx, scalers and encoder by us.

First they are made ready for it: the kinds of their columns, missing text.
"""

import math
from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, cast

from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OrdinalEncoder

from skdnn._sklearn import input_columns
from skdnn.estimators.moving.onnx_graph import (
    OPSET,
    Graph,
    encode,
    import_onnx,
    standardize,
)
from skdnn.estimators.moving.scalers import SCALERS, Scaling, standardization_of
from skdnn.preprocessing import PiecewiseLinearEncoder

# What the text of a missing value is: ONNX has no other, and onnxruntime makes it of
# the NaN in an array of objects.
_MISSING = "nan"


class _Input(NamedTuple):
    """One input of an ONNX model."""

    name: str
    kind: str  # "float", "int64" or "string"
    n_columns: int


# -- made ready ------------------------------------------------------------------------


def _inputs_of(step, feature_names) -> list[_Input]:
    """Return what an ONNX model is given for the first of several transformers.

    Parameters
    ----------
    step : transformer
        Fitted and `_ready`.
    feature_names : sequence of str or None
        Of the columns it was fitted to.

    Returns
    -------
    list of _Input
        One for each column, by its name or x0, x1, …, where a ColumnTransformer was
        fitted to names or where columns differ in kind; otherwise a single "X".
    """
    kinds = _kinds(step, step.n_features_in_)
    by_name = feature_names is not None and _has_columns(step)
    if not by_name and len(set(kinds)) == 1:
        return [_Input("X", kinds[0], len(kinds))]
    if feature_names is None:
        feature_names = [f"x{k}" for k in range(len(kinds))]
    return [
        _Input(str(name), kind, 1)
        for name, kind in zip(feature_names, kinds, strict=True)
    ]


def _has_columns(step) -> bool:
    if isinstance(step, ColumnTransformer):
        return True
    return any(_has_columns(each) for each in _first_inside(step))


def _first_inside(step) -> list[Any]:
    """Return the transformers in a pipeline or union that see the columns first."""
    if isinstance(step, Pipeline):
        return [each for _, each in step.steps[:1]]
    if isinstance(step, FeatureUnion):
        return [each for _, each in step.transformer_list]
    return []


def _kinds(step, n_columns: int) -> list[str]:
    """Return the kind of each column by what encoders and imputers have learnt."""
    kinds = ["float"] * n_columns
    if isinstance(step, ColumnTransformer):
        for name, each, _ in step.transformers_:
            columns = input_columns(step, name)
            _note(kinds, columns, _kinds(each, len(columns)))
    elif hasattr(step, "categories_"):
        return [_kind_of_categories(each) for each in step.categories_]
    elif isinstance(step, SimpleImputer):
        return ["string" if isinstance(x, str) else "float" for x in step.statistics_]
    for each in _first_inside(step):
        _note(kinds, range(n_columns), _kinds(each, n_columns))
    return kinds


def _note(kinds: list[str], columns, found: list[str]) -> None:
    for column, kind in zip(columns, found, strict=True):
        if kind != "float":
            kinds[column] = kind


def _kind_of_categories(categories) -> str:
    if categories.dtype.kind in "iub":
        return "int64"
    is_text = any(isinstance(each, str) for each in categories)
    return "string" if is_text else "float"


def _ready(step):
    """Return a transformer as skl2onnx understands it; the step itself stays.

    Frozen steps come out of their wrapper, steps that do nothing are left out, columns
    are counted, and missing text is the text `_MISSING`.
    """
    if isinstance(step, FrozenEstimator):
        return _ready(step.estimator)
    if isinstance(step, Pipeline):
        steps = [(name, _ready(each)) for name, each in step.steps]
        return Pipeline(
            [(name, each) for name, each in steps if each not in (None, "passthrough")]
        )
    own = copy(step)
    if isinstance(step, ColumnTransformer):
        own.transformers_ = [
            (name, _ready(each), input_columns(step, name))
            for name, each, _ in step.transformers_
        ]
    elif isinstance(step, FeatureUnion):
        own.transformer_list = [
            (name, _ready(each))
            for name, each in step.transformer_list
            if each != "drop"
        ]
    elif isinstance(step, SimpleImputer):
        is_text = any(isinstance(each, str) for each in step.statistics_)
        if is_text and _is_nan(step.missing_values):
            own.missing_values = _MISSING
    elif isinstance(step, OrdinalEncoder) and _is_nan(step.encoded_missing_value):
        if any(_is_nan(each[-1]) for each in step.categories_):
            # skl2onnx would write one more category.
            raise NotImplementedError("missing values are encoded as NaN")
    return own


def _is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)


# -- written ---------------------------------------------------------------------------


def transformers_to_onnx(steps: Sequence[tuple[str, Any]], feature_names):
    """Write fitted transformers, one after the other.

    Parameters
    ----------
    steps : sequence of (str, transformer)
        As a Pipeline has them.
    feature_names : sequence of str or None
        Of the columns that the first was fitted to.

    Returns
    -------
    onnx.ModelProto
        With the inputs that `_inputs_of` says and one output.

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
    pipeline = Pipeline([(name, _ready(step)) for name, step in steps])
    inputs = _inputs_of(pipeline[0], feature_names)
    # Neutral names: skl2onnx would respell those of columns.
    # Its scalers keep the mean in float32: one far from 0 loses its digits.
    model = skl2onnx.convert_sklearn(
        pipeline,
        initial_types=[
            (f"input_{k}", kinds[each.kind]([None, each.n_columns]))
            for k, each in enumerate(inputs)
        ],
        target_opset=OPSET,
        custom_shape_calculators={
            **dict.fromkeys(SCALERS, scaler_shape),
            PiecewiseLinearEncoder: encoder_shape,
        },
        custom_conversion_functions={
            **dict.fromkeys(SCALERS, scaler_converter),
            PiecewiseLinearEncoder: encoder_converter,
        },
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


# -- scalers and our encoder, as skl2onnx asks for them --------------------------------


def scaler_shape(operator) -> None:
    """Say what comes out of one of `SCALERS`."""
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
    """Say what comes out of a PiecewiseLinearEncoder."""
    check_columns(operator)
    operator.outputs[0].type = floats(operator, operator.raw_operator.n_features_out_)


def encoder_converter(scope, operator, container) -> None:
    """Write a PiecewiseLinearEncoder."""
    graph = Graph(import_onnx())
    X = input_of(graph, operator, "DOUBLE")
    Z = encode(graph, operator.raw_operator._components(), X, kind_of(operator))
    embed(graph, [Z], scope, operator, container)


# -- for every converter of ours -------------------------------------------------------


def check_columns(operator) -> None:
    """Refuse what another converter has given the wrong shape."""
    widths = [each.get_second_dimension() for each in operator.inputs]
    estimator = operator.raw_operator
    if None not in widths and sum(widths) != estimator.n_features_in_:
        raise ValueError(
            f"{type(estimator).__name__} takes {estimator.n_features_in_} columns, but "
            f"skl2onnx gives it {sum(widths)}."
        )


def floats(operator, n_columns: int):
    """Return skl2onnx's type of so many columns: float64 where the input is."""
    types = import_skl2onnx().common.data_types
    is_double = kind_of(operator) == "DOUBLE"
    kind = types.DoubleTensorType if is_double else types.FloatTensorType
    return kind([operator.inputs[0].get_first_dimension(), n_columns])


def kind_of(operator) -> str:
    """Return the kind of what comes out: "DOUBLE" where the first input is."""
    types = import_skl2onnx().common.data_types
    is_double = isinstance(operator.inputs[0].type, types.DoubleTensorType)
    return "DOUBLE" if is_double else "FLOAT"


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
