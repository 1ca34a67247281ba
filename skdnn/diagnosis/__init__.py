"""Questions about a fit, asked of any estimator: bias, variance, signals."""
