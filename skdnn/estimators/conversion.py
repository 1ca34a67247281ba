"""Classifiers from scikit-learn's MLPClassifier, and back."""

from copy import copy, deepcopy
from numbers import Integral

import numpy as np
from sklearn.neural_network import MLPClassifier

from skdnn.estimators import settings
from skdnn.estimators.saving import activation_names
from skdnn.estimators.targets import ClassTargets
from skdnn.export.scikit_learn import fitted_classifier
from skdnn.network.propagation import Network

SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
# Fitted attributes of one name, meaning and type on both sides.
SHARED_ATTRIBUTES = (
    "n_features_in_",
    "feature_names_in_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "n_iter_",
    "t_",
    "loss_",
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
)


class SklearnConversion:
    """Methods that turn a classifier into scikit-learn's, and back."""

    @classmethod
    def from_sklearn(cls, mlp, *, n_samples=None, strict=True):
        """Return scikit-learn's MLPClassifier as an estimator of this class.

        A fitted one comes with its weights, classes, loss curve and so on, in float64,
        and predicts the same. Training can go on from there, with fresh moments of the
        optimiser and its learning rate started anew.

        Parameters keep their values, with these exceptions. `alpha` is multiplied by
        m / batch_size, for m training rows; with lbfgs it stays as it is. `scoring` is
        "accuracy" with early stopping, and `init` is "glorot", the nearest to
        scikit-learn's. What its solver ignores is left out: `learning_rate` unless
        ``solver="sgd"``, `early_stopping` with lbfgs.

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
        if not isinstance(mlp, MLPClassifier):
            raise TypeError(
                "from_sklearn takes scikit-learn's MLPClassifier, got "
                f"{type(mlp).__name__}."
            )
        n_rows = _training_rows(mlp, n_samples)
        changed = {
            "alpha": float(mlp.alpha * _batches(mlp, n_rows)),
            "init": "glorot",
            "dtype": "float64",
        }
        if mlp.solver != "sgd":
            changed["learning_rate"] = "constant"
        elif mlp.learning_rate == "invscaling" and strict:
            raise ValueError(
                f"{cls.__name__} cannot express learning_rate='invscaling' of "
                "scikit-learn's sgd, which divides by a power of the rows seen, not of "
                "the epochs. With strict=False the name is kept and the meaning "
                "changes."
            )
        if mlp.solver == "lbfgs":
            changed["early_stopping"] = False
        elif mlp.early_stopping:
            changed["scoring"] = "accuracy"
        net = cls(**{**mlp.get_params(deep=False), **changed})
        net._validate_params()
        if hasattr(mlp, "coefs_"):
            _take_over(net, mlp, n_rows)
        return net

    def to_sklearn(self, *, n_samples=None, strict=True):
        """Return the estimator as scikit-learn's MLPClassifier.

        A fitted one comes with its weights (in their type), classes, loss curve and so
        on, and predicts the same, but for the rounding of a network that computes in
        float32: some 1e-6. Training can go on from there, with fresh moments of the
        optimiser.

        Parameters keep their values, except that `alpha` is divided by m / batch_size,
        for m training rows; with lbfgs it stays as it is. scikit-learn draws the first
        weights in its own way and computes in the type of X, so that an `init` of
        "auto" or "glorot", and `dtype`, are left out.

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
        self._validate_params()
        self._check_settings()
        replaced = _not_in_sklearn(self)
        if replaced and strict:
            named = ", ".join(f"{n}={getattr(self, n)!r}" for n in replaced)
            raise ValueError(
                f"scikit-learn's MLPClassifier cannot express {named}. With "
                "strict=False such settings of the training are left out."
            )
        parameters = {
            name: replaced.get(name, getattr(self, name))
            for name in MLPClassifier().get_params()
        }
        n_rows = _training_rows(self, n_samples)
        parameters["alpha"] = float(self.alpha / _batches(self, n_rows))
        parameters["activation"] = _one_activation(self)
        if self.solver == "lbfgs":  # which has no learning rate
            parameters["learning_rate"] = "constant"
        if not self.__sklearn_is_fitted__():
            return MLPClassifier(**parameters)
        return fitted_classifier(
            parameters,
            self.coefs_,
            self.intercepts_,
            self.classes_,
            self._targets.is_multilabel,
            _shared_attributes(self),
        )


# -- parameters -----------------------------------------------------------------------


def _training_rows(estimator, n_samples) -> float | None:
    """Return the rows that an estimator was trained on, or None if nobody knows."""
    if n_samples is not None:
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an int > 0 or None, got {n_samples!r}."
            )
        return float(n_samples)
    n_epochs = len(getattr(estimator, "loss_curve_", ()))
    seen = getattr(estimator, "t_", 0)
    return seen / n_epochs if n_epochs and seen else None


