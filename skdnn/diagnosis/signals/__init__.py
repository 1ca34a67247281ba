"""Signal propagation through the layers: measurement, verdict and report."""

from skdnn.diagnosis.signals.report import SignalReport, signal_propagation

__all__ = ["SignalReport", "signal_propagation"]
