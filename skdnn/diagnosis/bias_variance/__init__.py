"""Bias and variance of one fit: the errors, the gaps, what they say, what to try."""

from skdnn.diagnosis.bias_variance.report import BiasVarianceReport

__all__ = ["BiasVarianceReport"]
