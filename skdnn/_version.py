"""The version of skdnn."""

__version__ = "0.1.0"
