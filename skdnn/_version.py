"""The version of skdnn."""

__version__ = "0.2.0"
