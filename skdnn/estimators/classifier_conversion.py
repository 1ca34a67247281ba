"""Classifiers from scikit-learn's MLPClassifier, and back."""

from typing import Self

import numpy as np
from sklearn.neural_network import MLPClassifier

from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.moving.scikit_learn import from_peer, to_peer
from skdnn.estimators.targets.classes import ClassTargets


class ClassifierConversion(BaseMLPRegularized):
    """Methods that turn a classifier into scikit-learn's, and back."""

    _sklearn_scoring = "accuracy"  # what early stopping follows there

    @classmethod
    def from_sklearn(
        cls, mlp: MLPClassifier, *, n_samples: int | None = None, strict: bool = True
    ) -> Self:
        """Return scikit-learn's MLPClassifier as an estimator of this class.

        A fitted one comes with its weights, classes, loss curve and so on, in float64,
        and predicts the same. Training can go on from there, with fresh moments of the
        optimiser and its learning rate started anew.

        Parameters keep their values, with these exceptions. `alpha` is multiplied by
        m / batch_size, for m training rows; with lbfgs it stays as it is. `scoring` is
        "accuracy" with early stopping, and `init` and `bias_init` are "glorot", the
        nearest to scikit-learn's. What its solver ignores is left out: `learning_rate`
        unless ``solver="sgd"``, `early_stopping` with lbfgs.

        Parameters
        ----------
        mlp : MLPClassifier
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
        MLPRegularizedClassifier
            A new estimator, fitted if `mlp` is.

        Raises
        ------
        TypeError
            If `mlp` is not an MLPClassifier.
        ValueError
            If a parameter has a value that cannot be taken over, or a fitted `mlp` has
            one class only.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.neural_network import MLPClassifier
        >>> from skdnn import MLPRegularizedClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> mlp = MLPClassifier((8,), solver="lbfgs", random_state=0, max_iter=1000)
        >>> mlp = mlp.fit(X, y)
        >>> net = MLPRegularizedClassifier.from_sklearn(mlp)
        >>> bool(abs(net.predict_proba(X) - mlp.predict_proba(X)).max() < 1e-6)
        True
        """
        net = from_peer(cls, MLPClassifier, mlp, n_samples, strict, _targets_of)
        if net.__sklearn_is_fitted__():
            net.classes_ = net._targets.classes
        return net

    def to_sklearn(
        self, *, n_samples: int | None = None, strict: bool = True
    ) -> MLPClassifier:
        """Return the estimator as scikit-learn's MLPClassifier.

        A fitted one comes with its weights (in their type), classes, loss curve and so
        on, and predicts the same, but for the rounding of a network that computes in
        float32: some 1e-6. Training can go on from there, with fresh moments of the
        optimiser.

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
            or to leave them out: dropout, an L1 penalty, `max_norm`, ``solver="adamw"``
            and so on. They do not change what a fitted network predicts.

        Returns
        -------
        sklearn.neural_network.MLPClassifier
            A new estimator, fitted if this one is.

        Raises
        ------
        ValueError
            If hidden layers differ in their activation, or it is not one of
            scikit-learn's four; with `strict`, if a setting of the training cannot be
            expressed. The error names all of them.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdnn import MLPRegularizedClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = MLPRegularizedClassifier((8,), solver="lbfgs", max_iter=1000,
        ...                                random_state=0)
        >>> mlp = net.fit(X, y).to_sklearn()
        >>> mlp
        MLPClassifier(alpha=1.0, hidden_layer_sizes=(8,), learning_rate_init=0.0015,
                      max_iter=1000, random_state=0, solver='lbfgs')
        >>> bool(abs(net.predict_proba(X) - mlp.predict_proba(X)).max() < 1e-6)
        True
        """
        return to_peer(self, MLPClassifier, n_samples, strict)


def _targets_of(mlp: MLPClassifier) -> ClassTargets:
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        return ClassTargets("multilabel-indicator", np.asarray(mlp.classes_))
    return ClassTargets.of_classes(mlp.classes_, "mlp")
