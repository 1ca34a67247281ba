"""The mathematics: NumPy and Numba, no scikit-learn."""
