"""What scikit-learn's scalers and ours do, as one formula."""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from skdnn.preprocessing import InputStandardizer

SCALERS = (
    InputStandardizer,
    StandardScaler,
    RobustScaler,
    MaxAbsScaler,
    MinMaxScaler,
)


class Scaling(NamedTuple):
    """x := (x - location) / scale, then cut off at the bounds, each if it is given."""

    location: np.ndarray | None = None
    scale: np.ndarray | None = None
    bounds: tuple[float, float] | None = None


def scaling_of(scaler) -> Scaling | None:
    """Return what a fitted transformer does if it does no more than that.

    None of a class derived from these, which may do anything.
    """
    if type(scaler) not in SCALERS:
        return None
    match scaler:
        case InputStandardizer(smooth_clip=None):
            return Scaling(scaler._location(), scaler.scale_)
        case StandardScaler():
            return Scaling(scaler.mean_ if scaler.with_mean else None, scaler.scale_)
        case RobustScaler():
            return Scaling(scaler.center_, scaler.scale_)
        case MaxAbsScaler():
            return Scaling(None, scaler.scale_, (-1, 1) if scaler.clip else None)
        case MinMaxScaler():  # it multiplies by scale_ and adds min_
            return Scaling(
                -scaler.min_ / scaler.scale_,
                1 / scaler.scale_,
                scaler.feature_range if scaler.clip else None,
            )
    return None
