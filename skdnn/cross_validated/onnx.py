"""skl2onnx, told of all our estimators."""

from skdnn.cross_validated.classifier import MLPRegularizedClassifierCV
from skdnn.cross_validated.regressor import MLPRegularizedRegressorCV
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.moving.onnx_converters import register_converters
from skdnn.estimators.regressor import MLPRegularizedRegressor


def register_onnx_converters() -> None:
    """Let skl2onnx write our networks, InputStandardizer and PiecewiseLinearEncoder.

    `skl2onnx.convert_sklearn` then takes them wherever they stand: in a voting
    ensemble, behind a vectoriser of text, with inputs of one's own. Call it once, in
    any order with the import of skl2onnx; :func:`to_onnx` does not need it. Networks
    compute in float32, and give float64 where their input is; a regressor gives a
    column for each output. Classifiers have the options "zipmap", "nocl" and
    "output_class_labels". CV estimators are written with what prepares their tables,
    as one operator whose inputs are the columns in their order, in blocks or one by
    one: text as strings, numbers in float32.

    Raises
    ------
    ImportError
        If skl2onnx is not installed: ``pip install "skdnn[onnx]"``.

    See Also
    --------
    to_onnx : The short way, for what ends in a network.

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
