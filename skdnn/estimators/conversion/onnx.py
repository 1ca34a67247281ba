"""Conversion of fitted estimators to ONNX models."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators.conversion.networks import OfNetworks
from skdnn.estimators.conversion.onnx_network import (
    TARGET_FUNCTIONS,
    Layers,
    network_to_onnx,
)
from skdnn.estimators.conversion.onnx_operators import import_skl2onnx
from skdnn.estimators.conversion.onnx_transformers import transformers_to_onnx
from skdnn.estimators.conversion.scalers import (
    Scaling,
    scaling_of,
    standardization_of,
)
from skdnn.estimators.unwrapping import described, flat, unwrap

if TYPE_CHECKING:
    import onnx


def to_onnx(estimator: BaseEstimator) -> "onnx.ModelProto":
    """Convert a fitted network, or a pipeline that ends with one, to an ONNX model.

    The model predicts in any ONNX runtime, without Python or scikit-learn. It computes
    in float32, but standardises inputs in float64, as `InputStandardizer` does, and
    converts targets back to their units in float64.

    Parameters
    ----------
    estimator : estimator
        A fitted MLPRegularizedClassifier, MLPRegularizedRegressor,
        MLPRegularizedClassifierCV or MLPRegularizedRegressorCV, or one of them in a
        Pipeline, a search or a TransformedTargetRegressor. Scalers, ours and
        scikit-learn's, are converted here. All other transformers (SimpleImputer,
        OneHotEncoder, ColumnTransformer, PCA, our PiecewiseLinearEncoder, …) are
        converted by `skl2onnx <https://onnx.ai/sklearn-onnx>`_, which supports most of
        scikit-learn. A TransformedTargetRegressor may have scalers, and functions whose
        inverse is np.exp, expm1, log, log1p, sqrt or square.

    Returns
    -------
    model : onnx.ModelProto
        Its input is "X", float32 of shape [None, n_features]. If the pipeline starts
        with a ColumnTransformer that was fitted to a data frame, or if a CV estimator
        was fitted to one with categories, there is an input of shape [None, 1] for each
        column in use, with the column's name: float32 for numbers, string for text, and
        int64 where an encoder looks up integers. Missing text is "nan", to which
        onnxruntime converts NaN in an object array.

        The outputs of a classifier are "label", int64 or string (int64 0 and 1 for
        boolean classes), and "probabilities", float32, as returned by `predict` and
        `predict_proba`. The output of a regressor is "y", as returned by `predict`:
        float32, or float64 for a TransformedTargetRegressor. If X had column names, the
        metadata lists them in order, as JSON, under "feature_names".

    Raises
    ------
    ImportError
        If onnx or, where it is needed, skl2onnx is not installed:
        ``pip install "skdnn[onnx]"``.
    TypeError
        If a step cannot be converted; the message names it.
    ValueError
        If a weight is too large for float32, a class label is neither an integer nor a
        string, or a column has the name of an output.
    NotFittedError
        If the estimator has not been fitted.

    See Also
    --------
    register_onnx_converters : Registers these networks with skl2onnx.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import InputStandardizer, MLPRegularizedClassifier, to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((8,), solver="lbfgs", max_iter=500,
    ...                                random_state=0)
    >>> model = make_pipeline(InputStandardizer(), net).fit(X, y)
    >>> onnx_model = to_onnx(model)
    >>> [output.name for output in onnx_model.graph.output]
    ['label', 'probabilities']
    """
    unwrapped = unwrap(estimator)
    model = unwrapped.model
    if not isinstance(model, OfNetworks):
        raise TypeError(
            "to_onnx needs an MLPRegularizedClassifier or an MLPRegularizedRegressor, "
            "with or without CV, or one of them in a Pipeline, a fitted search, a "
            "TransformedTargetRegressor or a FrozenEstimator, got "
            f"{described(unwrapped, estimator)}."
        )
    for _, step in unwrapped.transformers:
        check_is_fitted(step)
    check_is_fitted(model)
    undone: list[Scaling | Callable] = []
    for wrapper in reversed(unwrapped.wrappers):
        if isinstance(wrapper, FixedThresholdClassifier | TunedThresholdClassifierCV):
            raise TypeError(
                f"to_onnx does not support the threshold of {type(wrapper).__name__}: "
                "convert its estimator_, and compare probabilities with the threshold."
            )
        if isinstance(wrapper, TransformedTargetRegressor):
            check_is_fitted(wrapper)
            undone += _undoing(wrapper.transformer_)
    names = _feature_names(unwrapped)
    steps = [*unwrapped.transformers, *steps_before_networks(model)]
    standardizations: list[Scaling] = []
    while steps and (own := standardization_of(steps[-1][1])) is not None:
        standardizations.insert(0, own)
        steps.pop()
    return network_to_onnx(
        **network_parts(model),
        standardizations=standardizations,
        undone=undone,
        feature_names=names,
        before=_written_by_skl2onnx(steps, names, model) if steps else None,
    )


def _feature_names(unwrapped) -> Sequence[str] | None:
    """Return the column names that the first step was fitted to."""
    first = [step for _, step in unwrapped.transformers] or [unwrapped.model]
    return getattr(first[0], "feature_names_in_", None)


def _written_by_skl2onnx(steps, feature_names, model):
    """Convert transformers to an ONNX model by skl2onnx."""
    import_skl2onnx()
    first = steps[0]
    if not hasattr(first[1], "n_features_in_"):
        raise TypeError(
            f"to_onnx cannot determine the columns of {_called(*first)}: convert with "
            "skl2onnx.convert_sklearn instead, after register_onnx_converters()."
        )
    try:
        written = transformers_to_onnx(steps, feature_names)
    except Exception as error:  # skl2onnx raises many kinds of errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TypeError(
            f"to_onnx cannot convert {_refused(steps, error)}: {reason}"
        ) from error
    shape = written.graph.output[0].type.tensor_type.shape
    n_written, n_right = shape.dim[1].dim_value, _n_inputs(model)
    if n_written not in (0, n_right):  # 0 is unknown
        raise TypeError(
            f"to_onnx cannot convert {_refused(steps)}: skl2onnx gives them "
            f"{n_written} output columns instead of {n_right}."
        )
    return written


def _refused(steps, error: Exception | None = None) -> str:
    """Return a description of the steps that an error is about."""
    inside = [each for step in steps for each in _all_inside(*step)]
    about = [each for each in inside if repr(type(each[1])) in str(error)]
    return ", ".join(_called(*each) for each in about or inside)


def _all_inside(name: str, step) -> Iterator[tuple[str, Any]]:
    """Yield a transformer, or all transformers inside a composite one."""
    if isinstance(step, FrozenEstimator):
        yield from _all_inside(name, step.estimator)
        return
    gathered = {
        Pipeline: "steps",
        FeatureUnion: "transformer_list",
        ColumnTransformer: "transformers_",
    }
    for kind, attribute in gathered.items():
        if isinstance(step, kind):
            for inner, each, *_ in getattr(step, attribute):
                yield from _all_inside(f"{name}__{inner}", each)
            return
    yield name, step


def _called(name: str, step) -> str:
    return f"step {name!r}, {type(step).__name__}"


class _Inputs(NamedTuple):
    """The transformer of some networks' inputs, and the columns of its output."""

    transformer: Any
    columns: np.ndarray