def _batches(estimator, n_rows: float | None) -> float:
    """Return m / batch_size, by which the two scales of alpha differ."""
    if estimator.solver == "lbfgs" or n_rows is None:
        return 1.0
    asked = estimator.batch_size
    return max(1.0, n_rows / (settings.AUTO_BATCH_SIZE if asked == "auto" else asked))


def _not_in_sklearn(net) -> dict:
    """Map the settings that MLPClassifier cannot express to what it does instead.

    None stands for a parameter that it does not have.
    """
    keep = settings.keep_probs(net, len(settings.hidden_sizes(net)))
    asked = {
        "l1_ratio": net.l1_ratio > 0,
        "keep_prob": np.any(keep[1:] < 1),
        "input_keep_prob": keep[0] < 1,
        "max_norm": net.max_norm is not None,
        "label_smoothing": net.label_smoothing > 0,
        "max_grad_norm": net.max_grad_norm is not None,
        "augmentation": net.augmentation is not None,
        "class_weight": net.class_weight is not None,
        "init": net.init not in ("auto", "glorot"),
        "scoring": net.early_stopping and net.scoring != "accuracy",
    }
    replaced: dict = {name: None for name, is_asked in asked.items() if is_asked}
    if net.solver == "adamw":
        replaced["solver"] = "adam"
    # scikit-learn has schedules for sgd only, and "invscaling" counts rows there.
    schedules = {"sgd": ("constant", "adaptive"), "lbfgs": (net.learning_rate,)}
    if net.learning_rate not in schedules.get(net.solver, ("constant",)):
        replaced["learning_rate"] = "constant"
    if net.solver == "lbfgs" and net.early_stopping:
        replaced["early_stopping"] = False
    return replaced


def _one_activation(net) -> str:
    """Return the activation of all hidden layers: the fitted ones, if there are."""
    if net.__sklearn_is_fitted__():
        names = activation_names(net._network)
    else:
        names = settings.hidden_activations(net, len(settings.hidden_sizes(net)))
    if not names:  # nothing depends on it
        return "relu"
    if len(set(names)) > 1 or names[0] not in SKLEARN_ACTIVATIONS:
        raise ValueError(
            "scikit-learn's MLPClassifier has one activation for all hidden layers, "
            f"out of {SKLEARN_ACTIVATIONS}; it cannot express activation={names!r}."
        )
    return names[0]


# -- what fit leaves ------------------------------------------------------------------


def _shared_attributes(estimator) -> dict:
    return {
        name: deepcopy(getattr(estimator, name))
        for name in SHARED_ATTRIBUTES
        if hasattr(estimator, name)
    }


def _take_over(net, mlp, n_rows: float | None) -> None:
    """Make `net` what it would be after the fit of `mlp`."""
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        targets = ClassTargets("multilabel-indicator", np.asarray(mlp.classes_))
    else:
        targets = ClassTargets.of_classes(mlp.classes_, "mlp")
    sizes = [len(mlp.coefs_[0]), *(len(b) for b in mlp.intercepts_)]
    network = Network.of(sizes, [mlp.activation] * (len(sizes) - 2), targets.loss)
    flat = [array.ravel() for array in [*mlp.coefs_, *mlp.intercepts_]]
    theta = np.concatenate(flat).astype(np.float64)
    drawing = copy(net)
    # A caller's RandomState stays where it is.
    drawing.random_state = deepcopy(net.random_state)
    state = drawing._first_state(network, theta.dtype)
    state.theta = theta.copy()

    vars(net).update(_shared_attributes(mlp))
    # lbfgs of scikit-learn keeps the last loss only.
    net.loss_curve_ = [float(loss) for loss in getattr(mlp, "loss_curve_", ())]
    net.best_loss_ = getattr(mlp, "best_loss_", mlp.loss_)
    for name in ("validation_scores_", "best_validation_score_"):
        vars(net).setdefault(name, None)
    net.validation_loss_curve_ = None
    net.converged_ = mlp.n_iter_ < mlp.max_iter
    net.best_iteration_ = _best_iteration(mlp)
    state.n_epochs = state.schedule_start = len(net.loss_curve_) or mlp.n_iter_
    net.classes_ = targets.classes
    net.optimizer_state_ = state.optimizer
    net._theta, net._state, net._state_solver = theta, state, net.solver
    net._targets, net._network = targets, network
    net._total_weight = np.nan if n_rows is None else n_rows


def _best_iteration(mlp) -> int:
    """Return the epoch that the parameters are from."""
    scores = getattr(mlp, "validation_scores_", None)
    if scores:
        return int(np.argmax(scores)) + 1
    return len(getattr(mlp, "loss_curve_", ())) or mlp.n_iter_
