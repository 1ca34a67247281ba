"""Conversion of the transformers before a network to ONNX, by skl2onnx.

First they are adapted to it: types of columns, missing text. Our own converters are in
`onnx_operators.py`.
"""

import math
from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from skdnn._sklearn import input_columns
from skdnn.estimators.conversion.onnx_graph import OPSET, import_onnx
from skdnn.estimators.conversion.onnx_operators import (
    CONVERTERS,
    MISSING_TEXT,
    SHAPES,
    GroupedOneHot,
    import_skl2onnx,
)
from skdnn.preprocessing.mixed_tables import UniformMissing


class Input(NamedTuple):
    """One input of an ONNX model."""

    name: str
    kind: str  # one of `_KINDS`
    columns: tuple[int, ...]  # of the table


# A later kind can represent the values of an earlier one. The kind is unknown for a
# column that is read as numbers of any kind.
_KINDS = ("int64", "float", "string")
_UNKNOWN = ""


# -- adaptation ------------------------------------------------------------------------


def _inputs_of(step, feature_names) -> list[Input]:
    """Return the inputs of an ONNX model whose first transformer is `step`.

    Parameters
    ----------
    step : transformer
        Fitted, and adapted by `_ready`.
    feature_names : sequence of str or None
        Names of the columns it was fitted to.

    Returns
    -------
    list of Input
        One for each column, with its name or x0, x1, …, if a ColumnTransformer was
        fitted to names or if columns differ in kind; otherwise a single "X".
    """
    kinds = [kind or "float" for kind in _kinds(step, step.n_features_in_)]
    by_name = feature_names is not None and _has_columns(step)
    if not by_name and len(set(kinds)) == 1:
        return [Input("X", kinds[0], tuple(range(len(kinds))))]
    if feature_names is None:
        feature_names = [f"x{k}" for k in range(len(kinds))]
    return [
        Input(str(name), kind, (column,))
        for column, (name, kind) in enumerate(zip(feature_names, kinds, strict=True))
    ]


def _has_columns(step) -> bool:
    if isinstance(step, ColumnTransformer):
        return True
    return any(_has_columns(each) for each in _first_inside(step))


def _first_inside(step) -> list[Any]:
    """Return the transformers in a pipeline or union that receive the columns."""
    if isinstance(step, Pipeline):
        return [each for _, each in step.steps[:1]]
    if isinstance(step, FeatureUnion):
        return [each for _, each in step.transformer_list]
    return []


def _kinds(step, n_columns: int) -> list[str]:
    """Return the kind of each column, by its transformer's fitted state."""
    kinds = [_UNKNOWN] * n_columns
    if isinstance(step, ColumnTransformer):
        for name, each, _ in step.transformers_:
            columns = input_columns(step, name)
            _note(kinds, columns, _kinds(each, len(columns)))
    elif isinstance(step, GroupedOneHot):
        return [_kind_of_categories(each) for each in step.levels]
    elif hasattr(step, "categories_"):
        return [_kind_of_categories(each) for each in step.categories_]
    elif isinstance(step, CountVectorizer):  # TfidfVectorizer is one
        return ["string"] * n_columns
    elif isinstance(step, SimpleImputer):
        return ["string" if isinstance(x, str) else _UNKNOWN for x in step.statistics_]
    for each in _first_inside(step):
        _note(kinds, range(n_columns), _kinds(each, n_columns))
    return kinds


def _note(kinds: list[str], columns, found: list[str]) -> None:
    order = (_UNKNOWN, *_KINDS)
    for column, kind in zip(columns, found, strict=True):
        kinds[column] = max(kinds[column], kind, key=order.index)


def _kind_of_categories(categories) -> str:
    if categories.dtype.kind in "iub" or all(
        isinstance(each, int | np.integer | np.bool_) for each in categories
    ):
        return "int64"
    is_text = any(isinstance(each, str) for each in categories)
    return "string" if is_text else "float"


