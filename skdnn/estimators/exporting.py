"""Fitted estimators as ONNX models."""

from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.saving import activation_names
from skdnn.export.onnx import Standardization, network_to_onnx
from skdnn.preprocessing import InputStandardizer

if TYPE_CHECKING:
    import onnx


def to_onnx(estimator: BaseEstimator) -> "onnx.ModelProto":
    """Return a fitted network, or a pipeline that ends in one, as an ONNX model.

    The model predicts wherever there is an ONNX runtime, without Python or
    scikit-learn. It reads the rows of "X" in float32, computes in float32 and
    standardises in float64, as `InputStandardizer` does.

    Parameters
    ----------
    estimator : MLPRegularizedClassifier, MLPRegularizedRegressor or Pipeline
        Fitted. A pipeline may have `InputStandardizer` before the network, and
        "passthrough".

    Returns
    -------
    onnx.ModelProto
        Its input is "X", float32 of shape [None, n_features]. A classifier's outputs
        are "label", int64 or string (int64 0 and 1 for boolean classes), and
        "probabilities", float32, as `predict` and `predict_proba` give them. The
        output of a regressor is "y", float32, as `predict` gives it. Where X had
        column names, the metadata has them in their order, as a JSON list
        "feature_names".

    Raises
    ------
    ImportError
        If onnx is not installed: ``pip install "skdnn[onnx]"``.
    TypeError
        If there is anything else in the pipeline.
    ValueError
        If a weight is too large for float32, or a class is neither a whole number nor
        a string.
    NotFittedError
        If it has not been fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdnn import InputStandardizer, MLPRegularizedClassifier, to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPRegularizedClassifier((8,), solver="lbfgs", random_state=0)
    >>> model = make_pipeline(InputStandardizer(), net).fit(X, y)
    >>> onnx_model = to_onnx(model)
    >>> [output.name for output in onnx_model.graph.output]
    ['label', 'probabilities']
    """
    steps = [(type(estimator).__name__, estimator)]
    if isinstance(estimator, Pipeline):
        steps = [(f"step {name!r}", step) for name, step in estimator.steps]
    *before, (name, network) = steps
    if not isinstance(network, BaseMLPRegularized):
        raise TypeError(
            "to_onnx takes a network of skdnn or a Pipeline that ends in one, got "
            f"{_described(name, network)}."
        )
    standardizers = [
        (name, step) for name, step in before if step not in (None, "passthrough")
    ]
    for name, step in standardizers:
        if not isinstance(step, InputStandardizer):
            raise TypeError(
                "to_onnx can write InputStandardizer before a network and nothing "
                f"else, got {_described(name, step)}."
            )
        check_is_fitted(step)
    check_is_fitted(network)
    first = standardizers[0][1] if standardizers else network
    return network_to_onnx(
        network.coefs_,
        network.intercepts_,
        activation_names(network._network),
        network.out_activation_,
        classes=_single_labels(network),
        standardizations=[_standardization(step) for _, step in standardizers],
        feature_names=getattr(first, "feature_names_in_", None),
    )


class OnnxExport(BaseMLPRegularized):
    """The method that writes an estimator as an ONNX model."""

    def to_onnx(self) -> "onnx.ModelProto":
        """Return the fitted network as an ONNX model.

        For a pipeline that standardises first, see :func:`skdnn.to_onnx`, which also
        says more about the model.

        Returns
        -------
        onnx.ModelProto
            Its input is "X", float32. The outputs are "label" and "probabilities" for
            a classifier, "y" for a regressor.

        Raises
        ------
        ImportError
            If onnx is not installed: ``pip install "skdnn[onnx]"``.
        ValueError
            If a weight is too large for float32, or a class is neither a whole number
            nor a string.
        NotFittedError
            If the estimator has not been fitted.
        """
        return to_onnx(self)


def _single_labels(estimator):
    """Return the classes of which each row has one, or None."""
    if getattr(estimator._targets, "is_multilabel", False):
        return None
    return getattr(estimator, "classes_", None)


def _standardization(standardizer: InputStandardizer) -> Standardization:
    return Standardization(
        standardizer._location(), standardizer.scale_, standardizer.smooth_clip
    )


def _described(name: str, step) -> str:
    kind = type(step).__name__
    return kind if name == kind else f"{name}, {kind}"
