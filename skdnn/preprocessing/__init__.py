"""Transformers that prepare the inputs of a network."""

from skdnn.preprocessing.encoder import PiecewiseLinearEncoder
from skdnn.preprocessing.standardizer import InputStandardizer

__all__ = ["InputStandardizer", "PiecewiseLinearEncoder"]
