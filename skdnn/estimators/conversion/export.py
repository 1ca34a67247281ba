"""The method `to_onnx` of estimators; the implementation is imported when called."""

from typing import TYPE_CHECKING

from skdnn.estimators.conversion.networks import OfNetworks

if TYPE_CHECKING:
    import onnx


class OnnxExport(OfNetworks):
    """Mixin with the method `to_onnx`."""

    def to_onnx(self) -> "onnx.ModelProto":
        """Convert the fitted estimator to an ONNX model.

        Returns
        -------
        model : onnx.ModelProto
            Its input is "X", float32, or one input for each column of a frame with
            categories. The outputs are "label" and "probabilities" for a classifier,
            and "y" for a regressor.

        Raises
        ------
        ImportError
            If onnx or, for raw tables, skl2onnx is not installed:
            ``pip install "skdnn[onnx]"``.
        ValueError
            If a weight is too large for float32, or a class label is neither an integer
            nor a string.
        NotFittedError
            If the estimator has not been fitted.

        See Also
        --------
        skdnn.to_onnx : Converts whole pipelines; describes the model in detail.
        """
        from skdnn.estimators.conversion.onnx import to_onnx

        return to_onnx(self)
