"""What a saved estimator holds: names, numbers and arrays, and nothing of ours.

Classes of this package may be moved and changed; what is in a file may not. The only
other objects in it are NumPy's, so that ``skops.io`` has one type to be told to trust.
"""

from typing import Any

from skdnn.estimators.model import Model
from skdnn.training.state import TrainingState


def pack(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator as they are saved."""
    packed = dict(attributes)
    if "_model" in packed:
        packed["_model"] = packed["_model"].pack()
        packed["_state"] = packed["_state"].pack()
        del packed["optimizer_state_"]  # it is part of the state
    return packed


def unpack(packed: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that `pack` has written down."""
    attributes = dict(packed)
    if "_model" in attributes:
        attributes["_model"] = Model.unpack(attributes["_model"])
        attributes["_state"] = state = TrainingState.unpack(attributes["_state"])
        attributes["optimizer_state_"] = state.optimizer
    return attributes
