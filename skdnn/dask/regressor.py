"""DaskMLPRegularizedRegressor."""

from typing import Any, ClassVar, Self

from skdnn._sklearn import fit_context, with_callbacks
from skdnn.dask.base import CONSTRAINTS, OnWorkers, constructor
from skdnn.dask.collections import is_dask
from skdnn.estimators.checks.arguments import explaining_arguments
from skdnn.estimators.regressor import MLPRegularizedRegressor
from skdnn.estimators.rows import Rows


class DaskMLPRegularizedRegressor(OnWorkers, MLPRegularizedRegressor):
    r"""`MLPRegularizedRegressor` on the workers of a Dask cluster.

    X is a collection of Dask: its rows stay on the workers that hold them, and what
    travels are θ and sums of gradients. The result depends on how X is cut into
    partitions (but for lbfgs), not on the number of workers: with one more of them, or
    with one lost during training, θ is the same up to rounding.

    With ``solver="lbfgs"``, J and ∇J are sums over the partitions, and the fit is that
    of one machine. Other solvers take each mini-batch from all partitions, in
    proportion to their rows; `sync_every` says how often the partitions agree.

    Parameters
    ----------
    loss, hidden_layer_sizes, activation, … : various
        As of :class:`~skdnn.MLPRegularizedRegressor`, which has all of its other
        parameters, too, with the same meaning; `augmentation` must be None.
    client : dask.distributed.Client, default=None
        Of the cluster; None is the current one.
    sync_every : int or "epoch", default=1
        With 1, each step is one of the whole mini-batch: the partitions' gradients are
        added. With k > 1, each partition takes k steps by itself, on its share of each
        mini-batch; then θ and the optimiser's moments are averaged, weighed by rows.
        "epoch" averages at the end of each epoch. Not used by lbfgs.

    Attributes
    ----------
    coefs_, intercepts_, loss_curve_, … : various
        And all other fitted attributes of `MLPRegularizedRegressor`.

    See Also
    --------
    MLPRegularizedRegressor : Rows in memory, or read in chunks by one machine.

    Notes
    -----
    y, the weights and the dev rows are fetched by the client: a column or two beside
    the many of X. All classes, weights and scales are found there.

    Each partition is a task in every step: have as many partitions as the cluster has
    threads, not hundreds. A fit holds a copy of X in the network's type on the workers,
    unless X is C-contiguous and of this type and all of its rows are trained on.

    References
    ----------
    S. Stich, "Local SGD converges fast and communicates little", 2019 (`sync_every`);
    and those of `MLPRegularizedRegressor`.

    Examples
    --------
    >>> from dask import array as da
    >>> from dask.distributed import Client
    >>> from sklearn.datasets import load_diabetes
    >>> from skdnn.dask import DaskMLPRegularizedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X = da.from_array((X - X.mean(axis=0)) / X.std(axis=0), chunks=(221, -1))
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     net = DaskMLPRegularizedRegressor(
    ...         hidden_layer_sizes=(8,), solver="lbfgs", alpha=30.0, tol=0.01
    ...     ).fit(X, y)
    ...     net.predict(X).chunks
    ((221, 221),)
    >>> net.to_local()
    MLPRegularizedRegressor(...)
    """

    _plain = MLPRegularizedRegressor
    _parameter_constraints: ClassVar[dict] = {
        **MLPRegularizedRegressor._parameter_constraints,
        **CONSTRAINTS,
    }

    __init__ = constructor(MLPRegularizedRegressor)

    @explaining_arguments
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        resume_from: Any = None,
    ) -> Self:
        """Fit to the training rows.

        Parameters
        ----------
        X : dask.array.Array or dask.dataframe.DataFrame
            The training inputs, of shape (n_samples, n_features), cut by rows. Blocks
            may be sparse matrices of SciPy.
        y : collection of Dask or array-like of n_samples rows
            The numbers, in the order of the rows of X; they need not be cut as X is.
        sample_weight : collection of Dask or array-like, default=None
            Weights ≥ 0 of the rows.
        X_val, y_val, sample_weight_val : default=None
            The dev set: collections of Dask, which are fetched, or arrays.
        resume_from : str or path-like, default=None
            As of `MLPRegularizedRegressor.fit`.

        Returns
        -------
        self : DaskMLPRegularizedRegressor
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If there is no cluster, or a parameter or collection is not as described;
            an error about numbers in X names the partition.
        """
        return self._fit(
            Rows(X, y, sample_weight),
            Rows(X_val, y_val, sample_weight_val),
            resume_from=resume_from,
        )

    def predict(self, X: Any) -> Any:
        """Return the predicted numbers.

        Parameters
        ----------
        X : collection of Dask or array-like
            The rows.

        Returns
        -------
        dask.array.Array, dask.dataframe.DataFrame or Series, or ndarray
            Lazy, one block for each partition of X; of a frame, with its index. An
            ndarray for rows in memory.
        """
        if is_dask(X):
            return self._lazily("predict", X)
        return super().predict(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the coefficient of determination R².

        Parameters
        ----------
        X : collection of Dask or array-like
            The rows; those of a collection are predicted by the workers.
        y : collection of Dask or array-like
            Their numbers.
        sample_weight : collection of Dask or array-like, default=None
            Their weights.

        Returns
        -------
        float
            As of `MLPRegularizedRegressor.score`.
        """
        return self._score(X, y, sample_weight)
