"""What all estimators of skdnn share: the version in pickles, the link to the docs."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, Self

from sklearn.base import BaseEstimator

from skdnn import _version


class SkdnnEstimator(BaseEstimator):
    """An estimator whose pickles state a version and whose diagram links to the docs.

    Loading a pickle of a newer version raises ValueError. The link appears once
    pyproject.toml has a ``Documentation`` address under ``[project.urls]``.
    """

    _doc_link_module = "skdnn"

    @property
    def _doc_link_template(self) -> str:
        address = _documentation()
        return address and f"{address}/generated/skdnn.{{estimator_name}}.html"

    def _draft(self) -> Self:
        """Return a shallow copy, on which attributes can be set."""
        draft = type(self).__new__(type(self))
        draft.__dict__.update(vars(self))
        return draft

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, with the version of skdnn."""
        return {**super().__getstate__(), "_skdnn_version": _version.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state, unless a newer version wrote it."""
        state = dict(state)
        written_by = state.pop("_skdnn_version", _version.__version__)
        if _release(written_by) > _release(_version.__version__):
            raise ValueError(
                f"This {type(self).__name__} was saved by skdnn {written_by}; the "
                f"installed skdnn {_version.__version__} is older and cannot load it. "
                f"Upgrade: pip install 'skdnn>={written_by}'."
            )
        super().__setstate__(state)


def _release(version: str) -> tuple[int, ...]:
    """Return the release numbers of a version: (1, 10, 0) for "1.10.0rc1"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


@cache
def _documentation() -> str:
    """Return the address of the documentation, or ""."""
    try:
        lines = metadata("skdnn").get_all("Project-URL") or []
    except PackageNotFoundError:  # a checkout that is not installed
        return ""
    addresses = dict(line.split(", ", maxsplit=1) for line in lines)
    return addresses.get("Documentation", "").rstrip("/")
