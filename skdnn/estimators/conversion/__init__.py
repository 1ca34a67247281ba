"""Conversion of estimators to scikit-learn's and to ONNX models."""