def _inputs_of(model: OfNetworks) -> dict[int, _Inputs]:
    """Map the id of each transformer before a network to its `_Inputs`."""
    found: dict[int, _Inputs] = {}
    end = 0
    for transformer, net in model._averaged():
        if id(transformer) not in found:
            start, end = end, end + net.n_features_in_
            found[id(transformer)] = _Inputs(transformer, np.arange(start, end))
    return found


def steps_before_networks(model: OfNetworks) -> list[tuple[str, Any]]:
    """Return the steps that produce the inputs of all networks of an estimator.

    If networks have different inputs, these are concatenated.
    """
    made_by = [each.transformer for each in _inputs_of(model).values()]
    if len(made_by) > 1:
        parts = [(f"network_{k}", each) for k, each in enumerate(made_by, 1)]
        return [("inputs", FeatureUnion(parts))]
    return flat([("inputs", each) for each in made_by])


def _n_inputs(model: OfNetworks) -> int:
    return sum(len(each.columns) for each in _inputs_of(model).values())


def network_parts(model: OfNetworks) -> dict[str, Any]:
    """Return the arguments of `network_to_onnx` that describe the networks."""
    inputs = _inputs_of(model)
    networks = [
        Layers(
            net.coefs_,
            net.intercepts_,
            net._model.network.activations,
            inputs[id(transformer)].columns if len(inputs) > 1 else None,
        )
        for transformer, net in model._averaged()
    ]
    _, first = model._averaged()[0]
    is_multilabel = getattr(first._model.targets, "is_multilabel", False)
    return {
        "networks": networks,
        "link": first.out_activation_,
        "classes": None if is_multilabel else getattr(first, "classes_", None),
    }


def _undoing(transformer) -> list[Scaling | Callable]:
    """Return the inverse steps of the transformer of a TransformedTargetRegressor."""
    if isinstance(transformer, FrozenEstimator):
        return _undoing(transformer.estimator)
    if isinstance(transformer, Pipeline):
        return [
            each
            for _, step in reversed(transformer.steps)
            if step not in (None, "passthrough")
            for each in _undoing(step)
        ]
    scaling = scaling_of(transformer)
    if scaling is not None:
        return [scaling]
    if isinstance(transformer, FunctionTransformer) and not transformer.inv_kw_args:
        inverse = transformer.inverse_func
        if inverse is None:
            return [Scaling()]
        known = [each for each in TARGET_FUNCTIONS if each is inverse]
        if known:
            return known
    raise TypeError(
        f"to_onnx cannot invert the transformer of y, {transformer!r}. It can invert "
        "scalers, and functions whose inverse is np.exp, np.expm1, np.log, np.log1p, "
        "np.sqrt or np.square."
    )
