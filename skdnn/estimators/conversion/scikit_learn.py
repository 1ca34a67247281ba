"""Conversion of parameters and fitted state to scikit-learn's estimators and back."""

from copy import copy, deepcopy
from numbers import Integral

import numpy as np

from skdnn._sklearn import complete_fitted_mlp
from skdnn.estimators import plan
from skdnn.estimators.model import Model
from skdnn.estimators.parameters import check as check_parameters
from skdnn.estimators.preparation import first_state
from skdnn.network.architecture import Network
from skdnn.network.losses import LOSSES
from skdnn.training.optimizers import OPTIMIZERS
from skdnn.training.rows_seen import RowsSeen
from skdnn.training.stopping import CONVERGED, MAX_ITER

SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
SKLEARN_AUTO_BATCH = 200  # or all rows, if there are fewer
# Fitted attributes with the same name, meaning and type on both sides.
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


def from_peer(cls, peer, mlp, n_samples, strict, targets_of):
    """Convert `mlp` to an estimator of class `cls`.

    Parameters
    ----------
    cls : type
        An estimator class of this package.
    peer : type
        The corresponding class of scikit-learn.
    mlp : object
        An estimator, fitted or not; an error unless it is of class `peer`.
    n_samples, strict
        As in `from_sklearn`.
    targets_of : callable (mlp) -> targets
        Returns the targets of a fitted `mlp`.
    """
    if not isinstance(mlp, peer):
        raise TypeError(
            f"from_sklearn takes scikit-learn's {peer.__name__}, got "
            f"{type(mlp).__name__}."
        )
    n_rows = _training_rows(mlp, n_samples)
    batch_size = mlp.batch_size
    if batch_size == plan.AUTO and mlp.solver != plan.LBFGS:
        batch_size = int(min(SKLEARN_AUTO_BATCH, n_rows or np.inf))
    changed = {
        "alpha": float(mlp.alpha * _batches(mlp, n_rows, batch_size)),
        "batch_size": batch_size,
        "keep_prob": 1.0,
        "averaging": None,
        "init": "glorot",
        "bias_init": "glorot",
        "dtype": "float64",
        **cls._as_in_sklearn,
    }
    if mlp.solver != "sgd":
        changed["learning_rate"] = "constant"
    elif mlp.learning_rate == "invscaling" and strict:
        raise ValueError(
            f"{cls.__name__} cannot express learning_rate='invscaling' of "
            "scikit-learn's sgd, which divides by a power of the number of rows seen, "
            "not of epochs. strict=False keeps the name and changes the meaning."
        )
    if mlp.solver == "lbfgs":
        changed["early_stopping"] = False
    elif mlp.early_stopping:
        changed["scoring"] = cls._sklearn_scoring
    net = cls(**{**mlp.get_params(deep=False), **changed})
    net._validate_params()
    if hasattr(mlp, "coefs_"):
        _take_over(net, mlp, n_rows, targets_of(mlp))
    return net


def to_peer(net, peer, n_samples, strict):
    """Convert `net` to an estimator of scikit-learn's class `peer`.

    Parameters
    ----------
    net : BaseMLPRegularized
        Fitted or not.
    peer : type
        MLPClassifier or MLPRegressor.
    n_samples, strict
        As in `to_sklearn`.
    """
    mlp = peer(**_peer_parameters(net, peer, n_samples, strict))
    if net.__sklearn_is_fitted__():
        vars(mlp).update(_shared_attributes(net))
        mlp.coefs_ = [W.copy() for W in net.coefs_]
        mlp.intercepts_ = [b.copy() for b in net.intercepts_]
        if hasattr(net, "classes_"):
            mlp.classes_ = net.classes_
        complete_fitted_mlp(mlp, getattr(net._model.targets, "is_multilabel", False))
    return mlp


# -- parameters ------------------------------------------------------------------------


def _peer_parameters(net, peer, n_samples, strict) -> dict:
    """Convert the parameters of `net` to those of scikit-learn's class `peer`."""
    net._validate_params()
    check_parameters(net)
    replaced = _not_in_sklearn(net)
    if replaced and strict:
        named = ", ".join(f"{n}={getattr(net, n)!r}" for n in replaced)
        raise ValueError(
            f"scikit-learn's {peer.__name__} cannot express {named}. strict=False "
            "drops such settings of the training."
        )
    parameters = {
        name: replaced.get(name, getattr(net, name)) for name in peer().get_params()
    }
    n_rows = _training_rows(net, n_samples)
    if net.batch_size == plan.AUTO and plan.is_stochastic(net):
        parameters["batch_size"] = int(min(plan.AUTO_BATCH_SIZE, n_rows or np.inf))
    batches = _batches(net, n_rows, parameters["batch_size"])
    parameters["alpha"] = float(net.alpha / batches)
    parameters["activation"] = _one_activation(net, peer)
    if net.solver == "lbfgs":  # which has no learning rate
        parameters["learning_rate"] = "constant"
    return parameters


def _training_rows(estimator, n_samples) -> float | None:
    """Return the number of training rows, or None if it is not known."""
    if n_samples is not None:
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples must be an int > 0 or None, got {n_samples!r}."
            )
        return float(n_samples)
    n_epochs = len(getattr(estimator, "loss_curve_", ()))
    seen = getattr(estimator, "t_", 0)
    return seen / n_epochs if n_epochs and seen else None


