"""What of a fitted estimator goes into an ONNX model."""

from collections.abc import Callable
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.moving.scalers import scaling_of
from skdnn.export.onnx import TARGET_FUNCTIONS
from skdnn.export.onnx_graph import Standardization
from skdnn.preprocessing import InputStandardizer


def network_parts(network: BaseMLPRegularized) -> dict[str, Any]:
    """Return the arguments of `network_to_onnx` that say what a network is."""
    return {
        "weights": network.coefs_,
        "biases": network.intercepts_,
        "activations": network._model.activations,
        "link": network.out_activation_,
        "classes": single_labels(network),
    }


def single_labels(network: BaseMLPRegularized):
    """Return the classes of which each row has one, or None."""
    if getattr(network._model.targets, "is_multilabel", False):
        return None
    return getattr(network, "classes_", None)


def standardization_of(transformer) -> Standardization | None:
    """Return what a fitted transformer of X does if it only standardises."""
    if type(transformer) is InputStandardizer:
        return Standardization(
            transformer._location(),
            transformer.scale_,
            smooth_clip=transformer.smooth_clip,
        )
    scaling = scaling_of(transformer)
    return None if scaling is None else Standardization(*scaling)


def undoing(transformer) -> list[Standardization | Callable]:
    """Return what undoes the transformer of a TransformedTargetRegressor, in order."""
    if isinstance(transformer, FrozenEstimator):
        return undoing(transformer.estimator)
    if isinstance(transformer, Pipeline):
        return [
            each
            for _, step in reversed(transformer.steps)
            if step not in (None, "passthrough")
            for each in undoing(step)
        ]
    scaling = scaling_of(transformer)
    if scaling is not None:
        return [Standardization(*scaling)]
    if isinstance(transformer, FunctionTransformer) and not transformer.inv_kw_args:
        inverse = transformer.inverse_func
        if inverse is None:
            return [Standardization()]
        known = [each for each in TARGET_FUNCTIONS if each is inverse]
        if known:
            return known
    raise TypeError(
        f"to_onnx cannot undo the transformer of y, {transformer!r}. It can undo "
        "scalers, and functions whose inverse is np.exp, np.expm1, np.log, np.log1p, "
        "np.sqrt or np.square."
    )
