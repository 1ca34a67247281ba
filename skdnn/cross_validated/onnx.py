"""Registering all estimators of skdnn with skl2onnx."""

from skdnn.cross_validated.classifier import MLPRegularizedClassifierCV
from skdnn.cross_validated.regressor import MLPRegularizedRegressorCV
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.conversion.onnx_converters import register_converters
from skdnn.estimators.regressor import MLPRegularizedRegressor


def register_onnx_converters() -> None:
    """Register the converters of skdnn's networks and transformers with skl2onnx.

    `skl2onnx.convert_sklearn` can then convert networks, :class:`InputStandardizer` and
    :class:`PiecewiseLinearEncoder` inside any model: in a voting ensemble, after a text
    vectoriser, with custom inputs. Call it once, before or after importing skl2onnx;
    :func:`to_onnx` does not need it.

    Networks compute in float32 and return float64 for float64 inputs; a regressor
    returns one column per output. Classifiers support the options "zipmap", "nocl" and
    "output_class_labels". A CV estimator is converted with its preprocessor, as one
    operator. Its inputs are the columns in their order, in blocks or one by one: text
    as strings, numbers as float32.

    Raises
    ------
    ImportError
        If skl2onnx is not installed: ``pip install "skdnn[onnx]"``.

    See Also
    --------
    to_onnx : Convert a network, or a pipeline that ends in one, with a single call.

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
    register_converters(
        [MLPRegularizedClassifier, MLPRegularizedClassifierCV],
        [MLPRegularizedRegressor, MLPRegularizedRegressorCV],
    )
