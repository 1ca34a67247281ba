"""The signals in each layer: what is measured, what is said of it, the report."""

from skdnn.diagnosis.signals.report import SignalReport, signal_propagation

__all__ = ["SignalReport", "signal_propagation"]
