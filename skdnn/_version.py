"""The version of skdnn, and how a saved estimator states it."""

import re
from typing import Any

from sklearn.base import BaseEstimator

__version__ = "0.1.0"


class StatesVersion(BaseEstimator):
    """A pickle says which version wrote it; one from a newer version is refused."""

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled."""
        return {**super().__getstate__(), "_skdnn_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled, unless a newer version wrote it."""
        state = dict(state)
        written_by = state.pop("_skdnn_version", __version__)
        if _release(written_by) > _release(__version__):
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn {written_by}, which is "
                f"newer than the skdnn {__version__} that is installed here and cannot "
                f"load it. Upgrade: pip install 'skdnn>={written_by}'."
            )
        super().__setstate__(state)


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: (1, 10, 0) of "1.10.0rc1"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
