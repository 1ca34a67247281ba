"""Regressors from scikit-learn's MLPRegressor, and back."""

from typing import Self

from sklearn.neural_network import MLPRegressor

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.moving.scikit_learn import from_peer, to_peer
from skdnn.estimators.targets.numbers import RegressionTargets


class RegressorConversion(BaseMLPRegularized):
    """Methods that turn a regressor into scikit-learn's, and back."""

    _sklearn_scoring = "r2"  # what early stopping follows there

    @classmethod
    def from_sklearn(
        cls, mlp: MLPRegressor, *, n_samples: int | None = None, strict: bool = True
    ) -> Self:
        """Return scikit-learn's MLPRegressor as an estimator of this class.

        A fitted one comes with its weights, loss curve and so on, in float64, and
        predicts the same. Training can go on from there, with fresh moments of the
        optimiser and its learning rate started anew. The losses of several outputs are
        averaged there and added up here, in the curves; the gradients are the same.

        Parameters keep their values, with these exceptions. `alpha` is multiplied by
        m / batch_size, for m training rows; with lbfgs it stays as it is. `scoring` is
        "r2" with early stopping, and `init` and `bias_init` are "glorot", the
        nearest to scikit-learn's. What its solver ignores is left out: `learning_rate`
        unless ``solver="sgd"``, `early_stopping` with lbfgs.

        Parameters
        ----------
        mlp : MLPRegressor
            Fitted or not; it stays as it is.
        n_samples : int, default=None
            The number m of rows that it was, or will be, trained on, without those of
            a validation set. None reads m off a fitted `mlp`: ``t_`` divided by the
            length of ``loss_curve_``. Where there is neither, `alpha` stays as it is,
            as for a training set of one batch, and the penalty in `cost` is NaN.
        strict : bool, default=True
            Whether to refuse a setting that has another meaning here, or to let it
            pass: ``learning_rate="invscaling"`` of sgd, which counts rows there and
            epochs here.

        Returns
        -------
        MLPRegularizedRegressor
            A new estimator, fitted if `mlp` is.

        Raises
        ------
        TypeError
            If `mlp` is not an MLPRegressor.
        ValueError
            If a parameter has a value that cannot be taken over.

        Examples
        --------
        >>> from sklearn.datasets import make_regression
        >>> from sklearn.neural_network import MLPRegressor
        >>> from skdnn import MLPRegularizedRegressor
        >>> X, y = make_regression(n_features=4, random_state=0)
        >>> mlp = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", random_state=0,
        ...                    max_iter=5000).fit(X, y / y.std())
        >>> net = MLPRegularizedRegressor.from_sklearn(mlp)
        >>> bool(abs(net.predict(X) - mlp.predict(X)).max() < 1e-6)
        True
        """
        return from_peer(cls, MLPRegressor, mlp, n_samples, strict, _targets_of)

    def to_sklearn(
        self, *, n_samples: int | None = None, strict: bool = True
    ) -> MLPRegressor:
        """Return the estimator as scikit-learn's MLPRegressor.

        A fitted one comes with its weights (in their type), loss curve and so on, and
        predicts the same, but for the rounding of a network that computes in float32:
        some 1e-6. Training can go on from there, with fresh moments of the optimiser.

        Parameters keep their values, except that `alpha` is divided by m / batch_size,
        for m training rows; with lbfgs it stays as it is. scikit-learn draws the first
        weights and biases in its own way and computes in the type of X, so that an
        `init` and a `bias_init` of "auto" or "glorot", and `dtype`, are left out.

        Parameters
        ----------
        n_samples : int, default=None
            The number m of rows that the estimator was, or will be, trained on,
            without those of a dev set. None reads m off a fitted one: ``t_`` divided
            by the length of ``loss_curve_``. Where there is neither, `alpha` stays as
            it is, as for a training set of one batch.
        strict : bool, default=True
            Whether to refuse settings of the training that scikit-learn does not have,
            or to leave them out: Huber's loss, dropout, an L1 penalty, `max_norm`,
            ``solver="adamw"`` and so on. They do not change what a fitted network
            predicts.

        Returns
        -------
        sklearn.neural_network.MLPRegressor
            A new estimator, fitted if this one is.

        Raises
        ------
        ValueError
            If hidden layers differ in their activation, or it is not one of
            scikit-learn's four; with `strict`, if a setting of the training cannot be
            expressed. The error names all of them.

        Examples
        --------
        >>> from sklearn.datasets import make_regression
        >>> from skdnn import MLPRegularizedRegressor
        >>> X, y = make_regression(n_features=4, random_state=0)
        >>> net = MLPRegularizedRegressor("huber", (8,), solver="lbfgs", random_state=0,
        ...                               max_iter=5000).fit(X, y / y.std())
        >>> net.to_sklearn()
        Traceback (most recent call last):
        ...
        ValueError: scikit-learn's MLPRegressor cannot express loss='huber'. With
        strict=False such settings of the training are left out.
        >>> mlp = net.to_sklearn(strict=False)
        >>> bool(abs(net.predict(X) - mlp.predict(X)).max() < 1e-6)
        True
        """
        return to_peer(self, MLPRegressor, n_samples, strict)


def _targets_of(mlp: MLPRegressor) -> RegressionTargets:
    # Predictions of one output are one-dimensional there, whatever y was.
    return RegressionTargets(mlp.loss, mlp.n_outputs_, is_1d=mlp.n_outputs_ == 1)
