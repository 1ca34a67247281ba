"""Fitted estimators elsewhere: as scikit-learn's, and as ONNX models."""
