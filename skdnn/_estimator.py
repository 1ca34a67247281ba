"""What every estimator of skdnn says of its origin: the version, and the docs."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, Self

from sklearn.base import BaseEstimator

from skdnn import _version


class SkdnnEstimator(BaseEstimator):
    """An estimator whose files state their version and whose picture links to the docs.

    A file from a newer version is refused. The link is there as soon as there is an
    address in pyproject.toml: ``Documentation`` under ``[project.urls]``.
    """

    _doc_link_module = "skdnn"

    @property
    def _doc_link_template(self) -> str:
        address = _documentation()
        return address and f"{address}/generated/skdnn.{{estimator_name}}.html"

    def _draft(self) -> Self:
        """Return a copy that shares all attributes, to set others on."""
        draft = type(self).__new__(type(self))
        draft.__dict__.update(vars(self))
        return draft

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled."""
        return {**super().__getstate__(), "_skdnn_version": _version.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled, unless a newer version wrote it."""
        state = dict(state)
        written_by = state.pop("_skdnn_version", _version.__version__)
        if _release(written_by) > _release(_version.__version__):
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn {written_by}, which is "
                f"newer than the skdnn {_version.__version__} that is installed here "
                f"and cannot load it. Upgrade: pip install 'skdnn>={written_by}'."
            )
        super().__setstate__(state)


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: (1, 10, 0) of "1.10.0rc1"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


@cache
def _documentation() -> str:
    """Return where the documentation is hosted, or ""."""
    try:
        lines = metadata("skdnn").get_all("Project-URL") or []
    except PackageNotFoundError:  # a checkout that is not installed
        return ""
    addresses = dict(line.split(", ", maxsplit=1) for line in lines)
    return addresses.get("Documentation", "").rstrip("/")
