"""Transformers made ready for skl2onnx: the kinds of their columns, missing text."""

import math
from copy import copy
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OrdinalEncoder

from skdnn._sklearn import input_columns
from skdnn.export.transformers import Input

# What the text of a missing value is: ONNX has no other, and onnxruntime makes it of
# the NaN in an array of objects.
MISSING = "nan"


def inputs_of(step, feature_names) -> list[Input]:
    """Return what an ONNX model is given for the first of several transformers.

    Parameters
    ----------
    step : transformer
        Fitted and `ready`.
    feature_names : sequence of str or None
        Of the columns it was fitted to.

    Returns
    -------
    list of Input
        One for each column, by its name or x0, x1, …, where a ColumnTransformer was
        fitted to names or where columns differ in kind; otherwise a single "X".
    """
    kinds = _kinds(step, step.n_features_in_)
    by_name = feature_names is not None and _has_columns(step)
    if not by_name and len(set(kinds)) == 1:
        return [Input("X", kinds[0], len(kinds))]
    if feature_names is None:
        feature_names = [f"x{k}" for k in range(len(kinds))]
    return [
        Input(str(name), kind, 1)
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


def ready(step):
    """Return a transformer as skl2onnx understands it; the step itself stays.

    Frozen steps come out of their wrapper, steps that do nothing are left out, columns
    are counted, and missing text is the text `MISSING`.
    """
    if isinstance(step, FrozenEstimator):
        return ready(step.estimator)
    if isinstance(step, Pipeline):
        steps = [(name, ready(each)) for name, each in step.steps]
        return Pipeline(
            [(name, each) for name, each in steps if each not in (None, "passthrough")]
        )
    own = copy(step)
    if isinstance(step, ColumnTransformer):
        own.transformers_ = [
            (name, ready(each), input_columns(step, name))
            for name, each, _ in step.transformers_
        ]
    elif isinstance(step, FeatureUnion):
        own.transformer_list = [
            (name, ready(each))
            for name, each in step.transformer_list
            if each != "drop"
        ]
    elif isinstance(step, SimpleImputer):
        is_text = any(isinstance(each, str) for each in step.statistics_)
        if is_text and _is_nan(step.missing_values):
            own.missing_values = MISSING
    elif isinstance(step, OrdinalEncoder) and _is_nan(step.encoded_missing_value):
        if any(_is_nan(each[-1]) for each in step.categories_):
            # skl2onnx would write one more category.
            raise NotImplementedError("missing values are encoded as NaN")
    return own


def _is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)
