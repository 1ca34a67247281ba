"""Bias and variance of one fit: errors, gaps, findings and remedies."""

from skdnn.diagnosis.bias_variance.report import BiasVarianceReport

__all__ = ["BiasVarianceReport"]
