"""Base class of the estimators that fit and predict on the workers of a cluster."""

import inspect
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
from distributed import Client
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import Interval, StrOptions, check_feature_names
from skdnn.dask.collections import client_of, fetched, is_dask
from skdnn.dask.place import Workers
from skdnn.dask.predictions import lazily
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.place import Place
from skdnn.estimators.rows import Rows

CONSTRAINTS = {
    "client": [Client, None],
    "sync_every": [
        Interval(Integral, 1, None, closed="left"),
        StrOptions({"epoch"}),
    ],
}
_OWN = [
    inspect.Parameter("client", inspect.Parameter.KEYWORD_ONLY, default=None),
    inspect.Parameter("sync_every", inspect.Parameter.KEYWORD_ONLY, default=1),
]


def constructor(plain: type) -> Callable[..., None]:
    """Return an `__init__` with the parameters of a plain estimator, and our own.

    scikit-learn reads the parameters from its signature.
    """
    theirs = inspect.signature(plain.__init__)  # type: ignore[misc]

    def __init__(self, *args: Any, client: Any = None, sync_every: Any = 1, **params):
        plain.__init__(self, *args, **params)  # type: ignore[misc]
        self.client = client
        self.sync_every = sync_every

    __init__.__signature__ = theirs.replace(  # type: ignore[attr-defined]
        parameters=[*theirs.parameters.values(), *_OWN]
    )
    return __init__


class OnWorkers(BaseMLPRegularized):
    """Mixin for an estimator whose rows are on the workers of a Dask cluster.

    It must come before the plain estimator in the list of bases.
    """

    client: Client | None
    sync_every: int | str
    _plain: type[BaseMLPRegularized]
    predict: Callable[[Any], Any]
    _score_of: Callable[..., float]

    def _place(self, given: Rows) -> Place:
        if not is_dask(given.X):
            raise TypeError(
                f"{type(self).__name__} needs Dask collections, but X is a "
                f"{type(given.X).__name__}. Fit {self._plain.__name__} to rows in "
                "memory, or partition them: dask.array.from_array(X, chunks=(n_rows, "
                "-1))."
            )
        return Workers(client_of(self), self.sync_every)

    def _fit(
        self,
        given: Rows,
        given_dev: Rows,
        classes=None,
        incremental: bool = False,
        total_weight: float | None = None,
        resume_from: Any = None,
    ) -> Self:
        if incremental:
            raise TypeError(
                f"{type(self).__name__} has no partial_fit: all rows are on the "
                "workers. Use to_local().partial_fit(...), or fit with "
                "warm_start=True."
            )
        self._place(given)
        dev = [fetched(client_of(self), each) for each in given_dev[:3]]
        return super()._fit(given, Rows(*dev), resume_from=resume_from)

    def to_local(self) -> Any:
        """Convert the fitted estimator to a plain one, which needs no cluster.

        Returns
        -------
        net : MLPRegularizedClassifier or MLPRegularizedRegressor
            An estimator with the same parameters and fitted attributes. Training can be
            continued.
        """
        local = self._plain.__new__(self._plain)
        kept = vars(self).copy()
        for name in CONSTRAINTS:
            del kept[name]
        local.__dict__.update(kept)
        return local

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without the client."""
        return super().__getstate__() | {"client": None}

    def __sklearn_clone__(self):
        """Return an unfitted copy on the same cluster."""
        draft = self._draft()
        draft.client = None
        cloned = super(OnWorkers, draft).__sklearn_clone__()
        cloned.client = self.client
        return cloned

    def _lazily(self, name: str, X: Any) -> Any:
        """Apply a method of the plain estimator to a collection, lazily."""
        check_is_fitted(self)
        check_feature_names(self, getattr(X, "_meta", X), reset=False)
        return lazily(self.to_local(), name, X)

    def _score(self, X: Any, y: Any, sample_weight: Any) -> float:
        predicted = self.predict(X)
        if is_dask(X) or is_dask(y) or is_dask(sample_weight):
            client = client_of(self)
            predicted, y, sample_weight = (
                fetched(client, value) for value in (predicted, y, sample_weight)
            )
        return self._score_of(np.asarray(predicted), y, sample_weight)
