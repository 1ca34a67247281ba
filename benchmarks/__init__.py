"""Benchmarks against the floor and other libraries: ``python -m benchmarks``."""