def _ready(step):
    """Return a copy of a transformer that skl2onnx can convert.

    Frozen steps are unwrapped, identities are removed, columns are given by position,
    an imputer and its indicator become two steps, and missing text is `MISSING_TEXT`.
    """
    if isinstance(step, FrozenEstimator):
        return _ready(step.estimator)
    if isinstance(step, Pipeline):
        steps = [
            (name, _ready(each))
            for name, each in step.steps
            # ONNX has only one missing value.
            if not isinstance(each, UniformMissing)
        ]
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
            if each != "drop" and not _tells_nothing(each)
        ]
    elif isinstance(step, SimpleImputer):
        is_text = any(isinstance(each, str) for each in step.statistics_)
        if is_text and _is_nan(step.missing_values):
            own.missing_values = MISSING_TEXT
        if step.indicator_ is not None and not _tells_nothing(step.indicator_):
            own.add_indicator, own.indicator_ = False, None
            return FeatureUnion([("fill", own), ("tell", step.indicator_)])
    elif isinstance(step, OneHotEncoder) and step.handle_unknown not in (
        "error",
        "ignore",
    ):
        return GroupedOneHot(step)
    elif isinstance(step, OrdinalEncoder) and _is_nan(step.encoded_missing_value):
        if any(_is_nan(each[-1]) for each in step.categories_):
            # skl2onnx would add a category.
            raise NotImplementedError("missing values are encoded as NaN")
    return own


def _tells_nothing(step) -> bool:
    """Return whether a step is an indicator without columns, impossible in ONNX."""
    return isinstance(step, MissingIndicator) and step.features_.size == 0


def _is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)


# -- conversion ------------------------------------------------------------------------


def transformers_to_onnx(steps: Sequence[tuple[str, Any]], feature_names):
    """Convert a sequence of fitted transformers to a complete model.

    Parameters
    ----------
    steps, feature_names
        As in `written_transformers`.

    Returns
    -------
    onnx.ModelProto
        With the inputs of `_inputs_of`, and one output.

    Raises
    ------
    Exception
        Whatever skl2onnx raises if it cannot convert a transformer.
    """
    model, inputs = written_transformers(steps, feature_names)
    used = {name for node in model.graph.node for name in node.input}
    make = import_onnx().helper.make_node
    identities = []
    for each, inside in zip(inputs, model.graph.input, strict=True):
        if inside.name in used:
            identities.append(make("Identity", [each.name], [inside.name], inside.name))
        inside.name = each.name
    nodes = [*identities, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def written_transformers(
    steps: Sequence[tuple[str, Any]], feature_names, opset: int = OPSET
) -> tuple[Any, list[Input]]:
    """Convert a sequence of fitted transformers.

    Parameters
    ----------
    steps : sequence of (str, transformer)
        As the steps of a Pipeline.
    feature_names : sequence of str or None
        Names of the columns that the first was fitted to.
    opset : int
        The version of ONNX's operator set.

    Returns
    -------
    onnx.ModelProto
        With one output. All names in it have a common prefix.
    list of Input
        The meaning of its inputs, whose own names are neutral.

    Raises
    ------
    Exception
        Whatever skl2onnx raises if it cannot convert a transformer.
    """
    skl2onnx = import_skl2onnx()
    types = skl2onnx.common.data_types
    kinds = {
        "float": types.FloatTensorType,
        "int64": types.Int64TensorType,
        "string": types.StringTensorType,
    }
    pipeline = _ready(Pipeline(list(steps)))
    inputs = _inputs_of(pipeline[0], feature_names)
    # Neutral names, because skl2onnx would change those of columns. Our converters of
    # scalers, because its own round the mean to float32, which loses digits far from 0.
    model = skl2onnx.convert_sklearn(
        pipeline,
        initial_types=[
            (f"input_{k}", kinds[each.kind]([None, len(each.columns)]))
            for k, each in enumerate(inputs)
        ],
        target_opset=opset,
        custom_shape_calculators=SHAPES,
        custom_conversion_functions=CONVERTERS,
    )
    return import_onnx().compose.add_prefix(model, "skl2onnx/"), inputs
