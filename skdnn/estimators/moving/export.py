"""The method `to_onnx` of estimators; what does the work is imported when called."""

from typing import TYPE_CHECKING

from skdnn.estimators.moving.networks import OfNetworks

if TYPE_CHECKING:
    import onnx


class OnnxExport(OfNetworks):
    """The method that writes an estimator as an ONNX model."""

    def to_onnx(self) -> "onnx.ModelProto":
        """Return the fitted estimator as an ONNX model.

        For a pipeline that it ends, see :func:`skdnn.to_onnx`, which also says more
        about the model.

        Returns
        -------
        onnx.ModelProto
            Its input is "X", float32; there are several for a frame with categories.
            The outputs are "label" and "probabilities" for a classifier, "y" for a
            regressor.

        Raises
        ------
        ImportError
            If onnx, or skl2onnx for tables as they come, is not installed:
            ``pip install "skdnn[onnx]"``.
        ValueError
            If a weight is too large for float32, or a class is neither a whole number
            nor a string.
        NotFittedError
            If the estimator has not been fitted.
        """
        from skdnn.estimators.moving.onnx import to_onnx

        return to_onnx(self)
