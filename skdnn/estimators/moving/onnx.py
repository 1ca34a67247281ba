"""Fitted estimators as ONNX models."""

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

from skdnn.estimators.moving.networks import OfNetworks
from skdnn.estimators.moving.onnx_network import (
    TARGET_FUNCTIONS,
    Layers,
    network_to_onnx,
)
from skdnn.estimators.moving.onnx_operators import import_skl2onnx
from skdnn.estimators.moving.onnx_transformers import transformers_to_onnx
from skdnn.estimators.moving.scalers import (
    Scaling,
    scaling_of,
    standardization_of,
)
from skdnn.estimators.unwrapping import described, flat, unwrap

if TYPE_CHECKING:
    import onnx


def to_onnx(estimator: BaseEstimator) -> "onnx.ModelProto":
    """Return a fitted network, or a pipeline that ends in one, as an ONNX model.

    The model predicts wherever there is an ONNX runtime, without Python or
    scikit-learn. It computes in float32, standardises in float64 as
    `InputStandardizer` does, and gives targets their units back in float64.

    Parameters
    ----------
    estimator : estimator
        A fitted MLPRegularizedClassifier or MLPRegularizedRegressor, an
        MLPRegularizedClassifierCV or MLPRegularizedRegressorCV, or one of them in a
        Pipeline, a search or a TransformedTargetRegressor. Scalers, ours and
        scikit-learn's, are written here; all other transformers (SimpleImputer,
        OneHotEncoder, ColumnTransformer, PCA, our PiecewiseLinearEncoder, …) by
        `skl2onnx <https://onnx.ai/sklearn-onnx>`_, which writes most of
        scikit-learn's. A TransformedTargetRegressor may have scalers, and functions
        with one of the inverses np.exp, expm1, log, log1p, sqrt and square.

    Returns
    -------
    onnx.ModelProto
        Its input is "X", float32 of shape [None, n_features]. Where a pipeline begins
        with a ColumnTransformer that was fitted to a frame, or a CV estimator was
        fitted to one with categories, there is an input of shape
        [None, 1] for each column that is used, by the column's name: float32 for
        numbers, string for text, int64 where an encoder looks up integers. A missing
        text is "nan", as onnxruntime makes of NaN in an array of objects.

        A classifier's outputs are "label", int64 or string (int64 0 and 1 for boolean
        classes), and "probabilities", float32, as `predict` and `predict_proba` give
        them. The output of a regressor is "y", float32, or float64 behind a
        TransformedTargetRegressor, as `predict` gives it. Where X had column names,
        the metadata has them in their order, as a JSON list "feature_names".

    Raises
    ------
    ImportError
        If onnx, or skl2onnx where it is needed, is not installed:
        ``pip install "skdnn[onnx]"``.
    TypeError
        If there is a step that cannot be written; the message names it.
    ValueError
        If a weight is too large for float32, a class is neither a whole number nor
        a string, or a column has the name of an output.
    NotFittedError
        If it has not been fitted.

    See Also
    --------
    register_onnx_converters : For what else skl2onnx can do with these networks.

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
            "to_onnx takes an MLPRegularizedClassifier or an MLPRegularizedRegressor, "
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
                f"to_onnx cannot write the threshold of {type(wrapper).__name__}: give "
                "its estimator_, and compare the probabilities with the threshold."
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
    """Return the names of the columns that the first step was fitted to."""
    first = [step for _, step in unwrapped.transformers] or [unwrapped.model]
    return getattr(first[0], "feature_names_in_", None)


def _written_by_skl2onnx(steps, feature_names, model):
    """Return an ONNX model of transformers."""
    import_skl2onnx()
    first = steps[0]
    if not hasattr(first[1], "n_features_in_"):
        raise TypeError(
            f"to_onnx cannot tell what columns {_called(*first)} takes: write the "
            "model with skl2onnx.convert_sklearn, after register_onnx_converters()."
        )
    try:
        written = transformers_to_onnx(steps, feature_names)
    except Exception as error:  # it says no in many ways
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TypeError(
            f"to_onnx cannot write {_refused(steps, error)}: {reason}"
        ) from error
    shape = written.graph.output[0].type.tensor_type.shape
    n_written, n_right = shape.dim[1].dim_value, _n_inputs(model)
    if n_written not in (0, n_right):  # 0 where it is not known
        raise TypeError(
            f"to_onnx cannot write {_refused(steps)}: skl2onnx makes {n_written} "
            f"columns of them, and {n_right} are right."
        )
    return written


def _refused(steps, error: Exception | None = None) -> str:
    """Return what to call the steps that an error is about."""
    inside = [each for step in steps for each in _all_inside(*step)]
    about = [each for each in inside if repr(type(each[1])) in str(error)]
    return ", ".join(_called(*each) for each in about or inside)


def _all_inside(name: str, step) -> Iterator[tuple[str, Any]]:
    """Return a transformer or, of what only gathers several, all these."""
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
    """What makes inputs of networks, and where these stand beside others."""

    transformer: Any
    columns: np.ndarray


def _inputs_of(model: OfNetworks) -> dict[int, _Inputs]:
    """Map the id of each transformer before a network to what it makes."""
    found: dict[int, _Inputs] = {}
    end = 0
    for transformer, net in model._averaged():
        if id(transformer) not in found:
            start, end = end, end + net.n_features_in_
            found[id(transformer)] = _Inputs(transformer, np.arange(start, end))
    return found


def steps_before_networks(model: OfNetworks) -> list[tuple[str, Any]]:
    """Return the steps that make the inputs of all networks of an estimator.

    Where networks have inputs of their own, these stand side by side.
    """
    made_by = [each.transformer for each in _inputs_of(model).values()]
    if len(made_by) > 1:
        parts = [(f"network_{k}", each) for k, each in enumerate(made_by, 1)]
        return [("inputs", FeatureUnion(parts))]
    return flat([("inputs", each) for each in made_by])


def _n_inputs(model: OfNetworks) -> int:
    return sum(len(each.columns) for each in _inputs_of(model).values())


def network_parts(model: OfNetworks) -> dict[str, Any]:
    """Return the arguments of `network_to_onnx` that say what the networks are."""
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
    """Return what undoes the transformer of a TransformedTargetRegressor, in order."""
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
        f"to_onnx cannot undo the transformer of y, {transformer!r}. It can undo "
        "scalers, and functions whose inverse is np.exp, np.expm1, np.log, np.log1p, "
        "np.sqrt or np.square."
    )
