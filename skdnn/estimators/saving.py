"""What a saved estimator holds: names, numbers and arrays, and nothing of ours.

Classes of this package may be moved and changed; what is in a file may not. The only
other objects in it are NumPy's, so that ``skops.io`` has one type to be told to trust.
"""

from typing import Any

import numpy as np

from skdnn.estimators.model import Model
from skdnn.training.optimizers import OptimizerState
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.state import TrainingState
from skdnn.training.stopping import Monitor


def pack(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator as they are saved."""
    packed = dict(attributes)
    if "_model" in packed:
        packed["_model"] = packed["_model"].pack()
        packed["_state"] = _pack_state(packed["_state"])
        del packed["optimizer_state_"]  # it is part of the state
    return packed


def unpack(packed: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that `pack` has written down."""
    attributes = dict(packed)
    if "_model" in attributes:
        attributes["_model"] = Model.unpack(attributes["_model"])
        attributes["_state"] = state = _unpack_state(attributes["_state"])
        attributes["optimizer_state_"] = state.optimizer
    return attributes


def _pack_state(state: TrainingState) -> dict[str, Any]:
    return {
        **vars(state),
        "mask_seed": int(state.mask_seed),
        "optimizer": dict(vars(state.optimizer)),
        "rows_seen": {**vars(state.rows_seen), "calls": sorted(state.rows_seen.calls)},
        "monitor": None if state.monitor is None else dict(vars(state.monitor)),
    }


def _unpack_state(plain: dict[str, Any]) -> TrainingState:
    monitor, rows = plain["monitor"], dict(plain["rows_seen"])
    rows["calls"] = frozenset(rows["calls"])
    return TrainingState(
        **{
            **plain,
            "mask_seed": np.uint64(plain["mask_seed"]),
            "optimizer": OptimizerState(**plain["optimizer"]),
            "rows_seen": RowsSeen(**rows),
            "monitor": None if monitor is None else Monitor(**monitor),
        }
    )