def _batches(estimator, n_rows: float | None, batch_size) -> float:
    """Return m / batch_size, the ratio of the two scales of alpha."""
    if estimator.solver == plan.LBFGS or n_rows is None:
        return 1.0
    return max(1.0, n_rows / batch_size)


def _not_in_sklearn(net) -> dict:
    """Map the settings that scikit-learn cannot express to their replacements.

    None stands for a parameter that it does not have.
    """
    # The "auto" settings are defaults of ours, not requests, so they are dropped.
    keep = np.ones(1) if plan.is_auto(net.keep_prob) else plan.keep_probs(net)[1:]
    asked = {
        "l1_ratio": net.l1_ratio > 0,
        "keep_prob": np.any(keep < 1),
        "input_keep_prob": net.input_keep_prob < 1,
        "max_norm": net.max_norm is not None,
        "label_smoothing": getattr(net, "label_smoothing", 0) > 0,
        "max_grad_norm": net.max_grad_norm is not None,
        "augmentation": net.augmentation is not None,
        "averaging": net.averaging not in (plan.AUTO, None),
        "class_weight": getattr(net, "class_weight", None) is not None,
        "init": net.init not in ("auto", "glorot"),
        "bias_init": net.bias_init not in ("auto", "glorot"),
        "scoring": net.early_stopping and net.scoring != net._sklearn_scoring,
    }
    replaced: dict = {name: None for name, is_asked in asked.items() if is_asked}
    if plan.is_stochastic(net):
        nearest = OPTIMIZERS[net.solver].nearest
        if nearest is not None:
            replaced["solver"] = nearest
        # scikit-learn has schedules for sgd only, and its "invscaling" counts rows.
        is_there = net.solver == "sgd" and plan.schedule_of(net).is_in_sklearn
        if net.learning_rate != "constant" and not is_there:
            replaced["learning_rate"] = "constant"
    elif net.early_stopping:
        replaced["early_stopping"] = False
    loss = LOSSES.get(getattr(net, "loss", ""))
    if loss is not None and loss.nearest is not None:
        replaced["loss"] = loss.nearest
    return replaced


def _one_activation(net, peer) -> str:
    """Return the activation of all hidden layers, the fitted one if there is one."""
    if net.__sklearn_is_fitted__():
        names = net._model.network.activations
    else:
        names = plan.hidden_activations(net, len(plan.hidden_sizes(net)))
    if not names:  # no hidden layer
        return "relu"
    if len(set(names)) > 1 or names[0] not in SKLEARN_ACTIVATIONS:
        raise ValueError(
            f"scikit-learn's {peer.__name__} has one activation for all hidden layers, "
            f"one of {SKLEARN_ACTIVATIONS}; it cannot express "
            f"activation={list(names)!r}."
        )
    return names[0]


# -- fitted state ----------------------------------------------------------------------


def _shared_attributes(estimator) -> dict:
    """Return copies of the fitted attributes in SHARED_ATTRIBUTES."""
    return {
        name: deepcopy(getattr(estimator, name))
        for name in SHARED_ATTRIBUTES
        if hasattr(estimator, name)
    }


def _take_over(net, mlp, n_rows: float | None, targets) -> None:
    """Set the fitted state of `net` to that of `mlp`."""
    sizes = [len(mlp.coefs_[0]), *(len(b) for b in mlp.intercepts_)]
    network = Network.of(sizes, [mlp.activation] * (len(sizes) - 2), targets.loss)
    flat = [array.ravel() for array in [*mlp.coefs_, *mlp.intercepts_]]
    theta = np.concatenate(flat).astype(np.float64)
    drawing = copy(net)
    # The caller's RandomState must not advance.
    drawing.random_state = deepcopy(net.random_state)
    state = first_state(drawing, network, theta.dtype)
    state.theta = theta.copy()

    vars(net).update(_shared_attributes(mlp))
    # With lbfgs, scikit-learn keeps only the last loss.
    net.loss_curve_ = [float(loss) for loss in getattr(mlp, "loss_curve_", ())]
    net.best_loss_ = getattr(mlp, "best_loss_", mlp.loss_)
    for name in ("validation_scores_", "best_validation_score_"):
        vars(net).setdefault(name, None)
    net.validation_loss_curve_ = None
    state.is_over = net.converged_ = mlp.n_iter_ < mlp.max_iter
    net.stop_reason_ = CONVERGED if net.converged_ else MAX_ITER
    net.stop_message_ = f"converted from scikit-learn's {type(mlp).__name__}"
    net.best_iteration_ = _best_iteration(mlp)
    state.n_epochs = len(net.loss_curve_) or mlp.n_iter_
    state.time = state.schedule_start = float(state.n_epochs)
    if n_rows is not None:
        state.rows_seen = RowsSeen(n_rows * state.n_epochs, n_rows)
    net.optimizer_state_, net._state = state.optimizer, state
    S = np.nan if n_rows is None else n_rows
    net._model = Model(network, targets, theta, S, mlp.coefs_[0].dtype.name)


def _best_iteration(mlp) -> int:
    """Return the epoch that the parameters are from."""
    scores = getattr(mlp, "validation_scores_", None)
    if scores:
        return int(np.argmax(scores)) + 1
    return len(getattr(mlp, "loss_curve_", ())) or mlp.n_iter_
