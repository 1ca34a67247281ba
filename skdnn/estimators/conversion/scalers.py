"""scikit-learn's scalers and ours in one formula."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from skdnn.preprocessing import InputStandardizer


class Scaling(NamedTuple):
    """The map x := (x - location) / scale, followed by a hard or a smooth clip.

    Each part is optional. A smooth clip maps x into (-c, c). The inverse is
    x := x * scale + location; clips are not inverted.
    """

    location: np.ndarray | None = None
    scale: np.ndarray | None = None
    bounds: tuple[float, float] | None = None
    smooth_clip: float | None = None


SCALERS: dict[type, Callable[[Any], Scaling]] = {
    InputStandardizer: lambda scaler: Scaling(
        scaler._location(), scaler.scale_, smooth_clip=scaler.smooth_clip
    ),
    StandardScaler: lambda scaler: Scaling(
        scaler.mean_ if scaler.with_mean else None, scaler.scale_
    ),
    RobustScaler: lambda scaler: Scaling(scaler.center_, scaler.scale_),
    MaxAbsScaler: lambda scaler: Scaling(
        None, scaler.scale_, (-1, 1) if scaler.clip else None
    ),
    # It multiplies by scale_ and adds min_.
    MinMaxScaler: lambda scaler: Scaling(
        -scaler.min_ / scaler.scale_,
        1 / scaler.scale_,
        scaler.feature_range if scaler.clip else None,
    ),
}


def standardization_of(transformer) -> Scaling | None:
    """Return the `Scaling` of a fitted scaler; None for any other transformer.

    That includes subclasses of scalers, which may do anything.
    """
    known = SCALERS.get(type(transformer))
    return None if known is None else known(transformer)


def scaling_of(transformer) -> Scaling | None:
    """Return the `Scaling` of a fitted scaler without a smooth clip, else None."""
    scaling = standardization_of(transformer)
    return None if scaling is None or scaling.smooth_clip is not None else scaling
