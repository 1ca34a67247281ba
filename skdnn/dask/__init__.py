"""Estimators for Dask collections, fitted on the workers of a cluster."""

try:
    import dask.array  # noqa: F401
    import distributed  # noqa: F401
except ImportError as error:
    raise ImportError(
        "skdnn.dask needs dask.array and distributed: pip install 'skdnn[dask]'."
    ) from error

from skdnn.dask.classifier import DaskMLPRegularizedClassifier
from skdnn.dask.regressor import DaskMLPRegularizedRegressor

__all__ = ["DaskMLPRegularizedClassifier", "DaskMLPRegularizedRegressor"]
