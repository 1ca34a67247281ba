"""DaskMLPRegularizedClassifier."""

from typing import Any, ClassVar, Self

from skdnn._sklearn import fit_context, with_callbacks
from skdnn.dask.base import CONSTRAINTS, OnWorkers, constructor
from skdnn.dask.collections import is_dask
from skdnn.estimators.checks.arguments import explaining_arguments
from skdnn.estimators.classifier import MLPRegularizedClassifier
from skdnn.estimators.rows import Rows


class DaskMLPRegularizedClassifier(OnWorkers, MLPRegularizedClassifier):
    r"""MLPRegularizedClassifier for rows on the workers of a Dask cluster.

    X is a Dask collection, whose rows stay on the workers that hold them; only θ and
    sums of gradients are sent over the network. The result depends on the partitions of
    X (except with "lbfgs"), but not on the number of workers: with one more of them, or
    if one is lost during training, θ is the same up to rounding.

    With ``solver="lbfgs"``, J and ∇J are summed over the partitions, and the fit is
    that of a single machine. Other solvers draw each mini-batch from all partitions, in
    proportion to their sizes; `sync_every` sets how often they are synchronised.

    Parameters
    ----------
    hidden_layer_sizes, activation, … : various
        All parameters of :class:`~skdnn.MLPRegularizedClassifier`, with the same
        meaning. `augmentation` must be None.
    client : dask.distributed.Client, default=None
        Client of the cluster. None is the current client.
    sync_every : int or "epoch", default=1
        With 1, each step uses the gradient of the whole mini-batch, summed over the
        partitions. With k > 1, each partition takes k steps on its own, on its share of
        each mini-batch; then θ and the moments of the optimiser are averaged, weighted
        by the number of rows (local SGD). "epoch" averages at the end of each epoch.
        Ignored by "lbfgs".

    Attributes
    ----------
    coefs_, intercepts_, classes_, loss_curve_, … : various
        All fitted attributes of `MLPRegularizedClassifier`.

    See Also
    --------
    MLPRegularizedClassifier : For rows in memory, or read in chunks, on one machine.

    Notes
    -----
    y, the weights and the dev rows are fetched to the client, which determines classes,
    weights and scales.

    Each partition is a task in every step, so there should be about as many partitions
    as threads in the cluster, not hundreds. A fit keeps a copy of X in the network's
    type on the workers, unless X is C-contiguous and of this type, and all of its rows
    are trained on.

    References
    ----------
    S. Stich, "Local SGD converges fast and communicates little", 2019 (`sync_every`);
    and those of `MLPRegularizedClassifier`.

    Examples
    --------
    >>> from dask import array as da
    >>> from dask.distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from skdnn.dask import DaskMLPRegularizedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> X = da.from_array((X - X.mean(axis=0)) / X.std(axis=0), chunks=(50, -1))
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     net = DaskMLPRegularizedClassifier(
    ...         (8,), solver="lbfgs", alpha=10.0, tol=0.01, random_state=0
    ...     ).fit(X, y)
    ...     net.predict(X).chunks
    ((50, 50, 50),)
    >>> net.to_local()
    MLPRegularizedClassifier(...)
    """

    _plain = MLPRegularizedClassifier
    _parameter_constraints: ClassVar[dict] = {
        **MLPRegularizedClassifier._parameter_constraints,
        **CONSTRAINTS,
    }

    __init__ = constructor(MLPRegularizedClassifier)

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
        """Fit the network to the training rows.

        Parameters
        ----------
        X : dask.array.Array or dask.dataframe.DataFrame
            Training inputs of shape (n_samples, n_features), partitioned by rows.
            Blocks may be SciPy sparse matrices.
        y : Dask collection or array-like of n_samples rows
            Class labels, or a label indicator. Partitions may differ from those of X.
        sample_weight : Dask collection or array-like, default=None
            Non-negative weights of the rows.
        X_val, y_val, sample_weight_val : Dask collection or array-like, default=None
            The dev set. Collections are fetched to the client.
        resume_from : str or path-like, default=None
            As in `MLPRegularizedClassifier.fit`.

        Returns
        -------
        self : DaskMLPRegularizedClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If there is no cluster, or a parameter or collection is invalid. An error
            about values in X names the partition.
        """
        return self._fit(
            Rows(X, y, sample_weight),
            Rows(X_val, y_val, sample_weight_val),
            resume_from=resume_from,
        )

    def predict(self, X: Any) -> Any:
        """Predict the class of each row or, for multilabel targets, its labels.

        Parameters
        ----------
        X : Dask collection or array-like
            Inputs.

        Returns
        -------
        dask.array.Array, dask.dataframe.DataFrame or Series, or ndarray
            For a collection, a lazy result with one block for each partition of X,
            which has the index of X if that is a frame. For rows in memory, an ndarray.
        """
        if is_dask(X):
            return self._lazily("predict", X)
        return super().predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Estimate the probability of each class.

        Parameters
        ----------
        X : Dask collection or array-like
            Inputs.

        Returns
        -------
        dask.array.Array, dask.dataframe.DataFrame or Series, or ndarray
            For a collection, a lazy result with one block for each partition of X,
            which has the index of X if that is a frame. For rows in memory, an ndarray.
        """
        if is_dask(X):
            return self._lazily("predict_proba", X)
        return super().predict_proba(X)

    def predict_log_proba(self, X: Any) -> Any:
        """Estimate the logarithm of the probability of each class.

        Parameters
        ----------
        X : Dask collection or array-like
            Inputs.

        Returns
        -------
        dask.array.Array, dask.dataframe.DataFrame or Series, or ndarray
            For a collection, a lazy result with one block for each partition of X,
            which has the index of X if that is a frame. For rows in memory, an ndarray.
        """
        if is_dask(X):
            return self._lazily("predict_log_proba", X)
        return super().predict_log_proba(X)

    def decision_function(self, X: Any) -> Any:
        """Compute the logits.

        Parameters
        ----------
        X : Dask collection or array-like
            Inputs.

        Returns
        -------
        dask.array.Array, dask.dataframe.DataFrame or Series, or ndarray
            For a collection, a lazy result with one block for each partition of X,
            which has the index of X if that is a frame. For rows in memory, an ndarray.
        """
        if is_dask(X):
            return self._lazily("decision_function", X)
        return super().decision_function(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy: the fraction of rows with all labels right.

        Parameters
        ----------
        X : Dask collection or array-like
            Inputs. Those of a collection are predicted on the workers.
        y : Dask collection or array-like
            True class labels.
        sample_weight : Dask collection or array-like, default=None
            Non-negative weights of the rows.

        Returns
        -------
        score : float
            Accuracy, in [0, 1].
        """
        return self._score(X, y, sample_weight)
