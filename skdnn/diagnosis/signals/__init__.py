"""The signals in each layer: the measurement, the verdict, the report."""

from skdnn.diagnosis.signals.report import SignalReport, signal_propagation

__all__ = ["SignalReport", "signal_propagation"]
