"""What a saved estimator holds: names, numbers and arrays, and nothing of ours.

Classes of this package may be moved and changed; what is in a file may not. The only
other objects in it are NumPy's, so that ``skops.io`` has one type to be told to trust.
"""

from collections.abc import Callable
from typing import Any

from skdnn._estimator import SkdnnEstimator
from skdnn.estimators.targets.classes import ClassTargets
from skdnn.estimators.targets.numbers import RegressionTargets
from skdnn.network.architecture import Network
from skdnn.training.state import TrainingState

_TARGETS = {"classes": ClassTargets, "numbers": RegressionTargets}


class SavedPlainly(SkdnnEstimator):
    """Pickles, copies and skops files of an estimator."""

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled."""
        state = super().__getstate__()
        for attribute, (to_plain, _) in _FORMS.items():
            if attribute in state:
                state[attribute] = to_plain(state[attribute])
        state.pop("optimizer_state_", None)  # it is part of the training's state
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled."""
        if "_theta" in state and "_skdnn_version" not in state:
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn 0.1.0, whose files "
                "later versions cannot read. Fit it anew."
            )
        super().__setstate__(state)
        for attribute, (_, from_plain) in _FORMS.items():
            if attribute in vars(self):
                setattr(self, attribute, from_plain(getattr(self, attribute)))
        if "_state" in vars(self):
            self.optimizer_state_ = self._state.optimizer


def _plain_targets(targets) -> dict:
    kind = next(kind for kind, cls in _TARGETS.items() if type(targets) is cls)
    return {"of": kind, **vars(targets)}


def _targets(plain: dict):
    fields = dict(plain)
    return _TARGETS[fields.pop("of")](**fields)


# How an attribute that is of a class of ours is written, and read again.
_FORMS: dict[str, tuple[Callable, Callable]] = {
    "_network": (Network.pack, lambda plain: Network.of(**plain)),
    "_targets": (_plain_targets, _targets),
    "_state": (TrainingState.pack, TrainingState.unpack),
}
