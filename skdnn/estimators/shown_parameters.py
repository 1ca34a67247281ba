"""Parameters of a fitted network, as `coefs_` and `intercepts_` show and take them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np


def assign(estimator, attribute: str, arrays: Sequence[np.ndarray]) -> None:
    """Copy arrays into θ: to predict with, and for training to go on from."""
    theta, network = estimator._fitted_theta(attribute).copy(), estimator._network
    views_of = {"coefs_": network.weights, "intercepts_": network.biases}[attribute]
    views = views_of(theta)
    expected, found = [v.shape for v in views], [np.shape(a) for a in arrays]
    if found != expected:
        raise ValueError(
            f"{attribute} must be a list of arrays of the shapes {expected}, one "
            f"for each layer, got {found}."
        )
    for view, array in zip(views, arrays, strict=True):
        view[...] = array
    estimator._theta = theta
    # The moments stay, but what was the best on the dev set is gone.
    estimator._state = replace(estimator._state, theta=theta, monitor=None)


def shown_theta(estimator, attribute: str) -> np.ndarray:
    """Return θ itself, or a read-only copy if X had more digits than the network.

    Types out follow types in: with dtype="auto", float64 rows may be trained on in
    float32. To write to the copy would change nothing, so it cannot be done.
    """
    theta = estimator._fitted_theta(attribute)
    is_in_type = estimator._type_in == "float32" or theta.dtype == np.float64
    if estimator.dtype != "auto" or is_in_type:
        return theta
    shown = theta.astype(np.float64)
    shown.flags.writeable = False
    return shown
